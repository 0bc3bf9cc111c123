//! API keys: who may call, and how much.

use serde::{Deserialize, Serialize};

use crate::id::KeyId;
use crate::limit::Rate;
use crate::money::Money;
use crate::time::Timestamp;

/// A key, as it is stored. Its text is known only to whoever made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// The keyed hash of its text.
    pub id: KeyId,
    /// What its owner calls it.
    pub name: String,
    /// The first and last characters of its text, to recognise it by.
    pub label: String,
    /// The most that it may spend in one `limit_reset`.
    pub limit: Option<Money>,
    /// When spending is forgotten; never, where absent.
    pub limit_reset: Option<Reset>,
    /// Switched off.
    pub disabled: bool,
    /// Invalid from then on.
    pub expires: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Option<Timestamp>,
    /// The limits of its rate; those that the configuration has for every key, where absent.
    #[serde(default, with = "crate::limit::as_rows", skip_serializing_if = "Option::is_none")]
    pub rates: Option<Vec<Rate>>,
}

/// How often spending is forgotten. Days begin at midnight UTC, weeks on Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the word on the wire")]
pub enum Reset {
    Daily,
    Weekly,
    Monthly,
}

/// What a key has spent, in all and since its days, weeks and months began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spend {
    /// When the three windows were last brought up to date.
    pub as_of: Timestamp,
    /// In all.
    pub total: Money,
    /// Since midnight.
    pub day: Money,
    /// Since Monday.
    pub week: Money,
    /// Since the first of the month.
    pub month: Money,
}

impl ApiKey {
    /// Returns whether the key opens anything at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        !self.disabled && self.expires.is_none_or(|expires| now < expires)
    }

    /// Returns what counts against the limit, of a `spend` that is up to date.
    pub fn counted(&self, spend: &Spend) -> Money {
        match self.limit_reset {
            None => spend.total,
            Some(Reset::Daily) => spend.day,
            Some(Reset::Weekly) => spend.week,
            Some(Reset::Monthly) => spend.month,
        }
    }
}

impl Spend {
    /// Returns the same spend as it stands at `now`: windows that have ended count nothing.
    pub fn at(self, now: Timestamp) -> Spend {
        let kept = |start: Timestamp, amount: Money| {
            if self.as_of < start { Money::ZERO } else { amount }
        };
        Spend {
            as_of: now.max(self.as_of),
            total: self.total,
            day: kept(now.day_start(), self.day),
            week: kept(now.week_start(), self.week),
            month: kept(now.month_start(), self.month),
        }
    }

    /// Returns the spend after `amount` more at `when`, which may lie before what is already
    /// counted: it then counts only in the windows that it belongs to.
    pub fn plus(self, amount: Money, when: Timestamp) -> Spend {
        let current = self.at(when);
        let as_of = current.as_of;
        let added = |start: Timestamp, counted: Money| {
            if when < start { counted } else { counted.saturating_add(amount) }
        };
        Spend {
            as_of,
            total: current.total.saturating_add(amount),
            day: added(as_of.day_start(), current.day),
            week: added(as_of.week_start(), current.week),
            month: added(as_of.month_start(), current.month),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_week_forgets_the_last_but_not_the_month() {
        let sunday = Timestamp::parse("2026-11-22T23:59:59Z").unwrap();
        let monday = Timestamp::parse("2026-11-23T00:00:00Z").unwrap();
        let spend = Spend::default().plus(Money::from_nanos(5), sunday).at(monday);
        let nanos = [spend.total, spend.day, spend.week, spend.month].map(Money::nanos);
        assert_eq!(nanos, [5, 0, 0, 5]);
        let late = spend.plus(Money::from_nanos(2), sunday);
        let nanos = [late.total, late.day, late.week, late.month].map(Money::nanos);
        assert_eq!(nanos, [7, 0, 0, 7]);
    }
}
