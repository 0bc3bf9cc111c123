//! How full a limit is.

use super::rate::{Interval, Rate};
use crate::time::Timestamp;

/// How full a limit is, as of an instant. The default is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// What was used and has not leaked away, times the milliseconds of the interval: exact.
    pub(super) used: u128,
    /// What is held for requests under way; it does not leak.
    pub(super) held: u64,
    /// As of when.
    pub(super) at: Timestamp,
}

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The limit.
    pub rate: Rate,
    /// How much of it is left.
    pub remaining: u64,
    /// In how many milliseconds all of it is there again, if nothing more is used.
    pub reset_ms: u64,
}

/// A limit does not allow what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// How the limit stands.
    pub standing: Standing,
    /// In how many milliseconds it allows it at the earliest; `None` where it never does, since
    /// more was asked for than the whole limit.
    pub retry_after_ms: Option<u64>,
}

/// How long to wait for requests under way, of which nobody knows when they end.
const HELD_MS: u64 = 1_000;

impl Level {
    /// Returns the same as it stands at `now`. A clock that goes back makes nothing leak, and
    /// what leaks from then on is counted from there.
    #[must_use]
    pub fn leaked(self, rate: Rate, now: Timestamp) -> Level {
        let used = match rate.interval {
            Interval::Rolling(_) => {
                let leak = u128::from(now.ms_since(self.at)) * u128::from(rate.limit);
                self.used.saturating_sub(leak)
            }
            Interval::Day if self.at.day() < now.day() => 0,
            Interval::Day => self.used,
        };
        Level { used, at: now, ..self }
    }

    /// Holds `amount`, where the limit allows it.
    ///
    /// # Errors
    /// When it does not, and when it will.
    pub fn ask(&mut self, rate: Rate, amount: u64, now: Timestamp) -> Result<Standing, Refused> {
        *self = self.leaked(rate, now);
        let need = scaled(rate, amount);
        if need <= self.room(rate) {
            self.held = self.held.saturating_add(amount);
            return Ok(self.standing(rate, now));
        }
        Err(Refused {
            standing: self.standing(rate, now),
            retry_after_ms: self.allows_in_ms(rate, amount),
        })
    }

    /// Settles what was held at what was used, which may be more.
    pub fn settle(&mut self, rate: Rate, held: u64, used: u64, now: Timestamp) {
        *self = self.leaked(rate, now);
        self.held = self.held.saturating_sub(held);
        self.used = self.used.saturating_add(scaled(rate, used));
    }

    /// Uses as much of `wanted` as there is room for, and returns how much that was.
    pub fn take(&mut self, rate: Rate, wanted: u64, now: Timestamp) -> u64 {
        *self = self.leaked(rate, now);
        let taken = wanted.min(whole(rate, self.room(rate)));
        self.used = self.used.saturating_add(scaled(rate, taken));
        taken
    }

    /// Returns what is left at `now`.
    pub fn standing(&self, rate: Rate, now: Timestamp) -> Standing {
        let level = self.leaked(rate, now);
        let reset_ms = match rate.interval {
            _ if level.used == 0 => 0,
            Interval::Rolling(_) => clipped(level.used.div_ceil(u128::from(rate.limit.max(1)))),
            Interval::Day => to_midnight(now),
        };
        let reset_ms = if level.held == 0 { reset_ms } else { reset_ms.max(HELD_MS) };
        Standing { rate, remaining: whole(rate, level.room(rate)), reset_ms }
    }

    /// Returns whether it says no more than one that is new.
    pub fn is_empty(&self, rate: Rate, now: Timestamp) -> bool {
        self.held == 0 && self.leaked(rate, now).used == 0
    }

    /// Returns a level of which so much is left.
    pub fn with_remaining(rate: Rate, remaining: u64, now: Timestamp) -> Level {
        let used = scaled(rate, rate.limit.saturating_sub(remaining));
        Level { used, held: 0, at: now }
    }

    pub(super) fn room(&self, rate: Rate) -> u128 {
        let taken = self.used.saturating_add(scaled(rate, self.held));
        scaled(rate, rate.limit).saturating_sub(taken)
    }

    /// Returns when it allows `amount` that it does not allow as it stands.
    pub(super) fn allows_in_ms(&self, rate: Rate, amount: u64) -> Option<u64> {
        if rate.limit < amount {
            return None;
        }
        let full = scaled(rate, rate.limit);
        let need = scaled(rate, amount).saturating_add(self.used);
        if need <= full {
            return Some(HELD_MS);
        }
        Some(match rate.interval {
            Interval::Rolling(_) => clipped((need - full).div_ceil(u128::from(rate.limit.max(1)))),
            Interval::Day => to_midnight(self.at),
        })
    }
}

/// Returns an amount in the units of [`Level::used`]: no product of two of 64 bits overflows it.
pub(super) fn scaled(rate: Rate, amount: u64) -> u128 {
    u128::from(amount) * u128::from(rate.interval.ms())
}

/// Returns the whole amounts in what is in the units of [`Level::used`].
pub(super) fn whole(rate: Rate, scaled: u128) -> u64 {
    clipped(scaled / u128::from(rate.interval.ms()))
}

pub(super) fn clipped(amount: u128) -> u64 {
    u64::try_from(amount).unwrap_or(u64::MAX)
}

fn to_midnight(now: Timestamp) -> u64 {
    let midnight = now.day_start().plus_ms(crate::time::DAY_MS);
    midnight.ms_since(now)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limit::rate::Measure;

    const MINUTE: Rate =
        Rate { measure: Measure::Requests, limit: 60, interval: Interval::Rolling(60_000) };
    const DAY: Rate = Rate { interval: Interval::Day, ..MINUTE };

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_787_000_000_000 + ms)
    }

    /// Uses one at once, as a request does.
    fn uses(level: &mut Level, rate: Rate, now: Timestamp) -> Result<Standing, Refused> {
        level.ask(rate, 1, now).inspect(|_| level.settle(rate, 1, 1, now))
    }

    #[test]
    fn a_whole_limit_is_there_at_once_and_then_one_a_second() {
        let mut level = Level::default();
        for left in (0..60).rev() {
            assert_eq!(uses(&mut level, MINUTE, at(0)).unwrap().remaining, left);
        }
        let refused = uses(&mut level, MINUTE, at(1)).unwrap_err();
        assert_eq!(refused.retry_after_ms, Some(999));
        assert_eq!((refused.standing.remaining, refused.standing.reset_ms), (0, 59_999));
        assert!(uses(&mut level, MINUTE, at(1_000)).is_ok());
        assert!(uses(&mut level, MINUTE, at(1_999)).is_err());
        assert_eq!(level.standing(MINUTE, at(120_000)).remaining, 60);
        assert!(level.is_empty(MINUTE, at(120_000)));
    }

    #[test]
    fn a_day_of_the_calendar_ends_at_midnight() {
        let evening = Timestamp::parse("2026-11-25T23:59:00Z").unwrap();
        let mut level = Level::default();
        for _ in 0..60 {
            uses(&mut level, DAY, evening).unwrap();
        }
        assert_eq!(uses(&mut level, DAY, evening).unwrap_err().retry_after_ms, Some(60_000));
        assert_eq!(uses(&mut level, DAY, evening.plus_ms(60_000)).unwrap().remaining, 59);
    }

    #[test]
    fn what_is_held_counts_and_does_not_leak() {
        let mut level = Level::default();
        level.ask(MINUTE, 50, at(0)).unwrap();
        let refused = level.ask(MINUTE, 20, at(600_000)).unwrap_err();
        assert_eq!((refused.standing.remaining, refused.retry_after_ms), (10, Some(1_000)));
        level.settle(MINUTE, 50, 5, at(600_000));
        assert_eq!(level.standing(MINUTE, at(600_000)).remaining, 55);
        assert_eq!(level.ask(MINUTE, 61, at(600_000)).unwrap_err().retry_after_ms, None);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_away_and_locks_nobody_out() {
        let mut level = Level::default();
        for _ in 0..60 {
            uses(&mut level, MINUTE, at(3_600_000)).unwrap();
        }
        assert!(uses(&mut level, MINUTE, at(0)).is_err());
        assert!(uses(&mut level, MINUTE, at(1_000)).is_ok());
    }

    fn any_rate() -> impl Strategy<Value = Rate> {
        let interval =
            prop_oneof![(1_u64..100_000).prop_map(Interval::Rolling), Just(Interval::Day)];
        (1_u64..2_000, interval).prop_map(|(limit, interval)| Rate {
            measure: Measure::Tokens,
            limit,
            interval,
        })
    }

    proptest! {
        /// In any stretch of n intervals at most (n + 1) times the limit is used, whatever is
        /// asked for and whenever it is settled at no more than was held.
        #[test]
        fn no_stretch_has_more_than_the_limit_and_what_was_saved_up(
            rate in any_rate(),
            acts in prop::collection::vec((0_u64..3_000, 0_u64..20_000, 0_u64..100), 1..200),
        ) {
            let (mut level, mut now) = (Level::default(), 0);
            let mut open: Vec<(u64, u64)> = Vec::new();
            let mut used: Vec<(i64, u64)> = Vec::new();
            for (amount, pause, percent) in acts {
                now += pause as i64;
                if level.ask(rate, amount, at(now)).is_ok() {
                    open.push((amount, amount * percent / 100));
                }
                if percent % 3 == 0 && !open.is_empty() {
                    let (held, spent) = open.swap_remove(percent as usize % open.len());
                    level.settle(rate, held, spent, at(now));
                    used.push((now, spent));
                }
            }
            let window = rate.interval.ms() as i64;
            for (index, (from, _)) in used.iter().enumerate() {
                let mut sum = 0;
                for (when, spent) in &used[index..] {
                    sum += spent;
                    let intervals = (when - from) / window + 2;
                    prop_assert!(sum <= rate.limit * intervals as u64, "{sum} in {intervals}");
                }
            }
        }

        /// Without time passing, what is left and what is used and held is the whole limit.
        #[test]
        fn corrections_conserve(
            limit in 1_u64..1_000_000,
            acts in prop::collection::vec((0_u64..5_000, 0_u64..5_000), 1..100),
        ) {
            let rate = Rate { limit, ..MINUTE };
            let mut level = Level::default();
            let mut used = 0_u64;
            for (amount, spent) in acts {
                if level.ask(rate, amount, at(0)).is_ok() {
                    level.settle(rate, amount, spent, at(0));
                    used += spent;
                }
                let left = level.standing(rate, at(0)).remaining;
                prop_assert_eq!(left, limit.saturating_sub(used));
            }
        }

        /// Whoever waits as long as it is told is served then, and not a millisecond before.
        #[test]
        fn the_wait_that_is_told_is_exact(
            rate in any_rate(), first in 1_u64..2_000, second in 1_u64..2_000,
        ) {
            let mut level = Level::default();
            let Ok(_) = level.ask(rate, first, at(0)) else { return Ok(()) };
            level.settle(rate, first, first, at(0));
            let Err(refused) = level.ask(rate, second, at(0)) else { return Ok(()) };
            let Some(wait) = refused.retry_after_ms else { return Ok(()) };
            let mut early = level;
            prop_assert!(early.ask(rate, second, at(wait as i64 - 1)).is_err());
            prop_assert!(level.ask(rate, second, at(wait as i64)).is_ok());
        }

        #[test]
        fn hostile_figures_overflow_nothing(
            limit: u64, ms: u64, amount: u64, spent: u64, from: i64, to: i64, days: bool,
        ) {
            let interval = if days { Interval::Day } else { Interval::Rolling(ms) };
            let rate = Rate { measure: Measure::Spend, limit, interval };
            // Instants as a clock can have them; the difference of two others is no duration.
            let now = |ms: i64| Timestamp::from_ms(ms / 4);
            let mut level = Level::default();
            for instant in [from, to, from] {
                let _ = level.ask(rate, amount, now(instant));
                level.settle(rate, amount, spent, now(instant));
                level.settle(rate, spent, u64::MAX, now(instant));
                level.take(rate, u64::MAX, now(instant));
                prop_assert!(level.standing(rate, now(instant)).remaining <= limit);
            }
        }
    }
}
