//! Strings that must not be seen.

use std::fmt;

/// A string that must not be seen: it has no `Display`, and its `Debug` hides it.
///
/// It is compared in constant time by whoever compares it, never with `==`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes a string into custody.
    pub fn new(secret: String) -> Secret {
        Secret(secret)
    }

    /// Reveals the secret. Call this where bytes leave the house, and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
