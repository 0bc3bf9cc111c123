//! What one credential may still ask of one endpoint, learnt from what the provider says.

use super::HELD_MAX_MS;
use crate::time::Timestamp;

const PAUSE_FIRST_MS: u64 = 1_000;
const PAUSE_MAX_MS: u64 = 60_000;
/// How long a provider's own count is believed where it does not say when it begins anew.
const COUNT_BELIEVED_MS: i64 = 60_000;

/// What a provider's headers say of what is left of a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quota {
    /// Requests that are left.
    pub requests: Option<u64>,
    /// Milliseconds until there are as many as at first.
    pub requests_reset_ms: Option<u64>,
    /// Tokens that are left.
    pub tokens: Option<u64>,
    /// Milliseconds until there are as many as at first.
    pub tokens_reset_ms: Option<u64>,
}

/// What one credential may still ask of one endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lane {
    held_until: Timestamp,
    /// Refusals for too many requests, in a row.
    limited: u32,
    requests: Option<Left>,
    tokens: Option<Left>,
    in_flight: u32,
    /// Requests that set out, ever.
    begun: u64,
    /// Requests that may be under way, times [`SHARES`]; none until the provider had too many.
    room: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Left {
    amount: u64,
    until: Timestamp,
}

/// Room grows by such fractions of a request.
const SHARES: u32 = 64;
/// Room beyond which it no longer matters.
const ROOM_MAX: u32 = 4_096 * SHARES;

impl Lane {
    /// Returns until when it is closed to a request of so many tokens; none where it is open.
    pub fn closed_until(&self, tokens: u64, now: Timestamp) -> Option<Timestamp> {
        if now < self.held_until {
            return Some(self.held_until);
        }
        let short = |left: Option<Left>, wanted: u64| {
            left.filter(|left| now < left.until && left.amount < wanted).map(|left| left.until)
        };
        if let Some(until) = short(self.requests, 1).or_else(|| short(self.tokens, tokens)) {
            return Some(until);
        }
        let full = self.room.is_some_and(|room| room <= self.in_flight.saturating_mul(SHARES));
        full.then(|| now.plus_ms(100))
    }

    /// Returns requests under way.
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// Returns how many requests have set out.
    pub fn begun(&self) -> u64 {
        self.begun
    }

    /// Returns how many requests may be under way, where that has been learnt.
    pub fn room(&self) -> Option<u32> {
        self.room.map(|room| (room / SHARES).max(1))
    }

    /// Takes note of a request that sets out with so many tokens.
    pub fn begin(&mut self, tokens: u64) {
        self.in_flight += 1;
        self.begun += 1;
        if let Some(left) = &mut self.requests {
            left.amount = left.amount.saturating_sub(1);
        }
        if let Some(left) = &mut self.tokens {
            left.amount = left.amount.saturating_sub(tokens);
        }
    }

    /// Takes note of one that is over.
    pub fn end(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Takes note of what the provider said is left.
    pub fn learn(&mut self, quota: Quota, now: Timestamp) {
        let left = |amount: Option<u64>, reset_ms: Option<u64>| {
            amount.map(|amount| {
                let believed = reset_ms.map_or(COUNT_BELIEVED_MS, |ms| ms.min(HELD_MAX_MS) as i64);
                Left { amount, until: now.plus_ms(believed) }
            })
        };
        self.requests = left(quota.requests, quota.requests_reset_ms).or(self.requests);
        self.tokens = left(quota.tokens, quota.tokens_reset_ms).or(self.tokens);
    }

    /// Takes note of an answer: there is a little more room than was thought.
    pub fn served(&mut self) {
        self.limited = 0;
        if let Some(room) = &mut self.room {
            let step = (SHARES * SHARES / (*room).max(SHARES)).max(1);
            *room = room.saturating_add(step);
        }
        self.room = self.room.filter(|room| *room < ROOM_MAX);
    }

    /// Takes note that the provider had too many requests: it is left alone for as long as it asks,
    /// or twice as long each time, and gets half of what was under way afterwards.
    pub fn too_many(&mut self, retry_after_ms: Option<u64>, now: Timestamp) {
        let own = (PAUSE_FIRST_MS << self.limited.min(6)).min(PAUSE_MAX_MS);
        let pause = retry_after_ms.map_or(own, |ms| ms.min(HELD_MAX_MS));
        if self.held_until <= now {
            self.limited = self.limited.saturating_add(1);
            let half = self.in_flight.saturating_mul(SHARES) / 2;
            self.room = Some(half.max(SHARES));
        }
        self.held_until = self.held_until.max(now.plus_ms(pause as i64));
    }

    /// Leaves it alone for so long.
    pub fn hold(&mut self, ms: i64, now: Timestamp) {
        self.held_until = self.held_until.max(now.plus_ms(ms));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_000_000 + ms)
    }

    #[test]
    fn a_wish_to_be_left_alone_is_a_minimum_and_bounded() {
        let mut lane = Lane::default();
        lane.too_many(Some(7_000), at(0));
        lane.too_many(None, at(10));
        assert_eq!(lane.closed_until(1, at(6_999)), Some(at(7_000)));
        assert_eq!(lane.closed_until(1, at(7_000)), None);
        lane.too_many(Some(1_000_000_000_000), at(8_000));
        assert_eq!(lane.closed_until(1, at(8_000)), Some(at(308_000)));
    }

    #[test]
    fn a_lane_closes_before_the_provider_would_refuse() {
        let mut lane = Lane::default();
        let quota = Quota {
            requests: Some(2),
            requests_reset_ms: Some(500),
            tokens: Some(100),
            tokens_reset_ms: Some(900),
        };
        lane.learn(quota, at(0));
        assert_eq!(lane.closed_until(101, at(0)), Some(at(900)));
        lane.begin(10);
        lane.begin(10);
        assert_eq!(lane.closed_until(10, at(0)), Some(at(500)));
        assert_eq!(lane.closed_until(10, at(500)), None);
    }

    #[test]
    fn room_is_halved_and_grows_back_by_one_in_a_round() {
        let mut lane = Lane::default();
        (0..8).for_each(|_| lane.begin(1));
        lane.too_many(Some(0), at(0));
        assert_eq!(lane.room(), Some(4));
        (0..8).for_each(|_| lane.end());
        (0..4).for_each(|_| lane.begin(1));
        assert!(lane.closed_until(1, at(1)).is_some());
        (0..6).for_each(|_| lane.served());
        assert_eq!(lane.room(), Some(5));
        assert_eq!(lane.closed_until(1, at(1)), None);
    }
}
