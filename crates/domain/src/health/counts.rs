//! Successes and failures over a stretch of time, in slots that are used again.

use crate::time::Timestamp;

/// How many went well and how many did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Answers that were complete.
    pub good: u32,
    /// Failures that were the provider's.
    pub bad: u32,
}

/// The tallies of the last `SLOTS` slots of time.
#[derive(Clone, Debug)]
pub struct Counts<const SLOTS: usize> {
    slot_ms: i64,
    /// The slot that was counted into last, numbered since 1970.
    last: i64,
    slots: [Tally; SLOTS],
}

impl Tally {
    /// Returns how many there were.
    pub const fn total(self) -> u32 {
        self.good.saturating_add(self.bad)
    }

    /// Returns the share that went well, in hundredths of a percent; none of nothing.
    pub fn uptime(self) -> Option<u32> {
        let total = u64::from(self.total());
        (total != 0).then(|| (u64::from(self.good) * 10_000 / total) as u32)
    }
}

impl<const SLOTS: usize> Counts<SLOTS> {
    /// Begins with nothing, in slots of so many milliseconds.
    pub const fn new(slot_ms: i64) -> Counts<SLOTS> {
        Counts { slot_ms, last: 0, slots: [Tally { good: 0, bad: 0 }; SLOTS] }
    }

    /// Counts one.
    pub fn add(&mut self, now: Timestamp, is_good: bool) {
        let slot = self.turn(now);
        let count = if is_good { &mut slot.good } else { &mut slot.bad };
        *count = count.saturating_add(1);
    }

    /// Takes a failure back that was counted at `at`, where its slot is still there.
    pub fn take_back(&mut self, at: Timestamp) {
        let number = self.number(at);
        if self.last - (SLOTS as i64) < number && number <= self.last {
            let slot = &mut self.slots[number.rem_euclid(SLOTS as i64) as usize];
            slot.bad = slot.bad.saturating_sub(1);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.slots = [Tally::default(); SLOTS];
    }

    /// Returns what was counted in the last `slots` slots, the present one among them.
    pub fn sum(&self, now: Timestamp, slots: usize) -> Tally {
        let present = self.number(now);
        let oldest = present - slots.min(SLOTS) as i64 + 1;
        let mut sum = Tally::default();
        for number in oldest.max(self.last - SLOTS as i64 + 1)..=present.min(self.last) {
            let slot = self.slots[number.rem_euclid(SLOTS as i64) as usize];
            sum.good = sum.good.saturating_add(slot.good);
            sum.bad = sum.bad.saturating_add(slot.bad);
        }
        sum
    }

    fn number(&self, at: Timestamp) -> i64 {
        at.ms().div_euclid(self.slot_ms)
    }

    /// Returns the present slot, the slots that were passed over since the last count emptied.
    fn turn(&mut self, now: Timestamp) -> &mut Tally {
        let number = self.number(now);
        for passed in (self.last + 1).max(number - SLOTS as i64 + 1)..=number {
            self.slots[passed.rem_euclid(SLOTS as i64) as usize] = Tally::default();
        }
        // A clock that steps back counts into the newest slot.
        self.last = self.last.max(number);
        &mut self.slots[self.last.rem_euclid(SLOTS as i64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_000_000 + ms)
    }

    #[test]
    fn what_is_old_is_forgotten() {
        let mut counts = Counts::<10>::new(1_000);
        counts.add(at(0), true);
        counts.add(at(500), false);
        counts.add(at(9_000), true);
        assert_eq!(counts.sum(at(9_000), 10), Tally { good: 2, bad: 1 });
        assert_eq!(counts.sum(at(9_000), 1), Tally { good: 1, bad: 0 });
        assert_eq!(counts.sum(at(10_000), 10), Tally { good: 1, bad: 0 });
        assert_eq!(counts.sum(at(60_000), 10), Tally::default());
        counts.add(at(60_000), true);
        assert_eq!(counts.sum(at(60_000), 10), Tally { good: 1, bad: 0 });
    }

    #[test]
    fn a_failure_can_be_taken_back_while_its_slot_is_there() {
        let mut counts = Counts::<10>::new(1_000);
        counts.add(at(0), false);
        counts.add(at(3_000), false);
        counts.take_back(at(0));
        assert_eq!(counts.sum(at(3_000), 10).bad, 1);
        counts.add(at(30_000), false);
        counts.take_back(at(3_000));
        assert_eq!(counts.sum(at(30_000), 10).bad, 1);
    }

    #[test]
    fn a_clock_that_steps_back_loses_nothing() {
        let mut counts = Counts::<10>::new(1_000);
        counts.add(at(20_000), true);
        counts.add(at(5_000), false);
        assert_eq!(counts.sum(at(20_000), 10), Tally { good: 1, bad: 1 });
    }
}
