//! Media that a request names by an address and its endpoint takes as bytes alone: what has to be
//! fetched, and the request with it in place. Fetching is the shell's.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::catalog::{Dialect, Endpoint, Modality};
use domain::chat::{ChatRequest, FileSource, Part};
use domain::failure::{Failure, FailureKind, Fault, Retry};
use serde_json::Value;

use crate::door::Door;
use crate::registry::{canonical, decode, passes};
use crate::request::Request;

/// Addresses of one request that are fetched, at most.
pub const ADDRESSES_MAX: usize = 16;
/// Bytes of one medium, at most.
pub const BYTES_MAX: usize = 20 << 20;
/// Bytes of all media of a request, at most.
pub const BYTES_TOGETHER_MAX: usize = 40 << 20;

/// Returns the addresses of a request that have to be fetched for an endpoint, each once.
///
/// # Errors
/// When there are too many, or the request cannot be read.
pub fn wanted(request: &Request, endpoint: &Endpoint) -> Result<Vec<String>, Failure> {
    let takes_all = request.facts.modalities.iter().all(|it| takes_addresses(endpoint, *it));
    let is_own = passes(request.dialect, endpoint.dialect)
        && !endpoint.veiled
        && request.dialect != Dialect::OpenaiChat
        && request.replaced.is_none();
    // What is no chat has no messages to look through: its own forms say what they take.
    if takes_all || is_own || request.task.is_some() {
        return Ok(Vec::new());
    }
    let chat = canonical(request)?;
    let mut wanted: Vec<String> = Vec::new();
    for message in &chat.messages {
        message.parts.iter().for_each(|part| look(part, endpoint, &mut wanted));
    }
    if wanted.len() <= ADDRESSES_MAX {
        return Ok(wanted);
    }
    Err(failed(&format!("It names more than {ADDRESSES_MAX} addresses that have to be fetched.")))
}

/// Returns whether an endpoint fetches media of a kind itself. One whose provider is not told never
/// does: who owns the address would see who comes.
const fn takes_addresses(endpoint: &Endpoint, modality: Modality) -> bool {
    match (endpoint.dialect, modality) {
        (_, Modality::Text) => true,
        _ if endpoint.veiled => false,
        // OpenAI's chat takes images by their address, and documents as bytes.
        (Dialect::OpenaiChat | Dialect::AzureOpenai, Modality::File) => false,
        (Dialect::Ollama | Dialect::BedrockConverse | Dialect::GoogleGemini, _) => false,
        _ => true,
    }
}

fn look(part: &Part, endpoint: &Endpoint, wanted: &mut Vec<String>) {
    let (address, modality) = match part {
        Part::Image { url, .. } => (url, Modality::Image),
        Part::Video { url } => (url, Modality::Video),
        Part::File { source: FileSource::Url(url), .. } => (url, Modality::File),
        Part::ToolResult { parts, .. } => {
            return parts.iter().for_each(|part| look(part, endpoint, wanted));
        }
        _ => return,
    };
    let is_address = address.starts_with("https://") || address.starts_with("http://");
    let fetched =
        is_address && !takes_addresses(endpoint, modality) && !is_theirs(address, endpoint);
    if fetched && !wanted.contains(address) {
        wanted.push(address.clone());
    }
}

/// Returns whether an address is one that only the provider itself can look up.
fn is_theirs(address: &str, endpoint: &Endpoint) -> bool {
    const GOOGLE: [&str; 3] = [
        "https://generativelanguage.googleapis.com/",
        "https://www.youtube.com/",
        "https://youtu.be/",
    ];
    let is_google = endpoint.dialect == Dialect::GoogleGemini && !endpoint.veiled;
    is_google && GOOGLE.iter().any(|theirs| address.starts_with(theirs))
}

/// Returns a request with what was fetched in the place of its addresses.
///
/// # Errors
/// When what was fetched is none of the media that models read.
pub fn inlined(request: &Request, fetched: &BTreeMap<String, Bytes>) -> Result<Request, Failure> {
    let mut data = BTreeMap::new();
    for (address, bytes) in fetched {
        let mime = sniffed(bytes).ok_or_else(|| {
            failed("What one of its addresses leads to is no image, document, film or recording.")
        })?;
        let inline = format!("data:{mime};base64,{}", STANDARD.encode(bytes));
        data.insert(address.as_str(), inline);
    }
    if request.dialect == Dialect::OpenaiChat && request.replaced.is_none() {
        let mut body: Value = serde_json::from_slice(&request.body)
            .map_err(|_| Failure::invalid("The body holds half a surrogate pair."))?;
        put(&mut body["messages"], &data);
        let again = decode(&Door::ChatCompletions, Bytes::from(body.to_string()))?;
        let headers = request.headers.clone();
        return Ok(Request { facts: request.facts.clone(), headers, ..again });
    }
    let mut chat: ChatRequest = canonical(request)?;
    for message in &mut chat.messages {
        message.parts.iter_mut().for_each(|part| put_part(part, &data));
    }
    let chat = Some(Arc::new(chat));
    Ok(match request.replaced {
        Some(_) => Request { replaced: chat, ..request.clone() },
        None => Request { chat, ..request.clone() },
    })
}

fn put(value: &mut Value, data: &BTreeMap<&str, String>) {
    match value {
        Value::String(text) => {
            if let Some(inline) = data.get(text.as_str()) {
                text.clone_from(inline);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| put(item, data)),
        // What is only said is no address.
        Value::Object(fields) => {
            let held = fields.iter_mut().filter(|(name, _)| *name != "text");
            held.for_each(|(_, value)| put(value, data));
        }
        _ => (),
    }
}

fn put_part(part: &mut Part, data: &BTreeMap<&str, String>) {
    let address = match part {
        Part::Image { url, .. }
        | Part::Video { url }
        | Part::File { source: FileSource::Url(url), .. } => url,
        Part::ToolResult { parts, .. } => {
            return parts.iter_mut().for_each(|part| put_part(part, data));
        }
        _ => return,
    };
    if let Some(inline) = data.get(address.as_str()) {
        address.clone_from(inline);
    }
}

/// Returns what bytes are, by how they begin; never by what a server says of them.
pub fn sniffed(bytes: &[u8]) -> Option<&'static str> {
    let begins = |with: &[u8]| bytes.starts_with(with);
    let at = |place: usize, with: &[u8]| bytes.get(place..).is_some_and(|it| it.starts_with(with));
    Some(match () {
        () if begins(b"\x89PNG\r\n\x1a\n") => "image/png",
        () if begins(b"\xff\xd8\xff") => "image/jpeg",
        () if begins(b"GIF87a") || begins(b"GIF89a") => "image/gif",
        () if begins(b"RIFF") && at(8, b"WEBP") => "image/webp",
        () if begins(b"RIFF") && at(8, b"WAVE") => "audio/wav",
        () if begins(b"%PDF-") => "application/pdf",
        () if at(4, b"ftypqt") => "video/quicktime",
        () if at(4, b"ftyp") => "video/mp4",
        () if begins(b"\x1a\x45\xdf\xa3") => "video/webm",
        () if begins(b"OggS") => "audio/ogg",
        () if begins(b"fLaC") => "audio/flac",
        () if begins(b"ID3") || begins(b"\xff\xfb") || begins(b"\xff\xf3") => "audio/mp3",
        () => return None,
    })
}

/// Returns the failure of media that could not be had: an endpoint that fetches itself may serve.
pub fn failed(detail: &str) -> Failure {
    let kind = FailureKind::InvalidRequest;
    let failure = Failure::new(kind, Fault::Caller, Retry::NextEndpoint, detail).at("messages");
    Failure { provider_code: Some("media_download_failed".to_owned()), ..failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bytes_are_is_told_by_how_they_begin() {
        assert_eq!(sniffed(b"\x89PNG\r\n\x1a\nrest"), Some("image/png"));
        assert_eq!(sniffed(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        assert_eq!(sniffed(b"%PDF-1.7"), Some("application/pdf"));
        for other in [&b""[..], b"<html>", b"RIFF", b"\x89PN", b"{}"] {
            assert_eq!(sniffed(other), None);
        }
    }
}
