//! Whose limits there are, and what is said where one is reached.

use std::fmt;

use super::level::{Refused, Standing};
use super::rate::{Interval, Measure, Rate};
use crate::id::{AccountId, KeyId};
use crate::key::ApiKey;
use crate::money::Money;
use crate::time::Timestamp;

/// The limits that an operator set. The default is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Of each key that has none of its own.
    pub key: Vec<Rate>,
    /// Of all keys of an account together.
    pub account: Vec<Rate>,
    /// Of requests that cost nothing.
    pub free: Option<FreeRules>,
}

/// The limits of requests that cost nothing, for all keys of an account together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeRules {
    /// Requests a minute.
    pub per_minute: u64,
    /// Requests a day of the calendar.
    pub per_day: u64,
    /// The same, of accounts with at least `paid_min` ever paid in.
    pub per_day_paid: u64,
    /// What has to have been paid in for that.
    pub paid_min: Money,
}

/// Whose limit it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// A key's.
    Key(KeyId),
    /// An account's.
    Account(AccountId),
    /// An account's, for requests that cost nothing.
    Free(AccountId),
}

/// Names one limit: a change of how much it allows leaves what was used of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket {
    /// Whose it is.
    pub scope: Scope,
    /// What it limits.
    pub measure: Measure,
    /// In what time.
    pub interval: Interval,
}

/// A limit that a request has reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Which.
    pub bucket: Bucket,
    /// How it stands, and when it allows the request.
    pub refused: Refused,
    /// The instant at which it was reached.
    pub at: Timestamp,
}

impl Rules {
    /// Returns the limits of a request by `key`, each with its name.
    pub fn of<'a>(
        &'a self,
        key: &'a ApiKey,
        account: &'a AccountId,
        free: Option<&FreeTier>,
    ) -> Vec<(Bucket, Rate)> {
        let named = |scope: Scope| {
            move |rate: &Rate| {
                let bucket =
                    Bucket { scope: scope.clone(), measure: rate.measure, interval: rate.interval };
                (bucket, *rate)
            }
        };
        let keys = key.rates.as_deref().unwrap_or(&self.key);
        let mut all: Vec<(Bucket, Rate)> =
            keys.iter().map(named(Scope::Key(key.id.clone()))).collect();
        all.extend(self.account.iter().map(named(Scope::Account(account.clone()))));
        if let (Some(rules), Some(tier)) = (&self.free, free) {
            all.extend(rules.rates(*tier).iter().map(named(Scope::Free(account.clone()))));
        }
        all
    }

    /// Returns whether a request by `key` can have no limit.
    pub fn is_silent(&self, key: &ApiKey) -> bool {
        let keys = key.rates.as_ref().unwrap_or(&self.key);
        keys.is_empty() && self.account.is_empty() && self.free.is_none()
    }

    /// Returns whether a request by `key` counts against a limit of a measure.
    pub fn measures(&self, key: &ApiKey, measure: Measure) -> bool {
        let keys = key.rates.as_ref().unwrap_or(&self.key);
        keys.iter().chain(&self.account).any(|rate| rate.measure == measure)
    }
}

/// How much of what costs nothing an account may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreeTier {
    /// As much as anybody.
    Plain,
    /// As much as one that has paid something in.
    Paid,
}

impl FreeRules {
    /// Returns the tier of an account that has ever paid in so much.
    pub fn tier(&self, paid: Money) -> FreeTier {
        if self.paid_min <= paid { FreeTier::Paid } else { FreeTier::Plain }
    }

    fn rates(&self, tier: FreeTier) -> [Rate; 2] {
        let per_day = match tier {
            FreeTier::Plain => self.per_day,
            FreeTier::Paid => self.per_day_paid,
        };
        let rate = |limit, interval| Rate { measure: Measure::Requests, limit, interval };
        [rate(self.per_minute, Interval::Rolling(60_000)), rate(per_day, Interval::Day)]
    }
}

/// As stores name it: `key:HASH:requests:1m`.
impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            Scope::Key(key) => write!(f, "key:{key}"),
            Scope::Account(account) => write!(f, "account:{account}"),
            Scope::Free(account) => write!(f, "free:{account}"),
        }?;
        write!(f, ":{}:{}", self.measure.word(), self.interval)
    }
}

impl Reached {
    /// Returns the stable word for whose limit it is: `key_requests`, `account_tokens`,
    /// `openrouter_free_tier_daily` (the reference's own) and so on.
    pub fn source(&self) -> String {
        let measure = self.bucket.measure.word();
        match (&self.bucket.scope, self.bucket.interval) {
            (Scope::Key(_), _) => format!("key_{measure}"),
            (Scope::Account(_), _) => format!("account_{measure}"),
            (Scope::Free(_), Interval::Day) => "openrouter_free_tier_daily".to_owned(),
            (Scope::Free(_), Interval::Rolling(_)) => "openrouter_free_tier_minute".to_owned(),
        }
    }

    /// Returns the instant at which the limit is whole again.
    pub fn resets(&self) -> Timestamp {
        let ms = i64::try_from(self.refused.standing.reset_ms).unwrap_or(i64::MAX);
        self.at.plus_ms(ms)
    }

    /// Returns what the caller is told: whose limit it is, how much it allows, and when to try
    /// again.
    pub fn detail(&self) -> String {
        let Refused { standing: Standing { rate, .. }, retry_after_ms } = self.refused;
        let much = match rate.measure {
            Measure::Spend => {
                let nanos = i64::try_from(rate.limit).unwrap_or(i64::MAX);
                format!("${} of spend", Money::from_nanos(nanos))
            }
            measure if rate.limit == 1 => format!("1 {}", measure.word().trim_end_matches('s')),
            measure => format!("{} {}", rate.limit, measure.word()),
        };
        let whose = match (&self.bucket.scope, rate.interval) {
            (Scope::Key(_), _) => "this key may use",
            (Scope::Account(_), _) => "all keys of this account together may use",
            (Scope::Free(_), Interval::Day) => "free-models-per-day. An account may use",
            (Scope::Free(_), Interval::Rolling(_)) => "free-models-per-min. An account may use",
        };
        let when = match rate.interval {
            Interval::Day => "a day, which ends at midnight UTC".to_owned(),
            rolling => format!("in {rolling}"),
        };
        let seconds = retry_after_ms.map(|ms| ms.div_ceil(1_000).max(1));
        let then = seconds.map_or_else(
            || "This request alone needs more than that.".to_owned(),
            |seconds| format!("Try again in {seconds} s."),
        );
        format!("Rate limit exceeded: {whose} {much} {when}. {then}")
    }
}
