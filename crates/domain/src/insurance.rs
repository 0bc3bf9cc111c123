//! How much the house bears for an account of answers that came to nothing.
//!
//! Nobody pays for an answer that broke off. Without an end to that, whoever finds a way to have
//! answers break would be served for nothing, so it ends at a share of what the account is charged.

use crate::money::Money;

/// How much the house bears for an account in a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Insurance {
    /// Whatever the account is charged.
    pub base: Money,
    /// And so much of what it is charged that day, in percent.
    pub percent: u32,
}

impl Default for Insurance {
    /// Ten cents, and five percent.
    fn default() -> Insurance {
        Insurance { base: Money::from_nanos(100_000_000), percent: 5 }
    }
}

impl Insurance {
    /// Returns whether the house bears `more`, after it has borne so much for an account that was
    /// charged so much the same day.
    pub fn bears(&self, charged: Money, borne: Money, more: Money) -> bool {
        let share = i128::from(charged.nanos().max(0)) * i128::from(self.percent) / 100;
        let most = i128::from(self.base.nanos()) + share;
        i128::from(borne.nanos()) + i128::from(more.nanos()) <= most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_bears_ten_cents_and_a_twentieth_of_what_an_account_is_charged() {
        let bears = |charged: i64, borne: i64, more: i64| {
            let [charged, borne, more] = [charged, borne, more].map(Money::from_nanos);
            Insurance::default().bears(charged, borne, more)
        };
        assert!(bears(0, 0, 100_000_000));
        assert!(!bears(0, 0, 100_000_001));
        assert!(!bears(19, 100_000_000, 1));
        assert!(bears(20, 100_000_000, 1));
        assert!(bears(1_000_000_000, 140_000_000, 10_000_000));
        assert!(!bears(1_000_000_000, 150_000_001, 0));
        assert!(bears(i64::MAX, i64::MAX / 20, 100_000_000));
    }
}
