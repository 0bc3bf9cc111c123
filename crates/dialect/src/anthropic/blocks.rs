//! Blocks of content, read into the house's parts.

use domain::answer::ToolCall;
use domain::chat::{CacheMark, FileSource, Part};
use serde_json::{Value, json};

use crate::sealed;
use crate::thought::CLAUDE;

/// Reads a mark of where to cache.
pub(super) fn mark(value: &Value) -> Option<CacheMark> {
    value.is_object().then(|| CacheMark { for_an_hour: value["ttl"] == "1h" })
}

/// Reads a block, which may say several things: packed thinking does.
pub(super) fn parts(block: &Value) -> Vec<Part> {
    match block["type"].as_str() {
        Some("thinking") => thinking(&text(block, "thinking"), &text(block, "signature")),
        Some("redacted_thinking") => sealed_thinking(&text(block, "data")),
        _ => part(block).into_iter().collect(),
    }
}

fn thinking(thought: &str, signature: &str) -> Vec<Part> {
    let plain = || Some(Part::Reasoning(thought.to_owned())).filter(|_| !thought.is_empty());
    if signature.is_empty() {
        return plain().into_iter().collect();
    }
    let Some(packed) = sealed::unpack(signature) else {
        return vec![Part::ReasoningDetail(json!({
            "type": "reasoning.text", "text": thought, "signature": signature, "format": CLAUDE
        }))];
    };
    // The text stands in the first of them that had one.
    let mut thought = Some(thought).filter(|thought| !thought.is_empty());
    let told = |mut detail: Value| {
        let name = match detail["type"].as_str() {
            Some("reasoning.text") => "text",
            Some("reasoning.summary") => "summary",
            _ => return Part::ReasoningDetail(detail),
        };
        detail[name] = json!(thought.take().unwrap_or_default());
        Part::ReasoningDetail(detail)
    };
    packed.into_iter().map(told).collect()
}

fn sealed_thinking(data: &str) -> Vec<Part> {
    match sealed::unpack(data) {
        Some(details) => details.into_iter().map(Part::ReasoningDetail).collect(),
        None => vec![Part::ReasoningDetail(json!({
            "type": "reasoning.encrypted", "data": data, "format": CLAUDE
        }))],
    }
}

/// Reads a block that says one thing; `None` for what has no meaning in another dialect.
pub(super) fn part(block: &Value) -> Option<Part> {
    let cache = block.get("cache_control").and_then(mark);
    match block["type"].as_str()? {
        "text" => Some(Part::Text { text: block["text"].as_str()?.to_owned(), cache }),
        "image" => Some(Part::Image { url: url(&block["source"])?, detail: None, cache }),
        "document" => {
            let name = block["title"].as_str().map(str::to_owned);
            let source = match block["source"]["type"].as_str()? {
                "file" => FileSource::Id(text(&block["source"], "file_id")),
                "text" => {
                    let said = text(&block["source"], "data");
                    return Some(Part::Text { text: said, cache });
                }
                "content" => return content_text(&block["source"]["content"], cache),
                _ => FileSource::Url(url(&block["source"])?),
            };
            Some(Part::File { name, source, cache })
        }
        "tool_use" => Some(Part::ToolCall(ToolCall {
            id: text(block, "id"),
            name: text(block, "name"),
            arguments: match &block["input"] {
                Value::Null => "{}".to_owned(),
                input => input.to_string(),
            },
        })),
        "tool_result" => Some(Part::ToolResult {
            call_id: text(block, "tool_use_id"),
            parts: match &block["content"] {
                Value::String(text) => vec![Part::Text { text: text.clone(), cache: None }],
                Value::Array(blocks) => blocks.iter().filter_map(part).collect(),
                _ => Vec::new(),
            },
            failed: block["is_error"] == true,
        }),
        _ => None,
    }
}

fn content_text(content: &Value, cache: Option<CacheMark>) -> Option<Part> {
    let text = match content {
        Value::String(text) => text.clone(),
        blocks => blocks.as_array()?.iter().map(|it| text(it, "text")).collect(),
    };
    Some(Part::Text { text, cache })
}

/// Returns where an image or a document is.
fn url(source: &Value) -> Option<String> {
    match source["type"].as_str()? {
        "base64" => {
            let (mime, data) = (source["media_type"].as_str()?, source["data"].as_str()?);
            Some(format!("data:{mime};base64,{data}"))
        }
        "url" => source["url"].as_str().map(str::to_owned),
        _ => None,
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
