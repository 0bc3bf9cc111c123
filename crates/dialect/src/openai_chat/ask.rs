//! A chat request as its caller sent it: checked, and the facts taken out of it.

use bytes::Bytes;
use domain::catalog::Dialect;
use domain::failure::Failure;
use domain::request::{Effort, Facts, ReasoningAsk, fingerprint};
use serde_json::{Map, Value};

use super::fields::{EFFORTS, known};
use super::read::{Pass, invalid, read};
use super::shape;
use crate::house;
use crate::preferences::preferences;
use crate::request::{Field, Request};

const STOPS_MAX: usize = 4;
const METADATA_PAIRS_MAX: usize = 16;
const METADATA_KEY_MAX: usize = 64;
const METADATA_VALUE_MAX: usize = 512;

/// Reads a request of `POST /chat/completions`.
///
/// # Errors
/// The caller's, naming the field, where a field has a value that makes no sense.
pub(super) fn decode_chat(body: Bytes) -> Result<Request, Failure> {
    let pass = read(&body).map_err(|refused| refused.0)?;
    let has_messages = pass.fields.iter().any(|field| field.name == "messages");
    let legacy_prompt = !has_messages && pass.fields.iter().any(|field| field.name == "prompt");
    decode(body, pass, legacy_prompt)
}

/// Reads a request of `POST /completions`, the legacy form.
///
/// # Errors
/// As [`decode_chat`].
pub(super) fn decode_completion(body: Bytes) -> Result<Request, Failure> {
    let pass = read(&body).map_err(|refused| refused.0)?;
    decode(body, pass, true)
}

fn decode(body: Bytes, pass: Pass, legacy_prompt: bool) -> Result<Request, Failure> {
    let Pass { fields, marks, messages, modalities, prompt_bytes, tools, beginning } = pass;
    let parts = beginning.iter().flatten().map(|span| span.of(&body));
    let conversation = (!legacy_prompt).then(|| fingerprint(parts));
    let facts = Facts {
        legacy_prompt,
        messages: if legacy_prompt { 1 } else { messages },
        modalities,
        prompt_bytes: u32::try_from(prompt_bytes).unwrap_or(u32::MAX),
        tools: tools != 0,
        conversation,
        ..Facts::default()
    };
    let dialect = Dialect::OpenaiChat;
    let mut request = Request { fields, marks, ..Request::new(facts, dialect, body) };
    let prompt_field = if legacy_prompt { "prompt" } else { "messages" };
    check_prompt(&request, prompt_field)?;
    let mut parameters = Vec::new();
    for Field { name, value_start, end, .. } in &request.fields {
        let value = &request.body[*value_start..*end];
        if value == b"null" {
            continue;
        }
        let Some(known) = known(name) else {
            parameters.push(name.clone());
            continue;
        };
        shape::check(name, known.shape, value)?;
        if known.is_parameter {
            parameters.push(name.clone());
        }
    }
    request.facts.parameters = parameters;
    take_facts(&mut request)?;
    if let Some(key) = request.value("prompt_cache_key") {
        request.facts.conversation = Some(fingerprint(std::iter::once(key)));
    }
    take_preferences(&mut request)?;
    check_rest(&request)?;
    let ignored = without_effect(&mut request)?;
    request.ignored.extend(ignored);
    Ok(request)
}

fn check_prompt(request: &Request, field: &'static str) -> Result<(), Failure> {
    let wrong = |must: &str| invalid(format!("`{field}` {must}.")).at(field);
    let Some(value) = request.value(field) else { return Err(wrong("is missing")) };
    match field {
        "messages" if request.facts.messages == 0 => Err(wrong("holds no message")),
        "prompt" if shape::text(value).is_none() => Err(wrong("has to be a string")),
        _ => Ok(()),
    }
}

fn take_facts(request: &mut Request) -> Result<(), Failure> {
    let text = |name: &str| request.value(name).and_then(shape::text);
    let truth = |name: &str| request.value(name).and_then(shape::truth);
    let whole = |name: &str| request.value(name).and_then(shape::whole);
    let tokens = |name: &str| whole(name).and_then(|tokens| u32::try_from(tokens).ok());
    let models = models(request)?;
    let reasoning = reasoning(request)?;
    let output_tokens_max = tokens("max_completion_tokens").or_else(|| tokens("max_tokens"));
    let thinking = reasoning.as_ref().and_then(|ask| ask.tokens_max).unwrap_or(0);
    if output_tokens_max.is_some_and(|max| max <= thinking) {
        let detail = "`max_tokens` has to be larger than `reasoning.max_tokens`.";
        return Err(invalid(detail).at("max_tokens"));
    }
    let schema = response_format(request)?;
    let choices = whole("n").and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    let (stream, session_id, user) =
        (truth("stream") == Some(true), text("session_id"), text("user"));
    let tier = text("service_tier");
    let priority = matches!(tier.as_deref(), Some("priority" | "fast"));
    let flex = tier.as_deref() == Some("flex");
    let facts = &mut request.facts;
    if schema && !facts.parameters.iter().any(|name| name == "structured_outputs") {
        facts.parameters.push("structured_outputs".to_owned());
    }
    facts.models = models;
    facts.stream = stream;
    facts.output_tokens_max = output_tokens_max;
    facts.choices = choices;
    facts.schema = schema;
    facts.reasoning = reasoning;
    facts.priority = priority;
    facts.flex = flex;
    facts.session_id = session_id;
    facts.user = user;
    Ok(())
}

fn models(request: &Request) -> Result<Vec<String>, Failure> {
    let mut models: Vec<String> = Vec::new();
    models.extend(request.value("model").and_then(shape::text));
    if let Some(value) = request.value("models") {
        models.extend(house::models(&json("models", value)?)?);
    }
    models.retain(|name| !name.is_empty());
    Ok(models)
}

/// Reads the three fields that ask for thinking into one.
fn reasoning(request: &Request) -> Result<Option<ReasoningAsk>, Failure> {
    let object = match request.value("reasoning") {
        Some(value) => Some(object("reasoning", value)?),
        None => None,
    };
    let shorthand = request.value("reasoning_effort").and_then(shape::text);
    let include = request.value("include_reasoning").and_then(shape::truth);
    if object.is_none() && shorthand.is_none() && include.is_none() {
        return Ok(None);
    }
    let mut ask = object.as_ref().map(reasoning_object).transpose()?.unwrap_or_default();
    if let Some(effort) = shorthand.as_deref().and_then(Effort::parse) {
        if ask.effort.is_some_and(|own| own != effort) {
            let detail = "`reasoning_effort` contradicts `reasoning.effort`; send one of them.";
            return Err(invalid(detail).at("reasoning_effort"));
        }
        ask.effort = Some(effort);
    }
    ask.exclude |= include == Some(false);
    Ok(Some(ask))
}

fn reasoning_object(object: &Map<String, Value>) -> Result<ReasoningAsk, Failure> {
    let wrong = |key: &str, must: &str| {
        let param = format!("reasoning.{key}");
        invalid(format!("`{param}` has to be {must}.")).at(param)
    };
    let set = |key: &str| object.get(key).filter(|value| !value.is_null());
    let truth = |key: &str| {
        set(key).map(|value| value.as_bool().ok_or_else(|| wrong(key, "true or false"))).transpose()
    };
    let must = format!("one of {}", EFFORTS.join(", "));
    let effort = set("effort")
        .map(|it| it.as_str().and_then(Effort::parse).ok_or_else(|| wrong("effort", &must)))
        .transpose()?;
    let tokens = |value: &Value| value.as_u64().and_then(|tokens| u32::try_from(tokens).ok());
    let tokens_max = set("max_tokens")
        .map(|it| tokens(it).ok_or_else(|| wrong("max_tokens", "a number of tokens")))
        .transpose()?;
    Ok(ReasoningAsk {
        effort,
        tokens_max,
        enabled: truth("enabled")?,
        exclude: truth("exclude")?.unwrap_or(false),
    })
}

/// Checks the format that the answer is to have. Returns whether that is a JSON schema.
fn response_format(request: &Request) -> Result<bool, Failure> {
    let Some(value) = request.value("response_format") else { return Ok(false) };
    let format = object("response_format", value)?;
    match format.get("type").and_then(Value::as_str) {
        Some("text" | "json_object" | "grammar" | "python") => Ok(false),
        Some("json_schema") => {
            let schema = format.get("json_schema");
            let name = schema.and_then(|schema| schema.get("name")).and_then(Value::as_str);
            if name.is_some_and(|name| 64 < name.chars().count()) {
                let param = "response_format.json_schema.name";
                return Err(invalid(format!("`{param}` has more than 64 characters.")).at(param));
            }
            if !schema.is_some_and(Value::is_object) {
                let param = "response_format.json_schema";
                return Err(invalid(format!("`{param}` has to be an object.")).at(param));
            }
            Ok(true)
        }
        _ => {
            let detail = "`response_format.type` has to be one of text, json_object, json_schema, \
                          grammar, python.";
            Err(invalid(detail).at("response_format.type"))
        }
    }
}

fn take_preferences(request: &mut Request) -> Result<(), Failure> {
    if let Some(value) = request.value("provider") {
        let object = object("provider", value)?;
        request.facts.preferences = preferences(&object, &mut request.ignored)?;
    }
    if request.value("route") == Some(b"\"sort\"") {
        request.facts.preferences.sort_across_models = true;
    }
    Ok(())
}

/// Checks the fields whose shape the table cannot say.
fn check_rest(request: &Request) -> Result<(), Failure> {
    if let Some(value) = request.value("stop") {
        let stops = serde_json::from_slice::<Vec<String>>(value).map(|stops| stops.len());
        if shape::text(value).is_none() && !stops.is_ok_and(|stops| stops <= STOPS_MAX) {
            let detail = "`stop` has to be a string or a list of at most 4 strings.";
            return Err(invalid(detail).at("stop"));
        }
    }
    if let Some(value) = request.value("tool_choice") {
        let words: [&[u8]; 4] = [b"\"none\"", b"\"auto\"", b"\"required\"", b"\"any\""];
        if !words.contains(&value) && value.first() != Some(&b'{') {
            let detail = "`tool_choice` has to be none, auto, required, or an object.";
            return Err(invalid(detail).at("tool_choice"));
        }
    }
    match request.value("metadata") {
        Some(value) => check_metadata(&object("metadata", value)?),
        None => Ok(()),
    }
}

fn check_metadata(metadata: &Map<String, Value>) -> Result<(), Failure> {
    let fits = |(key, value): (&String, &Value)| {
        key.chars().count() <= METADATA_KEY_MAX
            && !key.contains(['[', ']'])
            && value.as_str().is_some_and(|it| it.chars().count() <= METADATA_VALUE_MAX)
    };
    if metadata.len() <= METADATA_PAIRS_MAX && metadata.iter().all(fits) {
        return Ok(());
    }
    let detail = "`metadata` has to hold at most 16 strings of at most 512 characters, under keys \
                  of at most 64 characters without square brackets.";
    Err(invalid(detail).at("metadata"))
}

/// Names the fields that are understood and have no effect, with the reason.
fn without_effect(request: &mut Request) -> Result<Vec<String>, Failure> {
    let mut ignored = Vec::new();
    for (name, why) in [
        ("preset", "no presets are kept here"),
        ("trace", "requests are not traced to anywhere"),
        ("metadata", "it is neither stored nor sent on"),
        ("max_tool_calls", "no tools are run here"),
        ("stop_server_tools_when", "no tools are run here"),
        ("safety_identifier", "who asks is told to providers as a hash, by `user`"),
    ] {
        if request.value(name).is_some() {
            ignored.push(format!("{name}: {why}"));
        }
    }
    if let Some(value) = request.value("debug")
        && object("debug", value)?.get("echo_upstream_body") == Some(&Value::Bool(true))
    {
        ignored.push("debug.echo_upstream_body: what is sent on is not shown".to_owned());
    }
    if let Some(value) = request.value("transforms") {
        let compresses = house::transforms(&json("transforms", value)?, &mut ignored)?;
        request.facts.compresses = compresses;
    }
    if let Some(value) = request.value("plugins") {
        let plugins = json("plugins", value)?;
        house::plugins(&plugins, &mut request.facts, &mut ignored)?;
    }
    Ok(ignored)
}

fn object(name: &'static str, value: &[u8]) -> Result<Map<String, Value>, Failure> {
    serde_json::from_slice(value)
        .map_err(|_| invalid(format!("`{name}` has to be an object that can be read.")).at(name))
}

fn json(name: &'static str, value: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(value)
        .map_err(|_| invalid(format!("`{name}` holds half a surrogate pair.")).at(name))
}
