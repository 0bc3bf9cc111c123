//! A request of `POST /api/chat` or `POST /api/generate`, read into the house's form.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use domain::answer::ToolCall;
use domain::catalog::Dialect;
use domain::chat::{ChatRequest, Format, Message, Output, Part, Role, Sampling, Tool};
use domain::failure::Failure;
use domain::request::{Effort, ReasoningAsk};
use serde_json::{Map, Value, json};

use crate::door::{Door, Framing};
use crate::facts::facts;
use crate::house;
use crate::request::Request;

/// Messages of one request, at most.
const MESSAGES_MAX: usize = 100_000;

/// Fields and options that mean something to a machine that runs the model itself.
const WITHOUT_EFFECT: [&str; 3] = ["keep_alive", "context", "raw"];

/// Reads a request.
///
/// # Errors
/// The caller's, naming the field, where a field has a value that makes no sense.
pub(super) fn decode(door: &Door, body: Bytes) -> Result<Request, Failure> {
    let mut fields: Map<String, Value> = serde_json::from_slice(&body).map_err(|error| {
        Failure::invalid(format!("The body is not the JSON object it should be: {error}."))
    })?;
    let is_prompt = *door == Door::OllamaGenerate;
    let mut chat = ChatRequest::default();
    match is_prompt {
        true => prompt(&mut fields, &mut chat)?,
        false => messages(fields.remove("messages"), &mut chat)?,
    }
    tools(fields.remove("tools"), &mut chat)?;
    settings(&mut fields, &mut chat)?;
    // Streams are what the dialect does unless it is told otherwise.
    chat.stream = fields.remove("stream").is_none_or(|it| it != false);
    let mut request = Request::new(facts(&chat), Dialect::Ollama, body);
    request.framing = Framing::Lines;
    request.facts.legacy_prompt = is_prompt;
    let model = fields.remove("model").and_then(|it| it.as_str().map(str::to_owned));
    let model = model.filter(|name| !name.is_empty());
    // Its clients add a tag to names without one.
    let named = model.map(|name| name.strip_suffix(":latest").map_or(name.clone(), str::to_owned));
    request.facts.models.extend(named);
    house::take(&mut fields, &mut request.facts, &mut request.ignored)?;
    for name in WITHOUT_EFFECT {
        if fields.remove(name).is_some_and(|value| !value.is_null()) {
            request.ignored.push(format!("{name}: models run at providers"));
        }
    }
    chat.dropped.extend(fields.into_iter().filter(|(_, it)| !it.is_null()).map(|(name, _)| name));
    request.chat = Some(Arc::new(chat));
    Ok(request)
}

fn prompt(fields: &mut Map<String, Value>, chat: &mut ChatRequest) -> Result<(), Failure> {
    let mut text = |name: &str| match fields.remove(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Failure::invalid(format!("`{name}` has to be a string.")).at(name)),
    };
    let (system, prompt) = (text("system")?, text("prompt")?);
    for name in ["suffix", "template"] {
        if !text(name)?.is_empty() {
            chat.dropped.push(name.to_owned());
        }
    }
    if !system.is_empty() {
        chat.messages.push(said(Role::System, system, Vec::new()));
    }
    let images = images(fields.remove("images").as_ref());
    chat.messages.push(said(Role::User, prompt, images));
    Ok(())
}

fn said(role: Role, text: String, more: Vec<Part>) -> Message {
    let mut parts = vec![Part::Text { text, cache: None }];
    parts.extend(more);
    Message { role, name: None, parts }
}

fn images(value: Option<&Value>) -> Vec<Part> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str)
        .map(|data| {
            let url = format!("data:{};base64,{data}", mime(data));
            Part::Image { url, detail: None, cache: None }
        })
        .collect()
}

/// Tells the kind of an image from how its base64 begins.
fn mime(data: &str) -> &'static str {
    match data.get(..5) {
        Some("/9j/4") => "image/jpeg",
        Some("R0lGO") => "image/gif",
        Some("UklGR") => "image/webp",
        _ => "image/png",
    }
}

fn messages(value: Option<Value>, chat: &mut ChatRequest) -> Result<(), Failure> {
    let wrong = |must: &str| Failure::invalid(format!("`messages` {must}.")).at("messages");
    let Some(Value::Array(list)) = value else { return Err(wrong("has to be a list")) };
    if list.is_empty() || MESSAGES_MAX < list.len() {
        return Err(wrong("has to hold one message to 100000"));
    }
    let mut number = 0;
    // The ids of calls without answer, by the function's name: the dialect knows no ids.
    let mut open: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (place, item) in list.iter().enumerate() {
        let text = item["content"].as_str().unwrap_or_default().to_owned();
        match item["role"].as_str() {
            Some("system") => chat.messages.push(said(Role::System, text, Vec::new())),
            Some("user") => {
                chat.messages.push(said(Role::User, text, images(item.get("images"))));
            }
            Some("assistant") => {
                let mut parts = Vec::new();
                let thought = item["thinking"].as_str().unwrap_or_default();
                if !thought.is_empty() {
                    parts.push(Part::Reasoning(thought.to_owned()));
                }
                if !text.is_empty() {
                    parts.push(Part::Text { text, cache: None });
                }
                for call in item["tool_calls"].as_array().into_iter().flatten() {
                    let call = self::call(call, &mut number);
                    open.entry(call.name.clone()).or_default().push(call.id.clone());
                    parts.push(Part::ToolCall(call));
                }
                chat.messages.push(Message { role: Role::Assistant, name: None, parts });
            }
            Some("tool") => {
                let call_id = answered(item, &mut open);
                let parts = vec![Part::Text { text, cache: None }];
                let result = Part::ToolResult { call_id, parts, failed: false };
                let message = Message { role: Role::Tool, name: None, parts: vec![result] };
                chat.messages.push(message);
            }
            _ => {
                let param = format!("messages[{place}].role");
                let detail = format!("`{param}` has to be one of system, user, assistant, tool.");
                return Err(Failure::invalid(detail).at(param));
            }
        }
    }
    Ok(())
}

fn call(value: &Value, number: &mut u32) -> ToolCall {
    let function = &value["function"];
    let id = value["id"].as_str().map(str::to_owned).unwrap_or_else(|| {
        *number += 1;
        format!("call_{}", *number - 1)
    });
    ToolCall {
        id,
        name: function["name"].as_str().unwrap_or_default().to_owned(),
        arguments: match &function["arguments"] {
            Value::String(text) => text.clone(),
            Value::Null => "{}".to_owned(),
            object => object.to_string(),
        },
    }
}

/// Returns the id of the call that a tool's message answers: the oldest open one of its name.
fn answered(message: &Value, open: &mut BTreeMap<String, Vec<String>>) -> String {
    if let Some(id) = message["tool_call_id"].as_str() {
        return id.to_owned();
    }
    let name = message["tool_name"].as_str().or_else(|| message["name"].as_str());
    let of_name = name.and_then(|name| open.get_mut(name));
    let calls = match of_name {
        Some(calls) if !calls.is_empty() => Some(calls),
        _ => open.values_mut().find(|calls| !calls.is_empty()),
    };
    match calls {
        Some(calls) => calls.remove(0),
        None => name.unwrap_or("call").to_owned(),
    }
}

fn tools(value: Option<Value>, chat: &mut ChatRequest) -> Result<(), Failure> {
    let list = value.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
    for (place, item) in list.iter().enumerate() {
        let function = &item["function"];
        let Some(name) = function["name"].as_str().filter(|it| !it.is_empty()) else {
            let param = format!("tools[{place}].function.name");
            return Err(Failure::invalid(format!("`{param}` is missing.")).at(param));
        };
        chat.tools.push(Tool {
            name: name.to_owned(),
            description: function["description"].as_str().map(str::to_owned),
            parameters: function.get("parameters").filter(|it| it.is_object()).cloned(),
            strict: None,
            cache: None,
        });
    }
    Ok(())
}

fn settings(fields: &mut Map<String, Value>, chat: &mut ChatRequest) -> Result<(), Failure> {
    let options = fields.remove("options").unwrap_or_default();
    let mut options = options.as_object().cloned().unwrap_or_default();
    let mut number = |name: &str| match options.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or_else(|| {
            let param = format!("options.{name}");
            Failure::invalid(format!("`{param}` has to be a number.")).at(param)
        }),
    };
    let predict = number("num_predict")?.filter(|it| 0.0 < *it).map(|it| it as u32);
    chat.sampling = Sampling {
        temperature: number("temperature")?,
        top_p: number("top_p")?,
        top_k: number("top_k")?.map(|it| it as i64),
        min_p: number("min_p")?,
        seed: number("seed")?.map(|it| it as i64),
        repetition_penalty: number("repeat_penalty")?,
        frequency_penalty: number("frequency_penalty")?,
        presence_penalty: number("presence_penalty")?,
        ..Sampling::default()
    };
    chat.sampling.stop = match options.remove("stop") {
        Some(Value::String(stop)) => vec![stop],
        Some(Value::Array(list)) => {
            list.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    };
    chat.dropped.extend(options.into_iter().map(|(name, _)| format!("options.{name}")));
    let format = match fields.remove("format") {
        Some(Value::String(word)) if word == "json" => Some(Format::JsonObject),
        Some(schema @ Value::Object(_)) => {
            let name = "answer".to_owned();
            Some(Format::JsonSchema { name, description: None, strict: None, schema })
        }
        _ => None,
    };
    chat.output = Output { tokens_max: predict, format, ..Output::default() };
    let think = fields.remove("think");
    chat.reasoning = think.filter(|it| !it.is_null()).map(|think| ReasoningAsk {
        effort: think.as_str().and_then(Effort::parse),
        enabled: Some(think != json!(false)),
        ..ReasoningAsk::default()
    });
    Ok(())
}
