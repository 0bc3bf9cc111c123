//! A request for embeddings, read.

use std::sync::Arc;

use bytes::Bytes;
use domain::catalog::Modality;
use domain::failure::Failure;
use domain::operation::Operation;
use serde_json::{Map, Value, json};

use super::ask::{Ask, Input, Shape};
use super::form;
use crate::door::Door;
use crate::exchange::{Exchange, Stamp, Target};
use crate::opened::{self, Opened};
use crate::request::Request;
use crate::task::{Task, length, listed};

/// Texts of one request, at most (OpenAI's documentation).
const INPUTS_MAX: usize = 2048;

/// Reads a request in OpenAI's form, or in Ollama's, which is much the same.
///
/// # Errors
/// The caller's, naming the field, where a field has a value that makes no sense.
pub(crate) fn decode(door: &Door, body: Bytes) -> Result<Request, Failure> {
    let opened = opened::open(&body, Operation::Embeddings)?;
    let shape = if *door == Door::OllamaEmbed { Shape::Ollama } else { Shape::OpenAi };
    finish(opened, door, body, shape)
}

/// Reads a request in Gemini's form: one content, or a list of requests.
///
/// # Errors
/// As [`decode`].
pub(crate) fn decode_gemini(
    door: &Door,
    model: &str,
    is_list: bool,
    body: Bytes,
) -> Result<Request, Failure> {
    let mut read: Map<String, Value> = serde_json::from_slice(&body).map_err(|error| {
        Failure::invalid(format!("The body is not the JSON object it should be: {error}."))
    })?;
    let requests = match is_list {
        true => read.shift_remove("requests").unwrap_or_default(),
        false => Value::Array(vec![Value::Object(read.clone())]),
    };
    let wrong = || Failure::invalid("`requests` has to be a list of contents.").at("requests");
    let requests = requests.as_array().filter(|it| !it.is_empty()).ok_or_else(wrong)?;
    let texts: Vec<Value> =
        requests.iter().map(|it| said(it).map(Value::String)).collect::<Result<_, _>>()?;
    let mut fields = Map::new();
    fields.insert("model".to_owned(), json!(model));
    fields.insert("input".to_owned(), Value::Array(texts));
    let first = &requests[0];
    let asked = |name: &str| first.get(name).or_else(|| first["embedContentConfig"].get(name));
    if let Some(dimensions) = asked("outputDimensionality").and_then(Value::as_u64) {
        fields.insert("dimensions".to_owned(), json!(dimensions));
    }
    if let Some(kind) = asked("taskType").and_then(Value::as_str) {
        fields.insert("input_type".to_owned(), json!(form::input_type_of(kind)));
    }
    fields
        .extend(read.into_iter().filter(|(name, _)| crate::house::FIELDS.contains(&name.as_str())));
    let opened = opened::take(fields, Operation::Embeddings)?;
    finish(opened, door, body, Shape::Gemini { is_list })
}

/// Returns the text of a content.
fn said(request: &Value) -> Result<String, Failure> {
    let wrong = || Failure::invalid("`content.parts` has to hold texts.").at("content.parts");
    let parts = request["content"]["parts"].as_array().filter(|it| !it.is_empty());
    let texts = parts.ok_or_else(wrong)?.iter().map(|part| part["text"].as_str());
    Ok(texts.collect::<Option<Vec<&str>>>().ok_or_else(wrong)?.concat())
}

fn finish(mut opened: Opened, door: &Door, body: Bytes, shape: Shape) -> Result<Request, Failure> {
    let packed = match opened.fields.get("encoding_format") {
        None | Some(Value::Null) => false,
        Some(it) if it == "float" => false,
        Some(it) if it == "base64" => true,
        Some(_) => {
            let detail = "`encoding_format` has to be float or base64.";
            return Err(Failure::invalid(detail).at("encoding_format"));
        }
    };
    let inputs = inputs(opened.fields.get("input").unwrap_or(&Value::Null))?;
    let facts = &mut opened.facts;
    let bytes = inputs.iter().map(Input::bytes).fold(0, u32::saturating_add);
    (facts.prompt_bytes, facts.messages) = (bytes, length(inputs.len()));
    if inputs.iter().any(|it| matches!(it, Input::Parts(_, media) if 0 < *media)) {
        facts.modalities.push(Modality::Image);
    }
    let fields = std::mem::take(&mut opened.fields);
    let options = std::mem::take(&mut opened.options);
    let ask = Ask { fields, options, inputs: Arc::new(inputs), packed, shape };
    Ok(opened.request(door, body, Arc::new(ask)))
}

fn inputs(value: &Value) -> Result<Vec<Input>, Failure> {
    let wrong = |must: &str| Failure::invalid(format!("`input` {must}.")).at("input");
    let list = listed(value);
    let is_tokens = |list: &[Value]| !list.is_empty() && list.iter().all(Value::is_u64);
    if is_tokens(list) {
        return Ok(vec![Input::Tokens(length(list.len()))]);
    }
    if list.is_empty() {
        return Err(wrong("holds nothing to embed"));
    }
    if INPUTS_MAX < list.len() {
        return Err(wrong(&format!("may hold at most {INPUTS_MAX} texts")));
    }
    let one = |item: &Value| match item {
        Value::String(text) if !text.is_empty() => Some(Input::Text(text.clone())),
        Value::Array(tokens) if is_tokens(tokens) => Some(Input::Tokens(length(tokens.len()))),
        Value::Object(parts) => {
            let parts = parts.get("content")?.as_array().filter(|it| !it.is_empty())?;
            let texts = parts.iter().filter_map(|it| it["text"].as_str());
            let media = parts.iter().filter(|it| it["type"] != "text").count();
            Some(Input::Parts(texts.map(|it| length(it.len())).sum(), length(media)))
        }
        _ => None,
    };
    let must = "has to be a text, a list of tokens, or a list of these that are not empty";
    list.iter().map(|item| one(item).ok_or_else(|| wrong(must))).collect()
}

impl Task for Ask {
    fn exchange(&self, target: Target<'_>, stamp: Stamp) -> Result<Box<dyn Exchange>, Failure> {
        form::exchange(self, target, stamp)
    }
}
