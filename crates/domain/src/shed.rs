//! How many requests may be under way, so that those that are let in are served.
//!
//! What tells that a process has too much to do is not how many requests it has, for most of them
//! only wait for providers, but how long work lies ready that nobody takes up. Where even the
//! shortest such delay of a beat is long, a queue stands that does not drain (the criterion of
//! CoDel, Nichols and Jacobson, 2012), and fewer are let in by a tenth each beat. Once no queue
//! stands, more are let in again, a tenth of them at a time.

/// Decides how many requests may be under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Governor {
    /// However little there is to do.
    most: u32,
    /// The longest delay with which all is well, in microseconds; zero looks at no delay.
    delay_max_us: u64,
    /// For now.
    limit: u32,
    /// Beats in a row in which a queue stood.
    beats: u32,
}

/// However much there is to do: so few wait for providers without holding anybody up, and where
/// work is late all the same, something else keeps the machine busy, which refusing them would not
/// end.
const LEAST: u32 = 256;
/// Beats in a row before it is believed that a queue stands.
const BEATS_MIN: u32 = 2;

impl Governor {
    /// Lets in at most so many, and fewer where work is delayed by more than `delay_max_us`.
    pub fn new(most: u32, delay_max_us: u64) -> Governor {
        Governor { most, delay_max_us, limit: most, beats: 0 }
    }

    /// Takes what was seen in a beat: the shortest delay of work that was ready, and the requests
    /// under way. Returns how many there may be from now on.
    pub fn beat(&mut self, shortest_delay_us: u64, under_way: u32) -> u32 {
        let stands = self.delay_max_us != 0 && self.delay_max_us < shortest_delay_us;
        self.beats = if stands { self.beats.saturating_add(1) } else { 0 };
        let least = LEAST.min(self.most);
        if BEATS_MIN <= self.beats {
            let now = self.limit.min(under_way);
            self.limit = (now - now.div_ceil(10)).max(least);
        } else if !stands {
            self.limit = self.limit.saturating_add((self.limit / 10).max(1)).min(self.most);
        }
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: u64 = 1_000;

    #[test]
    fn one_hiccup_sheds_nobody() {
        let mut governor = Governor::new(1_000, 50 * MS);
        assert_eq!(governor.beat(400 * MS, 900), 1_000);
        assert_eq!(governor.beat(1, 900), 1_000);
        assert_eq!(governor.beat(400 * MS, 900), 1_000);
    }

    #[test]
    fn a_standing_queue_is_drained_from_what_is_there() {
        let mut governor = Governor::new(10_000, 50 * MS);
        governor.beat(60 * MS, 500);
        assert_eq!(governor.beat(60 * MS, 500), 450);
        assert_eq!(governor.beat(60 * MS, 450), 405);
        // And back within seconds once it is gone: a beat is a tenth of one.
        let beats = (1..).find(|_| governor.beat(0, 400) == 10_000).unwrap();
        assert!(beats < 50, "{beats}");
    }

    #[test]
    fn a_delay_that_is_not_looked_at_changes_nothing() {
        let mut governor = Governor::new(7, 0);
        for _ in 0..9 {
            assert_eq!(governor.beat(u64::MAX, u32::MAX), 7);
        }
    }

    proptest! {
        #[test]
        fn some_are_always_let_in_and_never_more_than_the_most(
            most: u32,
            delay_max: u64,
            beats in prop::collection::vec((any::<u64>(), any::<u32>()), 0..200),
        ) {
            let mut governor = Governor::new(most, delay_max);
            for (delay, under_way) in beats {
                let limit = governor.beat(delay, under_way);
                prop_assert!((LEAST.min(most)..=most).contains(&limit));
            }
        }
    }
}
