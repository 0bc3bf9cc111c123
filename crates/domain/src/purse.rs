//! What money can be taken from: a balance that is paid in, or a limit that is filled by time.
//!
//! A limit that begins anew each day is another purse each day, so nothing that is leased or
//! settled late can ever count against the wrong one, and no clock has to agree with another.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, KeyId};
use crate::key::{ApiKey, Reset};
use crate::time::Timestamp;

/// Something that can run empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purse {
    /// The prepaid credits of an account.
    Account(AccountId),
    /// What a key may spend in a period.
    Key(KeyId, Period),
    /// What a budget allows in a period. The name is the budget's own.
    Budget(String, Period),
    /// What the house bears for an account in a period, of answers that came to nothing. Nobody
    /// sets any of it aside; `filled` is what the account was charged in the period, by which it is
    /// measured.
    House(AccountId, Period),
}

/// The stretch of time for which a limit holds, told by its first moment.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Period {
    /// How long it is; for ever, where absent.
    pub reset: Option<Reset>,
    /// Its first moment, in UTC; 1970 for the one that is for ever.
    pub start: Timestamp,
}

impl Period {
    /// Returns the period that `now` lies in.
    pub fn at(reset: Option<Reset>, now: Timestamp) -> Period {
        let start = match reset {
            None => Timestamp::default(),
            Some(Reset::Daily) => now.day_start(),
            Some(Reset::Weekly) => now.week_start(),
            Some(Reset::Monthly) => now.month_start(),
        };
        Period { reset, start }
    }

    /// Returns whether `when` lies in it.
    pub fn contains(&self, when: Timestamp) -> bool {
        Period::at(self.reset, when) == *self
    }
}

impl Purse {
    /// Returns what the house bears for an account on the day of `now`.
    pub fn house(account: &AccountId, now: Timestamp) -> Purse {
        Purse::House(account.clone(), Period::at(Some(Reset::Daily), now))
    }
}

impl ApiKey {
    /// Returns what the key's limit makes a request take from, one that is admitted at `now`.
    pub fn purse(&self, now: Timestamp) -> Option<Purse> {
        self.limit.map(|_| Purse::Key(self.id.clone(), Period::at(self.limit_reset, now)))
    }
}

/// As a database keeps it: `account:NAME`, or `key:HASH:PERIOD`, `budget:NAME:PERIOD` or
/// `house:ACCOUNT:PERIOD`, where `PERIOD` is `total`, or a word and the first moment in
/// milliseconds.
impl fmt::Display for Purse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Purse::Account(account) => write!(f, "account:{account}"),
            Purse::Key(key, period) => write!(f, "key:{key}:{period}"),
            Purse::Budget(name, period) => write!(f, "budget:{name}:{period}"),
            Purse::House(account, period) => write!(f, "house:{account}:{period}"),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.reset {
            None => return f.write_str("total"),
            Some(Reset::Daily) => "day",
            Some(Reset::Weekly) => "week",
            Some(Reset::Monthly) => "month",
        };
        write!(f, "{word}-{}", self.start.ms())
    }
}

impl Purse {
    /// Reads what [`fmt::Display`] wrote; `None` where it cannot be a purse.
    pub fn parse(text: &str) -> Option<Purse> {
        let (kind, rest) = text.split_once(':')?;
        if kind == "account" {
            return Some(Purse::Account(AccountId::new(rest)));
        }
        let (name, period) = rest.rsplit_once(':')?;
        let period = Period::parse(period)?;
        match kind {
            "key" => Some(Purse::Key(KeyId::new(name), period)),
            "budget" => Some(Purse::Budget(name.to_owned(), period)),
            "house" => Some(Purse::House(AccountId::new(name), period)),
            _ => None,
        }
    }
}

impl Period {
    fn parse(text: &str) -> Option<Period> {
        if text == "total" {
            return Some(Period::default());
        }
        let (word, start) = text.split_once('-')?;
        let reset = match word {
            "day" => Reset::Daily,
            "week" => Reset::Weekly,
            "month" => Reset::Monthly,
            _ => return None,
        };
        Some(Period { reset: Some(reset), start: Timestamp::from_ms(start.parse().ok()?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purse_is_read_back_as_it_was_written() {
        let now = Timestamp::parse("2026-11-25T18:00:00Z").unwrap();
        let resets = [None, Some(Reset::Daily), Some(Reset::Weekly), Some(Reset::Monthly)];
        let mut purses = vec![Purse::Account(AccountId::new("a:b"))];
        for period in resets.map(|reset| Period::at(reset, now)) {
            purses.push(Purse::Key(KeyId::new("ab12"), period));
            purses.push(Purse::Budget("team:x".to_owned(), period));
            purses.push(Purse::House(AccountId::new("a:b"), period));
        }
        for purse in purses {
            assert_eq!(Purse::parse(&purse.to_string()), Some(purse.clone()), "{purse}");
        }
        assert_eq!(Purse::parse("key:ab12:fortnight-3"), None);
    }

    #[test]
    fn a_new_day_is_a_new_purse() {
        let evening = Timestamp::parse("2026-11-25T23:59:59.999Z").unwrap();
        let today = Period::at(Some(Reset::Daily), evening);
        assert!(today.contains(evening) && today.contains(evening.day_start()));
        assert!(!today.contains(evening.plus_ms(1)));
        assert!(Period::at(None, evening).contains(Timestamp::default()));
    }
}
