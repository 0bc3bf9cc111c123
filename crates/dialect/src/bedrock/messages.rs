//! Conversations in the house's form, written as Converse has them.

use domain::chat::{CacheMark, FileSource, Message, Part, Role};
use domain::failure::{Failure, FailureKind, Fault, Retry};
use serde_json::{Value, json};

use crate::thought::{CLAUDE, is_of, said};

/// Marks of where to cache that one request may hold.
const MARKS_MAX: usize = 4;
/// Characters of the id of a call, at most.
const ID_MAX: usize = 64;
/// Characters of a document's name, at most.
const NAME_MAX: usize = 200;

/// What is written of a request's blocks, in order.
#[derive(Default)]
pub(super) struct Blocks {
    marks: usize,
    documents: usize,
    /// The names of what was left out.
    pub(super) dropped: Vec<String>,
}

/// A conversation: what the operator says, and the turns.
pub(super) struct Written {
    pub(super) system: Vec<Value>,
    pub(super) turns: Vec<Value>,
}

impl Blocks {
    /// Begins, with the names of what was left out before.
    pub(super) fn new(dropped: Vec<String>) -> Blocks {
        Blocks { dropped, ..Blocks::default() }
    }

    /// Returns a point up to which is cached, as long as points are left.
    pub(super) fn point(&mut self, cache: Option<CacheMark>) -> Option<Value> {
        let mark = cache?;
        if self.marks == MARKS_MAX {
            self.drop("cache_control");
            return None;
        }
        self.marks += 1;
        let mut point = json!({"type": "default"});
        if mark.for_an_hour {
            point["ttl"] = json!("1h");
        }
        Some(json!({"cachePoint": point}))
    }

    /// Takes note of what is left out.
    pub(super) fn drop(&mut self, name: &str) {
        if !self.dropped.iter().any(|held| held == name) {
            self.dropped.push(name.to_owned());
        }
    }

    /// Writes a conversation: turns alternate, and the first is the user's.
    ///
    /// # Errors
    /// When it holds what the endpoint does not take.
    pub(super) fn conversation(&mut self, messages: &[Message]) -> Result<Written, Failure> {
        let is_system = |role: Role| matches!(role, Role::System | Role::Developer);
        let leading = messages.iter().take_while(|message| is_system(message.role)).count();
        let mut system = Vec::new();
        for message in &messages[..leading] {
            self.blocks(&message.parts, &mut system)?;
        }
        let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
        for message in &messages[leading..] {
            let role = if message.role == Role::Assistant { "assistant" } else { "user" };
            let mut blocks = Vec::new();
            self.blocks(&message.parts, &mut blocks)?;
            match turns.last_mut().filter(|(last, _)| *last == role) {
                Some((_, held)) => join(held, blocks),
                None if blocks.is_empty() => (),
                None => turns.push((role, blocks)),
            }
        }
        if turns.first().is_none_or(|(role, _)| *role == "assistant") {
            turns.insert(0, ("user", vec![json!({"text": "."})]));
        }
        for (_, blocks) in &mut turns {
            accompany(blocks);
        }
        if let Some(("assistant", blocks)) = turns.last_mut() {
            trim_end(blocks);
        }
        let turns = turns.into_iter().map(|(role, it)| json!({"role": role, "content": it}));
        Ok(Written { system, turns: turns.collect() })
    }

    fn blocks(&mut self, parts: &[Part], blocks: &mut Vec<Value>) -> Result<(), Failure> {
        for part in parts {
            let (block, cache) = self.block(part)?;
            let Some(block) = block else { continue };
            blocks.push(block);
            blocks.extend(self.point(cache));
        }
        Ok(())
    }

    fn block(&mut self, part: &Part) -> Result<(Option<Value>, Option<CacheMark>), Failure> {
        let (block, cache) = match part {
            Part::Text { text, .. } | Part::Refusal(text) if text.trim().is_empty() => (None, None),
            Part::Text { text, cache } => (Some(json!({"text": text})), *cache),
            Part::Refusal(text) => (Some(json!({"text": text})), None),
            Part::Image { url, cache, .. } => (Some(media("image", url, &IMAGES)?), *cache),
            Part::Video { url } => (Some(media("video", url, &VIDEOS)?), None),
            Part::File { name, source, cache } => {
                (Some(self.document(name.as_deref(), source)?), *cache)
            }
            Part::Audio { .. } => return Err(unheard("The endpoint takes no audio.")),
            // Thinking without a signature is not taken back.
            Part::Reasoning(_) => (None, None),
            Part::ReasoningDetail(detail) => (self.thought(detail), None),
            Part::ToolCall(call) => {
                let input: Value = serde_json::from_str(&call.arguments).unwrap_or_default();
                let input = if input.is_object() { input } else { json!({}) };
                let id = tool_id(&call.id);
                let written = json!({"toolUseId": id, "name": call.name, "input": input});
                (Some(json!({"toolUse": written})), None)
            }
            Part::ToolResult { call_id, parts, failed } => {
                let mut content = Vec::new();
                self.blocks(parts, &mut content)?;
                if content.is_empty() {
                    content.push(json!({"text": "."}));
                }
                let mut result = json!({"toolUseId": tool_id(call_id), "content": content});
                if *failed {
                    result["status"] = json!("error");
                }
                (Some(json!({"toolResult": result})), None)
            }
        };
        Ok((block, cache))
    }

    /// Writes thinking that Claude signed; that of other families means nothing to it.
    fn thought(&mut self, detail: &Value) -> Option<Value> {
        let (signature, data) = (said(detail, "signature"), said(detail, "data"));
        match said(detail, "type") {
            _ if !is_of(detail, CLAUDE) => {
                self.drop("reasoning_details");
                None
            }
            "reasoning.text" if !signature.is_empty() => {
                let thought = json!({"text": said(detail, "text"), "signature": signature});
                Some(json!({"reasoningContent": {"reasoningText": thought}}))
            }
            "reasoning.encrypted" if !data.is_empty() => {
                Some(json!({"reasoningContent": {"redactedContent": data}}))
            }
            _ => None,
        }
    }

    fn document(&mut self, name: Option<&str>, source: &FileSource) -> Result<Value, Failure> {
        let FileSource::Url(url) = source else {
            return Err(unheard("The endpoint keeps no files."));
        };
        let mut block = media("document", url, &DOCUMENTS)?;
        self.documents += 1;
        block["document"]["name"] = json!(document_name(name, self.documents));
        Ok(block)
    }
}

/// Joins a turn to the one before: what tools said stands first.
fn join(held: &mut Vec<Value>, blocks: Vec<Value>) {
    for block in blocks {
        let is_result = block.get("toolResult").is_some();
        let results = held.iter().take_while(|it| it.get("toolResult").is_some()).count();
        held.insert(if is_result { results } else { held.len() }, block);
    }
}

/// A document has to be accompanied by a text.
fn accompany(blocks: &mut Vec<Value>) {
    let has = |name: &str| blocks.iter().any(|block| block.get(name).is_some());
    if has("document") && !has("text") {
        blocks.push(json!({"text": "."}));
    }
}

/// An answer that was begun for the model must not end in blanks.
fn trim_end(blocks: &mut [Value]) {
    if let Some(text) = blocks.last_mut().and_then(|block| block.get_mut("text")) {
        let trimmed = text.as_str().unwrap_or_default().trim_end().to_owned();
        *text = json!(trimmed);
    }
}

/// Media types, and Converse's words for them.
type Formats = [(&'static str, &'static str)];

const IMAGES: [(&str, &str); 5] = [
    ("image/png", "png"),
    ("image/jpeg", "jpeg"),
    ("image/jpg", "jpeg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
];
const VIDEOS: [(&str, &str); 5] = [
    ("video/mp4", "mp4"),
    ("video/quicktime", "mov"),
    ("video/webm", "webm"),
    ("video/mpeg", "mpeg"),
    ("video/x-matroska", "mkv"),
];
const DOCUMENTS: [(&str, &str); 9] = [
    ("application/pdf", "pdf"),
    ("text/csv", "csv"),
    ("text/html", "html"),
    ("text/markdown", "md"),
    ("text/plain", "txt"),
    ("application/msword", "doc"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
];

/// Writes an image, a film or a document: Bedrock fetches none from the web.
fn media(kind: &str, url: &str, formats: &Formats) -> Result<Value, Failure> {
    let inline = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    let (format, source) = match inline {
        Some((mime, data)) => {
            let mime = mime.split(';').next().unwrap_or_default();
            let known = formats.iter().find(|(known, _)| known.eq_ignore_ascii_case(mime));
            (known.map(|(_, word)| *word), json!({"bytes": data}))
        }
        None if url.starts_with("s3://") => {
            let ending = url.rsplit('.').next().unwrap_or_default();
            let known = formats.iter().find(|(_, word)| word.eq_ignore_ascii_case(ending));
            (known.map(|(_, word)| *word), json!({"s3Location": {"uri": url}}))
        }
        None => return Err(unheard("The endpoint fetches nothing from the web.")),
    };
    let format = format.ok_or_else(|| unheard("The endpoint does not take this type of file."))?;
    let mut block = json!({});
    block[kind] = json!({"format": format, "source": source});
    Ok(block)
}

/// Returns a name of the only shape that is taken: letters, digits, blanks one at a time, dashes
/// and brackets. No two documents have the same.
fn document_name(name: Option<&str>, number: usize) -> String {
    let plain =
        |it: char| if it.is_ascii_alphanumeric() || "-()[]".contains(it) { it } else { ' ' };
    let plain: String = name.unwrap_or_default().chars().map(plain).take(NAME_MAX).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let name = if words.is_empty() { "document".to_owned() } else { words.join(" ") };
    if number == 1 { name } else { format!("{name} {number}") }
}

/// Returns an id of the only shape that is taken: at most 64 letters, digits, dashes and
/// underscores. Ids that differ stay apart.
fn tool_id(id: &str) -> String {
    const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const FNV_PRIME: u64 = 0x0100_0000_01b3;
    let plain = |it: char| if it.is_ascii_alphanumeric() || it == '-' { it } else { '_' };
    let short: String = id.chars().map(plain).take(ID_MAX).collect();
    match id.len() {
        0 => "call_0".to_owned(),
        length if length <= ID_MAX => short,
        _ => {
            let hash = id
                .bytes()
                .fold(FNV_OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME));
            format!("{}{hash:016x}", &short[..ID_MAX - 16])
        }
    }
}

/// Returns the failure of a request that this endpoint cannot be told, and another may.
pub(super) fn unheard(detail: &str) -> Failure {
    Failure::new(FailureKind::InvalidRequest, Fault::Caller, Retry::NextEndpoint, detail)
        .at("messages")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_documents_are_plain_and_differ() {
        assert_eq!(document_name(Some("a_b.pdf"), 1), "a b pdf");
        assert_eq!(document_name(None, 1), "document");
        assert_eq!(document_name(Some("a.pdf"), 2), "a pdf 2");
    }

    #[test]
    fn ids_are_of_the_shape_that_is_taken_and_stay_apart() {
        assert_eq!(tool_id("call|1"), "call_1");
        let (one, two) = ("x".repeat(70) + "1", "x".repeat(70) + "2");
        assert_eq!(tool_id(&one).len(), 64);
        assert_ne!(tool_id(&one), tool_id(&two));
        assert_eq!(tool_id(""), "call_0");
    }

    #[test]
    fn what_stands_on_the_web_goes_to_another_endpoint() {
        let failure = media("image", "https://a.example/a.png", &IMAGES).unwrap_err();
        assert_eq!(failure.retry, Retry::NextEndpoint);
        let stored = media("image", "s3://a/b.png", &IMAGES).unwrap();
        assert_eq!(stored["image"]["format"], "png");
        assert!(media("image", "data:image/tiff;base64,QQ==", &IMAGES).is_err());
    }
}
