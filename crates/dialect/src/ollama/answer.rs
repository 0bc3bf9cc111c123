//! A whole answer, read into the house's form and written from it.

use domain::answer::{Answer, Choice};
use domain::event::FinishReason;
use domain::failure::Failure;
use serde_json::{Value, json};

use super::decoder::Lines;
use crate::decoding::Reading;
use crate::dialect::Face;
use crate::error;
use crate::exchange::Receipt;
use crate::thought::said;

/// Reads an answer.
///
/// # Errors
/// When it is none.
pub(super) fn decode(body: &Value) -> Result<Answer, Failure> {
    let mut lines = Lines::default();
    let mut events = Vec::new();
    lines.take(b"", body, &mut events)?;
    if !lines.is_done() {
        return Err(error::nonsense("is not whole"));
    }
    let mut answer = Answer::default();
    events.into_iter().for_each(|event| answer.take(event));
    Ok(answer)
}

/// Writes an answer.
pub(super) fn encode(answer: &Answer, face: &Face, receipt: &Receipt) -> Vec<u8> {
    let blank = Choice::default();
    let choice = answer.choices.first().unwrap_or(&blank);
    let mut thought = choice.reasoning.clone();
    for detail in &choice.reasoning_details {
        thought.push_str(said(detail, "text"));
        thought.push_str(said(detail, "summary"));
    }
    let mut message = json!({"role": "assistant"});
    message["content"] = json!([choice.text.as_str(), choice.refusal.as_str()].concat());
    if !thought.is_empty() && !face.hides_thinking {
        message["thinking"] = json!(thought);
    }
    let calls: Vec<Value> =
        choice.tool_calls.iter().map(|it| call(&it.id, &it.name, &it.arguments)).collect();
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    last(face, message, choice.finish, receipt).to_string().into_bytes()
}

/// Writes a call: the arguments are an object here.
pub(super) fn call(id: &str, name: &str, arguments: &str) -> Value {
    let read: Value = serde_json::from_str(arguments).unwrap_or_default();
    let read = if read.is_object() { read } else { json!({}) };
    json!({"id": id, "function": {"name": name, "arguments": read}})
}

/// Returns a line: what came, in the form that the caller asked in.
pub(super) fn line(face: &Face, message: Value) -> Value {
    let mut line = json!({"model": face.stamp.model, "created_at": created(face)});
    match face.is_legacy {
        false => line["message"] = message,
        true => {
            line["response"] = message["content"].clone();
            if let Some(thinking) = message.get("thinking") {
                line["thinking"] = thinking.clone();
            }
        }
    }
    line["done"] = json!(false);
    line
}

/// Returns the last line: with why it ended, what it used and what that cost.
pub(super) fn last(
    face: &Face,
    message: Value,
    finish: Option<FinishReason>,
    receipt: &Receipt,
) -> Value {
    let mut line = line(face, message);
    line["done"] = json!(true);
    line["done_reason"] = json!(match finish {
        Some(FinishReason::Length) => "length",
        _ => "stop",
    });
    let usage = &receipt.usage;
    for (name, value) in [
        ("total_duration", 0),
        ("load_duration", 0),
        ("prompt_eval_count", usage.prompt()),
        ("prompt_eval_duration", 0),
        ("eval_count", usage.output),
        ("eval_duration", 0),
    ] {
        line[name] = json!(value);
    }
    line["cost"] = json!(receipt.cost.dollars());
    line["provider"] = json!(face.stamp.provider);
    line["id"] = json!(face.stamp.id);
    if let Some(metadata) = &receipt.metadata {
        line["openrouter_metadata"] = metadata.clone();
    }
    line
}

/// Returns when the request came, as the dialect writes it.
pub(super) fn created(face: &Face) -> String {
    domain::time::Timestamp::from_ms(face.stamp.created.saturating_mul(1000)).to_string()
}
