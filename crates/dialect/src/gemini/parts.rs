//! Parts of content, read into the house's and written from them.

use domain::answer::ToolCall;
use domain::chat::{FileSource, Part};
use serde_json::{Value, json};

use crate::sealed;
use crate::thought::GEMINI;

/// Returns a member under its name in camel case or in snake case: Google takes both.
pub(super) fn member<'a>(value: &'a Value, name: &str) -> &'a Value {
    match value.get(name) {
        Some(found) => found,
        None => value.get(snake(name)).unwrap_or(&Value::Null),
    }
}

fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Reads a part of a request. `number` counts the calls of the conversation, for those without id.
pub(super) fn read(part: &Value, number: &mut u32) -> Vec<Part> {
    let mut parts = Vec::new();
    let signature = member(part, "thoughtSignature").as_str().unwrap_or_default();
    let is_thought = part["thought"] == true;
    let call = member(part, "functionCall");
    let mut call_id = None;
    if call.is_object() {
        let id = call["id"].as_str().map(str::to_owned);
        let id = id.unwrap_or_else(|| {
            *number += 1;
            format!("call_{}", *number - 1)
        });
        call_id = Some(id.clone());
        parts.push(Part::ToolCall(ToolCall {
            id,
            name: call["name"].as_str().unwrap_or_default().to_owned(),
            arguments: match &call["args"] {
                Value::Null => "{}".to_owned(),
                args => args.to_string(),
            },
        }));
    } else if let Some(text) = part["text"].as_str().filter(|text| !text.is_empty()) {
        parts.push(match is_thought {
            true => Part::Reasoning(text.to_owned()),
            false => Part::Text { text: text.to_owned(), cache: None },
        });
    } else if let Some(media) = media(part) {
        parts.push(media);
    }
    if !signature.is_empty() {
        let details = sealed::unpack(signature).unwrap_or_else(|| {
            vec![json!({
                "type": "reasoning.encrypted", "data": signature, "format": GEMINI, "id": call_id
            })]
        });
        // A thought of another family carries its text in its own piece.
        let mut text = match parts.first() {
            Some(Part::Reasoning(text)) => Some(text.clone()),
            _ => None,
        };
        let mut unpacked = Vec::new();
        for mut detail in details {
            let name = match detail["type"].as_str() {
                Some("reasoning.text") => "text",
                Some("reasoning.summary") => "summary",
                _ => "",
            };
            if !name.is_empty()
                && let Some(text) = text.take()
            {
                detail[name] = json!(text);
                parts.clear();
            }
            unpacked.push(Part::ReasoningDetail(detail));
        }
        unpacked.append(&mut parts);
        parts = unpacked;
    }
    parts
}

fn media(part: &Value) -> Option<Part> {
    let (inline, file) = (member(part, "inlineData"), member(part, "fileData"));
    let (mime, url) = if inline.is_object() {
        let mime = member(inline, "mimeType").as_str()?;
        (mime, format!("data:{mime};base64,{}", inline["data"].as_str()?))
    } else {
        let mime = member(file, "mimeType").as_str().unwrap_or_default();
        (mime, member(file, "fileUri").as_str()?.to_owned())
    };
    let audio = |url: &str| url.split_once(";base64,").map(|(_, data)| data.to_owned());
    Some(match mime.split('/').next() {
        Some("image") => Part::Image { url, detail: None, cache: None },
        Some("video") => Part::Video { url },
        Some("audio") if audio(&url).is_some() => Part::Audio {
            data: audio(&url).unwrap_or_default(),
            format: mime.trim_start_matches("audio/").trim_start_matches("x-").to_owned(),
        },
        _ => Part::File { name: None, source: FileSource::Url(url), cache: None },
    })
}

/// Reads what a tool said. `ids` are those of the calls by their names, oldest first, which are
/// used up: the dialect pairs by name where there is no id.
pub(super) fn result(part: &Value, ids: &mut Vec<(String, String)>) -> Option<Part> {
    let response = member(part, "functionResponse");
    let name = response.get("name")?.as_str()?;
    let id = response["id"].as_str();
    let fits = |(called, held): &(String, String)| id.map_or(called == name, |id| held == id);
    let place = ids.iter().position(fits);
    let paired = place.map(|place| ids.remove(place).1);
    let call_id = id.map(str::to_owned).or(paired).unwrap_or_else(|| name.to_owned());
    let said = &response["response"];
    let only = said.as_object().filter(|object| object.len() == 1);
    let text = only.and_then(|object| {
        ["result", "output", "content"].into_iter().find_map(|key| object.get(key)?.as_str())
    });
    let failed = said.get("error").is_some();
    let text = text.map_or_else(|| said.to_string(), str::to_owned);
    Some(Part::ToolResult { call_id, parts: vec![Part::Text { text, cache: None }], failed })
}

/// Writes a picture, a recording, a film or a document; `None` for what is no such thing.
pub(super) fn written_media(part: &Part) -> Option<Value> {
    let inline = |mime: &str, data: &str| json!({"inlineData": {"mimeType": mime, "data": data}});
    let at = |url: &str, kind: &str| match split(url) {
        Some((mime, data)) => inline(mime, data),
        None => {
            let mime = guessed(url).unwrap_or(kind);
            json!({"fileData": {"mimeType": mime, "fileUri": url}})
        }
    };
    Some(match part {
        Part::Image { url, .. } => at(url, "image/jpeg"),
        Part::Video { url } => at(url, "video/mp4"),
        Part::Audio { data, format } => inline(&format!("audio/{format}"), data),
        Part::File { source: FileSource::Url(url), .. } => at(url, "application/pdf"),
        Part::File { source: FileSource::Id(id), .. } => {
            json!({"fileData": {"mimeType": "application/pdf", "fileUri": id}})
        }
        _ => return None,
    })
}

fn split(url: &str) -> Option<(&str, &str)> {
    url.strip_prefix("data:")?.split_once(";base64,")
}

/// Returns what the end of an address says of what is there.
fn guessed(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let ending = path.rsplit_once('.')?.1.to_ascii_lowercase();
    Some(match ending.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "heic" => "image/heic",
        "pdf" => "application/pdf",
        "mp4" => "video/mp4",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "mp3" => "audio/mp3",
        "wav" => "audio/wav",
        _ => return None,
    })
}
