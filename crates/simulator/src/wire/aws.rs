//! What AWS has of its own: signed requests, and frames with checksums.
use crate::request::Request;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Writes one frame of an event stream.
pub(super) fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut named = Vec::new();
    for (name, value) in headers {
        named.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        named.extend(name.as_bytes());
        named.push(7);
        named.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        named.extend(value.as_bytes());
    }
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes();
    let mut frame = length(16 + named.len() + payload.len()).to_vec();
    frame.extend(length(named.len()));
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame.extend(named);
    frame.extend(payload);
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame
}

/// Whether a request is signed (Signature Version 4) by whoever knows the secret behind `id`.
pub(super) fn is_signed(request: &Request, id: &str, secret: &str) -> bool {
    signature(request, id, secret).is_some_and(|(shown, made)| shown == made)
}

/// Returns the signature that a request shows, and the one that it should show.
fn signature(request: &Request, id: &str, secret: &str) -> Option<(String, String)> {
    let shown = request.header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let fields: BTreeMap<&str, &str> =
        shown.split(',').filter_map(|field| field.trim().split_once('=')).collect();
    let scope = fields.get("Credential")?.strip_prefix(id)?.strip_prefix('/')?;
    let at = request.header("x-amz-date")?;
    let mut canonical = format!("{}\n", request.method());
    // Every segment is encoded once more than it is on the way.
    canonical.push_str(&request.path().replace('%', "%25"));
    canonical.push_str("\n\n");
    let signed = fields.get("SignedHeaders")?;
    for name in signed.split(';') {
        let _ = writeln!(canonical, "{name}:{}", request.header(name)?.trim());
    }
    let _ = write!(canonical, "\n{signed}\n{}", hex(&Sha256::digest(&request.body)));
    let told = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let first = format!("AWS4{secret}").into_bytes();
    let key = scope.split('/').fold(first, |key, part| keyed(&key, part.as_bytes()));
    Some(((*fields.get("Signature")?).to_owned(), hex(&keyed(&key, told.as_bytes()))))
}

fn keyed(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
