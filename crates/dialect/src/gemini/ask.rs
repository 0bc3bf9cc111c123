//! A request of `:generateContent`, read into the house's form.

use std::sync::Arc;

use bytes::Bytes;
use domain::catalog::{Dialect, Modality};
use domain::chat::{ChatRequest, Format, Message, Output, Part, Role, Sampling, Tool, ToolChoice};
use domain::failure::Failure;
use domain::request::{Effort, ReasoningAsk};
use serde_json::{Map, Value, json};

use super::parts::{self, member};
use super::schema::standard;
use crate::door::{Door, Framing};
use crate::facts::facts;
use crate::house;
use crate::request::Request;

/// Turns of one request, at most.
const TURNS_MAX: usize = 100_000;

/// Reads a request.
///
/// # Errors
/// The caller's, naming the field, where a field has a value that makes no sense.
pub(super) fn decode(door: &Door, body: Bytes) -> Result<Request, Failure> {
    let Door::Gemini { model, streams, sse } = door else {
        return Err(Failure::house("a door of another dialect"));
    };
    let mut fields: Map<String, Value> = serde_json::from_slice(&body).map_err(|error| {
        Failure::invalid(format!("The body is not the JSON object it should be: {error}."))
    })?;
    let mut chat = chat(&Value::Object(fields.clone()))?;
    chat.stream = *streams;
    let mut request = Request::new(facts(&chat), Dialect::GoogleGemini, body);
    request.framing = if *sse { Framing::Events } else { Framing::List };
    request.facts.models.push(model.clone());
    house::take(&mut fields, &mut request.facts, &mut request.ignored)?;
    request.facts.user = fields.get("user").and_then(Value::as_str).map(str::to_owned);
    request.chat = Some(Arc::new(chat));
    Ok(request)
}

fn chat(body: &Value) -> Result<ChatRequest, Failure> {
    let mut chat = ChatRequest::default();
    let system = member(body, "systemInstruction");
    let said: Vec<Part> = match system {
        Value::String(text) => vec![Part::Text { text: text.clone(), cache: None }],
        other => {
            list(member(other, "parts")).iter().flat_map(|it| parts::read(it, &mut 0)).collect()
        }
    };
    if !said.is_empty() {
        chat.messages.push(Message { role: Role::System, name: None, parts: said });
    }
    turns(member(body, "contents"), &mut chat)?;
    tools(body, &mut chat);
    settings(member(body, "generationConfig"), &mut chat)?;
    for name in ["safetySettings", "cachedContent", "labels"] {
        if !member(body, name).is_null() {
            chat.dropped.push(name.to_owned());
        }
    }
    Ok(chat)
}

fn turns(contents: &Value, chat: &mut ChatRequest) -> Result<(), Failure> {
    let wrong = |must: &str| Failure::invalid(format!("`contents` {must}.")).at("contents");
    let one;
    let turns = match contents {
        Value::Array(turns) if turns.len() <= TURNS_MAX => turns.as_slice(),
        Value::Object(_) => {
            one = [contents.clone()];
            &one
        }
        Value::Null => return Err(wrong("is missing")),
        _ => return Err(wrong("has to be a list of at most 100000 turns")),
    };
    let mut number = 0;
    let mut calls: Vec<(String, String)> = Vec::new();
    for (place, turn) in turns.iter().enumerate() {
        let role = match turn["role"].as_str() {
            Some("model") => Role::Assistant,
            None | Some("user" | "function") => Role::User,
            Some("system") => Role::System,
            Some(_) => {
                let param = format!("contents[{place}].role");
                let detail = format!("`{param}` has to be user or model.");
                return Err(Failure::invalid(detail).at(param));
            }
        };
        let mut said = Vec::new();
        for part in list(&turn["parts"]) {
            if let Some(result) = parts::result(part, &mut calls) {
                let message = Message { role: Role::Tool, name: None, parts: vec![result] };
                chat.messages.push(message);
            } else {
                said.extend(parts::read(part, &mut number));
            }
        }
        calls.extend(said.iter().filter_map(|part| match part {
            Part::ToolCall(call) => Some((call.name.clone(), call.id.clone())),
            _ => None,
        }));
        if !said.is_empty() {
            chat.messages.push(Message { role, name: None, parts: said });
        }
    }
    match chat.messages.iter().any(|message| message.role != Role::System) {
        true => Ok(()),
        false => Err(wrong("holds nothing")),
    }
}

fn tools(body: &Value, chat: &mut ChatRequest) {
    let offered = &body["tools"];
    for tool in list(offered) {
        for declared in list(member(tool, "functionDeclarations")) {
            let text = |name: &str| declared[name].as_str().map(str::to_owned);
            let native = member(declared, "parametersJsonSchema");
            let parameters = match (native, member(declared, "parameters")) {
                (Value::Object(_), _) => Some(native.clone()),
                (_, google @ Value::Object(_)) => Some(standard(google)),
                _ => None,
            };
            chat.tools.push(Tool {
                name: text("name").unwrap_or_default(),
                description: text("description"),
                parameters,
                strict: None,
                cache: None,
            });
        }
        let hosted = tool.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        let hosted =
            hosted.filter(|it| !["functionDeclarations", "function_declarations"].contains(it));
        chat.dropped.extend(hosted.map(|name| format!("tools.{name}")));
    }
    let config = member(member(body, "toolConfig"), "functionCallingConfig");
    let names = list(member(config, "allowedFunctionNames"));
    chat.tool_choice = match config["mode"].as_str() {
        Some("AUTO" | "VALIDATED") => Some(ToolChoice::Auto),
        Some("NONE") => Some(ToolChoice::None),
        Some("ANY") => match names {
            [one] => one.as_str().map(|name| ToolChoice::Function(name.to_owned())),
            _ => Some(ToolChoice::Required),
        },
        _ => None,
    };
}

fn settings(config: &Value, chat: &mut ChatRequest) -> Result<(), Failure> {
    let number = |name: &str, max: f64| match member(config, name) {
        Value::Null => Ok(None),
        value => value.as_f64().filter(|it| (-max..=max).contains(it)).map(Some).ok_or_else(|| {
            let param = format!("generationConfig.{name}");
            Failure::invalid(format!("`{param}` has to be a number.")).at(param)
        }),
    };
    let whole = |name: &str| Ok::<_, Failure>(number(name, 1e15)?.map(|number| number as i64));
    chat.sampling = Sampling {
        temperature: number("temperature", 2.0)?,
        top_p: number("topP", 1.0)?,
        top_k: whole("topK")?,
        frequency_penalty: number("frequencyPenalty", 2.0)?,
        presence_penalty: number("presencePenalty", 2.0)?,
        seed: whole("seed")?,
        stop: list(member(config, "stopSequences"))
            .iter()
            .filter_map(|it| it.as_str().map(str::to_owned))
            .collect(),
        logprobs: member(config, "responseLogprobs").as_bool(),
        top_logprobs: whole("logprobs")?.and_then(|it| u32::try_from(it).ok()),
        ..Sampling::default()
    };
    let modalities = list(member(config, "responseModalities")).iter().filter_map(|it| {
        match it.as_str()?.to_ascii_uppercase().as_str() {
            "TEXT" => Some(Modality::Text),
            "IMAGE" => Some(Modality::Image),
            "AUDIO" => Some(Modality::Audio),
            _ => None,
        }
    });
    let max = whole("maxOutputTokens")?.and_then(|it| u32::try_from(it).ok());
    chat.output = Output {
        tokens_max: max.filter(|max| 0 < *max),
        choices: whole("candidateCount")?.and_then(|it| u32::try_from(it).ok()),
        format: format(config),
        modalities: modalities.collect(),
        verbosity: None,
    };
    chat.reasoning = thinking(member(config, "thinkingConfig"));
    Ok(())
}

fn format(config: &Value) -> Option<Format> {
    let is_json = member(config, "responseMimeType").as_str()? == "application/json";
    let native = member(config, "responseJsonSchema");
    let schema = match (native, member(config, "responseSchema")) {
        (Value::Object(_), _) => native.clone(),
        (_, google @ Value::Object(_)) => standard(google),
        _ => return is_json.then_some(Format::JsonObject),
    };
    let name = "answer".to_owned();
    Some(Format::JsonSchema { name, description: None, strict: None, schema })
}

fn thinking(config: &Value) -> Option<ReasoningAsk> {
    if !config.is_object() {
        return None;
    }
    let budget = member(config, "thinkingBudget").as_i64();
    let level = member(config, "thinkingLevel").as_str();
    let exclude = member(config, "includeThoughts") != &json!(true);
    Some(ReasoningAsk {
        effort: level.and_then(|level| Effort::parse(&level.to_ascii_lowercase())),
        tokens_max: budget.and_then(|it| u32::try_from(it).ok()).filter(|it| 0 < *it),
        enabled: budget.map(|budget| budget != 0),
        exclude,
    })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
