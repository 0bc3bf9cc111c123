//! What an operator says of limits: `[limits]` of the configuration.

use domain::limit::{FreeRules, Rate, RateForm, Rules, read_rates};
use domain::money::Money;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// How much callers may use, and how large things may be. `default.toml` explains each key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The largest body of a request.
    pub body_bytes: usize,
    /// All bodies that are being read at one time.
    pub body_bytes_total: usize,
    /// Connections of callers.
    pub connections: usize,
    /// Requests that run models, at one time.
    pub in_flight: u32,
    /// How late work may be taken up before fewer of them are let in, in milliseconds.
    pub delay_max_ms: u64,
    /// Of each key that has none of its own.
    #[serde(deserialize_with = "rates")]
    pub key: Vec<Rate>,
    /// Of all keys together.
    #[serde(deserialize_with = "rates")]
    pub account: Vec<Rate>,
    /// Of requests that cost nothing.
    pub free: FreeLimits,
}

/// How many requests that cost nothing an account may make.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreeLimits {
    /// Whether there are such limits.
    pub enabled: bool,
    /// Requests a minute.
    pub requests_per_minute: u64,
    /// Requests a day, in UTC.
    pub requests_per_day: u64,
    /// The same, of accounts that have paid something in.
    pub requests_per_day_paid: u64,
    /// How much that is, in dollars.
    #[serde(deserialize_with = "dollars")]
    pub paid_min: Money,
}

impl Limits {
    /// Returns how much callers may use.
    pub fn rules(&self) -> Rules {
        let FreeLimits { requests_per_minute, requests_per_day, requests_per_day_paid, .. } =
            self.free;
        let free = self.free.enabled.then_some(FreeRules {
            per_minute: requests_per_minute,
            per_day: requests_per_day,
            per_day_paid: requests_per_day_paid,
            paid_min: self.free.paid_min,
        });
        Rules { key: self.key.clone(), account: self.account.clone(), free }
    }
}

fn rates<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Rate>, D::Error> {
    let rows = Vec::<RateForm>::deserialize(deserializer)?;
    read_rates(&rows).map_err(D::Error::custom)
}

/// Reads an amount that is written as text, so that none is rounded.
pub(crate) fn dollars<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
    Money::parse_dollars(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Overrides};

    fn read(text: &str) -> Result<Rules, String> {
        let config = Config::read(Some(("my.toml", text)), &Overrides::default());
        config.map(|config| config.limits.rules()).map_err(|error| error.to_string())
    }

    #[test]
    fn nobody_is_limited_until_the_operator_says_so() {
        assert_eq!(read("").unwrap(), Rules::default());
    }

    #[test]
    fn limits_are_rows_of_measures_and_an_interval() {
        let text = "[limits]\nkey = [{ requests = 60, tokens = 9000, interval = '1m' }]\n\
                    account = [{ spend = '2.5', interval = 'day' }]\n[limits.free]\nenabled = true";
        let rules = read(text).unwrap();
        assert_eq!(rules.key.iter().map(|rate| rate.limit).collect::<Vec<_>>(), [60, 9_000]);
        assert_eq!(rules.account[0].limit, 2_500_000_000);
        let free = rules.free.unwrap();
        assert_eq!((free.per_minute, free.per_day, free.per_day_paid), (20, 50, 1_000));
        assert_eq!(free.paid_min.to_string(), "10");
    }

    #[test]
    fn what_is_no_limit_is_named() {
        let said = read("[limits]\nkey = [{ requests = 60, interval = 'soon' }]").unwrap_err();
        assert!(said.contains("`soon` is no interval") && said.contains("limits.key"), "{said}");
        let said = read("[limits]\nkey = [{ request = 60, interval = '1m' }]").unwrap_err();
        assert!(said.contains("unknown field `request`"), "{said}");
    }
}
