//! The house's form of a request written as a body of this dialect, as a caller would send it.
//!
//! What an endpoint does not take is left to the rules that hold for callers' bodies as well.

use domain::answer::ToolCall;
use domain::chat::{
    CacheMark, ChatRequest, FileSource, Format, Message, Output, Part, Role, Sampling, Tool,
    ToolChoice,
};
use domain::request::ReasoningAsk;
use serde_json::{Map, Value, json};

/// Writes a request. `user`: what a provider may learn of the caller's user.
pub(super) fn body(chat: &ChatRequest, user: Option<&str>) -> Map<String, Value> {
    let ChatRequest {
        messages,
        tools,
        tool_choice,
        parallel_tool_calls,
        sampling,
        output,
        reasoning,
        stream,
        priority,
        cache,
        extra,
        dropped: _,
    } = chat;
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            body.insert(name.to_owned(), value);
        }
    };
    put("messages", messages.iter().flat_map(written).collect());
    if !tools.is_empty() {
        put("tools", tools.iter().map(tool).collect());
    }
    put("tool_choice", tool_choice.as_ref().map_or(Value::Null, choice));
    put("parallel_tool_calls", json!(parallel_tool_calls));
    put_sampling(sampling, &mut put);
    put_output(output, &mut put);
    put("reasoning", reasoning.as_ref().map_or(Value::Null, thinking));
    put("cache_control", cache.map_or(Value::Null, mark));
    put("user", json!(user));
    if *stream {
        put("stream", json!(true));
    }
    if *priority {
        put("service_tier", json!("priority"));
    }
    for (name, value) in extra {
        put(name, value.clone());
    }
    body
}

fn put_sampling(sampling: &Sampling, put: &mut dyn FnMut(&str, Value)) {
    let Sampling {
        temperature,
        top_p,
        top_k,
        min_p,
        top_a,
        frequency_penalty,
        presence_penalty,
        repetition_penalty,
        seed,
        stop,
        logit_bias,
        logprobs,
        top_logprobs,
    } = sampling;
    put("temperature", json!(temperature));
    put("top_p", json!(top_p));
    put("top_k", json!(top_k));
    put("min_p", json!(min_p));
    put("top_a", json!(top_a));
    put("frequency_penalty", json!(frequency_penalty));
    put("presence_penalty", json!(presence_penalty));
    put("repetition_penalty", json!(repetition_penalty));
    put("seed", json!(seed));
    if !stop.is_empty() {
        put("stop", json!(stop));
    }
    put("logit_bias", json!(logit_bias));
    put("logprobs", json!(logprobs));
    put("top_logprobs", json!(top_logprobs));
}

fn put_output(output: &Output, put: &mut dyn FnMut(&str, Value)) {
    let Output { tokens_max, choices, format, modalities, verbosity } = output;
    put("max_tokens", json!(tokens_max));
    put("n", json!(choices));
    put("response_format", format.as_ref().map_or(Value::Null, written_format));
    if !modalities.is_empty() {
        put("modalities", modalities.iter().map(|modality| json!(modality.word())).collect());
    }
    put("verbosity", json!(verbosity));
}

fn written_format(format: &Format) -> Value {
    match format {
        Format::Text => json!({"type": "text"}),
        Format::JsonObject => json!({"type": "json_object"}),
        Format::JsonSchema { name, description, strict, schema } => {
            let mut inner = json!({"name": name});
            set(&mut inner, "description", json!(description));
            set(&mut inner, "strict", json!(strict));
            set(&mut inner, "schema", schema.clone());
            json!({"type": "json_schema", "json_schema": inner})
        }
        Format::Other(value) => value.clone(),
    }
}

fn thinking(ask: &ReasoningAsk) -> Value {
    let ReasoningAsk { effort, tokens_max, enabled, exclude } = ask;
    let mut object = json!({});
    set(&mut object, "effort", json!(effort.map(domain::request::Effort::word)));
    set(&mut object, "max_tokens", json!(tokens_max));
    set(&mut object, "enabled", json!(enabled));
    if *exclude {
        set(&mut object, "exclude", json!(true));
    }
    object
}

/// Writes a message: as one, or as one for each result where it holds several of tools.
fn written(message: &Message) -> Vec<Value> {
    let Message { role, name, parts } = message;
    if *role == Role::Tool {
        return parts.iter().filter_map(result).collect();
    }
    let word = match role {
        Role::System => "system",
        Role::Developer => "developer",
        Role::User => "user",
        Role::Assistant | Role::Tool => "assistant",
    };
    let mut object = json!({"role": word});
    set(&mut object, "name", json!(name));
    let (mut thought, mut refusal) = (String::new(), String::new());
    let (mut said, mut calls, mut details) = (Vec::new(), Vec::new(), Vec::new());
    for part in parts {
        match part {
            Part::Reasoning(text) => thought.push_str(text),
            Part::ReasoningDetail(detail) => details.push(detail.clone()),
            Part::Refusal(text) => refusal.push_str(text),
            Part::ToolCall(call) => calls.push(written_call(call)),
            other => said.push(other),
        }
    }
    object["content"] = match content(&said) {
        Value::Null if *role != Role::Assistant => json!(""),
        content => content,
    };
    for (name, text) in [("reasoning", thought), ("refusal", refusal)] {
        if !text.is_empty() {
            object[name] = json!(text);
        }
    }
    for (name, list) in [("reasoning_details", details), ("tool_calls", calls)] {
        if !list.is_empty() {
            object[name] = Value::Array(list);
        }
    }
    vec![object]
}

fn result(part: &Part) -> Option<Value> {
    let Part::ToolResult { call_id, parts, failed: _ } = part else { return None };
    let said: Vec<&Part> = parts.iter().collect();
    let content = match content(&said) {
        Value::Null => json!(""),
        content => content,
    };
    Some(json!({"role": "tool", "tool_call_id": call_id, "content": content}))
}

/// Writes content: a string where it is one text without marks, else a list.
fn content(parts: &[&Part]) -> Value {
    match parts {
        [] => Value::Null,
        [Part::Text { text, cache: None }] => json!(text),
        parts => parts.iter().filter_map(|part| written_part(part)).collect(),
    }
}

fn written_part(part: &Part) -> Option<Value> {
    let (mut object, cache) = match part {
        Part::Text { text, cache } => (json!({"type": "text", "text": text}), *cache),
        Part::Image { url, detail, cache } => {
            let mut image = json!({"url": url});
            set(&mut image, "detail", json!(detail));
            (json!({"type": "image_url", "image_url": image}), *cache)
        }
        Part::Audio { data, format } => {
            (json!({"type": "input_audio", "input_audio": {"data": data, "format": format}}), None)
        }
        Part::Video { url } => (json!({"type": "video_url", "video_url": {"url": url}}), None),
        Part::File { name, source, cache } => {
            let mut file = match source {
                FileSource::Url(url) => json!({"file_data": url}),
                FileSource::Id(id) => json!({"file_id": id}),
            };
            set(&mut file, "filename", json!(name));
            (json!({"type": "file", "file": file}), *cache)
        }
        Part::Refusal(_)
        | Part::Reasoning(_)
        | Part::ReasoningDetail(_)
        | Part::ToolCall(_)
        | Part::ToolResult { .. } => return None,
    };
    set(&mut object, "cache_control", cache.map_or(Value::Null, mark));
    Some(object)
}

fn written_call(call: &ToolCall) -> Value {
    let ToolCall { id, name, arguments } = call;
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

fn tool(tool: &Tool) -> Value {
    let Tool { name, description, parameters, strict, cache } = tool;
    let mut function = json!({"name": name});
    set(&mut function, "description", json!(description));
    set(&mut function, "parameters", json!(parameters));
    set(&mut function, "strict", json!(strict));
    let mut object = json!({"type": "function", "function": function});
    set(&mut object, "cache_control", cache.map_or(Value::Null, mark));
    object
}

fn choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::None => json!("none"),
        ToolChoice::Auto => json!("auto"),
        ToolChoice::Required => json!("required"),
        ToolChoice::Function(name) => json!({"type": "function", "function": {"name": name}}),
    }
}

fn mark(mark: CacheMark) -> Value {
    match mark.for_an_hour {
        true => json!({"type": "ephemeral", "ttl": "1h"}),
        false => json!({"type": "ephemeral"}),
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    if !value.is_null() {
        object[name] = value;
    }
}
