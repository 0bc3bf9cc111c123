//! What opens a provider's door.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use domain::secret::Secret;

/// What opens a provider's door.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The secrets that each open it; none where the provider wants none.
    pub secrets: Vec<Secret>,
    /// What fills the placeholders of its addresses.
    pub placeholders: BTreeMap<String, String>,
}

impl Credential {
    /// Returns what tells its secrets apart in memory, the same after a reload. It is shown
    /// nowhere.
    pub fn names(&self, provider: &str) -> Vec<u64> {
        let name = |secret: &Secret| {
            let mut hasher = DefaultHasher::new();
            (provider, secret.expose()).hash(&mut hasher);
            hasher.finish()
        };
        self.secrets.iter().map(name).collect()
    }
}
