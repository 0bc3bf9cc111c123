//! A whole answer, read into the house's form.

use domain::answer::{Answer, Choice, ToolCall};
use serde_json::{Value, json};

use super::usage;
use crate::dialect::Host;
use crate::finish::meaning;
use crate::thought::CLAUDE;

/// Reads an answer that is known to be one.
pub(super) fn decode(body: &Value, host: &Host) -> Answer {
    let mut choice = Choice::default();
    let content = &body["output"]["message"]["content"];
    for (index, block) in content.as_array().into_iter().flatten().enumerate() {
        take(&mut choice, block, index);
    }
    let native = body["stopReason"].as_str();
    let calls = !choice.tool_calls.is_empty();
    choice.finish = native.map(|native| meaning(native, calls, &host.quirks));
    choice.native_finish = native.map(str::to_owned);
    Answer { choices: vec![choice], usage: usage::read(&body["usage"]), ..Answer::default() }
}

fn take(choice: &mut Choice, block: &Value, index: usize) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    choice.text.push_str(&text(&block["text"]));
    let call = &block["toolUse"];
    if call.is_object() {
        choice.tool_calls.push(ToolCall {
            id: text(&call["toolUseId"]),
            name: text(&call["name"]),
            arguments: call.get("input").map_or_else(|| "{}".to_owned(), Value::to_string),
        });
    }
    let thought = &block["reasoningContent"];
    let (said, signature) =
        (text(&thought["reasoningText"]["text"]), text(&thought["reasoningText"]["signature"]));
    match signature.is_empty() {
        true => choice.reasoning.push_str(&said),
        false => choice.reasoning_details.push(json!({
            "type": "reasoning.text", "text": said, "signature": signature, "format": CLAUDE,
            "index": index
        })),
    }
    if let Some(data) = thought["redactedContent"].as_str() {
        choice.reasoning_details.push(json!({
            "type": "reasoning.encrypted", "data": data, "format": CLAUDE, "index": index
        }));
    }
    let cited = &block["citationsContent"];
    for said in cited["content"].as_array().into_iter().flatten() {
        choice.text.push_str(&text(&said["text"]));
    }
    let citations = cited["citations"].as_array().into_iter().flatten();
    choice.annotations.extend(citations.filter_map(annotation));
    if let Some(url) = image(&block["image"]) {
        choice.images.push(url);
    }
}

/// Reads a citation of the web, as OpenAI writes it.
pub(super) fn annotation(citation: &Value) -> Option<Value> {
    let url = citation["location"]["web"]["url"].as_str()?;
    let sources = citation["sourceContent"].as_array().into_iter().flatten();
    let content: String = sources.filter_map(|it| it["text"].as_str()).collect();
    Some(json!({"type": "url_citation", "url_citation": {
        "url": url, "title": citation["title"], "content": content,
    }}))
}

/// Reads an image that was made.
pub(super) fn image(image: &Value) -> Option<String> {
    let data = image["source"]["bytes"].as_str()?;
    let format = image["format"].as_str().unwrap_or("png");
    Some(format!("data:image/{format};base64,{data}"))
}
