//! A whole answer, read into the house's form and written from it.

use domain::answer::{Answer, Choice, ToolCall};
use serde_json::{Map, Value, json};

use super::calls;
use super::lane::{push_head, push_receipt};
use super::messages::detail_text;
use super::parts::part_piece;
use super::tail::push_extra;
use super::usage::Tally;
use crate::dialect::{Face, Host};
use crate::exchange::Receipt;
use crate::finish::meaning;
use crate::json::{push_member, push_value};
use crate::think::{Piece, Splitter};

/// Returns what a whole answer calls itself.
pub(super) const fn object(face: &Face) -> &'static str {
    if face.is_legacy { "text_completion" } else { "chat.completion" }
}

/// Reads an answer that is known to be one.
pub(super) fn decode(body: &Value, host: &Host) -> Answer {
    let upstream_id = body["id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
    let seed = upstream_id.clone().unwrap_or_default();
    let listed = body["choices"].as_array().map(Vec::as_slice).unwrap_or_default();
    let choices: Vec<Choice> =
        (0..).zip(listed).map(|(place, item)| choice(item, place, &seed, host)).collect();
    let extra: Map<String, Value> = extra(body, host).collect();
    let said =
        choices.iter().any(|choice| !choice.text.is_empty() || !choice.tool_calls.is_empty());
    let usage = body.get("usage").and_then(|usage| Tally::default().take(usage, &host.quirks));
    let usage = usage.filter(|usage| usage.output != 0 || !said);
    Answer { upstream_id, choices, usage, extra }
}

/// A field that OpenRouter's clients demand of whole answers, if only as null.
pub(super) const FINGERPRINT: &str = "system_fingerprint";

/// Returns the fields beside the choices that are passed on.
pub(super) fn extra(body: &Value, host: &Host) -> impl Iterator<Item = (String, Value)> {
    let names = [FINGERPRINT, "service_tier"]
        .into_iter()
        .chain(host.extra_fields().iter().map(String::as_str));
    names.filter_map(|name| {
        let value = body.get(name).filter(|value| !value.is_null())?;
        Some((name.to_owned(), value.clone()))
    })
}

fn choice(item: &Value, place: u32, seed: &str, host: &Host) -> Choice {
    let index = item["index"].as_u64().and_then(|it| u32::try_from(it).ok()).unwrap_or(place);
    let message = &item["message"];
    let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
    let list = |name: &str| message[name].as_array().cloned().unwrap_or_default();
    let tool_calls = calls::whole(&list("tool_calls"), index, seed);
    let native = item["finish_reason"].as_str().filter(|native| !native.is_empty());
    let reasoning_details = list("reasoning_details");
    let mut choice = Choice {
        index,
        refusal: text("refusal"),
        images: list("images")
            .iter()
            .filter_map(|image| image["image_url"]["url"].as_str().map(str::to_owned))
            .collect(),
        audio: message.get("audio").filter(|audio| audio.is_object()).cloned(),
        annotations: list("annotations"),
        logprobs: item.get("logprobs").filter(|logprobs| logprobs.is_object()).cloned(),
        finish: native.map(|native| meaning(native, !tool_calls.is_empty(), &host.quirks)),
        native_finish: native.map(str::to_owned),
        tool_calls,
        ..Choice::default()
    };
    if reasoning_details.is_empty() {
        choice.reasoning = text("reasoning");
        if choice.reasoning.is_empty() {
            choice.reasoning = text("reasoning_content");
        }
    }
    choice.reasoning_details = reasoning_details;
    for piece in pieces(&message["content"], host.splits_tags()) {
        match piece {
            Piece::Text(text) => choice.text.push_str(&text),
            Piece::Thought(thought) => choice.reasoning.push_str(&thought),
        }
    }
    choice
}

/// Tells what is said from what is thought in a whole content.
fn pieces(content: &Value, splits_tags: bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    match content {
        Value::String(text) if splits_tags => {
            let unopened = text.contains("</think>") && !text.contains("<think>");
            let mut splitter = Splitter::new(unopened);
            splitter.push(text, &mut pieces);
            splitter.end(&mut pieces);
        }
        Value::String(text) => pieces.push(Piece::Text(text.clone())),
        Value::Array(parts) => parts.iter().for_each(|part| pieces.extend(part_piece(part))),
        _ => (),
    }
    pieces
}

/// Writes an answer.
pub(super) fn encode(answer: &Answer, face: &Face, receipt: &Receipt) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    push_head(face, &mut out, object(face));
    let choices: Vec<Value> = answer.choices.iter().map(|choice| shown(choice, face)).collect();
    push_member(&mut out, "choices");
    push_value(&mut out, &choices);
    if !answer.extra.contains_key(FINGERPRINT) {
        push_member(&mut out, FINGERPRINT);
        push_value(&mut out, &Value::Null);
    }
    push_extra(&mut out, &answer.extra);
    push_receipt(&mut out, receipt);
    out.push(b'}');
    out
}

fn shown(choice: &Choice, face: &Face) -> Value {
    let mut shown = json!({
        "index": choice.index,
        "logprobs": choice.logprobs,
        "finish_reason": choice.finish.map(domain::event::FinishReason::word),
        "native_finish_reason": choice.native_finish,
    });
    let thought = thought(choice);
    if face.is_legacy {
        shown["text"] = json!(choice.text);
        if !face.hides_thinking && !thought.is_empty() {
            shown["reasoning"] = json!(thought);
        }
    } else {
        shown["message"] = message(choice, face, &thought);
    }
    shown
}

fn message(choice: &Choice, face: &Face, thought: &str) -> Value {
    let Choice {
        index: _,
        text,
        reasoning: _,
        reasoning_details,
        refusal,
        tool_calls,
        images,
        audio,
        annotations,
        logprobs: _,
        finish: _,
        native_finish: _,
    } = choice;
    let or_null = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
    let silent = text.is_empty() && (!tool_calls.is_empty() || !refusal.is_empty());
    let mut message = json!({
        "role": "assistant",
        "content": if silent { Value::Null } else { json!(text) },
        "refusal": or_null(refusal),
    });
    if !face.hides_thinking {
        message["reasoning"] = or_null(thought);
        let details = match (reasoning_details.is_empty(), thought.is_empty()) {
            (true, false) => vec![detail(thought)],
            _ => reasoning_details.clone(),
        };
        if !details.is_empty() {
            message["reasoning_details"] = Value::Array(details);
        }
    }
    if !tool_calls.is_empty() {
        message["tool_calls"] = tool_calls.iter().map(call).collect();
    }
    if !images.is_empty() {
        message["images"] = (0..).zip(images).map(|(place, url)| image(url, place)).collect();
    }
    if let Some(audio) = audio {
        message["audio"] = audio.clone();
    }
    if !annotations.is_empty() {
        message["annotations"] = json!(annotations);
    }
    message
}

fn thought(choice: &Choice) -> String {
    let details = Value::Array(choice.reasoning_details.clone());
    choice.reasoning.clone() + &detail_text(&details)
}

/// Returns thinking of which only the text is known, as a detail.
pub(super) fn detail(text: &str) -> Value {
    json!({"type": "reasoning.text", "text": text, "format": "unknown", "index": 0})
}

/// Returns an image as answers carry it.
pub(super) fn image(url: &str, place: u32) -> Value {
    json!({"type": "image_url", "image_url": {"url": url}, "index": place})
}

/// Returns a tool call as messages carry it.
pub(super) fn call(call: &ToolCall) -> Value {
    let ToolCall { id, name, arguments } = call;
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}
