//! Distributions in a few hundred bytes: eight buckets for each power of two, so that a percentile
//! is off by an eighth at most, in slots of a minute that are used again.

use super::view::Percentiles;
use crate::time::Timestamp;

/// Buckets for each power of two.
const PER_DOUBLING: u32 = 8;
/// Values from 0 to 2²⁰ − 1; larger ones count as that.
const BUCKETS: usize = 18 * PER_DOUBLING as usize;
const VALUE_MAX: u32 = (1 << 20) - 1;
const SLOT_MS: i64 = 60_000;
/// Minutes that are kept.
const SLOTS: usize = 30;

/// The distribution of a figure over the last half hour.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    last: i64,
    slots: Vec<[u16; BUCKETS]>,
}

impl Default for Sketch {
    fn default() -> Sketch {
        Sketch { last: 0, slots: vec![[0; BUCKETS]; SLOTS] }
    }
}

impl Sketch {
    /// Adds a value.
    pub(super) fn add(&mut self, now: Timestamp, value: u32) {
        let number = now.ms().div_euclid(SLOT_MS);
        for passed in (self.last + 1).max(number - SLOTS as i64 + 1)..=number {
            self.slots[passed.rem_euclid(SLOTS as i64) as usize] = [0; BUCKETS];
        }
        self.last = self.last.max(number);
        let slot = &mut self.slots[self.last.rem_euclid(SLOTS as i64) as usize];
        let count = &mut slot[bucket(value)];
        *count = count.saturating_add(1);
    }

    /// Returns what so many percent of the values of the last `minutes` stay under. None of
    /// nothing.
    pub(super) fn percentile(&self, now: Timestamp, minutes: usize, percent: u32) -> Option<u32> {
        let sum = self.sum(now, minutes);
        sum.iter().any(|count| *count != 0).then(|| point(&sum, percent))
    }

    /// Returns the counts of the last `minutes`.
    fn sum(&self, now: Timestamp, minutes: usize) -> [u32; BUCKETS] {
        let mut sum = [0_u32; BUCKETS];
        let present = now.ms().div_euclid(SLOT_MS);
        let oldest = present - minutes.min(SLOTS) as i64 + 1;
        for number in oldest.max(self.last - SLOTS as i64 + 1)..=present.min(self.last) {
            let slot = &self.slots[number.rem_euclid(SLOTS as i64) as usize];
            sum.iter_mut().zip(slot).for_each(|(sum, count)| *sum += u32::from(*count));
        }
        sum
    }

    /// Returns what so many percent of the values of the last `minutes` stay under, for 50, 75, 90
    /// and 99; of the values from the top where `falling`. None of nothing.
    pub(super) fn percentiles(
        &self,
        now: Timestamp,
        minutes: usize,
        falling: bool,
    ) -> Option<Percentiles> {
        let sum = self.sum(now, minutes);
        let total: u32 = sum.iter().sum();
        let point = |percent: u32| point(&sum, if falling { 100 - percent } else { percent });
        (total != 0).then(|| Percentiles {
            p50: point(50),
            p75: point(75),
            p90: point(90),
            p99: point(99),
        })
    }
}

/// Returns what so many percent of the values stay under.
fn point(sum: &[u32; BUCKETS], percent: u32) -> u32 {
    let total: u32 = sum.iter().sum();
    let rank = (u64::from(total) * u64::from(percent)).div_ceil(100).max(1);
    let mut below = 0;
    let place = sum.iter().position(|count| {
        below += u64::from(*count);
        rank <= below
    });
    middle(place.unwrap_or(BUCKETS - 1))
}

/// Values below 8 have a bucket each; above, the three bits after the highest tell them apart.
fn bucket(value: u32) -> usize {
    let value = value.min(VALUE_MAX);
    if value < PER_DOUBLING {
        return value as usize;
    }
    let doubling = value.ilog2();
    ((doubling - 2) * PER_DOUBLING + (value >> (doubling - 3)) - PER_DOUBLING) as usize
}

fn middle(bucket: usize) -> u32 {
    let bucket = bucket as u32;
    if bucket < PER_DOUBLING {
        return bucket;
    }
    let doubling = bucket / PER_DOUBLING + 2;
    let low = (PER_DOUBLING + bucket % PER_DOUBLING) << (doubling - 3);
    low + (1 << (doubling - 3)) / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_value_is_found_again_within_an_eighth(value in 0..=VALUE_MAX) {
            let found = middle(bucket(value));
            prop_assert!(found.abs_diff(value) <= value / 8, "{value} became {found}");
        }
    }

    #[test]
    fn percentiles_are_those_of_the_last_minutes() {
        let minute = |number: i64| Timestamp::from_ms(number * SLOT_MS);
        let mut sketch = Sketch::default();
        assert_eq!(sketch.percentiles(minute(9), 5, false), None);
        (0..100).for_each(|_| sketch.add(minute(9), 7_000));
        for value in 1..=100 {
            sketch.add(minute(20), value);
        }
        let rising = sketch.percentiles(minute(22), 5, false).unwrap();
        assert!((46..=54).contains(&rising.p50) && (92..=106).contains(&rising.p99), "{rising:?}");
        let falling = sketch.percentiles(minute(22), 5, true).unwrap();
        assert!((46..=54).contains(&falling.p50) && falling.p99 <= 2, "{falling:?}");
        let all = sketch.percentiles(minute(22), 30, false).unwrap();
        assert!(6_500 < all.p90, "{all:?}");
        assert_eq!(sketch.percentiles(minute(60), 30, false), None);
    }
}
