//! A request to rerank, read and sent on.

use std::sync::Arc;

use bytes::Bytes;
use domain::catalog::{Dialect, Modality};
use domain::failure::Failure;
use domain::operation::Operation;
use domain::usage::Usage;
use serde_json::{Map, Value, json};

use super::answer::{Answering, DOCUMENTS_PER_SEARCH};
use crate::door::Door;
use crate::exchange::{Exchange, Stamp, Target};
use crate::facts::MEDIA_BYTES;
use crate::once::Once;
use crate::opened;
use crate::request::Request;
use crate::task::{Task, cannot, fitted, length, wire};

/// Documents of one request, at most (Cohere's documentation).
const DOCUMENTS_MAX: usize = 10_000;
/// Bytes that a billed piece of a document has at least: it is cut at 500 tokens, the query's among
/// them.
const PIECE_BYTES_MIN: u32 = 100;

/// A request to rerank.
#[derive(Debug)]
struct Ask {
    fields: Map<String, Value>,
    options: Map<String, Value>,
    query: String,
    documents: Arc<Vec<Value>>,
    top: Option<usize>,
    shows_documents: bool,
}

/// Returns whether endpoints of a dialect can be asked to rerank.
pub(crate) fn is_spoken(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::Rerank | Dialect::Cohere | Dialect::OpenaiChat)
}

/// What the form knows.
const KNOWN: [&str; 6] =
    ["query", "documents", "top_n", "return_documents", "max_tokens_per_doc", "rank_fields"];

/// Reads a request.
///
/// # Errors
/// The caller's, naming the field, where a field has a value that makes no sense.
pub(crate) fn decode(door: &Door, body: Bytes) -> Result<Request, Failure> {
    let mut opened = opened::open(&body, Operation::Rerank)?;
    let wrong = |name: &str, must: &str| Failure::invalid(format!("`{name}` {must}.")).at(name);
    let query = opened.fields.get("query").and_then(Value::as_str).filter(|it| !it.is_empty());
    let query = query.ok_or_else(|| wrong("query", "has to be a text"))?.to_owned();
    let documents = opened.fields.get("documents").and_then(Value::as_array);
    let documents = documents.ok_or_else(|| wrong("documents", "has to be a list"))?;
    if documents.is_empty() || DOCUMENTS_MAX < documents.len() {
        let must = format!("has to hold 1 to {DOCUMENTS_MAX} documents");
        return Err(wrong("documents", &must));
    }
    let is_document = |it: &Value| {
        it.is_string() || it.get("text").or(it.get("image")).is_some_and(Value::is_string)
    };
    if let Some(place) = documents.iter().position(|it| !is_document(it)) {
        let param = format!("documents[{place}]");
        return Err(wrong(&param, "has to be a text, or an object with a text or an image"));
    }
    let top = match opened.fields.get("top_n").unwrap_or(&Value::Null) {
        Value::Null => None,
        value => {
            let top = value.as_u64().filter(|it| 0 < *it).and_then(|it| usize::try_from(it).ok());
            Some(top.ok_or_else(|| wrong("top_n", "has to be a whole number of at least 1"))?)
        }
    };
    let facts = &mut opened.facts;
    let bytes = documents.iter().map(bytes_of).fold(0, u32::saturating_add);
    let asked = length(query.len());
    // Some hosts read the query anew with each document.
    let repeated = asked.saturating_mul(length(documents.len()));
    (facts.prompt_bytes, facts.messages) =
        (bytes.saturating_add(repeated), length(documents.len()));
    facts.units = Usage { requests: searches(documents), ..Usage::default() };
    if documents.iter().any(|it| it.get("image").is_some_and(Value::is_string)) {
        facts.modalities.push(Modality::Image);
    }
    let shows_documents = opened.fields.get("return_documents") != Some(&Value::Bool(false));
    let ask = Ask {
        documents: Arc::new(documents.clone()),
        fields: std::mem::take(&mut opened.fields),
        options: std::mem::take(&mut opened.options),
        query,
        top,
        shows_documents,
    };
    Ok(opened.request(door, body, Arc::new(ask)))
}

fn bytes_of(document: &Value) -> u32 {
    let text = document.as_str().or_else(|| document["text"].as_str()).unwrap_or_default();
    let image = if document["image"].is_string() { MEDIA_BYTES } else { 0 };
    length(text.len() + image)
}

/// Returns the most searches that a request can be billed as.
fn searches(documents: &[Value]) -> u16 {
    let pieces = documents.iter().map(|it| bytes_of(it).div_ceil(PIECE_BYTES_MIN).max(1));
    let searches = pieces.fold(0, u32::saturating_add).div_ceil(DOCUMENTS_PER_SEARCH);
    u16::try_from(searches).unwrap_or(u16::MAX)
}

impl Task for Ask {
    fn exchange(&self, target: Target<'_>, stamp: Stamp) -> Result<Box<dyn Exchange>, Failure> {
        let mut fields = self.fields.clone();
        // The house shows documents itself; nobody has to send them back.
        fields.shift_remove("return_documents");
        if target.endpoint.dialect == Dialect::Cohere {
            let text = |it: &Value| Some(it.as_str().or_else(|| it["text"].as_str())?.to_owned());
            let texts: Option<Vec<String>> = self.documents.iter().map(text).collect();
            let no_text = || cannot("documents", "This model's provider ranks texts alone.");
            fields.insert("documents".to_owned(), json!(texts.ok_or_else(no_text)?));
        }
        let mut dropped = Vec::new();
        let body = fitted(&fields, &self.options, target, &KNOWN, &mut dropped);
        let answering = Answering {
            query: self.query.clone(),
            documents: self.documents.clone(),
            top: self.top,
            shows_documents: self.shows_documents,
            bills_searches: bills_searches(target),
            stamp,
        };
        let wire = wire("/rerank", &body, target, dropped);
        Ok(Once::exchange(wire, move |body| answering.read(body)))
    }
}

fn bills_searches(target: Target<'_>) -> bool {
    target.endpoint.price.as_ref().is_some_and(|card| card.base.search.is_some())
}
