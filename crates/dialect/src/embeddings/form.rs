//! The forms in which endpoints are asked for embeddings.

use domain::catalog::Dialect;
use domain::failure::Failure;
use serde_json::{Map, Value, json};

use super::answer::Answering;
use super::ask::{Ask, Form, Input};
use crate::exchange::{Exchange, Stamp, Target, Wire};
use crate::once::Once;
use crate::task::{cannot, fitted, own_options, wire};

/// Texts that Cohere takes at once.
const COHERE_TEXTS_MAX: usize = 96;
/// Texts that Gemini takes at once.
const GEMINI_TEXTS_MAX: usize = 100;

impl Form {
    fn of(dialect: Dialect) -> Option<Form> {
        match dialect {
            Dialect::OpenaiEmbeddings
            | Dialect::OpenaiChat
            | Dialect::OpenaiResponses
            | Dialect::AzureOpenai
            | Dialect::Mistral => Some(Form::OpenAi),
            Dialect::GoogleGemini => Some(Form::Gemini),
            Dialect::GoogleVertex => Some(Form::Vertex),
            Dialect::Cohere => Some(Form::Cohere),
            Dialect::Ollama => Some(Form::Ollama),
            _ => None,
        }
    }
}

/// Returns whether endpoints of a dialect can be asked for embeddings.
pub(crate) fn is_spoken(dialect: Dialect) -> bool {
    Form::of(dialect).is_some()
}

/// What OpenAI's form knows.
const KNOWN: [&str; 3] = ["input", "dimensions", "encoding_format"];
/// What Ollama's knows.
const OLLAMA_KNOWN: [&str; 5] = ["input", "dimensions", "truncate", "options", "keep_alive"];

/// Returns how an endpoint is asked.
///
/// # Errors
/// When its form has no way to say what the request insists on.
pub(super) fn exchange(
    ask: &Ask,
    target: Target<'_>,
    stamp: Stamp,
) -> Result<Box<dyn Exchange>, Failure> {
    let dialect = target.endpoint.dialect;
    let no_form = || cannot("model", "Its endpoint has no form for embeddings.");
    let form = Form::of(dialect).ok_or_else(no_form)?;
    let wire = match form {
        Form::OpenAi => {
            let mut dropped = Vec::new();
            let body = fitted(&ask.fields, &ask.options, target, &KNOWN, &mut dropped);
            wire("/embeddings", &body, target, dropped)
        }
        Form::Ollama => {
            let mut dropped = Vec::new();
            let mut fields = ask.fields.clone();
            fields.shift_remove("encoding_format");
            texts(ask)?;
            let body = fitted(&fields, &ask.options, target, &OLLAMA_KNOWN, &mut dropped);
            wire("/embed", &body, target, dropped)
        }
        Form::Gemini => gemini(ask, target)?,
        Form::Vertex => vertex(ask, target)?,
        Form::Cohere => cohere(ask, target)?,
    };
    let answering = Answering::new(ask, form, stamp);
    Ok(Once::exchange(wire, move |body| answering.read(body)))
}

/// Returns the texts of a request.
///
/// # Errors
/// When something in it is no text.
fn texts(ask: &Ask) -> Result<Vec<&str>, Failure> {
    let texts: Option<Vec<&str>> = ask
        .inputs
        .iter()
        .map(|input| if let Input::Text(text) = input { Some(text.as_str()) } else { None })
        .collect();
    let detail = "This model's provider embeds texts, and neither tokens nor parts.";
    texts.ok_or_else(|| cannot("input", detail))
}

fn at_most(texts: &[&str], max: usize) -> Result<(), Failure> {
    match texts.len() <= max {
        true => Ok(()),
        false => {
            let detail = format!("This model's provider embeds at most {max} texts at once.");
            Err(cannot("input", detail))
        }
    }
}

/// Names what a form has no word for, `said` being what it has.
fn unsaid(ask: &Ask, said: &[&str]) -> Vec<String> {
    let sent = ask.fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name);
    // How vectors are written is the house's own work there.
    let own = ["input", "encoding_format"];
    let others = sent.filter(|it| !said.contains(&it.as_str()) && !own.contains(&it.as_str()));
    others.map(|name| crate::preferences::shown(name)).collect()
}

fn gemini(ask: &Ask, target: Target<'_>) -> Result<Wire, Failure> {
    let texts = texts(ask)?;
    at_most(&texts, GEMINI_TEXTS_MAX)?;
    let model = &target.endpoint.upstream_model;
    let request = |text: &&str| {
        let mut request = Map::new();
        request.insert("model".to_owned(), json!(format!("models/{model}")));
        request.insert("content".to_owned(), json!({"parts": [{"text": text}]}));
        request.extend(google(ask, "taskType"));
        request.extend(own_options(&ask.options, target).cloned().unwrap_or_default());
        Value::Object(request)
    };
    let requests: Vec<Value> = texts.iter().map(request).collect();
    let body = Map::from_iter([("requests".to_owned(), Value::Array(requests))]);
    let path = format!("/models/{model}:batchEmbedContents");
    Ok(wire(path, &body, target, unsaid(ask, &["dimensions", "input_type"])))
}

/// Returns the optional fields as Google has them.
fn google(ask: &Ask, task_type: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    if let Some(kind) = ask.fields.get("input_type").and_then(Value::as_str) {
        fields.insert(task_type.to_owned(), json!(task_type_of(kind)));
    }
    if let Some(dimensions) = ask.fields.get("dimensions").filter(|it| it.is_u64()) {
        fields.insert("outputDimensionality".to_owned(), dimensions.clone());
    }
    fields
}

fn vertex(ask: &Ask, target: Target<'_>) -> Result<Wire, Failure> {
    let texts = texts(ask)?;
    at_most(&texts, 1)?;
    let mut parameters = google(ask, "task_type");
    let mut instance = Map::from_iter([("content".to_owned(), json!(texts[0]))]);
    instance.extend(parameters.shift_remove("task_type").map(|it| ("task_type".to_owned(), it)));
    let mut body = Map::from_iter([("instances".to_owned(), json!([instance]))]);
    if !parameters.is_empty() {
        body.insert("parameters".to_owned(), Value::Object(parameters));
    }
    let path = format!("/publishers/google/models/{}:predict", target.endpoint.upstream_model);
    Ok(wire(path, &body, target, unsaid(ask, &["dimensions", "input_type"])))
}

fn cohere(ask: &Ask, target: Target<'_>) -> Result<Wire, Failure> {
    let texts = texts(ask)?;
    at_most(&texts, COHERE_TEXTS_MAX)?;
    let kind = ask.fields.get("input_type").and_then(Value::as_str);
    let kind = match kind {
        Some("query") => "search_query",
        Some("document" | "passage") | None => "search_document",
        Some(own) => own,
    };
    let mut body = Map::from_iter([
        ("model".to_owned(), json!(target.endpoint.upstream_model)),
        ("texts".to_owned(), json!(texts)),
        ("input_type".to_owned(), json!(kind)),
        ("embedding_types".to_owned(), json!(["float"])),
    ]);
    for (name, own) in [("dimensions", "output_dimension"), ("truncate", "truncate")] {
        body.extend(ask.fields.get(name).map(|value| (own.to_owned(), value.clone())));
    }
    body.extend(own_options(&ask.options, target).cloned().unwrap_or_default());
    Ok(wire("/embed", &body, target, unsaid(ask, &["dimensions", "input_type", "truncate"])))
}

/// What texts are embedded for, in the words of callers and in Google's.
const TASKS: [(&str, &str); 7] = [
    ("search_query", "RETRIEVAL_QUERY"),
    ("search_document", "RETRIEVAL_DOCUMENT"),
    ("classification", "CLASSIFICATION"),
    ("clustering", "CLUSTERING"),
    ("query", "RETRIEVAL_QUERY"),
    ("document", "RETRIEVAL_DOCUMENT"),
    ("passage", "RETRIEVAL_DOCUMENT"),
];

fn task_type_of(kind: &str) -> String {
    let known = TASKS.iter().find(|(word, _)| *word == kind);
    known.map_or_else(|| kind.to_uppercase(), |(_, own)| (*own).to_owned())
}

/// Returns the word of callers for what Google says texts are embedded for.
pub(super) fn input_type_of(task: &str) -> String {
    let known = TASKS.iter().find(|(_, own)| *own == task);
    known.map_or_else(|| task.to_lowercase(), |(word, _)| (*word).to_owned())
}
