//! A caller's request read into the house's form.

use domain::answer::ToolCall;
use domain::catalog::Modality;
use domain::chat::{
    CacheMark, ChatRequest, FileSource, Format, Message, Output, Part, Role, Sampling, Tool,
    ToolChoice,
};
use domain::failure::Failure;
use serde_json::{Map, Value};

use super::fields::{Fate, known};
use super::read::invalid;
use crate::request::Request;

/// Fields that have a place of their own in [`ChatRequest`], besides those of [`Fate::House`] and
/// [`Fate::Own`].
const PLACED: [&str; 17] = [
    "cache_control",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "min_p",
    "n",
    "presence_penalty",
    "repetition_penalty",
    "response_format",
    "seed",
    "stop",
    "temperature",
    "top_a",
    "top_k",
    "top_logprobs",
    "top_p",
    "verbosity",
];

/// Reads a request into the house's form.
///
/// # Errors
/// When it holds text that is no text: half a surrogate pair.
pub(super) fn canonical(request: &Request) -> Result<ChatRequest, Failure> {
    let body: Map<String, Value> = serde_json::from_slice(&request.body)
        .map_err(|_| invalid("The body holds half a surrogate pair, or a number too large."))?;
    let facts = &request.facts;
    let mut chat = ChatRequest {
        parallel_tool_calls: body.get("parallel_tool_calls").and_then(Value::as_bool),
        tool_choice: body.get("tool_choice").and_then(tool_choice),
        sampling: sampling(&body),
        output: output(&body, facts.output_tokens_max),
        reasoning: facts.reasoning.clone(),
        stream: facts.stream,
        priority: facts.priority,
        cache: body.get("cache_control").and_then(cache),
        ..ChatRequest::default()
    };
    for item in list(body.get("tools")) {
        match tool(item) {
            Some(tool) => chat.tools.push(tool),
            None => {
                let kind = item["type"].as_str().unwrap_or_default();
                chat.dropped.push(format!("tools.{kind}"));
            }
        }
    }
    if facts.legacy_prompt {
        let text = text(&body, "prompt").unwrap_or_default();
        let parts = vec![Part::Text { text, cache: None }];
        chat.messages.push(Message { role: Role::User, name: None, parts });
    } else {
        chat.messages = list(body.get("messages")).iter().filter_map(message).collect();
    }
    chat.extra = body.into_iter().filter(|(name, value)| is_extra(name, value)).collect();
    Ok(chat)
}

fn is_extra(name: &str, value: &Value) -> bool {
    let own = matches!(name, "audio" | "image_config");
    let fate = known(name).map(|known| known.fate);
    !value.is_null()
        && !PLACED.contains(&name)
        && fate != Some(Fate::House)
        && (own || fate != Some(Fate::Own))
}

fn message(value: &Value) -> Option<Message> {
    let object = value.as_object()?;
    let role = match object.get("role")?.as_str()? {
        "system" => Role::System,
        "developer" => Role::Developer,
        "assistant" => Role::Assistant,
        "tool" | "function" => Role::Tool,
        _ => Role::User,
    };
    let name = text(object, "name").filter(|_| role != Role::Tool);
    let said = content(object.get("content"));
    let mut parts = Vec::new();
    if role == Role::Tool {
        // The old form of a tool's message names the function instead of the call.
        let call_id = text(object, "tool_call_id").or_else(|| text(object, "name"));
        parts.push(Part::ToolResult { call_id: call_id.unwrap_or_default(), parts: said });
        return Some(Message { role, name, parts });
    }
    let details = list(object.get("reasoning_details"));
    let thought = text(object, "reasoning").or_else(|| text(object, "reasoning_content"));
    if details.is_empty() {
        parts.extend(thought.map(Part::Reasoning));
    }
    parts.extend(details.iter().cloned().map(Part::ReasoningDetail));
    parts.extend(said);
    parts.extend(text(object, "refusal").map(Part::Refusal));
    parts.extend(list(object.get("images")).iter().filter_map(part));
    parts.extend(list(object.get("tool_calls")).iter().map(call));
    Some(Message { role, name, parts })
}

fn content(value: Option<&Value>) -> Vec<Part> {
    match value {
        Some(Value::String(text)) => vec![Part::Text { text: text.clone(), cache: None }],
        Some(Value::Array(parts)) => parts.iter().filter_map(part).collect(),
        _ => Vec::new(),
    }
}

fn part(value: &Value) -> Option<Part> {
    let object = value.as_object()?;
    let mark = object.get("cache_control").or_else(|| object.get("prompt_cache_breakpoint"));
    let cache = mark.and_then(cache);
    let kind = object.get("type")?.as_str()?;
    let inner = object.get(kind).and_then(Value::as_object);
    match kind {
        "text" => Some(Part::Text { text: text(object, "text")?, cache }),
        "refusal" => Some(Part::Refusal(text(object, "refusal")?)),
        "image_url" => {
            let url = match object.get("image_url")? {
                Value::String(url) => url.clone(),
                image => image["url"].as_str()?.to_owned(),
            };
            let detail = inner.and_then(|image| text(image, "detail"));
            Some(Part::Image { url, detail, cache })
        }
        "input_audio" => {
            Some(Part::Audio { data: text(inner?, "data")?, format: text(inner?, "format")? })
        }
        "video_url" | "input_video" => Some(Part::Video { url: text(inner?, "url")? }),
        "file" => {
            let source = match (text(inner?, "file_data"), text(inner?, "file_id")) {
                (Some(url), _) => FileSource::Url(url),
                (None, id) => FileSource::Id(id?),
            };
            Some(Part::File { name: text(inner?, "filename"), source, cache })
        }
        _ => None,
    }
}

fn call(value: &Value) -> Part {
    let said = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let arguments = match &value["function"]["arguments"] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let name = said(&value["function"]["name"]);
    Part::ToolCall(ToolCall { id: said(&value["id"]), name, arguments })
}

fn tool(value: &Value) -> Option<Tool> {
    let function = value.get("function").filter(|_| value["type"] == "function")?.as_object()?;
    Some(Tool {
        name: text(function, "name")?,
        description: text(function, "description"),
        parameters: function.get("parameters").filter(|schema| !schema.is_null()).cloned(),
        strict: function.get("strict").and_then(Value::as_bool),
        cache: value.get("cache_control").and_then(cache),
    })
}

fn tool_choice(value: &Value) -> Option<ToolChoice> {
    match value {
        Value::String(word) => match word.as_str() {
            "none" => Some(ToolChoice::None),
            "auto" => Some(ToolChoice::Auto),
            "required" | "any" => Some(ToolChoice::Required),
            _ => None,
        },
        object => {
            object["function"]["name"].as_str().map(|name| ToolChoice::Function(name.to_owned()))
        }
    }
}

fn sampling(body: &Map<String, Value>) -> Sampling {
    let number = |name: &str| body.get(name).and_then(Value::as_f64);
    let whole = |name: &str| number(name).map(|number| number as i64);
    let stop = match body.get("stop") {
        Some(Value::String(stop)) => vec![stop.clone()],
        stops => list(stops).iter().filter_map(|it| it.as_str().map(str::to_owned)).collect(),
    };
    Sampling {
        temperature: number("temperature"),
        top_p: number("top_p"),
        top_k: whole("top_k"),
        min_p: number("min_p"),
        top_a: number("top_a"),
        frequency_penalty: number("frequency_penalty"),
        presence_penalty: number("presence_penalty"),
        repetition_penalty: number("repetition_penalty"),
        seed: body.get("seed").and_then(Value::as_i64).or_else(|| whole("seed")),
        stop,
        logit_bias: body.get("logit_bias").and_then(Value::as_object).cloned(),
        logprobs: body.get("logprobs").and_then(Value::as_bool),
        top_logprobs: whole("top_logprobs").and_then(|top| u32::try_from(top).ok()),
    }
}

fn output(body: &Map<String, Value>, tokens_max: Option<u32>) -> Output {
    let modality = |value: &Value| match value.as_str()? {
        "text" => Some(Modality::Text),
        "image" => Some(Modality::Image),
        "audio" => Some(Modality::Audio),
        _ => None,
    };
    let choices = body.get("n").and_then(Value::as_f64).map(|n| n as u32);
    Output {
        tokens_max,
        choices,
        format: body.get("response_format").and_then(format),
        modalities: list(body.get("modalities")).iter().filter_map(modality).collect(),
        verbosity: text(body, "verbosity"),
    }
}

fn format(value: &Value) -> Option<Format> {
    match value["type"].as_str()? {
        "text" => Some(Format::Text),
        "json_object" => Some(Format::JsonObject),
        "json_schema" => {
            let schema = value["json_schema"].as_object()?;
            Some(Format::JsonSchema {
                name: text(schema, "name").unwrap_or_else(|| "answer".to_owned()),
                description: text(schema, "description"),
                strict: schema.get("strict").and_then(Value::as_bool),
                schema: schema.get("schema").cloned().unwrap_or_default(),
            })
        }
        _ => Some(Format::Other(value.clone())),
    }
}

fn cache(mark: &Value) -> Option<CacheMark> {
    mark.is_object().then(|| CacheMark { for_an_hour: mark["ttl"] == "1h" })
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    object.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
