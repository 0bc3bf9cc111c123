//! The house's form of a request, written for an endpoint that speaks this dialect.

use std::collections::BTreeMap;

use domain::catalog::Endpoint;
use domain::chat::{ChatRequest, Format, Message, Part, Role};
use domain::failure::{Failure, FailureKind, Fault, Retry};
use serde_json::{Map, Value, json};

use crate::thought::{Thought, thought};

/// Writes a request, but for the streaming. Returns what is not in it, too.
///
/// # Errors
/// When the endpoint cannot do what the request insists on.
pub(super) fn body(
    chat: &ChatRequest,
    endpoint: &Endpoint,
) -> Result<(Map<String, Value>, Vec<String>), Failure> {
    let mut dropped = chat.dropped.clone();
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(endpoint.upstream_model));
    let mut names = BTreeMap::new();
    let mut messages = Vec::new();
    for message in &chat.messages {
        written(message, &mut names, &mut messages)?;
    }
    body.insert("messages".to_owned(), Value::Array(messages));
    if !chat.tools.is_empty() {
        let tools = chat.tools.iter().map(|tool| {
            let mut function = json!({"name": tool.name});
            function["description"] = json!(tool.description.as_deref().unwrap_or_default());
            let schema = tool.parameters.clone();
            function["parameters"] = schema.unwrap_or_else(|| json!({"type": "object"}));
            json!({"type": "function", "function": function})
        });
        body.insert("tools".to_owned(), tools.collect());
    }
    match &chat.output.format {
        Some(Format::JsonObject) => {
            body.insert("format".to_owned(), json!("json"));
        }
        Some(Format::JsonSchema { schema, .. }) => {
            body.insert("format".to_owned(), schema.clone());
        }
        Some(Format::Text | Format::Other(_)) | None => (),
    }
    let options = options(chat);
    if !options.is_empty() {
        body.insert("options".to_owned(), Value::Object(options));
    }
    let think = match thought(chat.reasoning.as_ref(), endpoint, chat.output.tokens_max)? {
        Thought::Unsaid => None,
        Thought::Off => Some(json!(false)),
        Thought::Effort(effort) if !endpoint.reasoning_controls.efforts.is_empty() => {
            Some(json!(effort.word()))
        }
        Thought::Effort(_) | Thought::Budget(_) => Some(json!(true)),
    };
    body.extend(think.map(|think| ("think".to_owned(), think)));
    dropped.extend(chat.extra.keys().cloned());
    for (name, value) in &endpoint.body {
        body.insert(name.clone(), value.clone());
    }
    Ok((body, dropped))
}

fn options(chat: &ChatRequest) -> Map<String, Value> {
    let sampling = &chat.sampling;
    let set = [
        ("temperature", sampling.temperature.map(|it| json!(it))),
        ("top_p", sampling.top_p.map(|it| json!(it))),
        ("top_k", sampling.top_k.map(|it| json!(it))),
        ("min_p", sampling.min_p.map(|it| json!(it))),
        ("seed", sampling.seed.map(|it| json!(it))),
        ("repeat_penalty", sampling.repetition_penalty.map(|it| json!(it))),
        ("frequency_penalty", sampling.frequency_penalty.map(|it| json!(it))),
        ("presence_penalty", sampling.presence_penalty.map(|it| json!(it))),
        ("num_predict", chat.output.tokens_max.map(|it| json!(it))),
        ("stop", Some(json!(sampling.stop)).filter(|_| !sampling.stop.is_empty())),
    ];
    let set = set.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    set.collect()
}

fn written(
    message: &Message,
    names: &mut BTreeMap<String, String>,
    messages: &mut Vec<Value>,
) -> Result<(), Failure> {
    let role = match message.role {
        Role::System | Role::Developer => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    let mut object = json!({"role": role});
    let (mut text, mut thought) = (String::new(), String::new());
    let (mut images, mut calls): (Vec<&str>, Vec<Value>) = (Vec::new(), Vec::new());
    for part in &message.parts {
        match part {
            Part::Text { text: said, .. } | Part::Refusal(said) => text.push_str(said),
            Part::Reasoning(said) => thought.push_str(said),
            Part::ReasoningDetail(_) => (),
            Part::Image { url, .. } => images.push(inline(url)?),
            Part::ToolCall(call) => {
                names.insert(call.id.clone(), call.name.clone());
                let arguments: Value = serde_json::from_str(&call.arguments).unwrap_or_default();
                let arguments = if arguments.is_object() { arguments } else { json!({}) };
                calls.push(json!({"function": {"name": call.name, "arguments": arguments}}));
            }
            Part::ToolResult { call_id, parts, .. } => {
                for part in parts {
                    if let Part::Text { text: said, .. } = part {
                        text.push_str(said);
                    }
                }
                object["tool_name"] = json!(names.get(call_id).unwrap_or(call_id));
            }
            Part::Audio { .. } | Part::Video { .. } | Part::File { .. } => {
                return Err(unheard("The endpoint takes text and images alone."));
            }
        }
    }
    object["content"] = json!(text);
    if !thought.is_empty() {
        object["thinking"] = json!(thought);
    }
    if !images.is_empty() {
        object["images"] = json!(images);
    }
    if !calls.is_empty() {
        object["tool_calls"] = json!(calls);
    }
    messages.push(object);
    Ok(())
}

fn inline(url: &str) -> Result<&str, Failure> {
    let data = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    data.map(|(_, data)| data).ok_or_else(|| unheard("The endpoint fetches no images."))
}

fn unheard(detail: &str) -> Failure {
    Failure::new(FailureKind::InvalidRequest, Fault::Caller, Retry::NextEndpoint, detail)
        .at("messages")
}
