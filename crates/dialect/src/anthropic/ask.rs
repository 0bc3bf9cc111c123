//! A request of `POST /messages`, read into the house's form.

use std::sync::Arc;

use bytes::Bytes;
use domain::catalog::Dialect;
use domain::chat::ToolChoice;
use domain::chat::{CacheMark, ChatRequest, Format, Message, Output, Part, Role, Sampling, Tool};
use domain::failure::Failure;
use domain::request::{Effort, ReasoningAsk};
use serde_json::{Map, Value};

use super::blocks;
use crate::facts::facts;
use crate::house;
use crate::request::Request;

/// Messages of one request, at most.
const MESSAGES_MAX: usize = 100_000;

/// Reads a request.
///
/// # Errors
/// The caller's, naming the field, where a field has a value that makes no sense.
pub(super) fn decode(body: Bytes) -> Result<Request, Failure> {
    let mut fields: Map<String, Value> = serde_json::from_slice(&body).map_err(|error| {
        Failure::invalid(format!("The body is not the JSON object it should be: {error}."))
    })?;
    let mut chat = chat(&mut fields)?;
    let mut request = Request::new(facts(&chat), Dialect::AnthropicMessages, body);
    let text = |value: Option<Value>| value.and_then(|it| it.as_str().map(str::to_owned));
    request.facts.models.extend(text(fields.remove("model")).filter(|name| !name.is_empty()));
    for fallback in list(fields.remove("fallbacks").as_ref()) {
        request.facts.models.extend(text(fallback.get("model").cloned()));
    }
    house::take(&mut fields, &mut request.facts, &mut request.ignored)?;
    let named = fields.remove("metadata").and_then(|it| text(it.get("user_id").cloned()));
    request.facts.user = text(fields.remove("user")).or(named);
    // What only Anthropic's own hosts understand goes to them untouched, and nowhere else.
    chat.dropped.extend(fields.into_iter().filter(|(_, it)| !it.is_null()).map(|(name, _)| name));
    request.chat = Some(Arc::new(chat));
    Ok(request)
}

fn chat(fields: &mut Map<String, Value>) -> Result<ChatRequest, Failure> {
    let mut chat = ChatRequest::default();
    system(fields.remove("system"), &mut chat.messages)?;
    messages(fields.remove("messages"), &mut chat.messages)?;
    tools(fields.remove("tools"), &mut chat)?;
    let choice = fields.remove("tool_choice").unwrap_or_default();
    chat.tool_choice = tool_choice(&choice);
    chat.parallel_tool_calls =
        choice.get("disable_parallel_tool_use").and_then(Value::as_bool).map(|off| !off);
    chat.sampling = sampling(fields)?;
    let mut taken = |name: &str| fields.remove(name).filter(|value| !value.is_null());
    let tokens_max = taken("max_tokens")
        .map(|it| it.as_u64().and_then(|it| u32::try_from(it).ok()).filter(|it| 0 < *it))
        .ok_or_else(|| Failure::invalid("`max_tokens` is missing.").at("max_tokens"))?
        .ok_or_else(|| {
            Failure::invalid("`max_tokens` has to be a whole number of at least 1.")
                .at("max_tokens")
        })?;
    chat.output = Output { tokens_max: Some(tokens_max), ..Output::default() };
    chat.stream = taken("stream").is_some_and(|it| it == true);
    chat.cache = taken("cache_control").as_ref().and_then(blocks::mark);
    let config = taken("output_config").unwrap_or_default();
    let format = taken("output_format").or_else(|| config.get("format").cloned());
    chat.output.format = format.as_ref().and_then(schema);
    let effort = config.get("effort").and_then(Value::as_str).and_then(Effort::parse);
    chat.reasoning = thinking(taken("thinking"), effort)?;
    Ok(chat)
}

fn system(value: Option<Value>, messages: &mut Vec<Message>) -> Result<(), Failure> {
    let wrong = || Failure::invalid("`system` has to be a string or a list of texts.").at("system");
    let parts = match value {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::String(text)) => vec![Part::Text { text, cache: None }],
        Some(Value::Array(list)) => {
            list.iter().map(|it| blocks::part(it).ok_or_else(wrong)).collect::<Result<_, _>>()?
        }
        Some(_) => return Err(wrong()),
    };
    if !parts.is_empty() {
        messages.push(Message { role: Role::System, name: None, parts });
    }
    Ok(())
}

fn messages(value: Option<Value>, messages: &mut Vec<Message>) -> Result<(), Failure> {
    let wrong = |must: &str| Failure::invalid(format!("`messages` {must}.")).at("messages");
    let Some(Value::Array(list)) = value else { return Err(wrong("has to be a list")) };
    if list.is_empty() {
        return Err(wrong("holds no message"));
    }
    if MESSAGES_MAX < list.len() {
        return Err(wrong("holds too many messages"));
    }
    for (place, item) in list.iter().enumerate() {
        let at = |what: &str, must: &str| {
            let param = format!("messages[{place}]{what}");
            Failure::invalid(format!("`{param}` {must}.")).at(param)
        };
        let role = match item.get("role").and_then(Value::as_str) {
            Some("user") => Role::User,
            Some("assistant") => Role::Assistant,
            Some("system") => Role::System,
            _ => return Err(at(".role", "has to be user or assistant")),
        };
        let parts = match item.get("content") {
            Some(Value::String(text)) => vec![Part::Text { text: text.clone(), cache: None }],
            Some(Value::Array(content)) => content.iter().flat_map(blocks::parts).collect(),
            _ => return Err(at(".content", "has to be a string or a list of blocks")),
        };
        turn(role, parts, messages);
    }
    Ok(())
}

/// Adds a turn: what tools said becomes messages of their own.
fn turn(role: Role, parts: Vec<Part>, messages: &mut Vec<Message>) {
    let mut said = Vec::new();
    for part in parts {
        match part {
            result @ Part::ToolResult { .. } => {
                let message = Message { role: Role::Tool, name: None, parts: vec![result] };
                messages.push(message);
            }
            part => said.push(part),
        }
    }
    if !said.is_empty() {
        messages.push(Message { role, name: None, parts: said });
    }
}

fn tools(value: Option<Value>, chat: &mut ChatRequest) -> Result<(), Failure> {
    for (place, item) in list(value.as_ref()).iter().enumerate() {
        let kind = item.get("type").and_then(Value::as_str).unwrap_or("custom");
        let name = item.get("name").and_then(Value::as_str);
        if kind != "custom" {
            chat.dropped.push(format!("tools.{kind}"));
            continue;
        }
        let Some(name) = name.filter(|it| !it.is_empty() && it.chars().count() <= 128) else {
            let param = format!("tools[{place}].name");
            let detail = format!("`{param}` has to be a name of at most 128 characters.");
            return Err(Failure::invalid(detail).at(param));
        };
        chat.tools.push(Tool {
            name: name.to_owned(),
            description: item.get("description").and_then(Value::as_str).map(str::to_owned),
            parameters: item.get("input_schema").filter(|it| it.is_object()).cloned(),
            strict: item.get("strict").and_then(Value::as_bool),
            cache: item.get("cache_control").and_then(blocks::mark),
        });
    }
    Ok(())
}

fn tool_choice(value: &Value) -> Option<ToolChoice> {
    match value.get("type")?.as_str()? {
        "auto" => Some(ToolChoice::Auto),
        "any" => Some(ToolChoice::Required),
        "none" => Some(ToolChoice::None),
        "tool" => Some(ToolChoice::Function(value.get("name")?.as_str()?.to_owned())),
        _ => None,
    }
}

fn sampling(fields: &mut Map<String, Value>) -> Result<Sampling, Failure> {
    let mut number = |name: &str, max: f64| match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let number = value.as_f64().filter(|it| (0.0..=max).contains(it));
            let must = || format!("`{name}` has to be a number from 0 to {max}.");
            Ok(Some(number.ok_or_else(|| Failure::invalid(must()).at(name))?))
        }
    };
    let sampling = Sampling {
        temperature: number("temperature", 2.0)?,
        top_p: number("top_p", 1.0)?,
        top_k: number("top_k", f64::from(u32::MAX))?.map(|it| it as i64),
        ..Sampling::default()
    };
    let stops = list(fields.remove("stop_sequences").as_ref());
    let stop = stops.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect();
    Ok(Sampling { stop, ..sampling })
}

fn thinking(value: Option<Value>, effort: Option<Effort>) -> Result<Option<ReasoningAsk>, Failure> {
    let Some(value) = value else {
        return Ok(effort.map(|effort| ReasoningAsk { effort: Some(effort), ..Default::default() }));
    };
    let budget = value.get("budget_tokens").and_then(Value::as_u64);
    let tokens_max = budget.and_then(|it| u32::try_from(it).ok());
    let (enabled, tokens_max) = match value.get("type").and_then(Value::as_str) {
        Some("enabled") => (Some(true), tokens_max),
        Some("adaptive") => (Some(true), None),
        Some("disabled") => (Some(false), None),
        _ => {
            let detail = "`thinking.type` has to be enabled, adaptive or disabled.";
            return Err(Failure::invalid(detail).at("thinking.type"));
        }
    };
    let exclude = value.get("display").is_some_and(|it| it == "omitted");
    let effort = effort.filter(|_| enabled == Some(true) && tokens_max.is_none());
    Ok(Some(ReasoningAsk { effort, tokens_max, enabled, exclude }))
}

fn schema(value: &Value) -> Option<Format> {
    let schema = value.get("schema").filter(|_| value["type"] == "json_schema")?;
    let (name, schema) = ("answer".to_owned(), schema.clone());
    Some(Format::JsonSchema { name, description: None, strict: Some(true), schema })
}

fn list(value: Option<&Value>) -> Vec<Value> {
    value.and_then(Value::as_array).cloned().unwrap_or_default()
}

/// Returns a mark of where to cache, as a block carries it.
pub(super) fn written_mark(mark: CacheMark) -> Value {
    match mark.for_an_hour {
        true => serde_json::json!({"type": "ephemeral", "ttl": "1h"}),
        false => serde_json::json!({"type": "ephemeral"}),
    }
}
