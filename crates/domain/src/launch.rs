//! Launches of stealth models: terms that callers accept, and the day on which the model is named.

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, KeyId};
use crate::time::{DAY_MS, Timestamp};

/// Terms that a caller has accepted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AcceptedTerms {
    /// Of which model; of any that has these terms, where a request says so for itself alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Which text, by its hash.
    pub hash: String,
}

impl AcceptedTerms {
    /// Returns whether these are the terms of a model.
    pub fn are_of(&self, model: &str, hash: &str) -> bool {
        self.hash == hash && self.model.as_deref().is_none_or(|own| own == model)
    }
}

/// The record of an acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// The key that accepted.
    pub key: KeyId,
    /// Whose key it is.
    pub account: AccountId,
    /// The stealth model.
    pub model: String,
    /// Which text, by its hash.
    pub hash: String,
    /// When.
    pub at: Timestamp,
}

/// What a stealth model turned out to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reveal {
    /// The name that it had.
    pub stealth: String,
    /// The model that it is.
    pub model: String,
    /// When that was said.
    pub at: Timestamp,
}

impl Reveal {
    /// Days for which the old name goes on to mean the model.
    pub const ALIAS_DAYS: i64 = 90;

    /// Returns when the old name ends to mean the model.
    pub fn ends(&self) -> Timestamp {
        self.at.plus_ms(Reveal::ALIAS_DAYS * DAY_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_accepted_of_one_model_or_for_one_request() {
        let of = |model: Option<&str>| AcceptedTerms {
            model: model.map(str::to_owned),
            hash: "a1".to_owned(),
        };
        assert!(of(None).are_of("stealth/x", "a1"));
        assert!(of(Some("stealth/x")).are_of("stealth/x", "a1"));
        assert!(!of(Some("stealth/y")).are_of("stealth/x", "a1"));
        assert!(!of(None).are_of("stealth/x", "a2"));
    }
}
