//! How much of what, and in what time.

use std::fmt;

use crate::time::DAY_MS;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Requests of the caller, however many tries each takes.
    Requests,
    /// Tokens of prompts and answers.
    Tokens,
    /// What requests cost, in nano-dollars.
    Spend,
}

/// In what time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interval {
    /// So many milliseconds, at least one. What was used leaks away evenly.
    Rolling(u64),
    /// A day of the calendar: what was used is forgotten at midnight UTC.
    Day,
}

/// A limit: at most so much of a measure in an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    /// What is limited.
    pub measure: Measure,
    /// How much: requests, tokens or nano-dollars. All of it can be used at once.
    pub limit: u64,
    /// In what time.
    pub interval: Interval,
}

impl Measure {
    /// Every measure.
    pub const ALL: [Measure; 3] = [Measure::Requests, Measure::Tokens, Measure::Spend];

    /// The word for it in headers, settings and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Measure::Requests => "requests",
            Measure::Tokens => "tokens",
            Measure::Spend => "spend",
        }
    }
}

impl Interval {
    /// Returns how long it is, in milliseconds.
    pub const fn ms(self) -> u64 {
        match self {
            Interval::Rolling(0) => 1,
            Interval::Rolling(ms) => ms,
            Interval::Day => DAY_MS as u64,
        }
    }

    /// Reads `10s`, `1m`, `1h`, `7d` (seconds, minutes, hours, days, rolling) or `day` (the
    /// calendar's, in UTC); at least a second and at most thirty-one days.
    pub fn parse(text: &str) -> Option<Interval> {
        if text == "day" {
            return Some(Interval::Day);
        }
        let unit_ms = match text.chars().next_back()? {
            's' => 1_000,
            'm' => 60_000,
            'h' => 3_600_000,
            'd' => DAY_MS as u64,
            _ => return None,
        };
        let digits = &text[..text.len() - 1];
        let count: u64 =
            digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)?.parse().ok()?;
        let ms = count.checked_mul(unit_ms)?;
        (1_000..=31 * DAY_MS as u64).contains(&ms).then_some(Interval::Rolling(ms))
    }
}

/// As [`Interval::parse`] reads it, in the largest unit that it is whole in.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = match self {
            Interval::Day => return f.write_str("day"),
            Interval::Rolling(ms) => *ms,
        };
        let units = [(DAY_MS as u64, 'd'), (3_600_000, 'h'), (60_000, 'm'), (1_000, 's')];
        match units.iter().find(|(unit, _)| ms % unit == 0 && 0 < ms) {
            Some((unit, letter)) => write!(f, "{}{letter}", ms / unit),
            None => write!(f, "{ms}ms"),
        }
    }
}

impl Rate {
    /// Returns the share of it that falls to one of `nodes`: together they have no more than all of
    /// it, or one each.
    pub const fn share(self, nodes: u64) -> Rate {
        let nodes = if nodes == 0 { 1 } else { nodes };
        let limit = self.limit / nodes;
        Rate { limit: if limit == 0 { 1 } else { limit }, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_read_as_it_is_written() {
        for text in ["1s", "10s", "1m", "90s", "1h", "1d", "7d", "day"] {
            assert_eq!(Interval::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Interval::parse("60s").unwrap().to_string(), "1m");
        for text in ["", "s", "0s", "1", "-1s", "+1s", "1.5m", "32d", "99999999999999999999d", "1µ"]
        {
            assert_eq!(Interval::parse(text), None, "{text}");
        }
    }
}
