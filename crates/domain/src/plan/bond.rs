//! Where the cache of a conversation's prompt is.

use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::price::{Price, Rate};
use crate::time::Timestamp;
use crate::usage::Usage;

/// Where the cache of a conversation's prompt is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bond {
    /// The id of the endpoint.
    pub endpoint: String,
    /// What tells the credential apart under which it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<u64>,
    /// Tokens of the prompt that are in it.
    pub tokens: u32,
    /// When it was last read or written.
    pub used: Timestamp,
    /// For how long after that it is kept.
    pub lives_ms: u64,
    /// How often, in a hundred, it was found there.
    pub hits: u8,
}

/// What became of a conversation's bond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Stay {
    /// It goes first.
    Stays {
        /// What the cache is expected to save.
        saving: Money,
        /// What another endpoint would be better by.
        gain: Money,
    },
    /// Another is better by more than the cache saves.
    NotWorthIt {
        /// What the cache is expected to save.
        saving: Money,
        /// What another endpoint would be better by.
        gain: Money,
    },
    /// The cache has been forgotten.
    Expired,
    /// The endpoint cannot be called any more, or offers another model than the one that is due.
    Gone,
    /// A rule leaves the endpoint out.
    LeftOut,
    /// The endpoint takes no requests now.
    Closed,
    /// The caller says who comes first.
    Ordered,
}

/// How long a cache is kept where nothing else is known (OpenRouter's documentation: ten minutes
/// after the last use).
const LIFE_MS: u64 = 600_000;
/// How long one is kept that was paid for an hour.
const HOUR_MS: u64 = 3_600_000;
/// Tokens from which on providers cache a prompt unasked.
const TOKENS_MIN: u32 = 1_024;
/// How often a cache is expected to be found that nobody has seen yet, in a hundred.
const UNSEEN: u8 = 50;

impl Bond {
    /// Returns the bond of a conversation after an answer, `before` being the one it had.
    ///
    /// There is none where reading a cache is not cheaper than a prompt. A conversation that was
    /// named is always held; one that was only recognised is held once its prompt is long enough to
    /// be cached, or was.
    pub fn after(
        before: Option<&Bond>,
        (endpoint, credential): (&str, Option<u64>),
        (usage, price): (&Usage, &Price),
        is_named: bool,
        now: Timestamp,
    ) -> Option<Bond> {
        let pays = price.cache_read.zip(price.input).is_some_and(|(read, input)| read < input);
        let written = usage.cache_write + usage.cache_write_1h;
        let is_seen = 0 < usage.cache_read || 0 < written;
        if !pays || !(is_named || is_seen || TOKENS_MIN <= usage.prompt()) {
            return None;
        }
        let same = before.filter(|it| it.endpoint == endpoint && it.credential == credential);
        let was_alive = same.filter(|it| it.is_alive(now));
        let hits = match was_alive {
            Some(bond) if 0 < usage.cache_read => bond.hits / 2 + 50,
            Some(bond) => bond.hits / 2,
            None if is_seen => 100,
            None => UNSEEN,
        };
        let is_for_an_hour = 0 < usage.cache_write_1h
            || was_alive.is_some_and(|it| it.lives_ms == HOUR_MS && 0 < usage.cache_read);
        Some(Bond {
            endpoint: endpoint.to_owned(),
            credential,
            tokens: usage.prompt(),
            used: now,
            lives_ms: if is_for_an_hour { HOUR_MS } else { LIFE_MS },
            hits,
        })
    }

    /// Returns whether the cache is still kept.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now.ms_since(self.used) < self.lives_ms
    }

    /// Returns what finding the cache is expected to save.
    pub(super) fn saving(&self, price: &Price, prompt: u32) -> Money {
        let picos = |rate: Option<Rate>| u128::from(rate.map_or(0, Rate::picos));
        let (Some(input), Some(read)) = (price.input, price.cache_read) else { return Money::ZERO };
        let cheaper = picos(Some(input)).saturating_sub(picos(Some(read)));
        let saved = u128::from(self.tokens.min(prompt)) * cheaper * u128::from(self.hits) / 100_000;
        Money::from_nanos(i64::try_from(saved).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price() -> Price {
        let rate = |dollars| Rate::parse(dollars, 1_000_000);
        Price { input: rate("3"), output: rate("15"), cache_read: rate("0.3"), ..Price::default() }
    }

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_ms(minutes * 60_000)
    }

    fn after(before: Option<&Bond>, usage: Usage, minutes: i64) -> Option<Bond> {
        Bond::after(before, ("p:m", Some(7)), (&usage, &price()), false, at(minutes))
    }

    #[test]
    fn a_cache_that_was_paid_for_an_hour_is_held_for_one() {
        let written = Usage { cache_write_1h: 50_000, ..Usage::default() };
        let first = after(None, written, 0).unwrap();
        assert!(first.is_alive(at(59)) && !first.is_alive(at(60)));
        assert_eq!((first.tokens, first.hits), (50_000, 100));
        // A read renews it.
        let read = Usage { input: 100, cache_read: 50_000, ..Usage::default() };
        let second = after(Some(&first), read, 55).unwrap();
        assert!(second.is_alive(at(110)));
        // A miss after its end is a short one again.
        let third = after(Some(&second), Usage { input: 50_100, ..Usage::default() }, 200).unwrap();
        assert!(third.is_alive(at(209)) && !third.is_alive(at(210)));
    }

    #[test]
    fn what_is_never_found_is_held_less_and_less() {
        let plain = Usage { input: 20_000, ..Usage::default() };
        let mut bond = after(None, plain, 0).unwrap();
        let mut hits = vec![bond.hits];
        for minute in 1..4 {
            bond = after(Some(&bond), plain, minute).unwrap();
            hits.push(bond.hits);
        }
        assert_eq!(hits, [50, 25, 12, 6]);
    }

    #[test]
    fn short_prompts_and_dear_reads_hold_nobody() {
        assert_eq!(after(None, Usage { input: 900, ..Usage::default() }, 0), None);
        let flat = Price { cache_read: None, ..price() };
        let usage = Usage { input: 90_000, ..Usage::default() };
        assert_eq!(Bond::after(None, ("p:m", None), (&usage, &flat), true, at(0)), None);
        let named = Usage { input: 10, ..Usage::default() };
        assert!(Bond::after(None, ("p:m", None), (&named, &price()), true, at(0)).is_some());
    }
}
