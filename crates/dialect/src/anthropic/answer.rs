//! A whole message, read into the house's form and written from it.

use domain::answer::{Answer, Choice, ToolCall};
use domain::event::FinishReason;
use serde_json::{Value, json};

use super::usage;
use crate::dialect::{Face, Host};
use crate::exchange::Receipt;
use crate::finish::meaning;
use crate::sealed;
use crate::thought::{CLAUDE, is_of, said};

/// Reads a message that is known to be one.
pub(super) fn decode(body: &Value, host: &Host) -> Answer {
    let mut choice = Choice::default();
    for (index, block) in body["content"].as_array().into_iter().flatten().enumerate() {
        take(&mut choice, block, index);
    }
    let native = body["stop_reason"].as_str();
    let calls = !choice.tool_calls.is_empty();
    choice.finish = native.map(|native| meaning(native, calls, &host.quirks));
    choice.native_finish = native.map(str::to_owned);
    let usage = body["usage"].as_object().and_then(usage::read);
    Answer {
        upstream_id: body["id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned),
        choices: vec![choice],
        usage,
        ..Answer::default()
    }
}

fn take(choice: &mut Choice, block: &Value, index: usize) {
    let text = |name: &str| block[name].as_str().unwrap_or_default();
    match block["type"].as_str() {
        Some("text") => {
            choice.text.push_str(text("text"));
            let citations = block["citations"].as_array().into_iter().flatten();
            choice.annotations.extend(citations.filter_map(annotation));
        }
        Some("thinking") => {
            let mut detail = json!({"type": "reasoning.text", "format": CLAUDE, "index": index});
            for (name, from) in [("text", "thinking"), ("signature", "signature")] {
                if !text(from).is_empty() {
                    detail[name] = json!(text(from));
                }
            }
            choice.reasoning_details.push(detail);
        }
        Some("redacted_thinking") => choice.reasoning_details.push(json!({
            "type": "reasoning.encrypted", "data": text("data"), "format": CLAUDE, "index": index
        })),
        Some("tool_use") => choice.tool_calls.push(ToolCall {
            id: text("id").to_owned(),
            name: text("name").to_owned(),
            arguments: block.get("input").map_or_else(|| "{}".to_owned(), Value::to_string),
        }),
        _ => (),
    }
}

/// Reads a citation of the web, as OpenAI writes it.
pub(super) fn annotation(citation: &Value) -> Option<Value> {
    let url = citation["url"].as_str()?;
    Some(json!({"type": "url_citation", "url_citation": {
        "url": url, "title": citation["title"], "content": citation["cited_text"],
    }}))
}

/// Writes a message.
pub(super) fn encode(answer: &Answer, face: &Face, receipt: &Receipt) -> Vec<u8> {
    let blank = Choice::default();
    let choice = answer.choices.first().unwrap_or(&blank);
    let mut body = json!({
        "id": face.stamp.id,
        "type": "message",
        "role": "assistant",
        "model": face.stamp.model,
        "provider": face.stamp.provider,
        "content": blocks(choice, face),
        "stop_reason": stop_reason(choice.finish, choice.native_finish.as_deref()),
        "stop_sequence": null,
        "usage": usage::shown(receipt),
    });
    if let Some(metadata) = &receipt.metadata {
        body["openrouter_metadata"] = metadata.clone();
    }
    body.to_string().into_bytes()
}

fn blocks(choice: &Choice, face: &Face) -> Vec<Value> {
    let mut blocks = Vec::new();
    if !face.hides_thinking {
        if !choice.reasoning.is_empty() {
            blocks.push(json!({
                "type": "thinking", "thinking": choice.reasoning, "signature": ""
            }));
        }
        blocks.extend(choice.reasoning_details.iter().map(thinking));
    }
    let text = [choice.text.as_str(), choice.refusal.as_str()].concat();
    if !text.is_empty() {
        let citations: Vec<Value> = choice.annotations.iter().map(citation).collect();
        let mut block = json!({"type": "text", "text": text});
        block["citations"] = if citations.is_empty() { Value::Null } else { json!(citations) };
        blocks.push(block);
    }
    for call in &choice.tool_calls {
        let input: Value = serde_json::from_str(&call.arguments).unwrap_or_default();
        let input = if input.is_object() { input } else { json!({}) };
        blocks.push(json!({"type": "tool_use", "id": call.id, "name": call.name, "input": input}));
    }
    blocks
}

/// Writes a piece of thinking: Claude's as it is, that of others packed into what comes back.
fn thinking(detail: &Value) -> Value {
    let text = [said(detail, "text"), said(detail, "summary")].concat();
    match (is_of(detail, CLAUDE), said(detail, "type")) {
        (true, "reasoning.encrypted") => {
            json!({"type": "redacted_thinking", "data": said(detail, "data")})
        }
        (false, "reasoning.encrypted") => {
            json!({"type": "redacted_thinking", "data": sealed::pack(std::slice::from_ref(detail))})
        }
        (true, _) => {
            json!({"type": "thinking", "thinking": text, "signature": said(detail, "signature")})
        }
        (false, _) => {
            let signature = sealed::pack(&[sealed::untold(detail)]);
            json!({"type": "thinking", "thinking": text, "signature": signature})
        }
    }
}

/// Writes a citation as Anthropic does.
pub(super) fn citation(annotation: &Value) -> Value {
    let cited = &annotation["url_citation"];
    json!({
        "type": "web_search_result_location", "url": cited["url"], "title": cited["title"],
        "cited_text": cited["content"].as_str().unwrap_or_default(), "encrypted_index": "",
    })
}

/// Returns Anthropic's word for why an answer ended.
pub(super) fn stop_reason(finish: Option<FinishReason>, native: Option<&str>) -> &'static str {
    const OWN: [&str; 3] = ["stop_sequence", "pause_turn", "model_context_window_exceeded"];
    let own = native.and_then(|native| OWN.into_iter().find(|it| *it == native));
    match finish {
        Some(FinishReason::ToolCalls) => "tool_use",
        Some(FinishReason::ContentFilter) => "refusal",
        Some(FinishReason::Length) => own.unwrap_or("max_tokens"),
        Some(FinishReason::Stop | FinishReason::Error) | None => own.unwrap_or("end_turn"),
    }
}
