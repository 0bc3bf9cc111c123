//! The hours at which a price holds.

use jiff::civil::Weekday;

use crate::time::{DAY_MS, Timestamp};

/// A half-open span of the UTC day, in minutes. One that ends before it begins wraps past midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first minute inside.
    pub from_minute: u16,
    /// The first minute outside, at most 1,440.
    pub until_minute: u16,
}

/// When something recurring holds: some spans of some days, between two dates.
///
/// A span that wraps past midnight belongs to the day on which it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Nothing holds before this.
    pub valid_from: Option<Timestamp>,
    /// Nothing holds from this on.
    pub valid_until: Option<Timestamp>,
    /// The spans of a day, in UTC.
    pub spans: Vec<Span>,
    /// The days of the week on which a span may begin; none means all.
    pub days: Vec<Weekday>,
    /// Days (since 1970, UTC) on which no span begins although the weekday would allow it.
    pub holidays: Vec<i64>,
}

impl Window {
    /// Returns whether the window holds at `now`.
    pub fn contains(&self, now: Timestamp) -> bool {
        let begun = self.valid_from.is_none_or(|from| from <= now);
        let ended = self.valid_until.is_some_and(|until| until <= now);
        begun && !ended && self.spans.iter().any(|span| self.span_holds(*span, now))
    }

    fn span_holds(&self, span: Span, now: Timestamp) -> bool {
        let minute = now.minute_of_day();
        let wraps = span.until_minute <= span.from_minute;
        if !wraps {
            let inside = span.from_minute <= minute && minute < span.until_minute;
            return inside && self.day_counts(now);
        }
        let late = span.from_minute <= minute && self.day_counts(now);
        let early = minute < span.until_minute && self.day_counts(now.plus_ms(-DAY_MS));
        late || early
    }

    fn day_counts(&self, day: Timestamp) -> bool {
        let listed = self.days.is_empty() || self.days.contains(&day.weekday());
        listed && !self.holidays.contains(&day.day())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(window: &Window, inside: &[&str], outside: &[&str]) {
        for text in inside {
            assert!(window.contains(Timestamp::parse(text).unwrap()), "{text} is inside");
        }
        for text in outside {
            assert!(!window.contains(Timestamp::parse(text).unwrap()), "{text} is outside");
        }
    }

    fn weekdays() -> Vec<Weekday> {
        use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
        vec![Monday, Tuesday, Wednesday, Thursday, Friday]
    }

    #[test]
    fn spans_are_half_open() {
        let window = Window {
            valid_from: None,
            valid_until: None,
            spans: vec![Span { from_minute: 60, until_minute: 240 }],
            days: vec![],
            holidays: vec![],
        };
        check(
            &window,
            &["2026-11-24T01:00:00Z", "2026-11-24T03:59:59.999Z"],
            &["2026-11-24T00:59:59.999Z", "2026-11-24T04:00:00Z"],
        );
    }

    #[test]
    fn a_span_past_midnight_belongs_to_the_day_it_began() {
        let window = Window {
            valid_from: Timestamp::parse("2026-11-01"),
            valid_until: Timestamp::parse("2026-12-01"),
            spans: vec![Span { from_minute: 16 * 60 + 30, until_minute: 30 }],
            days: weekdays(),
            holidays: vec![Timestamp::parse("2026-11-25").unwrap().day()],
        };
        // The 27th is a Friday: its night reaches into Saturday, Saturday's own does not count.
        check(
            &window,
            &["2026-11-27T23:00:00Z", "2026-11-28T00:29:00Z"],
            &[
                "2026-11-28T00:30:00Z",
                "2026-11-28T17:00:00Z",
                "2026-11-25T17:00:00Z",
                "2026-11-26T00:10:00Z",
                "2026-12-01T17:00:00Z",
                "2026-10-30T17:00:00Z",
            ],
        );
    }
}
