//! The forms in which endpoints are asked to transcribe.

use domain::catalog::Dialect;
use domain::failure::Failure;
use serde_json::{Map, Value};

use super::answer::Answering;
use super::ask::Ask;
use crate::exchange::{Exchange, Stamp, Target};
use crate::multipart::{self, Part};
use crate::once::Once;
use crate::task::{bills_tokens, cannot, fitted, own_options, wire};

/// Returns whether endpoints of a dialect can be asked to transcribe.
pub(crate) fn is_spoken(dialect: Dialect) -> bool {
    matches!(
        dialect,
        Dialect::OpenaiTranscriptions
            | Dialect::OpenaiChat
            | Dialect::AzureOpenai
            | Dialect::Mistral
            | Dialect::Elevenlabs
    )
}

/// What OpenAI's form knows beside the recording.
const KNOWN: [&str; 5] =
    ["language", "prompt", "temperature", "timestamp_granularities", "chunking_strategy"];

/// Returns how an endpoint is asked.
///
/// # Errors
/// When its form has no way to say what the request insists on.
pub(super) fn exchange(
    ask: &Ask,
    target: Target<'_>,
    stamp: &Stamp,
) -> Result<Box<dyn Exchange>, Failure> {
    let mut dropped = Vec::new();
    let (path, fields) = match target.endpoint.dialect {
        Dialect::Elevenlabs => ("/speech-to-text", elevenlabs(ask, target, &mut dropped)?),
        dialect if is_spoken(dialect) => {
            let mut fields = fitted(&ask.fields, &ask.options, target, &KNOWN, &mut dropped);
            let format = if ask.format.is_timed() { "verbose_json" } else { "json" };
            fields.insert("response_format".to_owned(), format.into());
            ("/audio/transcriptions", fields)
        }
        _ => return Err(cannot("model", "Its endpoint has no form for transcription.")),
    };
    let mut parts: Vec<Part> =
        fields.iter().flat_map(|(name, value)| written(name, value)).collect();
    let file_name = ask.file.file_name.clone().or_else(|| Some("audio".to_owned()));
    parts.push(Part { name: "file".to_owned(), file_name, ..ask.file.clone() });
    let (content_type, body) = multipart::write(&parts, &stamp.id);
    let mut wire = wire(path, &Map::new(), target, dropped);
    wire.body = body;
    wire.headers.push(("content-type".into(), content_type));
    let price = target.endpoint.price.as_ref().map(|card| card.base);
    let answering = Answering {
        format: ask.format,
        length: ask.length,
        bills_minutes: price.is_some_and(|it| it.minute.is_some()),
        bills_tokens: bills_tokens(target),
    };
    Ok(Once::exchange(wire, move |body| answering.read(body)))
}

/// Writes a field as a form has it: each item of a list in a part of its own.
fn written(name: &str, value: &Value) -> Vec<Part> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match value {
        Value::Array(list) => {
            list.iter().map(|item| Part::text(&format!("{name}[]"), text(item))).collect()
        }
        value => vec![Part::text(name, text(value))],
    }
}

fn elevenlabs(
    ask: &Ask,
    target: Target<'_>,
    dropped: &mut Vec<String>,
) -> Result<Map<String, Value>, Failure> {
    if ask.format.is_timed() {
        let detail = "This model's provider writes transcripts as json and text.";
        return Err(cannot("response_format", detail));
    }
    let mut fields = Map::new();
    fields.insert("model_id".to_owned(), target.endpoint.upstream_model.clone().into());
    for (name, value) in ask.fields.iter().filter(|(_, value)| !value.is_null()) {
        match name.as_str() {
            "language" => drop(fields.insert("language_code".to_owned(), value.clone())),
            "temperature" => drop(fields.insert("temperature".to_owned(), value.clone())),
            other => dropped.push(crate::preferences::shown(other)),
        }
    }
    fields.extend(own_options(&ask.options, target).cloned().unwrap_or_default());
    Ok(fields)
}
