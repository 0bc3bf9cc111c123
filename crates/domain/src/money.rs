//! Money, exact to the nano-dollar.
//!
//! Every amount in the house is a whole number of nano-dollars in an `i64` (±9.2 billion dollars):
//! what the ledger stores is what the arithmetic made, and nothing is rounded on the way.

use std::fmt;
use std::iter::Sum;

use serde::{Deserialize, Serialize};

/// A signed amount of money, in nano-dollars (1e-9 USD).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Money(i64);

/// Why a text is not an amount of money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an amount in dollars with at most {digits} decimals")]
pub struct NotMoney {
    /// What was given, cut to a length that is safe to show.
    pub text: String,
    /// How many decimals the unit can hold.
    pub digits: u32,
}

impl Money {
    /// No money.
    pub const ZERO: Money = Money(0);
    /// The largest amount, about 9.2 billion dollars.
    pub const MAX: Money = Money(i64::MAX);

    /// Returns the amount of `nanos` nano-dollars.
    pub const fn from_nanos(nanos: i64) -> Money {
        Money(nanos)
    }

    /// Returns the amount in nano-dollars.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Returns the sum, or the largest amount of that sign where it does not fit.
    pub const fn saturating_add(self, other: Money) -> Money {
        Money(self.0.saturating_add(other.0))
    }

    /// Returns the difference, or the largest amount of that sign where it does not fit.
    pub const fn saturating_sub(self, other: Money) -> Money {
        Money(self.0.saturating_sub(other.0))
    }

    /// Returns the sum, or `None` past ±9.2 billion dollars.
    pub const fn checked_add(self, other: Money) -> Option<Money> {
        match self.0.checked_add(other.0) {
            Some(nanos) => Some(Money(nanos)),
            None => None,
        }
    }

    /// Reads dollars written as a decimal number, such as `12`, `0.05` or `-3.5`.
    ///
    /// # Errors
    /// When the text is no such number, has more than nine decimals, or does not fit.
    pub fn parse_dollars(text: &str) -> Result<Money, NotMoney> {
        scaled_decimal(text, 9)
            .and_then(|nanos| i64::try_from(nanos).ok())
            .map(Money)
            .ok_or_else(|| NotMoney { text: text.chars().take(40).collect(), digits: 9 })
    }

    /// Returns the amount in dollars as the number that JSON shows.
    ///
    /// A float holds 15 significant digits, so amounts below a million dollars are exact to the
    /// nano-dollar when they are read back and rounded to nine decimals.
    pub fn dollars(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl fmt::Display for Money {
    /// Writes dollars with as many decimals as the amount has, and no fewer than none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, nanos) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        write!(f, "{sign}{}", nanos / 1_000_000_000)?;
        let fraction = nanos % 1_000_000_000;
        if fraction == 0 {
            return Ok(());
        }
        let digits = format!("{fraction:09}");
        write!(f, ".{}", digits.trim_end_matches('0'))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        amounts.fold(Money::ZERO, Money::saturating_add)
    }
}

/// Reads a decimal number as an integer of `10^-digits` units; `None` where it is not exact.
pub(crate) fn scaled_decimal(text: &str, digits: u32) -> Option<i128> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let dangling = unsigned.ends_with('.');
    if whole.is_empty() || dangling || !only_digits(whole) || !only_digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if whole.len() > 20 || fraction.len() > digits as usize {
        return None;
    }
    let padding = 10_i128.pow(digits - fraction.len() as u32);
    let whole: i128 = whole.parse().ok()?;
    let fraction: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let scaled = whole * 10_i128.pow(digits) + fraction * padding;
    Some(if negative { -scaled } else { scaled })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MILLION_DOLLARS: i64 = 1_000_000_000_000_000;

    #[test]
    fn dollars_are_written_without_trailing_zeros() {
        let said: Vec<String> = [0, 1, -1, 1_500_000_000, 2_000_000_000, -50_000_000]
            .map(|nanos| Money::from_nanos(nanos).to_string())
            .into();
        assert_eq!(said, ["0", "0.000000001", "-0.000000001", "1.5", "2", "-0.05"]);
    }

    #[test]
    fn what_is_not_exact_is_refused() {
        for text in ["", ".", "1.", ".5", "1e3", "0.0000000001", "NaN", "1,5", "--1", "+1", "1 "] {
            assert!(Money::parse_dollars(text).is_err(), "{text}");
        }
        assert!(Money::parse_dollars("9223372037").is_err());
    }

    proptest! {
        /// What is written is read back as the same amount.
        #[test]
        fn writing_and_reading_are_inverse(nanos: i64) {
            let money = Money::from_nanos(nanos);
            prop_assert_eq!(Money::parse_dollars(&money.to_string()), Ok(money));
        }

        /// The number in JSON identifies the amount to the nano-dollar below a million dollars.
        #[test]
        fn json_numbers_keep_every_nano(nanos in -MILLION_DOLLARS..MILLION_DOLLARS) {
            let money = Money::from_nanos(nanos);
            prop_assert_eq!((money.dollars() * 1e9).round() as i64, nanos);
        }
    }
}
