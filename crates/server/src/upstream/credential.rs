//! What opens a provider's door.

use std::collections::BTreeMap;

use domain::secret::Secret;

/// What opens a provider's door.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The credential; none where the provider wants none.
    pub secret: Option<Secret>,
    /// What fills the placeholders of its addresses.
    pub placeholders: BTreeMap<String, String>,
}
