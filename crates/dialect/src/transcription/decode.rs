//! A request to transcribe, read.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::failure::{Failure, FailureKind};
use domain::operation::Operation;
use domain::usage::Usage;
use serde_json::{Map, Value, json};

use super::ask::{Ask, Format, SOUND_TOKENS_PER_SECOND_MAX};
use super::form;
use crate::door::Door;
use crate::exchange::{Exchange, Stamp, Target};
use crate::multipart::{self, Part};
use crate::opened;
use crate::recording::measure;
use crate::request::Request;
use crate::sse::KEEP_ALIVE;
use crate::task::{Task, length, push_failure};

/// Bytes of a recording in a form, at most (OpenAI's documentation).
const FILE_BYTES_MAX: usize = 25 << 20;
/// Tokens of text that a second of speech can make.
const TOKENS_PER_SECOND_MAX: u32 = 16;
/// Reads a request.
///
/// # Errors
/// The caller's, naming the field, where a field has a value that makes no sense.
pub(crate) fn decode(door: &Door, boundary: Option<&str>, body: Bytes) -> Result<Request, Failure> {
    let (fields, file) = match boundary {
        Some(boundary) => from_form(multipart::parse(&body, boundary)?)?,
        None => from_json(&body)?,
    };
    let mut opened = opened::take(fields, Operation::Transcription)?;
    let wrong = |name: &str, must: &str| Failure::invalid(format!("`{name}` {must}.")).at(name);
    let word = match opened.fields.shift_remove("response_format").unwrap_or_default() {
        Value::Null => "json".to_owned(),
        word => word.as_str().unwrap_or_default().to_owned(),
    };
    let format = Format::ALL.into_iter().find(|it| it.word() == word);
    let must = "has to be one of json, verbose_json, text, srt, vtt";
    let format = format.ok_or_else(|| wrong("response_format", must))?;
    let stream = match opened.fields.shift_remove("stream").unwrap_or_default() {
        Value::Null => false,
        // A form has only texts.
        value => match value.as_str().unwrap_or(if value == true { "true" } else { "" }) {
            "true" => true,
            "false" => false,
            _ if value == false => false,
            _ => return Err(wrong("stream", "has to be true or false")),
        },
    };
    if stream && format != Format::Json {
        return Err(wrong("response_format", "has to be json where the transcript is a stream"));
    }
    let lasts = measure(&file.body);
    let seconds = lasts.ms_max.div_ceil(1_000);
    let facts = &mut opened.facts;
    facts.prompt_bytes = seconds.saturating_mul(SOUND_TOKENS_PER_SECOND_MAX).saturating_add(
        opened.fields.get("prompt").and_then(Value::as_str).map_or(0, |it| length(it.len())),
    );
    facts.messages = 1;
    facts.stream = stream;
    facts.output_tokens_max = Some(seconds.saturating_mul(TOKENS_PER_SECOND_MAX) + 256);
    facts.units = Usage { audio_ms: lasts.ms_max, ..Usage::default() };
    let fields = std::mem::take(&mut opened.fields);
    let options = std::mem::take(&mut opened.options);
    let ask = Ask { fields, options, file, length: lasts, format };
    let mut request = opened.request(door, Bytes::new(), Arc::new(ask));
    request.framing = format.framing();
    Ok(request)
}

type Read = (Map<String, Value>, Part);

fn from_form(parts: Vec<Part>) -> Result<Read, Failure> {
    let (mut fields, mut file) = (Map::new(), None);
    for part in parts {
        if part.name == "file" {
            file = Some(part);
            continue;
        }
        let text = String::from_utf8(part.body.to_vec()).map_err(|_| {
            let param = part.name.clone();
            Failure::invalid("A field of the form holds what is no text.").at(param)
        })?;
        let name = part.name.strip_suffix("[]");
        match name {
            Some(list) => {
                let held = fields.entry(list).or_insert_with(|| json!([]));
                held.as_array_mut().into_iter().for_each(|held| held.push(json!(text)));
            }
            // The house's own fields are objects, which forms carry as JSON.
            None if crate::house::FIELDS.contains(&part.name.as_str()) => {
                let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
                fields.insert(part.name, value);
            }
            None => {
                fields.insert(part.name, Value::String(text));
            }
        }
    }
    let missing = || Failure::invalid("`file` is missing.").at("file");
    let file = file.filter(|it| !it.body.is_empty()).ok_or_else(missing)?;
    if FILE_BYTES_MAX < file.body.len() {
        let detail = "`file` may have at most 25 MiB; longer ones go as JSON, in `input_audio`.";
        return Err(Failure::caller(FailureKind::PayloadTooLarge, detail).at("file"));
    }
    Ok((fields, file))
}

fn from_json(body: &Bytes) -> Result<Read, Failure> {
    let mut fields: Map<String, Value> = serde_json::from_slice(body).map_err(|error| {
        Failure::invalid(format!(
            "The body is neither a form (multipart/form-data) nor the JSON object it should be: \
             {error}."
        ))
    })?;
    let audio = fields.shift_remove("input_audio").unwrap_or_default();
    let wrong =
        |must: &str| Failure::invalid(format!("`input_audio.data` {must}.")).at("input_audio.data");
    let data = audio["data"].as_str().ok_or_else(|| wrong("has to be sound in base64"))?;
    let data = data.split_once(";base64,").map_or(data, |(_, data)| data);
    let bytes = STANDARD.decode(data).map_err(|_| wrong("is no base64"))?;
    if bytes.is_empty() {
        return Err(wrong("holds nothing"));
    }
    let format = audio["format"].as_str().unwrap_or("wav").to_ascii_lowercase();
    let plain = !format.is_empty() && format.bytes().all(|it| it.is_ascii_alphanumeric());
    if !plain || 8 < format.len() {
        let detail = "`input_audio.format` has to be the name of a format, such as wav or mp3.";
        return Err(Failure::invalid(detail).at("input_audio.format"));
    }
    let kind = match format.as_str() {
        "mp3" => "audio/mpeg".to_owned(),
        "m4a" => "audio/mp4".to_owned(),
        other => format!("audio/{other}"),
    };
    let file = Part {
        name: "file".to_owned(),
        file_name: Some(format!("audio.{format}")),
        content_type: Some(kind),
        body: Bytes::from(bytes),
    };
    Ok((fields, file))
}

impl Task for Ask {
    fn exchange(&self, target: Target<'_>, stamp: Stamp) -> Result<Box<dyn Exchange>, Failure> {
        form::exchange(self, target, &stamp)
    }

    fn failure_event(&self, failure: &Failure) -> Vec<u8> {
        let mut out = Vec::new();
        push_failure(&mut out, failure);
        out
    }

    fn keep_alive(&self) -> &'static [u8] {
        KEEP_ALIVE
    }
}
