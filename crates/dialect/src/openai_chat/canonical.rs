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
        let call_id = call_id.unwrap_or_default();
        parts.push(Part::ToolResult { call_id, parts: said, failed: false });
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use domain::request::{Effort, ReasoningAsk};
    use serde_json::json;

    use super::*;
    use crate::openai_chat::ask::{decode_chat, decode_completion};
    use crate::openai_chat::body::body;

    /// Returns a request that says everything there is to say.
    fn everything() -> ChatRequest {
        ChatRequest {
            messages: messages(),
            tools: vec![Tool {
                name: "look".to_owned(),
                description: Some("Looks.".to_owned()),
                parameters: Some(json!({"type": "object", "properties": {"z": {}, "a": {}}})),
                strict: Some(true),
                cache: Some(CacheMark::default()),
            }],
            tool_choice: Some(ToolChoice::Function("look".to_owned())),
            parallel_tool_calls: Some(false),
            sampling: sampling(),
            output: Output {
                tokens_max: Some(4000),
                choices: Some(2),
                format: Some(Format::JsonSchema {
                    name: "x".to_owned(),
                    description: None,
                    strict: Some(true),
                    schema: json!({"type": "object"}),
                }),
                modalities: vec![Modality::Text, Modality::Image],
                verbosity: Some("low".to_owned()),
            },
            reasoning: Some(ReasoningAsk {
                effort: Some(Effort::High),
                tokens_max: Some(2000),
                enabled: Some(true),
                exclude: true,
            }),
            stream: true,
            priority: true,
            cache: an_hour(),
            extra: [("prompt_cache_key".to_owned(), json!("k")), ("raw_mode".to_owned(), json!(1))]
                .into_iter()
                .collect(),
            dropped: Vec::new(),
        }
    }

    fn messages() -> Vec<Message> {
        vec![
            said(Role::System, Part::Text { text: "Be brief.".to_owned(), cache: an_hour() }),
            Message {
                role: Role::User,
                name: Some("ann".to_owned()),
                parts: vec![
                    Part::Text { text: "What is this?".to_owned(), cache: None },
                    Part::Image {
                        url: "https://example.org/a.png".to_owned(),
                        detail: Some("low".to_owned()),
                        cache: Some(CacheMark::default()),
                    },
                    Part::Audio { data: "UklGRg==".to_owned(), format: "wav".to_owned() },
                    Part::Video { url: "https://example.org/a.mp4".to_owned() },
                    Part::File {
                        name: Some("a.pdf".to_owned()),
                        source: FileSource::Url("data:application/pdf;base64,JVBERi0=".to_owned()),
                        cache: None,
                    },
                    Part::File {
                        name: None,
                        source: FileSource::Id("file-1".to_owned()),
                        cache: None,
                    },
                ],
            },
            Message {
                role: Role::Assistant,
                name: None,
                parts: vec![
                    Part::ReasoningDetail(json!({"type": "reasoning.text", "text": "hm"})),
                    Part::Text { text: "I look.".to_owned(), cache: None },
                    Part::ToolCall(ToolCall {
                        id: "call_1".to_owned(),
                        name: "look".to_owned(),
                        arguments: "{\"at\":\"ü\"}".to_owned(),
                    }),
                ],
            },
            said(
                Role::Tool,
                Part::ToolResult {
                    call_id: "call_1".to_owned(),
                    parts: vec![Part::Text { text: "a cat".to_owned(), cache: None }],
                    failed: false,
                },
            ),
            Message {
                role: Role::Assistant,
                name: None,
                parts: vec![Part::Reasoning("hm".to_owned()), Part::Refusal("No more.".to_owned())],
            },
            said(Role::Developer, Part::Text { text: "Go on.".to_owned(), cache: None }),
        ]
    }

    fn said(role: Role, part: Part) -> Message {
        Message { role, name: None, parts: vec![part] }
    }

    fn an_hour() -> Option<CacheMark> {
        Some(CacheMark { for_an_hour: true })
    }

    fn sampling() -> Sampling {
        Sampling {
            temperature: Some(0.5),
            top_p: Some(0.9),
            top_k: Some(4),
            min_p: Some(0.1),
            top_a: Some(0.2),
            frequency_penalty: Some(-1.0),
            presence_penalty: Some(1.0),
            repetition_penalty: Some(1.1),
            seed: Some(i64::MAX),
            stop: vec!["END".to_owned()],
            logit_bias: json!({"17": -100}).as_object().cloned(),
            logprobs: Some(true),
            top_logprobs: Some(3),
        }
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let chat = everything();
        let text = Value::Object(body(&chat, None)).to_string();
        let request = decode_chat(Bytes::from(text)).unwrap();
        assert_eq!(canonical(&request).unwrap(), chat);
    }

    #[test]
    fn a_prompt_is_one_message_of_a_user() {
        let request = decode_completion(Bytes::from(r#"{"prompt":"hi"}"#)).unwrap();
        let part = Part::Text { text: "hi".to_owned(), cache: None };
        assert_eq!(canonical(&request).unwrap().messages, [said(Role::User, part)]);
    }

    #[test]
    fn what_is_for_the_house_goes_no_further() {
        let text = r#"{"messages":[{"role":"user","content":"hi"}],"metadata":{"a":"b"},
            "provider":{"only":["groq"]},"plugins":[],"models":["a/b"],"model":"a/c","user":"me",
            "session_id":"s","store":false}"#;
        let chat = canonical(&decode_chat(Bytes::from(text)).unwrap()).unwrap();
        let names: Vec<&String> = chat.extra.keys().collect();
        assert_eq!(names, ["store"]);
    }

    #[test]
    fn tools_that_servers_run_are_named_as_dropped() {
        let text =
            r#"{"messages":[{"role":"user","content":"hi"}],"tools":[{"type":"web_search"}]}"#;
        let chat = canonical(&decode_chat(Bytes::from(text)).unwrap()).unwrap();
        assert!(chat.tools.is_empty());
        assert_eq!(chat.dropped, ["tools.web_search"]);
    }
}
