//! A request of `POST /responses`, read into the house's form.

use std::sync::Arc;

use bytes::Bytes;
use domain::catalog::Dialect;
use domain::chat::{ChatRequest, Format, Message, Output, Part, Role, Sampling, Tool, ToolChoice};
use domain::failure::Failure;
use domain::request::{Effort, ReasoningAsk};
use serde_json::{Map, Value, json};

use super::items;
use crate::facts::facts;
use crate::house;
use crate::request::Request;

/// Items of one request, at most.
const ITEMS_MAX: usize = 100_000;

/// What would need a memory of earlier responses: there is none here.
const UNKEPT: [(&str, &str); 3] = [
    ("previous_response_id", "responses are not kept here; send the conversation as `input`"),
    ("conversation", "conversations are not kept here; send them as `input`"),
    ("prompt", "prompt templates are not kept here"),
];

/// Fields that are understood and have no effect, with the reason.
const WITHOUT_EFFECT: [(&str, &str); 5] = [
    ("truncation", "input is sent whole"),
    ("max_tool_calls", "no tools are run here"),
    ("client_metadata", "it is neither stored nor sent on"),
    ("prompt_cache_retention", "the provider decides how long it caches"),
    ("stream_options", "streams carry no padding"),
];

/// Fields whose values a response repeats.
const REPEATED: [&str; 17] = [
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "prompt_cache_key",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
];

/// Reads a request.
///
/// # Errors
/// The caller's, naming the field, where a field has a value that makes no sense.
pub(super) fn decode(body: Bytes) -> Result<Request, Failure> {
    let mut fields: Map<String, Value> = serde_json::from_slice(&body).map_err(|error| {
        Failure::invalid(format!("The body is not the JSON object it should be: {error}."))
    })?;
    let echo = echo(&fields);
    for (name, why) in UNKEPT {
        if fields.get(name).is_some_and(|value| !value.is_null()) {
            return Err(Failure::invalid(format!("`{name}` has no meaning: {why}.")).at(name));
        }
    }
    if fields.remove("background").is_some_and(|value| value == true) {
        let detail = "`background` cannot be true: responses are not kept here.";
        return Err(Failure::invalid(detail).at("background"));
    }
    let mut chat = chat(&mut fields)?;
    let mut request = Request::new(facts(&chat), Dialect::OpenaiResponses, body);
    let text = |value: Option<Value>| value.and_then(|it| it.as_str().map(str::to_owned));
    request.facts.models.extend(text(fields.remove("model")).filter(|name| !name.is_empty()));
    house::take(&mut fields, &mut request.facts, &mut request.ignored)?;
    let user = text(fields.remove("safety_identifier"));
    request.facts.user = user.or(text(fields.remove("user")));
    for (name, why) in WITHOUT_EFFECT {
        if fields.remove(name).is_some_and(|value| !value.is_null()) {
            request.ignored.push(format!("{name}: {why}"));
        }
    }
    for name in ["store", "include", "metadata"] {
        fields.remove(name);
    }
    if let Some(key) = fields.remove("prompt_cache_key").filter(Value::is_string) {
        chat.extra.insert("prompt_cache_key".to_owned(), key);
    }
    chat.dropped.extend(fields.into_iter().filter(|(_, it)| !it.is_null()).map(|(name, _)| name));
    request.chat = Some(Arc::new(chat));
    request.echo = Some(Arc::new(echo));
    Ok(request)
}

fn chat(fields: &mut Map<String, Value>) -> Result<ChatRequest, Failure> {
    let mut chat = ChatRequest::default();
    let mut taken = |name: &str| fields.remove(name).filter(|value| !value.is_null());
    let number = |name: &str, value: Option<Value>, max: f64| match value {
        None => Ok(None),
        Some(value) => {
            value.as_f64().filter(|it| (0.0..=max).contains(it)).map(Some).ok_or_else(|| {
                let detail = format!("`{name}` has to be a number from 0 to {max}.");
                Failure::invalid(detail).at(name)
            })
        }
    };
    messages(taken("instructions"), taken("input"), &mut chat)?;
    tools(taken("tools"), &mut chat)?;
    chat.tool_choice = taken("tool_choice").as_ref().and_then(tool_choice);
    chat.parallel_tool_calls = taken("parallel_tool_calls").and_then(|it| it.as_bool());
    chat.stream = taken("stream").is_some_and(|it| it == true);
    let tier = taken("service_tier");
    chat.priority = tier.as_ref().and_then(Value::as_str) == Some("priority");
    let top_logprobs = taken("top_logprobs").and_then(|it| it.as_u64());
    chat.sampling = Sampling {
        temperature: number("temperature", taken("temperature"), 2.0)?,
        top_p: number("top_p", taken("top_p"), 1.0)?,
        top_logprobs: top_logprobs.and_then(|it| u32::try_from(it).ok()).filter(|it| 0 < *it),
        logprobs: top_logprobs.filter(|it| 0 < *it).map(|_| true),
        ..Sampling::default()
    };
    let max = number("max_output_tokens", taken("max_output_tokens"), f64::from(u32::MAX))?;
    let text = taken("text").unwrap_or_default();
    chat.output = Output {
        tokens_max: max.map(|max| max as u32).filter(|max| 0 < *max),
        format: format(&text["format"])?,
        verbosity: text["verbosity"].as_str().map(str::to_owned),
        ..Output::default()
    };
    chat.reasoning = taken("reasoning").as_ref().and_then(reasoning);
    Ok(chat)
}

fn messages(
    instructions: Option<Value>,
    input: Option<Value>,
    chat: &mut ChatRequest,
) -> Result<(), Failure> {
    let said = |role: Role, text: &str| Message {
        role,
        name: None,
        parts: vec![Part::Text { text: text.to_owned(), cache: None }],
    };
    if let Some(text) = instructions.as_ref().and_then(Value::as_str).filter(|it| !it.is_empty()) {
        chat.messages.push(said(Role::System, text));
    }
    let items = match input {
        Some(Value::String(text)) => {
            chat.messages.push(said(Role::User, &text));
            return Ok(());
        }
        Some(Value::Array(items)) if items.len() <= ITEMS_MAX => items,
        Some(_) => {
            return Err(
                Failure::invalid("`input` has to be a string or a list of items.").at("input")
            );
        }
        None => return Err(Failure::invalid("`input` is missing.").at("input")),
    };
    let mut read = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let kind = item["type"].as_str().unwrap_or("message");
        if kind == "item_reference" {
            let param = format!("input[{place}]");
            let detail = format!("`{param}` refers to an item that is not kept here.");
            return Err(Failure::invalid(detail).at(param));
        }
        match items::read(item) {
            Some(message) => read.push(message),
            None if kind == "message" => {
                let param = format!("input[{place}].role");
                let detail = format!("`{param}` has to be user, assistant, system or developer.");
                return Err(Failure::invalid(detail).at(param));
            }
            None => chat.dropped.push(format!("input.{kind}")),
        }
    }
    chat.messages.extend(items::joined(read.into_iter()));
    match chat.messages.is_empty() {
        true => Err(Failure::invalid("`input` holds nothing.").at("input")),
        false => Ok(()),
    }
}

fn tools(value: Option<Value>, chat: &mut ChatRequest) -> Result<(), Failure> {
    let list = value.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
    for (place, item) in list.iter().enumerate() {
        let kind = item["type"].as_str().unwrap_or_default();
        let parameters = match kind {
            "function" => item.get("parameters").filter(|it| it.is_object()).cloned(),
            // Free text in, as the one argument of a function.
            "custom" => Some(json!({
                "type": "object", "properties": {"input": {"type": "string"}},
                "required": ["input"], "additionalProperties": false
            })),
            _ => {
                chat.dropped.push(format!("tools.{kind}"));
                continue;
            }
        };
        let name = item["name"].as_str().filter(|it| !it.is_empty() && it.len() <= 128);
        let Some(name) = name else {
            let param = format!("tools[{place}].name");
            return Err(Failure::invalid(format!("`{param}` is missing or too long.")).at(param));
        };
        chat.tools.push(Tool {
            name: name.to_owned(),
            description: item["description"].as_str().map(str::to_owned),
            parameters,
            strict: item["strict"].as_bool().filter(|_| kind == "function"),
            cache: None,
        });
    }
    Ok(())
}

fn tool_choice(value: &Value) -> Option<ToolChoice> {
    let word = value.as_str().or_else(|| {
        let mode = value["mode"].as_str();
        mode.filter(|_| value["type"] == "allowed_tools")
    });
    match word {
        Some("none") => Some(ToolChoice::None),
        Some("auto") => Some(ToolChoice::Auto),
        Some("required") => Some(ToolChoice::Required),
        Some(_) => None,
        None => value["name"].as_str().map(|name| ToolChoice::Function(name.to_owned())),
    }
}

fn format(value: &Value) -> Result<Option<Format>, Failure> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    match value["type"].as_str() {
        None => Ok(None),
        Some("text") => Ok(Some(Format::Text)),
        Some("json_object") => Ok(Some(Format::JsonObject)),
        Some("json_schema") if value["schema"].is_object() => Ok(Some(Format::JsonSchema {
            name: text("name").unwrap_or_else(|| "answer".to_owned()),
            description: text("description"),
            strict: value["strict"].as_bool(),
            schema: value["schema"].clone(),
        })),
        Some(_) => {
            let detail = "`text.format` has to be text, json_object, or json_schema with a schema.";
            Err(Failure::invalid(detail).at("text.format"))
        }
    }
}

fn reasoning(value: &Value) -> Option<ReasoningAsk> {
    let effort = value["effort"].as_str().and_then(Effort::parse);
    let tokens_max = value["max_tokens"].as_u64().and_then(|it| u32::try_from(it).ok());
    let enabled = value["enabled"].as_bool();
    let says = effort.is_some() || tokens_max.is_some() || enabled.is_some();
    let ask = ReasoningAsk { effort, tokens_max, enabled, exclude: value["exclude"] == true };
    (says || ask.exclude).then_some(ask)
}

/// Returns what responses repeat, and the names of the tools that take free text.
fn echo(fields: &Map<String, Value>) -> Value {
    let kept = |name: &&str| {
        let value = fields.get(*name).filter(|value| !value.is_null());
        value.map(|value| ((*name).to_owned(), value.clone()))
    };
    let repeated: Map<String, Value> = REPEATED.iter().filter_map(kept).collect();
    let tools = fields.get("tools").and_then(Value::as_array);
    let custom: Vec<&Value> = tools
        .into_iter()
        .flatten()
        .filter(|tool| tool["type"] == "custom")
        .map(|tool| &tool["name"])
        .collect();
    json!({"repeated": repeated, "custom": custom})
}
