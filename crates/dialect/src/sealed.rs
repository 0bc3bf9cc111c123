//! Thinking of another family, packed so that a client carries it back unread.
//!
//! Every dialect has a field that clients return as they got it: a signature, sealed content. Where
//! a conversation is held in one dialect and served by a provider of another, the provider's own
//! piece is packed into that field, and unpacked when it comes back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What tells the house's packing from a provider's own bytes, before the encoding.
const MARK: &[u8] = b"\x00interline\x01";
/// The largest packing that is looked into.
const BYTES_MAX: usize = 4 << 20;

/// What every packing begins with.
const HEAD: &str = "AGludGVybGluZ";

/// Returns whether a body holds a packing.
pub(crate) fn is_in(body: &[u8]) -> bool {
    memchr::memmem::find(body, HEAD.as_bytes()).is_some()
}

/// Packs pieces of thinking, in OpenRouter's form.
pub(crate) fn pack(details: &[Value]) -> String {
    let mut bytes = MARK.to_vec();
    crate::write::push_value(&mut bytes, &details);
    STANDARD.encode(bytes)
}

/// Unpacks them; `None` for what the house did not pack.
pub(crate) fn unpack(text: &str) -> Option<Vec<Value>> {
    let fits = text.len() <= BYTES_MAX && text.starts_with(HEAD);
    let bytes = STANDARD.decode(text).ok().filter(|_| fits)?;
    serde_json::from_slice(bytes.strip_prefix(MARK)?).ok()
}

/// Returns a piece of thinking without its text, which the client shows and sends apart.
pub(crate) fn untold(detail: &Value) -> Value {
    let mut detail = detail.clone();
    if let Some(fields) = detail.as_object_mut() {
        fields.shift_remove("text");
        fields.shift_remove("summary");
    }
    detail
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_packed_comes_back() {
        let details = [json!({"type": "reasoning.encrypted", "data": "QQ==", "id": "call_1"})];
        assert_eq!(unpack(&pack(&details)), Some(details.to_vec()));
        for other in ["", "QQ==", "AGludGVybGluZQ", "skip_thought_signature_validator"] {
            assert_eq!(unpack(other), None, "{other}");
        }
    }
}
