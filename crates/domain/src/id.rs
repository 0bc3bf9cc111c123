//! Typed names of things.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Names a generation: `gen-<unix seconds>-<20 alphanumerics>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GenerationId(Arc<str>);

/// Names a key: the keyed hash of its text, in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(Arc<str>);

/// Names an account: whose credits a request spends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(Arc<str>);

/// Names one process for as long as its journal lives: every start is a new instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceId(Arc<str>);

/// Names a lease: the instance that chose it, and its number there, which is never used again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LeaseId {
    /// Whose lease it is.
    #[serde(rename = "i")]
    pub instance: InstanceId,
    /// Which of its leases.
    #[serde(rename = "n")]
    pub number: u64,
}

const ALPHANUMERICS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

impl GenerationId {
    /// Makes the id of a generation that begins at `seconds` since 1970, out of 128 random bits.
    pub fn new(seconds: i64, random: u128) -> GenerationId {
        let mut id = format!("gen-{seconds}-");
        let mut rest = random;
        for _ in 0..20 {
            id.push(char::from(ALPHANUMERICS[(rest % 62) as usize]));
            rest /= 62;
        }
        GenerationId(id.into())
    }

    /// Reads an id that a caller sent; `None` where it cannot be one.
    pub fn parse(text: &str) -> Option<GenerationId> {
        let plausible = text.starts_with("gen-")
            && text.len() <= 64
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        plausible.then(|| GenerationId(text.into()))
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GenerationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl KeyId {
    /// Takes the keyed hash of a key, in hexadecimal.
    pub fn new(hash: &str) -> KeyId {
        KeyId(hash.into())
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AccountId {
    /// The account of an installation that has made no other.
    pub const DEFAULT: &str = "default";

    /// Takes the name of an account.
    pub fn new(name: &str) -> AccountId {
        AccountId(name.into())
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for AccountId {
    fn default() -> AccountId {
        AccountId::new(AccountId::DEFAULT)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl InstanceId {
    /// Takes the name of an instance.
    pub fn new(name: &str) -> InstanceId {
        InstanceId(name.into())
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LeaseId {
    /// Reads what [`fmt::Display`] wrote; `None` where it cannot be one.
    pub fn parse(text: &str) -> Option<LeaseId> {
        let (instance, number) = text.rsplit_once(':')?;
        Some(LeaseId { instance: InstanceId::new(instance), number: number.parse().ok()? })
    }
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.instance, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_the_shape_that_clients_know() {
        let id = GenerationId::new(1_787_000_000, u128::MAX);
        assert_eq!(id.as_str().len(), "gen-1787000000-".len() + 20);
        assert_eq!(GenerationId::parse(id.as_str()), Some(id));
        assert_eq!(GenerationId::parse("gen-1'; DROP"), None);
    }
}
