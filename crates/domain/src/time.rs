//! Instants, in milliseconds since 1970 in UTC.
//!
//! Nothing here reads a clock: the shell asks its clock and passes the answer down.

use std::fmt;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// An instant, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// Milliseconds in a day.
pub const DAY_MS: i64 = 86_400_000;

impl Timestamp {
    /// Returns the instant `ms` milliseconds after 1970 began.
    pub const fn from_ms(ms: i64) -> Timestamp {
        Timestamp(ms)
    }

    /// Returns milliseconds since 1970 began.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// Returns whole seconds since 1970 began.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Returns the milliseconds from `earlier` to this instant, and zero where that is later.
    pub const fn ms_since(self, earlier: Timestamp) -> u64 {
        let ms = self.0 - earlier.0;
        if ms < 0 { 0 } else { ms as u64 }
    }

    /// Returns the instant `ms` milliseconds later.
    pub const fn plus_ms(self, ms: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(ms))
    }

    /// Returns the minute of the UTC day, from 0 to 1,439.
    pub const fn minute_of_day(self) -> u16 {
        (self.0.rem_euclid(DAY_MS) / 60_000) as u16
    }

    /// Returns the number of UTC days since 1970 began.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(DAY_MS)
    }

    /// Returns the day of the week in UTC.
    pub fn weekday(self) -> Weekday {
        // 1970-01-01 was a Thursday, the fourth day when Monday is the first.
        let offset = (self.day() + 3).rem_euclid(7) as i8;
        Weekday::from_monday_zero_offset(offset).unwrap_or(Weekday::Monday)
    }

    /// Reads an RFC 3339 instant, or a date, which means its first moment in UTC.
    pub fn parse(text: &str) -> Option<Timestamp> {
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Some(Timestamp(instant.as_millisecond()));
        }
        let date: jiff::civil::Date = text.parse().ok()?;
        let start = date.to_zoned_datetime(TimeZone::UTC).ok()?;
        Some(Timestamp(start.timestamp().as_millisecond()))
    }

    /// Returns the first moment of the UTC month.
    pub fn month_start(self) -> Timestamp {
        jiff::Timestamp::from_millisecond(self.0)
            .ok()
            .map(|instant| instant.to_zoned_datetime(TimeZone::UTC).date().first_of_month())
            .and_then(|date| date.to_zoned_datetime(TimeZone::UTC).ok())
            .map_or(self, |start| Timestamp(start.timestamp().as_millisecond()))
    }

    /// Returns the first moment of the UTC week, which begins on Monday.
    pub fn week_start(self) -> Timestamp {
        let days = i64::from(self.weekday().to_monday_zero_offset());
        Timestamp((self.day() - days) * DAY_MS)
    }

    /// Returns the first moment of the UTC day.
    pub const fn day_start(self) -> Timestamp {
        Timestamp(self.day() * DAY_MS)
    }
}

impl fmt::Display for Timestamp {
    /// Writes RFC 3339 in UTC, with milliseconds where there are some.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => instant.fmt(f),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let now = Timestamp::parse("2026-11-24T13:14:15.016Z").unwrap();
        assert_eq!(now.weekday(), Weekday::Tuesday);
        assert_eq!(now.week_start().to_string(), "2026-11-23T00:00:00Z");
        assert_eq!(now.month_start().to_string(), "2026-11-01T00:00:00Z");
        assert_eq!(now.day_start().to_string(), "2026-11-24T00:00:00Z");
        assert_eq!(now.minute_of_day(), 13 * 60 + 14);
        assert_eq!(now.to_string(), "2026-11-24T13:14:15.016Z");
    }

    #[test]
    fn before_1970_works_too() {
        let then = Timestamp::parse("1969-12-31T23:59:00Z").unwrap();
        assert_eq!(then.minute_of_day(), 23 * 60 + 59);
        assert_eq!(then.weekday(), Weekday::Wednesday);
    }
}
