//! A limit that several nodes share: what each of them has been given, and what is left for all.
//!
//! A node asks for a part ahead of its callers and answers them out of that. What it was given and
//! has not used does not leak, exactly like what a request holds, so the nodes together are bound
//! by the same arithmetic as one of them. A node that is not heard of loses its part, which counts
//! as used.

use std::collections::BTreeMap;
use std::fmt;

use super::level::{Level, Standing, scaled, whole};
use super::rate::Rate;
use crate::time::Timestamp;

/// A limit that several nodes share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// What was used.
    level: Level,
    /// What each node has, by its name.
    parts: BTreeMap<String, Part>,
}

/// What a node has been given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    amount: u64,
    /// Until when it has to be heard of again.
    until: Timestamp,
}

/// What a node tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told<'a> {
    /// The node's name: letters, digits and dashes.
    pub node: &'a str,
    /// What it used since it last told.
    pub used: u64,
    /// What it keeps of what it has.
    pub keeps: u64,
    /// What it would like to have besides.
    pub wants: u64,
    /// How much of that a request needs that waits.
    pub needs: u64,
}

/// What a node is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchanged {
    /// What it was given beside what it keeps.
    pub granted: u64,
    /// What is left for all, after that.
    pub standing: Standing,
    /// In how many milliseconds there is what is needed, where it was not granted.
    pub more_in_ms: u64,
}

/// How long a node may be silent before its part is taken for used, in milliseconds.
const SILENT_MS: i64 = 10_000;
/// The longest record that is read, in bytes.
const RECORD_BYTES_MAX: usize = 16_384;
/// The latest instant that is read: some time in the year 287,396.
const INSTANT_MAX_MS: i64 = 1 << 53;

impl Pool {
    /// Returns a pool of which so much was used, and nothing given.
    pub fn of(level: Level) -> Pool {
        Pool { level: Level { held: 0, ..level }, parts: BTreeMap::new() }
    }

    /// Books what a node tells and gives it of what it wants as much as there is.
    pub fn exchange(&mut self, rate: Rate, told: Told<'_>, now: Timestamp) -> Exchanged {
        self.level = self.level.leaked(rate, now);
        self.parts.remove(told.node);
        let lost: Vec<String> = self
            .parts
            .iter()
            .filter(|(_, part)| part.until < now)
            .map(|(node, _)| node.clone())
            .collect();
        for node in lost {
            let part = self.parts.remove(&node).map_or(0, |part| part.amount);
            self.level.settle(rate, 0, part, now);
        }
        self.level.settle(rate, 0, told.used, now);
        let room = self.all().room(rate).saturating_sub(scaled(rate, told.keeps));
        let granted = told.wants.min(whole(rate, room));
        let amount = told.keeps.saturating_add(granted);
        if 0 < amount {
            let part = Part { amount, until: now.plus_ms(SILENT_MS) };
            self.parts.insert(told.node.to_owned(), part);
        }
        let all = self.all();
        let lacking = told.needs.saturating_sub(granted).max(1);
        let more_in_ms = all.allows_in_ms(rate, lacking).unwrap_or(u64::MAX);
        Exchanged { granted, standing: all.standing(rate, now), more_in_ms }
    }

    /// Returns how much was used, as it stands without what nodes have been given.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Returns in how many milliseconds the record says nothing any more.
    pub fn expires_in_ms(&self, rate: Rate) -> u64 {
        let reset = self.level.standing(rate, self.level.at).reset_ms;
        let parts = if self.parts.is_empty() { 0 } else { SILENT_MS.unsigned_abs() };
        reset.saturating_add(parts).saturating_add(1_000)
    }

    /// What was used, with what nodes have been given as held.
    fn all(&self) -> Level {
        let held = self.parts.values().fold(0_u64, |sum, part| sum.saturating_add(part.amount));
        Level { held, ..self.level }
    }

    /// Reads what [`fmt::Display`] wrote; `None` where it cannot be that.
    pub fn parse(text: &str) -> Option<Pool> {
        if RECORD_BYTES_MAX < text.len() {
            return None;
        }
        let mut fields = text.split(';');
        let (used, at) = fields.next()?.split_once('@')?;
        let at = at.parse().ok().filter(|at| (0..=INSTANT_MAX_MS).contains(at))?;
        let at = Timestamp::from_ms(at);
        let level = Level { used: used.parse().ok()?, held: 0, at };
        let part = |field: &str| {
            let (node, rest) = field.split_once('=')?;
            let (amount, until) = rest.split_once('@')?;
            let until = Timestamp::from_ms(until.parse().ok()?);
            Some((node.to_owned(), Part { amount: amount.parse().ok()?, until }))
        };
        Some(Pool { level, parts: fields.map(part).collect::<Option<_>>()? })
    }
}

/// As it is kept: `USED@MS`, then `;NODE=AMOUNT@MS` for each node.
impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.level.used, self.level.at.ms())?;
        for (node, part) in &self.parts {
            write!(f, ";{node}={}@{}", part.amount, part.until.ms())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limit::rate::{Interval, Measure};

    const RATE: Rate =
        Rate { measure: Measure::Requests, limit: 100, interval: Interval::Rolling(10_000) };

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_787_000_000_000 + ms)
    }

    fn told(node: &str, used: u64, keeps: u64, wants: u64) -> Told<'_> {
        Told { node, used, keeps, wants, needs: wants }
    }

    #[test]
    fn what_one_node_has_another_cannot_get() {
        let mut pool = Pool::default();
        assert_eq!(pool.exchange(RATE, told("a", 0, 0, 70), at(0)).granted, 70);
        let second = pool.exchange(RATE, told("b", 0, 0, 70), at(0));
        assert_eq!((second.granted, second.standing.remaining), (30, 0));
        // What a node gives back is there for others at once, and what it used is not.
        assert_eq!(pool.exchange(RATE, told("a", 50, 0, 0), at(0)).granted, 0);
        assert_eq!(pool.exchange(RATE, told("b", 0, 30, 99), at(0)).granted, 20);
        // What is given does not leak: a node may use it late.
        assert_eq!(pool.exchange(RATE, told("c", 0, 0, 99), at(5_000)).granted, 50);
    }

    #[test]
    fn a_node_that_is_not_heard_of_has_used_its_part() {
        let mut pool = Pool::default();
        pool.exchange(RATE, told("a", 0, 0, 100), at(0));
        assert_eq!(pool.exchange(RATE, told("b", 0, 0, 100), at(10_000)).granted, 0);
        assert_eq!(pool.exchange(RATE, told("b", 0, 0, 100), at(10_001)).granted, 0);
        assert_eq!(pool.exchange(RATE, told("b", 0, 0, 10), at(11_001)).granted, 10);
    }

    #[test]
    fn what_is_no_record_is_not_read() {
        for text in ["", "1", "1@", "x@1", "1@1;a", "1@1;a=1", "1@1;a=-1@1", "-1@1", "1@1;", "1@-9"]
        {
            assert_eq!(Pool::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_pool_is_read_back_as_it_was_written(
            used: u128, parts in prop::collection::btree_map("[a-z0-9-]{1,8}", (any::<u64>(), any::<i64>()), 0..5),
        ) {
            let part = |(amount, until)| Part { amount, until: Timestamp::from_ms(until) };
            let parts = parts.into_iter().map(|(node, it)| (node, part(it))).collect();
            let pool = Pool { level: Level { used, held: 0, at: at(7) }, parts };
            prop_assert_eq!(Pool::parse(&pool.to_string()), Some(pool));
        }

        /// Whatever nodes ask for, use and give back, they together use no more in n intervals
        /// than (n + 1) times the limit.
        #[test]
        fn nodes_together_stay_within_the_limit(
            acts in prop::collection::vec(
                (0_usize..3, 0_u64..60, 0_u64..100, 0_i64..4_000), 1..200,
            ),
        ) {
            let mut pool = Pool::default();
            let mut has = [0_u64; 3];
            let (mut now, mut uses) = (0, Vec::new());
            for (node, wants, percent, pause) in acts {
                now += pause;
                let used = has[node] * percent / 100;
                let keeps = (has[node] - used) / 2;
                let name = ["a", "b", "c"][node];
                let got = pool.exchange(RATE, told(name, used, keeps, wants), at(now));
                // One that was silent for too long has to assume that it has nothing.
                has[node] = keeps + got.granted;
                uses.push((now, used));
            }
            for (index, (from, _)) in uses.iter().enumerate() {
                let mut sum = 0;
                for (when, used) in &uses[index..] {
                    sum += used;
                    let intervals = (when - from) / 10_000 + 2;
                    prop_assert!(sum <= RATE.limit * intervals as u64, "{sum} in {intervals}");
                }
            }
        }

        #[test]
        fn hostile_records_overflow_nothing(
            used: u128, amount: u64, until: i64, told_used: u64, keeps: u64, wants: u64, limit: u64,
        ) {
            let rate = Rate { limit, ..RATE };
            let text = format!("{used}@{};x={amount}@{until};y={amount}@{until}", at(0).ms());
            let mut pool = Pool::parse(&text).unwrap();
            let got = pool.exchange(rate, told("x", told_used, keeps, wants), at(9));
            prop_assert!(got.granted <= limit && got.standing.remaining <= limit);
            let _ = pool.expires_in_ms(rate);
        }
    }
}
