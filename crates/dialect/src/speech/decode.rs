//! A request for speech, read.

use std::sync::Arc;

use bytes::Bytes;
use domain::failure::Failure;
use domain::operation::Operation;
use domain::usage::Usage;
use serde_json::Value;

use super::ask::{Ask, Format};
use super::form;
use crate::door::{Door, Framing};
use crate::exchange::{Exchange, Stamp, Target};
use crate::opened;
use crate::request::Request;
use crate::sse::KEEP_ALIVE;
use crate::task::{Task, length, push_failure};

/// Characters of one text, at most.
const CHARACTERS_MAX: usize = 100_000;
/// Tokens of sound that a character can make: a slow voice, finely cut.
const TOKENS_PER_CHARACTER_MAX: u32 = 16;

/// Reads a request.
///
/// # Errors
/// The caller's, naming the field, where a field has a value that makes no sense.
pub(crate) fn decode(door: &Door, body: Bytes) -> Result<Request, Failure> {
    let mut opened = opened::open(&body, Operation::Speech)?;
    let wrong = |name: &str, must: &str| Failure::invalid(format!("`{name}` {must}.")).at(name);
    let text = opened.fields.get("input").and_then(Value::as_str).filter(|it| !it.is_empty());
    let text = text.ok_or_else(|| wrong("input", "has to be a text"))?.to_owned();
    let characters = text.chars().count();
    if CHARACTERS_MAX < characters {
        return Err(wrong("input", &format!("may have at most {CHARACTERS_MAX} characters")));
    }
    // OpenRouter's default, where OpenAI's would be mp3.
    let word = match opened.fields.get("response_format").unwrap_or(&Value::Null) {
        Value::Null => "pcm",
        word => word.as_str().unwrap_or_default(),
    };
    let format = Format::ALL.into_iter().find(|it| it.word() == word);
    let format = format.ok_or_else(|| {
        wrong("response_format", "has to be one of mp3, pcm, wav, opus, aac, flac")
    })?;
    let in_events = match opened.fields.shift_remove("stream_format").unwrap_or_default() {
        Value::Null => false,
        word if word == "audio" => false,
        word if word == "sse" => true,
        _ => return Err(wrong("stream_format", "has to be audio or sse")),
    };
    let facts = &mut opened.facts;
    let characters = length(characters);
    facts.stream = true;
    (facts.prompt_bytes, facts.messages) = (length(text.len()), 1);
    facts.units = Usage { characters, ..Usage::default() };
    facts.output_tokens_max = Some(characters.saturating_mul(TOKENS_PER_CHARACTER_MAX) + 256);
    let fields = std::mem::take(&mut opened.fields);
    let options = std::mem::take(&mut opened.options);
    let ask = Ask { fields, options, text, format, in_events };
    let mut request = opened.request(door, body, Arc::new(ask));
    if !in_events {
        request.framing = Framing::Raw(format.content_type());
    }
    Ok(request)
}

impl Task for Ask {
    fn exchange(&self, target: Target<'_>, _: Stamp) -> Result<Box<dyn Exchange>, Failure> {
        form::exchange(self, target)
    }

    fn failure_event(&self, failure: &Failure) -> Vec<u8> {
        let mut out = Vec::new();
        if self.in_events {
            push_failure(&mut out, failure);
        }
        out
    }

    fn keep_alive(&self) -> &'static [u8] {
        if self.in_events { KEEP_ALIVE } else { b"" }
    }
}
