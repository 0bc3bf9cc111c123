//! Items of a conversation, read into the house's messages and written from them.

use domain::answer::ToolCall;
use domain::chat::{FileSource, Message, Part, Role};
use serde_json::{Value, json};

use crate::sealed;
use crate::thought::{OPENAI, is_of, said};

/// Reads an item. `None` for one that has no meaning in another dialect: a hosted tool's.
pub(super) fn read(item: &Value) -> Option<Message> {
    let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let (role, parts) = match item["type"].as_str().unwrap_or("message") {
        "message" => {
            let role = match item["role"].as_str()? {
                "user" => Role::User,
                "assistant" => Role::Assistant,
                "system" => Role::System,
                "developer" => Role::Developer,
                _ => return None,
            };
            (role, content(&item["content"]))
        }
        "function_call" => {
            let (id, name, arguments) = (text("call_id"), text("name"), text("arguments"));
            (Role::Assistant, vec![Part::ToolCall(ToolCall { id, name, arguments })])
        }
        "custom_tool_call" => {
            let arguments = json!({"input": item["input"]}).to_string();
            let (id, name) = (text("call_id"), text("name"));
            (Role::Assistant, vec![Part::ToolCall(ToolCall { id, name, arguments })])
        }
        "function_call_output" | "custom_tool_call_output" => {
            let (call_id, parts) = (text("call_id"), content(&item["output"]));
            (Role::Tool, vec![Part::ToolResult { call_id, parts, failed: false }])
        }
        "reasoning" => (Role::Assistant, reasoning(item)),
        _ => return None,
    };
    Some(Message { role, name: None, parts })
}

/// Reads content: a string, or a list of parts.
pub(super) fn content(value: &Value) -> Vec<Part> {
    match value {
        Value::String(text) => vec![Part::Text { text: text.clone(), cache: None }],
        parts => parts.as_array().into_iter().flatten().filter_map(part).collect(),
    }
}

fn part(value: &Value) -> Option<Part> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    match value["type"].as_str()? {
        "input_text" | "output_text" | "text" => {
            Some(Part::Text { text: text("text")?, cache: None })
        }
        "refusal" => Some(Part::Refusal(text("refusal")?)),
        "input_image" => {
            Some(Part::Image { url: text("image_url")?, detail: text("detail"), cache: None })
        }
        "input_file" => {
            let source = match (text("file_data"), text("file_url"), text("file_id")) {
                (Some(data), ..) if data.starts_with("data:") => FileSource::Url(data),
                (Some(data), ..) => FileSource::Url(format!("data:application/pdf;base64,{data}")),
                (None, Some(url), _) => FileSource::Url(url),
                (None, None, id) => FileSource::Id(id?),
            };
            Some(Part::File { name: text("filename"), source, cache: None })
        }
        "input_audio" => {
            let audio = &value["input_audio"];
            let of = |name: &str| audio[name].as_str().map(str::to_owned);
            Some(Part::Audio { data: of("data")?, format: of("format")? })
        }
        _ => None,
    }
}

/// Reads an item of thinking: its own form, or what another provider's was packed in.
fn reasoning(item: &Value) -> Vec<Part> {
    let told: String = ["summary", "content"]
        .into_iter()
        .flat_map(|list| item[list].as_array().into_iter().flatten())
        .filter_map(|part| part["text"].as_str())
        .collect();
    let sealed = item["encrypted_content"].as_str().filter(|data| !data.is_empty());
    let Some(data) = sealed else {
        return Some(Part::Reasoning(told))
            .filter(|_| item["summary"].is_array())
            .into_iter()
            .collect();
    };
    if let Some(details) = sealed::unpack(data) {
        let mut told = Some(told).filter(|told| !told.is_empty());
        let with_text = |mut detail: Value| {
            let name = match detail["type"].as_str() {
                Some("reasoning.text") => "text",
                Some("reasoning.summary") => "summary",
                _ => return Part::ReasoningDetail(detail),
            };
            detail[name] = json!(told.take().unwrap_or_default());
            Part::ReasoningDetail(detail)
        };
        return details.into_iter().map(with_text).collect();
    }
    let own = |mut detail: Value| {
        detail["format"] = json!(OPENAI);
        detail["id"] = item["id"].clone();
        Part::ReasoningDetail(detail)
    };
    let summary = json!({"type": "reasoning.summary", "summary": told});
    vec![own(summary), own(json!({"type": "reasoning.encrypted", "data": data}))]
}

/// Joins neighbours of the model's: they are one turn of its.
pub(super) fn joined(items: impl Iterator<Item = Message>) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for item in items {
        match messages.last_mut() {
            Some(last) if last.role == Role::Assistant && item.role == Role::Assistant => {
                last.parts.extend(item.parts);
            }
            _ => messages.push(item),
        }
    }
    messages
}

/// Writes a message as items. Returns whether thinking of another family was left out.
pub(super) fn write(message: &Message, items: &mut Vec<Value>) -> bool {
    let role = match message.role {
        Role::System => "system",
        Role::Developer => "developer",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => {
            items.extend(message.parts.iter().filter_map(result));
            return false;
        }
    };
    let (mut said, mut foreign) = (Vec::new(), false);
    let mut thought: Vec<&Value> = Vec::new();
    for part in &message.parts {
        match part {
            Part::ReasoningDetail(detail) if is_of(detail, OPENAI) => thought.push(detail),
            Part::ReasoningDetail(_) => foreign = true,
            Part::Reasoning(_) => (),
            Part::ToolCall(call) => {
                flush(role, &mut said, items);
                think(&mut thought, items);
                items.push(json!({
                    "type": "function_call", "call_id": call.id, "name": call.name,
                    "arguments": call.arguments
                }));
            }
            part => {
                think(&mut thought, items);
                said.extend(written(part, message.role));
            }
        }
    }
    flush(role, &mut said, items);
    foreign
}

fn flush(role: &str, said: &mut Vec<Value>, items: &mut Vec<Value>) {
    if !said.is_empty() {
        let content = std::mem::take(said);
        items.push(json!({"type": "message", "role": role, "content": content}));
    }
}

/// Writes the thinking that goes before an item: one item for each that the provider made.
fn think(details: &mut Vec<&Value>, items: &mut Vec<Value>) {
    for detail in details.drain(..) {
        let id = &detail["id"];
        let is_open = items.last().is_some_and(|it| it["type"] == "reasoning" && it["id"] == *id);
        if !is_open {
            let mut item = json!({"type": "reasoning", "summary": []});
            if !id.is_null() {
                item["id"] = id.clone();
            }
            items.push(item);
        }
        let Some(item) = items.last_mut() else { continue };
        match said(detail, "type") {
            "reasoning.encrypted" => item["encrypted_content"] = detail["data"].clone(),
            _ => {
                let text = [said(detail, "summary"), said(detail, "text")].concat();
                let part = json!({"type": "summary_text", "text": text});
                item["summary"].as_array_mut().into_iter().for_each(|it| it.push(part.clone()));
            }
        }
    }
    // What is not sealed cannot be taken back.
    items.retain(|it| it["type"] != "reasoning" || it.get("encrypted_content").is_some());
}

fn result(part: &Part) -> Option<Value> {
    let Part::ToolResult { call_id, parts, failed: _ } = part else { return None };
    let output = match parts.as_slice() {
        [Part::Text { text, .. }] => json!(text),
        [] => json!(""),
        parts => parts.iter().filter_map(|part| written(part, Role::User)).collect(),
    };
    Some(json!({"type": "function_call_output", "call_id": call_id, "output": output}))
}

fn written(part: &Part, role: Role) -> Option<Value> {
    let text_kind = if role == Role::Assistant { "output_text" } else { "input_text" };
    match part {
        Part::Text { text, .. } => Some(json!({"type": text_kind, "text": text})),
        Part::Refusal(text) => Some(json!({"type": "refusal", "refusal": text})),
        Part::Image { url, detail, .. } => {
            let detail = detail.as_deref().filter(|it| ["auto", "low", "high"].contains(it));
            let detail = detail.unwrap_or("auto");
            Some(json!({"type": "input_image", "image_url": url, "detail": detail}))
        }
        Part::File { name, source, .. } => {
            let mut file = match source {
                FileSource::Id(id) => json!({"type": "input_file", "file_id": id}),
                FileSource::Url(url) if url.starts_with("data:") => {
                    json!({"type": "input_file", "file_data": url})
                }
                FileSource::Url(url) => json!({"type": "input_file", "file_url": url}),
            };
            if let Some(name) = name {
                file["filename"] = json!(name);
            }
            Some(file)
        }
        Part::Audio { data, format } => {
            Some(json!({"type": "input_audio", "input_audio": {"data": data, "format": format}}))
        }
        _ => None,
    }
}
