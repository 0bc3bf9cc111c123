//! What a node has of a limit that it shares with others, and how it answers its callers from it.
//!
//! A request is answered from what the node has. Where that does not do, the node asks the store
//! that all share, once for all requests that wait; is there nothing either, it refuses until
//! there will be, without asking again. While the store cannot be reached, a node goes by its
//! share of the limit.

use super::level::{Level, Refused, Standing, whole};
use super::pool::Exchanged;
use super::rate::Rate;
use crate::time::Timestamp;

/// What a node has of a limit that it shares.
#[derive(Clone, Debug, Default)]
pub struct Lease {
    /// What it was given and has not told the use of.
    has: u64,
    /// What of that is held for requests under way.
    held: u64,
    /// What of that was used.
    used: u64,
    /// How the limit stood when it was last heard of.
    heard: Option<Heard>,
    /// The node's share of the limit, while it cannot ask for more.
    share: Option<(Rate, Level)>,
    /// There is nothing for now.
    empty: Option<Empty>,
    /// A request has asked for some since the last telling.
    is_wanted: bool,
}

#[derive(Clone, Copy, Debug)]
struct Heard {
    /// What was left for all.
    remaining: u64,
    /// When, by the node's own clock.
    at: Timestamp,
    /// What was used, by the store's clock.
    level: Level,
}

#[derive(Clone, Copy, Debug)]
struct Empty {
    /// How much there is not.
    amount: u64,
    /// Until when it is no use to ask again.
    until: Timestamp,
    /// When there will be so much, as far as is known.
    there: Timestamp,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It is held.
    Held {
        /// How the limit stands, as far as the node knows.
        standing: Standing,
        /// So little is left here that more should be asked for.
        is_low: bool,
    },
    /// There is not so much.
    Refused(Refused),
    /// The node has not so much, and has to ask for this more.
    Short(u64),
}

/// What a node is about to tell of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Telling {
    /// What was used since it last told, and has not leaked away meanwhile.
    pub used: u64,
    /// What it keeps.
    pub keeps: u64,
    /// How the limit stood when it was last heard of, by the store's clock.
    pub known: Level,
    /// What of its own count is settled by this.
    counted: u64,
    /// What it gives back.
    returned: u64,
}

/// How long it is no use to ask again where nothing was left: at least, since many ask, and at
/// most, since another node may give some back.
const ASK_AGAIN_MS: (u64, u64) = (10, 500);

impl Lease {
    /// Holds `amount` of what the node has.
    pub fn hold(&mut self, rate: Rate, amount: u64, chunk: u64, now: Timestamp) -> Hold {
        let free = self.free();
        if amount <= free {
            self.held = self.held.saturating_add(amount);
            self.is_wanted |= 0 < amount;
            let standing = self.standing(rate, now);
            let left = free - amount;
            let is_low = left < chunk.div_ceil(2) && left < standing.remaining;
            return Hold::Held { standing, is_low };
        }
        match self.empty {
            Some(empty) if now < empty.until && empty.amount <= amount => Hold::Refused(Refused {
                standing: self.standing(rate, now),
                retry_after_ms: Some(empty.there.ms_since(now).max(1)),
            }),
            _ => Hold::Short(amount - free),
        }
    }

    /// Returns what it lacks for `amount`; `None` where it has so much, or knows of none.
    pub fn lacks(&self, amount: u64, now: Timestamp) -> Option<u64> {
        let short = amount.checked_sub(self.free()).filter(|short| 0 < *short)?;
        let is_known = self.empty.is_some_and(|it| now < it.until && it.amount <= amount);
        (!is_known).then_some(short)
    }

    /// Settles what was held at what was used.
    pub fn settle(&mut self, held: u64, used: u64) {
        self.held = self.held.saturating_sub(held);
        self.used = self.used.saturating_add(used);
    }

    /// Begins to tell. With `returns`, what nobody wanted since the last time is given back.
    pub fn tells(&mut self, returns: bool, now: Timestamp) -> Telling {
        let counted = self.used;
        let used = match &self.share {
            None => counted,
            Some((rate, level)) => counted.min(whole(*rate, level.leaked(*rate, now).used)),
        };
        let returned = if returns && !self.is_wanted { self.free() } else { 0 };
        self.is_wanted &= !returns;
        self.has -= returned;
        let keeps = self.has.saturating_sub(counted);
        let known = self.heard.map(|heard| heard.level).unwrap_or_default();
        Telling { used, keeps, known, counted, returned }
    }

    /// Takes what the store answered. `short`: what the request lacks that made the node ask.
    pub fn told(
        &mut self,
        telling: Telling,
        (got, level): (Exchanged, Level),
        short: u64,
        now: Timestamp,
    ) {
        self.share = None;
        self.used = self.used.saturating_sub(telling.counted);
        self.has = self.has.saturating_sub(telling.counted).saturating_add(got.granted);
        self.heard = Some(Heard { remaining: got.standing.remaining, at: now, level });
        self.empty = (got.granted < short).then(|| {
            let (least, most) = ASK_AGAIN_MS;
            let until = now.plus_ms(got.more_in_ms.clamp(least, most).cast_signed());
            let wait = got.more_in_ms.clamp(1, i64::MAX as u64).cast_signed();
            Empty { amount: self.free().saturating_add(1), until, there: now.plus_ms(wait) }
        });
    }

    /// The store did not answer: what was to be given back is the node's again.
    pub fn unheard(&mut self, telling: Telling) {
        self.has = self.has.saturating_add(telling.returned);
    }

    /// Takes `short`, and some more, of the node's share of the limit: one of `nodes`.
    pub fn takes_its_share(
        &mut self,
        rate: Rate,
        (nodes, short, chunk): (u64, u64, u64),
        now: Timestamp,
    ) {
        let share = rate.share(nodes);
        let remaining = self.remaining(rate, now) / nodes.max(1);
        let (_, level) = self.share.get_or_insert_with(|| {
            (share, Level::with_remaining(share, remaining.min(share.limit), now))
        });
        let got = level.take(share, short.max(chunk), now);
        self.has = self.has.saturating_add(got);
        let wait = level.allows_in_ms(share, (short.max(got) - got).max(1)).unwrap_or(u64::MAX);
        self.empty = (got < short).then(|| {
            let (least, most) = ASK_AGAIN_MS;
            let until = now.plus_ms(wait.clamp(least, most).cast_signed());
            let there = now.plus_ms(wait.clamp(1, i64::MAX as u64).cast_signed());
            Empty { amount: self.free().saturating_add(1), until, there }
        });
    }

    /// Returns whether there is anything to tell.
    pub fn has_news(&self) -> bool {
        0 < self.used || 0 < self.has
    }

    /// Returns whether it need not be remembered.
    pub fn is_empty(&self) -> bool {
        self.has == 0 && self.held == 0 && self.used == 0
    }

    /// Returns how the limit stands, as far as the node knows.
    pub fn standing(&self, rate: Rate, now: Timestamp) -> Standing {
        let remaining = self.remaining(rate, now).saturating_add(self.free()).min(rate.limit);
        Level::with_remaining(rate, remaining, now).standing(rate, now)
    }

    /// What is left for all, beside what the node has.
    fn remaining(&self, rate: Rate, now: Timestamp) -> u64 {
        let Some(heard) = self.heard else { return rate.limit };
        let remaining = heard.remaining.min(rate.limit);
        Level::with_remaining(rate, remaining, heard.at).standing(rate, now).remaining
    }

    fn free(&self) -> u64 {
        self.has.saturating_sub(self.held.saturating_add(self.used))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limit::pool::{Pool, Told};
    use crate::limit::rate::{Interval, Measure};

    const RATE: Rate =
        Rate { measure: Measure::Tokens, limit: 300, interval: Interval::Rolling(10_000) };
    const NAMES: [&str; 3] = ["a", "b", "c"];
    const CHUNK: u64 = 10;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_787_000_000_000 + ms)
    }

    /// Three nodes and the store between them.
    #[derive(Default)]
    struct Town {
        pool: Pool,
        nodes: [Lease; 3],
        is_down: bool,
    }

    impl Town {
        fn refill(&mut self, node: usize, short: u64, returns: bool, now: i64) {
            let lease = &mut self.nodes[node];
            let telling = lease.tells(returns, at(now));
            if self.is_down {
                lease.unheard(telling);
                if 0 < short {
                    lease.takes_its_share(RATE, (3, short, CHUNK), at(now));
                }
                return;
            }
            let wants = if 0 < short { short.max(CHUNK) } else { 0 };
            let Telling { used, keeps, .. } = telling;
            let told = Told { node: NAMES[node], used, keeps, wants, needs: short };
            let got = self.pool.exchange(RATE, told, at(now));
            lease.told(telling, (got, self.pool.level()), short, at(now));
        }

        fn asks(&mut self, node: usize, amount: u64, now: i64) -> bool {
            for _ in 0..2 {
                match self.nodes[node].hold(RATE, amount, CHUNK, at(now)) {
                    Hold::Held { .. } => return true,
                    Hold::Refused(_) => return false,
                    Hold::Short(short) => self.refill(node, short, false, now),
                }
            }
            false
        }
    }

    #[test]
    fn one_node_alone_gets_all_of_the_limit_and_no_more() {
        let mut town = Town::default();
        for _ in 0..300 {
            assert!(town.asks(0, 1, 0));
            town.nodes[0].settle(1, 1);
        }
        assert!(!town.asks(0, 1, 0));
        assert!(!town.asks(1, 1, 0));
        // After a hundredth of the interval there is a hundredth of the limit.
        let uses = |town: &mut Town, node: usize, now: i64| {
            let served = (0..10).filter(|_| town.asks(node, 1, now)).count();
            (0..served).for_each(|_| town.nodes[node].settle(1, 1));
            served
        };
        assert_eq!(uses(&mut town, 1, 100), 3);
        assert_eq!(uses(&mut town, 2, 200), 3);
    }

    #[test]
    fn what_a_node_does_not_need_others_get() {
        let mut town = Town::default();
        assert!(town.asks(0, 1, 0));
        town.nodes[0].settle(1, 1);
        // Nine are left with the first node, for the second to miss until they are given back.
        assert!(town.asks(1, 290, 0));
        town.nodes[1].settle(290, 290);
        assert!(!town.asks(1, 9, 0));
        town.refill(0, 0, true, 1);
        town.refill(0, 0, true, 2);
        assert!(town.asks(1, 9, 600));
    }

    #[test]
    fn a_store_that_is_gone_fails_nobody_who_keeps_to_the_limit() {
        let mut town = Town::default();
        for step in 0..1_000 {
            town.is_down = (300..700).contains(&step);
            let node = step as usize % 3;
            assert!(town.asks(node, 2, step * 100), "{step}");
            town.nodes[node].settle(2, 2);
            if step % 5 == 0 {
                (0..3).for_each(|node| town.refill(node, 0, true, step * 100));
            }
        }
    }

    #[test]
    fn what_was_used_long_ago_is_not_told_when_the_store_is_back() {
        let mut town = Town { is_down: true, ..Town::default() };
        for step in 0..100 {
            if town.asks(0, 5, step * 1_000) {
                town.nodes[0].settle(5, 5);
            }
        }
        town.is_down = false;
        town.refill(0, 0, true, 200_000);
        assert_eq!(town.pool.level().standing(RATE, at(200_000)).remaining, 300);
    }

    proptest! {
        /// Whatever happens, nodes together use in n intervals no more than (n + 1) times the
        /// limit; and once more for each time that the store was lost.
        #[test]
        fn nodes_together_stay_within_the_limit(
            acts in prop::collection::vec(
                (0_usize..3, 1_u64..60, 0_u64..=100, 0_i64..300, 0_u8..60), 1..400,
            ),
        ) {
            let mut town = Town::default();
            let (mut now, mut uses, mut losses) = (0, Vec::new(), 0);
            let mut open: Vec<(usize, u64, u64)> = Vec::new();
            for (node, amount, percent, pause, event) in acts {
                now += pause;
                match event {
                    0 => {
                        town.is_down = true;
                        losses += 1;
                    }
                    1 => town.is_down = false,
                    2 => {
                        town.pool = Pool::default();
                        losses += 1;
                    }
                    3..20 => town.refill(node, 0, true, now),
                    _ => (),
                }
                if town.asks(node, amount, now) {
                    open.push((node, amount, amount * percent / 100));
                }
                if percent % 2 == 0 && !open.is_empty() {
                    let (node, held, used) = open.swap_remove(percent as usize % open.len());
                    town.nodes[node].settle(held, used);
                    uses.push((now, used));
                }
            }
            for (index, (from, _)) in uses.iter().enumerate() {
                let mut sum = 0;
                for (when, used) in &uses[index..] {
                    sum += used;
                    let intervals = (when - from) / 10_000 + 2 + losses;
                    prop_assert!(sum <= RATE.limit * intervals as u64, "{sum} in {intervals}");
                }
            }
        }
    }
}
