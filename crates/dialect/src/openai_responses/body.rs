//! The house's form of a request, written for an endpoint that speaks this dialect.

use domain::catalog::Endpoint;
use domain::chat::{ChatRequest, Format, Message, Part, Role, ToolChoice};
use domain::failure::Failure;
use serde_json::{Map, Value, json};

use super::items;
use crate::thought::{Thought, thought};

/// The least limit of tokens that OpenAI takes.
const OUTPUT_TOKENS_MIN: u32 = 16;

/// Writes a request, but for the streaming. Returns what is not in it, too.
///
/// # Errors
/// When the endpoint cannot do what the request insists on.
pub(super) fn body(
    chat: &ChatRequest,
    endpoint: &Endpoint,
    user: Option<&str>,
) -> Result<(Map<String, Value>, Vec<String>), Failure> {
    let mut body = Map::new();
    let mut dropped: Vec<String> = chat.dropped.clone();
    let mut set = |name: &str, value: Value| {
        body.insert(name.to_owned(), value);
    };
    set("model", json!(endpoint.upstream_model));
    set("store", json!(false));
    let (instructions, input, foreign) = input(&chat.messages);
    if foreign {
        dropped.push("reasoning_details".to_owned());
    }
    if !instructions.is_empty() {
        set("instructions", json!(instructions));
    }
    set("input", Value::Array(input));
    let mut include = Vec::new();
    if endpoint.reasoning {
        include.push("reasoning.encrypted_content");
    }
    match thought(chat.reasoning.as_ref(), endpoint, chat.output.tokens_max)? {
        Thought::Effort(effort) => {
            set("reasoning", json!({"effort": effort.word(), "summary": "auto"}));
        }
        Thought::Off => set("reasoning", json!({"effort": "none"})),
        Thought::Budget(_) | Thought::Unsaid => (),
    }
    if let Some(max) = chat.output.tokens_max {
        set("max_output_tokens", json!(max.max(OUTPUT_TOKENS_MIN)));
    }
    let text = text(chat);
    if text != json!({}) {
        set("text", text);
    }
    let sampling = &chat.sampling;
    for (name, value) in [("temperature", sampling.temperature), ("top_p", sampling.top_p)] {
        value.into_iter().for_each(|value| set(name, json!(value)));
    }
    if sampling.logprobs == Some(true) || sampling.top_logprobs.is_some() {
        include.push("message.output_text.logprobs");
    }
    sampling.top_logprobs.into_iter().for_each(|top| set("top_logprobs", json!(top)));
    if !include.is_empty() {
        set("include", json!(include));
    }
    if let Some(user) = user {
        set("safety_identifier", json!(user));
    }
    if chat.priority {
        set("service_tier", json!("priority"));
    }
    for (name, value) in &chat.extra {
        match name.as_str() {
            "prompt_cache_key" | "metadata" => set(name, value.clone()),
            _ => dropped.push(name.clone()),
        }
    }
    tools(chat, &mut body);
    for (name, value) in &endpoint.body {
        body.insert(name.clone(), value.clone());
    }
    Ok((body, dropped))
}

/// Returns the instructions, the items, and whether thinking of another family was left out.
fn input(messages: &[Message]) -> (String, Vec<Value>, bool) {
    let plain = |message: &&Message| {
        matches!(message.role, Role::System | Role::Developer)
            && message.parts.iter().all(|part| matches!(part, Part::Text { .. }))
    };
    let leading: Vec<&Message> = messages.iter().take_while(plain).collect();
    let texts: Vec<&str> = leading
        .iter()
        .flat_map(|message| &message.parts)
        .filter_map(|part| match part {
            Part::Text { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let (mut items, mut foreign) = (Vec::new(), false);
    for message in &messages[leading.len()..] {
        foreign |= items::write(message, &mut items);
    }
    (texts.join("\n\n"), items, foreign)
}

fn text(chat: &ChatRequest) -> Value {
    let mut text = json!({});
    match &chat.output.format {
        Some(Format::JsonObject) => text["format"] = json!({"type": "json_object"}),
        Some(Format::JsonSchema { name, description, strict, schema }) => {
            let mut format = json!({"type": "json_schema", "name": name, "schema": schema});
            format["strict"] = json!(strict.unwrap_or(false));
            if let Some(description) = description {
                format["description"] = json!(description);
            }
            text["format"] = format;
        }
        Some(Format::Text | Format::Other(_)) | None => (),
    }
    if let Some(verbosity) = &chat.output.verbosity {
        text["verbosity"] = json!(verbosity);
    }
    text
}

fn tools(chat: &ChatRequest, body: &mut Map<String, Value>) {
    if chat.tools.is_empty() {
        return;
    }
    let tools: Vec<Value> = chat
        .tools
        .iter()
        .map(|tool| {
            let schema = tool.parameters.clone();
            let schema = schema.unwrap_or_else(|| json!({"type": "object", "properties": {}}));
            let mut written = json!({"type": "function", "name": tool.name, "parameters": schema});
            // Left out it would be true, and most schemas do not keep to what that demands.
            written["strict"] = json!(tool.strict.unwrap_or(false));
            if let Some(description) = &tool.description {
                written["description"] = json!(description);
            }
            written
        })
        .collect();
    body.insert("tools".to_owned(), Value::Array(tools));
    let choice = match &chat.tool_choice {
        None => None,
        Some(ToolChoice::Auto) => Some(json!("auto")),
        Some(ToolChoice::None) => Some(json!("none")),
        Some(ToolChoice::Required) => Some(json!("required")),
        Some(ToolChoice::Function(name)) => Some(json!({"type": "function", "name": name})),
    };
    body.extend(choice.map(|choice| ("tool_choice".to_owned(), choice)));
    let parallel = chat.parallel_tool_calls;
    body.extend(parallel.map(|it| ("parallel_tool_calls".to_owned(), json!(it))));
}
