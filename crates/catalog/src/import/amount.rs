//! Exact amounts of dollars, read from the text of numbers.

use std::fmt::{self, Display};

/// Digits behind the point that are kept; the source has noise beyond them.
const PLACES: i32 = 7;
/// One more digit than a rate per token can carry: the last one must be zero to be billed.
const FINEST: i64 = 10;
/// A million dollars, the largest amount that a rate can carry.
const MAX: i128 = 1_000_000 * 10_i128.pow(PLACES as u32);
/// No number in a list of prices needs more digits than this.
const DIGITS_MAX: usize = 40;

/// An amount in steps of 1e-7 dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Amount(i64);

impl Amount {
    /// Reads a JSON number or a decimal text and rounds it half to even at seven digits.
    ///
    /// Returns `None` for what is no number, negative, above a million dollars, above zero but
    /// rounded to it, or finer than a rate per token can be.
    pub(super) fn parse(text: &str) -> Option<Amount> {
        let (digits, places) = digits(text)?;
        let exact = places <= PLACES;
        let shift = u32::try_from((PLACES - places).abs()).ok()?;
        let scaled = match (exact, 10_i128.checked_pow(shift)) {
            (true, Some(factor)) => digits.checked_mul(factor)?,
            (true, None) if digits != 0 => return None,
            (false, Some(factor)) => half_even(digits, factor),
            (_, None) => 0,
        };
        let vanished = scaled == 0 && digits != 0;
        let amount = i64::try_from(scaled).ok().filter(|_| scaled <= MAX)?;
        (!vanished && amount % FINEST == 0).then_some(Amount(amount))
    }

    /// The amount of `dollars` whole dollars.
    pub(super) const fn of_dollars(dollars: i64) -> Amount {
        Amount(dollars * 10_i64.pow(PLACES as u32))
    }

    /// Whether it is nothing.
    pub(super) fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is `factor` times `other` or more.
    pub(super) fn exceeds(self, other: Amount, factor: i64) -> bool {
        i128::from(self.0) > i128::from(other.0) * i128::from(factor)
    }

    /// Whether one is about seven times the other, as yuan are to dollars.
    pub(super) fn differs_like_yuan(self, other: Amount) -> bool {
        let (low, high) = (i128::from(self.0.min(other.0)), i128::from(self.0.max(other.0)));
        low > 0 && high * 10 >= low * 66 && high * 10 <= low * 76
    }
}

impl Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 10_i64.pow(PLACES as u32);
        let (whole, part) = (self.0 / one, self.0 % one);
        if part == 0 {
            return write!(f, "{whole}");
        }
        let part = format!("{part:07}");
        write!(f, "{whole}.{}", part.trim_end_matches('0'))
    }
}

/// The digits of a number as an integer, and how many of them stand behind the point.
fn digits(text: &str) -> Option<(i128, i32)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(part) || mantissa.len() > DIGITS_MAX {
        return None;
    }
    let part = part.trim_end_matches('0');
    let kept = format!("{whole}{part}").parse::<i128>().ok()?;
    let places = i32::try_from(part.len()).ok()?.checked_sub(exponent)?;
    places.checked_sub(PLACES)?.checked_abs()?;
    Some((kept, places))
}

fn half_even(digits: i128, factor: i128) -> i128 {
    let (quotient, rest) = (digits / factor, digits % factor);
    match (rest * 2).cmp(&factor) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + quotient % 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        Amount::parse(text).map(|amount| amount.to_string())
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let written = ["3", "0.05", "2.50", "1e-2", "5E1", "0", "0.0", "1000000", "0.000001"];
        let read: Vec<_> = written.iter().filter_map(|text| read(text)).collect();
        assert_eq!(read, ["3", "0.05", "2.5", "0.01", "50", "0", "0", "1000000", "0.000001"]);
    }

    #[test]
    fn the_noise_of_floats_is_rounded_away() {
        assert_eq!(read("0.049999999999999996").as_deref(), Some("0.05"));
        assert_eq!(read("0.30000000000000004").as_deref(), Some("0.3"));
    }

    #[test]
    fn what_cannot_be_billed_exactly_is_no_amount() {
        for text in ["0.0000001", "1e-9", "1e-400", "1000001", "1e30", "1e999999999999"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn hostile_text_is_no_amount() {
        let long = "9".repeat(60);
        for text in
            ["", "-1", "+1", ".5", "1.2.3", "0x10", "1e", "NaN", "\"1\"", "1e-2147483648", &long]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn seven_times_is_told_from_six_and_eight() {
        let amount = |text| Amount::parse(text).unwrap();
        assert!(amount("14").differs_like_yuan(amount("2")));
        assert!(!amount("12").differs_like_yuan(amount("2")));
        assert!(!amount("16").differs_like_yuan(amount("2")));
        assert!(!amount("0").differs_like_yuan(amount("0")));
    }
}
