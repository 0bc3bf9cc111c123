//! What is added to the price of credits.

use domain::money::Money;

/// The fee of a top-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fee {
    /// Hundredths of a percent of the credits.
    pub basis_points: u32,
    /// The least.
    pub min: Money,
}

/// Nano-dollars in a cent: the smallest amount that a card is charged.
pub(super) const CENT_NANOS: i64 = 10_000_000;

impl Fee {
    /// Returns the fee of some credits, rounded up to a cent.
    pub fn of(&self, credit: Money) -> Money {
        let exact = i128::from(credit.nanos()) * i128::from(self.basis_points);
        let cents = exact.div_euclid(10_000 * i128::from(CENT_NANOS))
            + i128::from(exact.rem_euclid(10_000 * i128::from(CENT_NANOS)) != 0);
        let nanos = i64::try_from(cents * i128::from(CENT_NANOS)).unwrap_or(i64::MAX);
        Money::from_nanos(nanos).max(self.min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fee_is_whole_cents_and_no_less_than_its_least() {
        let dollars = |text| Money::parse_dollars(text).unwrap();
        let fee = Fee { basis_points: 500, min: dollars("0.8") };
        for (credit, expected) in [("100", "5"), ("10", "0.8"), ("16.01", "0.81"), ("16", "0.8")] {
            assert_eq!(fee.of(dollars(credit)), dollars(expected), "{credit}");
        }
        assert_eq!(Fee { basis_points: 0, min: Money::ZERO }.of(dollars("7")), Money::ZERO);
    }
}
