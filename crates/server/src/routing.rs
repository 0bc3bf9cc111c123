//! What an operator says of where requests may go: `[routing]` of the configuration.

use domain::plan::Defaults;
use domain::request::Sort;
use serde::{Deserialize, Deserializer};

/// Where requests may go, whatever they say. `default.toml` explains each key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "`default.toml` explains each")]
pub struct Routing {
    pub only: Vec<String>,
    pub ignore: Vec<String>,
    pub data_collection: DataCollection,
    pub zdr: bool,
    #[serde(deserialize_with = "sort")]
    pub sort: Option<Sort>,
    pub receipts: bool,
}

/// Whether providers may keep prompts or train on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataCollection {
    /// They may.
    Allow,
    /// They may not.
    Deny,
}

impl Routing {
    /// Returns what planning holds every request to.
    pub fn defaults(&self) -> Defaults {
        Defaults {
            only: self.only.clone(),
            ignore: self.ignore.clone(),
            deny_data_collection: self.data_collection == DataCollection::Deny,
            zero_retention: self.zdr,
            sort: self.sort,
        }
    }
}

/// Reads what endpoints are sorted by; empty balances.
fn sort<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Sort>, D::Error> {
    let word = String::deserialize(deserializer)?;
    if word.is_empty() {
        return Ok(None);
    }
    let words = Sort::ALL.map(Sort::word).join(", ");
    let must = || serde::de::Error::custom(format!("`{word}` is none of {words}"));
    Sort::parse(&word).map(Some).ok_or_else(must)
}
