//! What may be done besides the ordinary: a share of the traffic, and a little a second.

use crate::time::Timestamp;

/// A budget that fills with traffic and with time. In thousandths of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    share_percent: u64,
    per_second: u64,
    held: u64,
    filled: Timestamp,
}

const ONE: u64 = 1_000;
/// Seconds of filling that are kept.
const KEPT_SECONDS: u64 = 10;

impl Budget {
    /// Takes a share of the traffic in percent, and how many a second come on top of it.
    pub(super) const fn new(share_percent: u64, per_second: u64) -> Budget {
        let held = per_second * ONE;
        Budget { share_percent, per_second, held, filled: Timestamp::from_ms(0) }
    }

    /// Takes note of an ordinary request.
    pub(super) fn earn(&mut self, now: Timestamp) {
        self.fill(now);
        self.held += self.share_percent * ONE / 100;
    }

    /// Takes one out, where there is one.
    pub(super) fn spend(&mut self, now: Timestamp) -> bool {
        self.fill(now);
        let enough = ONE <= self.held;
        if enough {
            self.held -= ONE;
        }
        enough
    }

    fn fill(&mut self, now: Timestamp) {
        let most = (self.per_second * KEPT_SECONDS).max(1) * ONE;
        let grown = now.ms_since(self.filled).saturating_mul(self.per_second);
        self.held = self.held.saturating_add(grown).min(most);
        self.filled = self.filled.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_traffic_and_one_a_second() {
        let mut budget = Budget::new(10, 1);
        let at = |ms: i64| Timestamp::from_ms(1_000_000 + ms);
        let burst = (0..100).filter(|_| budget.spend(at(0))).count();
        assert_eq!(burst, 10);
        let mut spent = 0;
        for request in 0..1_000 {
            let now = at(request * 10);
            budget.earn(now);
            spent += i32::from(budget.spend(now));
        }
        assert!((105..=112).contains(&spent), "{spent}");
    }
}
