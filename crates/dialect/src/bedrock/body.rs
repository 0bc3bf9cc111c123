//! The house's form of a request, written for an endpoint that speaks this dialect.

use domain::answer::ToolCall;
use domain::catalog::Endpoint;
use domain::chat::{ChatRequest, Format, Part, Tool, ToolChoice};
use domain::failure::Failure;
use serde_json::{Map, Value, json};

use super::config;
use super::messages::{Blocks, Written};
use crate::thought::{Thought, thought};

/// Writes a request. Returns what is not in it, too.
///
/// # Errors
/// When the endpoint cannot do what the request insists on.
pub(super) fn body(
    chat: &ChatRequest,
    endpoint: &Endpoint,
) -> Result<(Map<String, Value>, Vec<String>), Failure> {
    let thought = thought(chat.reasoning.as_ref(), endpoint, chat.output.tokens_max)?;
    let mut blocks = Blocks::new(chat.dropped.clone());
    let tools = tools(chat, endpoint, thought, &mut blocks);
    let Written { mut system, mut turns } = blocks.conversation(&chat.messages)?;
    if chat.cache.is_some() {
        if !system.is_empty() {
            system.extend(blocks.point(chat.cache));
        }
        let last = turns.last_mut().and_then(|turn| turn["content"].as_array_mut());
        last.into_iter().for_each(|content| content.extend(blocks.point(chat.cache)));
    }
    if chat.output.format == Some(Format::JsonObject) {
        system.push(json!({"text": "Answer with one JSON object alone."}));
    }
    let mut body = Map::new();
    if !system.is_empty() {
        body.insert("system".to_owned(), Value::Array(system));
    }
    body.insert("messages".to_owned(), Value::Array(turns));
    body.extend(tools.map(|tools| ("toolConfig".to_owned(), tools)));
    config::add(chat, endpoint, thought, &mut body, &mut blocks);
    for (name, value) in &endpoint.body {
        body.insert(name.clone(), value.clone());
    }
    Ok((body, blocks.dropped))
}

fn tools(
    chat: &ChatRequest,
    endpoint: &Endpoint,
    thought: Thought,
    blocks: &mut Blocks,
) -> Option<Value> {
    if !endpoint.tools && !chat.tools.is_empty() {
        blocks.drop("tools");
        return None;
    }
    let called = called(chat);
    let is_barred = chat.tool_choice == Some(ToolChoice::None);
    if is_barred && called.is_empty() {
        return None;
    }
    let mut list = Vec::new();
    for tool in &chat.tools {
        list.push(written(tool, endpoint));
        list.extend(blocks.point(tool.cache));
    }
    // A conversation in which tools were called has to say what they were.
    let unknown = called.iter().filter(|call| !chat.tools.iter().any(|it| it.name == call.name));
    let mut told: Vec<&str> = Vec::new();
    for call in unknown {
        if !told.contains(&call.name.as_str()) {
            told.push(&call.name);
            list.push(json!({"toolSpec": {"name": call.name,
                "inputSchema": {"json": {"type": "object"}}}}));
        }
    }
    if list.is_empty() {
        return None;
    }
    if chat.parallel_tool_calls.is_some() {
        blocks.drop("parallel_tool_calls");
    }
    let mut config = json!({"tools": list});
    match &chat.tool_choice {
        None => (),
        Some(ToolChoice::Auto) => config["toolChoice"] = json!({"auto": {}}),
        // There is no word for it.
        Some(ToolChoice::None) => blocks.drop("tool_choice"),
        // A model that thinks first cannot be forced to call.
        Some(_) if matches!(thought, Thought::Budget(_)) => blocks.drop("tool_choice"),
        Some(ToolChoice::Required) => config["toolChoice"] = json!({"any": {}}),
        Some(ToolChoice::Function(name)) => config["toolChoice"] = json!({"tool": {"name": name}}),
    }
    Some(config)
}

/// Returns the calls of tools that a conversation holds.
fn called(chat: &ChatRequest) -> Vec<&ToolCall> {
    let mut calls = Vec::new();
    for part in chat.messages.iter().flat_map(|message| &message.parts) {
        if let Part::ToolCall(call) = part {
            calls.push(call);
        }
    }
    calls
}

fn written(tool: &Tool, endpoint: &Endpoint) -> Value {
    let mut schema = tool.parameters.clone().unwrap_or_else(|| json!({}));
    if schema.get("type").is_none() {
        schema["type"] = json!("object");
    }
    let mut spec = json!({"name": tool.name});
    if let Some(description) = tool.description.as_deref().filter(|it| !it.is_empty()) {
        spec["description"] = json!(description);
    }
    spec["inputSchema"] = json!({"json": schema});
    if tool.strict == Some(true) && endpoint.structured_output {
        spec["strict"] = json!(true);
    }
    json!({"toolSpec": spec})
}
