//! A request for images, read.

use std::sync::Arc;

use bytes::Bytes;
use domain::catalog::{Dialect, Modality};
use domain::failure::Failure;
use domain::operation::Operation;
use domain::usage::Usage;
use serde_json::Value;

use super::ask::{Ask, pixels};
use super::{chat, form};
use crate::dialect::UpstreamDialect;
use crate::door::Door;
use crate::exchange::{Exchange, Stamp, Target};
use crate::facts::MEDIA_BYTES;
use crate::opened;
use crate::request::Request;
use crate::sse::KEEP_ALIVE;
use crate::task::{Task, length, push_failure};

/// Images of one request, at most (OpenRouter's schema).
const IMAGES_MAX: u64 = 10;
/// Images to start from, at most (OpenRouter's schema).
const REFERENCES_MAX: usize = 16;
/// Pixels that make a token of an image, at least: the finest quality makes one of about 250.
const PIXELS_PER_TOKEN_MIN: u64 = 128;
/// Tokens of an image whose size nobody said.
const IMAGE_TOKENS_MAX: u64 = 16_384;

/// Reads a request. `speaker` finds how a dialect of chat is spoken.
///
/// # Errors
/// The caller's, naming the field, where a field has a value that makes no sense.
pub(crate) fn decode(
    door: &Door,
    body: Bytes,
    speaker: fn(Dialect) -> Option<&'static dyn UpstreamDialect>,
) -> Result<Request, Failure> {
    let mut opened = opened::open(&body, Operation::Images)?;
    let wrong = |name: &str, must: &str| Failure::invalid(format!("`{name}` {must}.")).at(name);
    let fields = &mut opened.fields;
    let prompt = fields.get("prompt").and_then(Value::as_str).filter(|it| !it.trim().is_empty());
    let prompt = prompt.ok_or_else(|| wrong("prompt", "has to be a text"))?.to_owned();
    let count = match fields.get("n").unwrap_or(&Value::Null) {
        Value::Null => 1,
        value => {
            let count = value.as_u64().filter(|it| (1..=IMAGES_MAX).contains(it));
            count.ok_or_else(|| wrong("n", "has to be a whole number from 1 to 10"))? as u16
        }
    };
    let size = fields.get("size").and_then(Value::as_str).map(str::to_owned);
    let said = |name: &str| fields.get(name).is_some_and(|it| !it.is_null());
    let pixels = size.as_deref().and_then(pixels);
    if pixels.is_some() && (said("resolution") || said("aspect_ratio")) {
        return Err(wrong("size", "and `resolution` or `aspect_ratio` contradict each other"));
    }
    let references = references(fields.shift_remove("input_references"))?;
    let stream = match fields.shift_remove("stream").unwrap_or_default() {
        Value::Null => false,
        value => value.as_bool().ok_or_else(|| wrong("stream", "has to be true or false"))?,
    };
    if stream && fields.shift_remove("partial_images").is_some_and(|it| it.as_u64() != Some(0)) {
        opened.ignored.push("partial_images: a stream brings images when they are done".to_owned());
    }
    let facts = &mut opened.facts;
    facts.stream = stream;
    let bytes = prompt.len() + references.len() * MEDIA_BYTES * 2;
    (facts.prompt_bytes, facts.messages) = (length(bytes), 1);
    let tokens = pixels.map_or(IMAGE_TOKENS_MAX, |it| it.div_ceil(PIXELS_PER_TOKEN_MIN));
    let tokens = u32::try_from(tokens.max(IMAGE_TOKENS_MAX / 2)).unwrap_or(u32::MAX);
    facts.output_tokens_max = Some(tokens.saturating_mul(u32::from(count)));
    facts.units = Usage { images: count, ..Usage::default() };
    if !references.is_empty() {
        facts.modalities.push(Modality::Image);
    }
    let fields = std::mem::take(&mut opened.fields);
    let options = std::mem::take(&mut opened.options);
    let ask = Ask { fields, options, prompt, count, references, speaker };
    Ok(opened.request(door, body, Arc::new(ask)))
}

fn references(value: Option<Value>) -> Result<Vec<String>, Failure> {
    let must = || {
        let detail = "`input_references` has to be a list of at most 16 images.";
        Failure::invalid(detail).at("input_references")
    };
    let list = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) if list.len() <= REFERENCES_MAX => list,
        Some(_) => return Err(must()),
    };
    let url = |it: &Value| {
        let url = it.as_str().or_else(|| it["image_url"]["url"].as_str());
        let url = url.or_else(|| it["image_url"].as_str())?;
        let known = ["data:image/", "https://", "http://"];
        known.iter().any(|head| url.starts_with(head)).then(|| url.to_owned())
    };
    list.iter().map(|it| url(it).ok_or_else(must)).collect()
}

impl Task for Ask {
    fn exchange(&self, target: Target<'_>, stamp: Stamp) -> Result<Box<dyn Exchange>, Failure> {
        if form::is_spoken(target.endpoint.dialect) && form::draws_only(target.endpoint) {
            return form::exchange(self, target, &stamp);
        }
        chat::exchange(self, target, &stamp)
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
