//! Conversations in the house's form, written as Cohere has them.

use domain::answer::ToolCall;
use domain::chat::{Message, Part, Role};
use domain::failure::{Failure, FailureKind, Fault, Retry};
use serde_json::{Value, json};

use crate::thought::said;

/// Writes messages. `thinks`: the model takes its thinking back; otherwise what it thought before
/// it called tools is its plan.
///
/// # Errors
/// When they hold what no endpoint of this dialect takes.
pub(super) fn written(messages: &[Message], thinks: bool) -> Result<Vec<Value>, Failure> {
    let mut written = Vec::with_capacity(messages.len());
    for message in messages {
        match message.role {
            Role::Tool => {
                for part in &message.parts {
                    written.extend(result(part)?);
                }
            }
            Role::Assistant => written.push(answer(&message.parts, thinks)?),
            Role::System | Role::Developer => written.push(spoken("system", &message.parts)?),
            Role::User => written.push(spoken("user", &message.parts)?),
        }
    }
    Ok(written)
}

fn spoken(role: &str, parts: &[Part]) -> Result<Value, Failure> {
    let content = match parts {
        [] => json!(""),
        [Part::Text { text, .. }] => json!(text),
        parts => {
            let list = parts.iter().map(part).collect::<Result<Vec<_>, _>>()?;
            list.into_iter().flatten().collect()
        }
    };
    Ok(json!({"role": role, "content": content}))
}

fn part(part: &Part) -> Result<Option<Value>, Failure> {
    match part {
        Part::Text { text, .. } | Part::Refusal(text) => {
            Ok(Some(json!({"type": "text", "text": text})))
        }
        Part::Image { url, detail, .. } => {
            let mut image = json!({"url": url});
            if let Some(detail) =
                detail.as_deref().filter(|it| ["auto", "low", "high"].contains(it))
            {
                image["detail"] = json!(detail);
            }
            Ok(Some(json!({"type": "image_url", "image_url": image})))
        }
        Part::Audio { .. } => Err(unheard("The endpoint takes no audio.")),
        Part::Video { .. } => Err(unheard("The endpoint takes no video.")),
        Part::File { .. } => Err(unheard("The endpoint takes no files.")),
        Part::Reasoning(_)
        | Part::ReasoningDetail(_)
        | Part::ToolCall(_)
        | Part::ToolResult { .. } => Ok(None),
    }
}

fn answer(parts: &[Part], thinks: bool) -> Result<Value, Failure> {
    let (mut thought, mut content, mut calls) = (String::new(), Vec::new(), Vec::new());
    for it in parts {
        match it {
            Part::Reasoning(text) => thought.push_str(text),
            Part::ReasoningDetail(detail) => {
                thought.push_str(said(detail, "text"));
                thought.push_str(said(detail, "summary"));
            }
            Part::ToolCall(call) => calls.push(written_call(call)),
            Part::Text { text, .. } if text.is_empty() => (),
            other => content.extend(part(other)?),
        }
    }
    let mut message = json!({"role": "assistant"});
    if !calls.is_empty() {
        if !thinks && !thought.is_empty() {
            message["tool_plan"] = json!(thought);
        }
        message["tool_calls"] = Value::Array(calls);
    }
    if thinks && !thought.is_empty() {
        content.insert(0, json!({"type": "thinking", "thinking": thought}));
    }
    if !content.is_empty() || message.get("tool_calls").is_none() {
        message["content"] = if content.is_empty() { json!("") } else { Value::Array(content) };
    }
    Ok(message)
}

fn written_call(call: &ToolCall) -> Value {
    let ToolCall { id, name, arguments } = call;
    let arguments = if arguments.is_empty() { "{}" } else { arguments };
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

fn result(part: &Part) -> Result<Option<Value>, Failure> {
    let Part::ToolResult { call_id, parts, failed: _ } = part else { return Ok(None) };
    let mut content = String::new();
    for part in parts {
        match part {
            Part::Text { text, .. } | Part::Refusal(text) => content.push_str(text),
            _ => return Err(unheard("The endpoint takes text alone for a tool's result.")),
        }
    }
    Ok(Some(json!({"role": "tool", "tool_call_id": call_id, "content": content})))
}

/// Returns the failure of a request that this endpoint cannot be told, and another may.
pub(super) fn unheard(detail: &str) -> Failure {
    Failure::new(FailureKind::InvalidRequest, Fault::Caller, Retry::NextEndpoint, detail)
        .at("messages")
}
