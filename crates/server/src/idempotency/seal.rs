//! Sealing what is kept, under a key that only the caller can make again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::Sha256;

use crate::clock::random;

/// Seals and opens what is kept for one request of one caller.
pub(super) struct Seal(LessSafeKey);

impl Seal {
    /// Makes the key out of the caller's credential and its name for the request. The credential
    /// has enough randomness for both; neither is stored.
    ///
    /// Returns `None` where the machine's cryptography fails.
    pub(super) fn new(credential: &str, name: &str) -> Option<Seal> {
        let mut mac = Hmac::<Sha256>::new_from_slice(credential.as_bytes()).ok()?;
        mac.update(b"interline kept answer\0");
        mac.update(name.as_bytes());
        let key = UnboundKey::new(&AES_256_GCM, &mac.finalize().into_bytes()).ok()?;
        Some(Seal(LessSafeKey::new(key)))
    }

    /// Seals bytes as text. `place` is bound to them: they cannot be moved to another.
    pub(super) fn close(&self, place: &str, plain: Vec<u8>) -> Option<String> {
        let nonce: [u8; NONCE_LEN] = random();
        let mut sealed = plain;
        let bound = Aad::from(place.as_bytes());
        self.0
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut sealed)
            .ok()?;
        sealed.extend_from_slice(&nonce);
        Some(STANDARD_NO_PAD.encode(sealed))
    }

    /// Opens what was sealed for the same place; `None` for anything else.
    pub(super) fn open(&self, place: &str, text: &str) -> Option<Vec<u8>> {
        let mut sealed = STANDARD_NO_PAD.decode(text).ok()?;
        let nonce = sealed.split_off(sealed.len().checked_sub(NONCE_LEN)?);
        let nonce = Nonce::try_assume_unique_for_key(&nonce).ok()?;
        let bound = Aad::from(place.as_bytes());
        let length = self.0.open_in_place(nonce, bound, &mut sealed).ok()?.len();
        sealed.truncate(length);
        Some(sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_caller_name_and_place_open_it() {
        let seal = |credential, name| Seal::new(credential, name).unwrap();
        let text = seal("key", "name").close("place", b"answer".to_vec()).unwrap();
        assert_eq!(seal("key", "name").open("place", &text).unwrap(), b"answer");
        assert_eq!(seal("key", "name").open("elsewhere", &text), None);
        assert_eq!(seal("key", "other").open("place", &text), None);
        assert_eq!(seal("other", "name").open("place", &text), None);
        assert_eq!(seal("key", "name").open("place", ""), None);
        let mut edited = text.into_bytes();
        edited[3] = if edited[3] == b'A' { b'B' } else { b'A' };
        assert_eq!(seal("key", "name").open("place", &String::from_utf8(edited).unwrap()), None);
    }
}
