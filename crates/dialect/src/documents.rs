//! The plugin `file-parser`: documents in the form of text, for endpoints that read none
//! themselves. Fetching them, and reading a PDF, is the shell's.

use std::slice::Iter;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::catalog::Modality;
use domain::chat::{CacheMark, FileSource, Part};
use domain::failure::{Failure, FailureKind, Fault, Retry};

use crate::media::BYTES_MAX;
use crate::registry::canonical;
use crate::request::Request;

/// Documents of one request that are read, at most; one that stands there twice counts twice.
pub const DOCUMENTS_MAX: usize = 16;
/// Bytes of text that the documents of a request hold together, at most.
pub const TEXT_BYTES_MAX: usize = 2 << 20;
/// Bytes of a document's name that are told, at most.
const NAME_BYTES_MAX: usize = 200;
/// Bytes around a document's text, beside its name.
const FRAME_BYTES: usize = 64;
/// How far from its beginning a PDF may say that it is one (Adobe's implementation note 13).
const PDF_BEGINS_WITHIN: usize = 1_024;

/// Where a document is that a request holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// At an address.
    Address(String),
    /// In the request.
    Bytes(Bytes),
}

/// What a document is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text as it is.
    Text(String),
    /// A PDF.
    Pdf,
}

/// Returns the documents of a request in their order, each as it is written there: an address, or
/// its bytes as a `data:` address.
///
/// # Errors
/// When there are too many, or one lies with a provider, or the request cannot be read.
pub fn documents(request: &Request) -> Result<Vec<String>, Failure> {
    let chat = canonical(request)?;
    let mut found = Vec::new();
    for message in chat.messages {
        message.parts.into_iter().try_for_each(|part| look(part, &mut found))?;
    }
    Ok(found)
}

fn look(part: Part, found: &mut Vec<String>) -> Result<(), Failure> {
    match part {
        Part::File { source: FileSource::Url(_), .. } if found.len() == DOCUMENTS_MAX => {
            let detail = format!("There are more than {DOCUMENTS_MAX} documents.");
            Err(unread("document_too_large", &detail))
        }
        Part::File { source: FileSource::Url(source), .. } => {
            found.push(source);
            Ok(())
        }
        Part::File { source: FileSource::Id(_), .. } => {
            let detail = "It is named by an id, under which only one provider knows it.";
            Err(unread("document_unreadable", detail))
        }
        Part::ToolResult { parts, .. } => parts.into_iter().try_for_each(|part| look(part, found)),
        _ => Ok(()),
    }
}

/// Returns where a document is.
///
/// # Errors
/// When its bytes are not encoded as they have to be, or are too many.
pub fn held(source: &str) -> Result<Held, Failure> {
    if source.starts_with("https://") || source.starts_with("http://") {
        return Ok(Held::Address(source.to_owned()));
    }
    let encoded = match source.strip_prefix("data:") {
        // Some callers leave the type away.
        None => source,
        Some(rest) => {
            let (head, data) = rest.split_once(',').unwrap_or_default();
            head.ends_with(";base64").then_some(data).ok_or_else(|| {
                unread("document_unreadable", "It is neither at an address nor there in base64.")
            })?
        }
    };
    if BYTES_MAX < encoded.len() / 4 * 3 {
        let detail = format!("It exceeds {BYTES_MAX} bytes.");
        return Err(unread("document_too_large", &detail));
    }
    match STANDARD.decode(encoded) {
        Ok(bytes) => Ok(Held::Bytes(Bytes::from(bytes))),
        Err(_) => Err(unread("document_unreadable", "Its bytes are not encoded in base64.")),
    }
}

/// Returns what a document is, by its bytes and never by what is said of it.
///
/// # Errors
/// When it is neither.
pub fn content(document: &[u8]) -> Result<Content, Failure> {
    let beginning = &document[..document.len().min(PDF_BEGINS_WITHIN)];
    if memchr::memmem::find(beginning, b"%PDF-").is_some() {
        return Ok(Content::Pdf);
    }
    let plain = |it: char| !it.is_control() || matches!(it, '\n' | '\r' | '\t');
    let text = std::str::from_utf8(document).ok().filter(|text| text.chars().all(plain));
    match text {
        Some(text) if text.len() <= TEXT_BYTES_MAX => Ok(Content::Text(text.to_owned())),
        Some(_) => {
            let detail = format!("It holds more than {TEXT_BYTES_MAX} bytes of text.");
            Err(unread("document_too_large", &detail))
        }
        None => {
            let detail = "It is neither a PDF nor text in UTF-8, and no others are read here.";
            Err(unread("document_unreadable", detail))
        }
    }
}

/// Returns how many bytes a document's text adds to a prompt, at most.
pub fn added(text: &str) -> usize {
    text.len() + NAME_BYTES_MAX + FRAME_BYTES
}

/// Returns a request with texts in the place of its documents, each under its document's name.
/// `texts`: one for each document, in the order in which [`documents`] returns them.
///
/// # Errors
/// When a document has no text there, or the request cannot be read.
pub fn with_texts(request: &Request, texts: &[Arc<str>]) -> Result<Request, Failure> {
    let mut chat = canonical(request)?;
    let (mut texts, mut bytes) = (texts.iter(), 0);
    for message in &mut chat.messages {
        message.parts.iter_mut().try_for_each(|part| put(part, &mut texts, &mut bytes))?;
    }
    let mut facts = request.facts.clone();
    facts.modalities.retain(|it| *it != Modality::File);
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    facts.prompt_bytes = facts.prompt_bytes.saturating_add(bytes);
    Ok(Request { replaced: Some(Arc::new(chat)), facts, ..request.clone() })
}

fn put(part: &mut Part, texts: &mut Iter<'_, Arc<str>>, bytes: &mut usize) -> Result<(), Failure> {
    let (name, source, cache): (_, _, Option<CacheMark>) = match part {
        Part::File { name, source: FileSource::Url(source), cache } => (name, source, *cache),
        Part::ToolResult { parts, .. } => {
            return parts.iter_mut().try_for_each(|part| put(part, texts, bytes));
        }
        _ => return Ok(()),
    };
    let text = texts.next().ok_or_else(|| Failure::house("a document was not read"))?;
    let is_address = source.starts_with("http");
    let last = source.split(['?', '#']).next().and_then(|path| path.rsplit('/').next());
    let name = name.as_deref().or(last.filter(|_| is_address)).unwrap_or("document");
    let text = framed(name, text);
    *bytes += text.len();
    *part = Part::Text { text, cache };
    Ok(())
}

/// Returns a text under its document's name: a model is to tell what its caller wrote from what the
/// document says.
fn framed(name: &str, text: &str) -> String {
    let harmless = |it: &char| !it.is_control() && !matches!(it, '<' | '>' | '"');
    let mut name: String = name.chars().filter(harmless).collect();
    name.truncate(name.floor_char_boundary(NAME_BYTES_MAX));
    format!("<document name=\"{name}\">\n{text}\n</document>")
}

/// Returns the failure of a document that cannot be had as text: an endpoint that reads documents
/// itself may serve.
pub fn unread(code: &str, detail: &str) -> Failure {
    let detail = format!("A document could not be read as text. {detail}");
    let kind = FailureKind::InvalidRequest;
    let failure = Failure::new(kind, Fault::Caller, Retry::NextEndpoint, detail).at("messages");
    Failure { provider_code: Some(code.to_owned()), ..failure }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::*;
    use crate::door::Door;
    use crate::registry::decode;

    fn request(door: &Door, body: &Value) -> Request {
        decode(door, Bytes::from(body.to_string())).unwrap()
    }

    const INLINE: &str = "data:application/pdf;base64,JVBERi0=";

    #[test]
    fn a_document_is_found_in_every_callers_dialect_and_becomes_text() {
        let chat = json!({"model": "m", "messages": [{"role": "user", "content": [
            {"type": "file", "file": {"filename": "a\"<b>.pdf", "file_data": INLINE}},
            {"type": "text", "text": "?"}]}]});
        let responses = json!({"model": "m", "input": [{"role": "user", "content": [
            {"type": "input_file", "filename": "a<b>.pdf", "file_data": INLINE},
            {"type": "input_text", "text": "?"}]}]});
        let messages = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user",
            "content": [{"type": "document", "title": "ab.pdf", "source": {"type": "base64",
            "media_type": "application/pdf", "data": "JVBERi0="}}, {"type": "text", "text": "?"}]}]});
        let gemini = json!({"contents": [{"role": "user", "parts": [
            {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0="}}, {"text": "?"}]}]});
        let generate = Door::Gemini { model: "m".to_owned(), streams: false, sse: false };
        let texts = [Arc::from("It says so.")];
        for (door, body, name) in [
            (Door::ChatCompletions, chat, "ab.pdf"),
            (Door::Responses, responses, "ab.pdf"),
            (Door::Messages, messages, "ab.pdf"),
            (generate, gemini, "document"),
        ] {
            let request = request(&door, &body);
            assert_eq!(request.facts.modalities, [Modality::File], "{door:?}");
            assert_eq!(documents(&request).unwrap(), [INLINE], "{door:?}");
            let read = with_texts(&request, &texts).unwrap();
            let parts = canonical(&read).unwrap().messages[0].parts.clone();
            let text = format!("<document name=\"{name}\">\nIt says so.\n</document>");
            let own = Part::Text { text: text.clone(), cache: None };
            assert_eq!(parts.first(), Some(&own), "{door:?}");
            assert!(read.facts.modalities.is_empty());
            let more = read.facts.prompt_bytes - request.facts.prompt_bytes;
            assert!(text.len() <= more as usize && more as usize <= added("It says so."));
        }
    }

    #[test]
    fn each_document_becomes_the_text_in_its_place() {
        let file = |data: &str| json!({"type": "file", "file": {"file_data": data}});
        let body = json!({"model": "m", "messages": [
            {"role": "user", "content": [file(INLINE), file("https://example.org/b")]},
            {"role": "user", "content": [file(INLINE)]}]});
        let request = request(&Door::ChatCompletions, &body);
        assert_eq!(documents(&request).unwrap(), [INLINE, "https://example.org/b", INLINE]);
        let texts = ["One.", "Two.", "Three."].map(Arc::from);
        let read = canonical(&with_texts(&request, &texts).unwrap()).unwrap();
        let said = read.messages.iter().flat_map(|message| &message.parts).map(|part| match part {
            Part::Text { text, .. } => text.lines().nth(1).unwrap_or_default(),
            _ => "",
        });
        assert_eq!(said.collect::<Vec<_>>(), ["One.", "Two.", "Three."]);
        assert!(with_texts(&request, &texts[..2]).is_err());
    }

    #[test]
    fn what_a_document_is_is_told_by_its_bytes() {
        assert_eq!(
            held("https://example.org/a"),
            Ok(Held::Address("https://example.org/a".into()))
        );
        for source in [INLINE, "JVBERi0="] {
            assert_eq!(held(source), Ok(Held::Bytes(Bytes::from_static(b"%PDF-"))));
        }
        assert_eq!(content(b"%PDF-1.7"), Ok(Content::Pdf));
        assert_eq!(content(b"\n\nsomething %PDF-1.7"), Ok(Content::Pdf));
        assert_eq!(content("a,b\n1,é\n".as_bytes()), Ok(Content::Text("a,b\n1,é\n".into())));
        for other in [&b"PK\x03\x04"[..], b"\xff\xfe", b"a\0b"] {
            let code = content(other).unwrap_err().provider_code;
            assert_eq!(code.as_deref(), Some("document_unreadable"));
        }
        let long = "a".repeat(TEXT_BYTES_MAX + 1);
        let code = content(long.as_bytes()).unwrap_err().provider_code;
        assert_eq!(code.as_deref(), Some("document_too_large"));
        for wrong in ["data:application/pdf,%25PDF", "data:", "data:;base64,%%", "file:///etc"] {
            assert_eq!(held(wrong).unwrap_err().param.as_deref(), Some("messages"), "{wrong}");
        }
        let large = "A".repeat(BYTES_MAX / 3 * 4 + 8);
        let code = held(&large).unwrap_err().provider_code;
        assert_eq!(code.as_deref(), Some("document_too_large"));
    }

    #[test]
    fn what_only_a_provider_has_and_what_is_too_much_is_refused() {
        let file = |file: Value| json!({"type": "file", "file": file});
        let asked = |parts: Vec<Value>| {
            let body = json!({"model": "m", "messages": [{"role": "user", "content": parts}]});
            documents(&request(&Door::ChatCompletions, &body)).unwrap_err().provider_code
        };
        let there = asked(vec![file(json!({"file_id": "file-1"}))]);
        assert_eq!(there.as_deref(), Some("document_unreadable"));
        let many = vec![file(json!({"file_data": INLINE})); DOCUMENTS_MAX + 1];
        assert_eq!(asked(many).as_deref(), Some("document_too_large"));
    }
}
