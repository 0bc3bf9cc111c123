//! The text of keys: how one is made, recognised and hashed.
//!
//! A key is a prefix, 160 random bits and a checksum, all in hexadecimal. The checksum refuses a
//! mistyped or invented key without a look into the database. Only a keyed hash is ever stored.

use domain::id::KeyId;
use domain::secret::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const PREFIX: &str = "sk-il-v1-";
const RANDOM_HEX: usize = 40;
const CHECKSUM_HEX: usize = 8;
/// The least length of a root key that an operator chooses.
pub const ROOT_KEY_LENGTH_MIN: usize = 32;

/// Makes a key out of random bits.
pub fn mint(random: [u8; 20]) -> Secret {
    let random = hex(&random);
    Secret::new(format!("{PREFIX}{random}{}", checksum(&random)))
}

/// Returns whether a text can be a key that was made here.
pub fn is_well_formed(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(PREFIX) else { return false };
    rest.len() == RANDOM_HEX + CHECKSUM_HEX
        && rest.is_ascii()
        && checksum(&rest[..RANDOM_HEX]) == rest[RANDOM_HEX..]
}

/// Returns the first and last characters of a key, to recognise it by.
pub fn label(text: &str) -> String {
    let tail: String = text.chars().skip(text.chars().count().saturating_sub(3)).collect();
    format!("{}...{tail}", text.chars().take(PREFIX.len() + 3).collect::<String>())
}

/// Hashes keys under a secret of this installation.
#[derive(Clone)]
pub struct KeyHasher {
    /// Keyed once; every hash begins with a copy.
    keyed: Hmac<Sha256>,
}

impl KeyHasher {
    /// Takes the installation's secret.
    pub fn new(pepper: &[u8]) -> KeyHasher {
        let keyed = Hmac::<Sha256>::new_from_slice(pepper)
            .expect("HMAC takes a key of any length (RFC 2104)");
        KeyHasher { keyed }
    }

    /// Returns the name under which a key is stored.
    pub fn id(&self, text: &str) -> KeyId {
        let mut mac = self.keyed.clone();
        mac.update(text.as_bytes());
        KeyId::new(&hex(&mac.finalize().into_bytes()))
    }

    /// Returns the keyed hash of some texts, told apart from each other and from keys.
    pub fn digest(&self, parts: &[&[u8]]) -> KeyId {
        let mut mac = self.keyed.clone();
        mac.update(b"\0");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        KeyId::new(&hex(&mac.finalize().into_bytes()))
    }
}

/// Writes bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

fn checksum(text: &str) -> String {
    format!("{:08x}", crc32fast::hash(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_recognised_and_a_mistyped_one_is_not() {
        let key = mint([7; 20]);
        let text = key.expose();
        assert!(is_well_formed(text));
        for place in 0..text.len() {
            let mut typo = text.to_owned().into_bytes();
            typo[place] = if typo[place] == b'0' { b'1' } else { b'0' };
            assert!(!is_well_formed(&String::from_utf8(typo).unwrap()), "place {place}");
        }
        assert!(!is_well_formed("") && !is_well_formed(&format!("{text}0")));
    }

    #[test]
    fn hashes_depend_on_the_pepper() {
        let (one, other) = (KeyHasher::new(b"a"), KeyHasher::new(b"b"));
        assert_eq!(one.id("k"), one.id("k"));
        assert_ne!(one.id("k"), other.id("k"));
        assert_eq!(one.id("k").as_str().len(), 64);
    }
}
