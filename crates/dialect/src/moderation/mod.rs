//! Moderation: a text in, whether it is harmful and how out. One form, OpenAI's, passes as it is.

use std::sync::Arc;

use bytes::Bytes;
use domain::catalog::{Dialect, Modality};
use domain::failure::Failure;
use domain::operation::Operation;
use serde_json::{Map, Value, json};

use crate::door::Door;
use crate::error;
use crate::exchange::{Exchange, Receipt, Stamp, Target};
use crate::facts::MEDIA_BYTES;
use crate::once::{Once, Whole};
use crate::opened;
use crate::request::Request;
use crate::task::{Task, count, fitted, length, listed, prompt_usage, usage, wire, with_metadata};
use crate::tokens::of_text;

/// A request to moderate.
#[derive(Debug)]
struct Ask {
    fields: Map<String, Value>,
    options: Map<String, Value>,
    texts: Arc<Vec<String>>,
}

/// Returns whether endpoints of a dialect can be asked to moderate.
pub(crate) fn is_spoken(dialect: Dialect) -> bool {
    dialect == Dialect::OpenaiModerations
}

/// Reads a request.
///
/// # Errors
/// The caller's, naming the field, where a field has a value that makes no sense.
pub(crate) fn decode(door: &Door, body: Bytes) -> Result<Request, Failure> {
    let mut opened = opened::open(&body, Operation::Moderation)?;
    let input = opened.fields.get("input").unwrap_or(&Value::Null);
    let must =
        || Failure::invalid("`input` has to be a text, or a list of texts or parts.").at("input");
    let list = listed(input);
    if list.is_empty() {
        return Err(must());
    }
    let (mut texts, mut media) = (Vec::new(), 0);
    for item in list {
        match (item.as_str().or_else(|| item["text"].as_str()), item["type"].as_str()) {
            (Some(text), _) => texts.push(text.to_owned()),
            (None, Some("image_url")) => media += 1,
            _ => return Err(must()),
        }
    }
    let facts = &mut opened.facts;
    let bytes = texts.iter().map(String::len).sum::<usize>() + media * MEDIA_BYTES;
    (facts.prompt_bytes, facts.messages) = (length(bytes), length(list.len()));
    if 0 < media {
        facts.modalities.push(Modality::Image);
    }
    let fields = std::mem::take(&mut opened.fields);
    let options = std::mem::take(&mut opened.options);
    let ask = Ask { fields, options, texts: Arc::new(texts) };
    Ok(opened.request(door, body, Arc::new(ask)))
}

impl Task for Ask {
    fn exchange(&self, target: Target<'_>, stamp: Stamp) -> Result<Box<dyn Exchange>, Failure> {
        let mut dropped = Vec::new();
        let body = fitted(&self.fields, &self.options, target, &["input"], &mut dropped);
        let wire = wire("/moderations", &body, target, dropped);
        let texts = self.texts.clone();
        Ok(Once::exchange(wire, move |body| read(body, &texts, &stamp)))
    }
}

fn read(body: &Bytes, texts: &[String], stamp: &Stamp) -> Result<Whole, Failure> {
    let mut answer: Value =
        serde_json::from_slice(body).map_err(|_| error::nonsense("holds what cannot be read"))?;
    if !answer["results"].is_array() {
        return Err(match error::is_one(&answer) {
            true => error::inside(&answer),
            false => error::nonsense("holds no results"),
        });
    }
    let told = &answer["usage"];
    let told = count(&told["prompt_tokens"]).or_else(|| count(&told["total_tokens"]));
    let counted = || texts.iter().map(|it| of_text(it, None)).fold(0, u32::saturating_add);
    let used = prompt_usage(told, counted);
    let id = answer["id"].as_str().map(str::to_owned);
    answer["id"] = json!(stamp.id);
    answer["model"] = json!(stamp.model);
    answer["provider"] = json!(stamp.provider);
    Ok(Whole::new(used, id, move |receipt, _| write(answer, receipt)))
}

fn write(mut answer: Value, receipt: &Receipt) -> Vec<u8> {
    let tokens = receipt.usage.input;
    let counted = json!({"prompt_tokens": tokens, "total_tokens": tokens});
    answer["usage"] = usage(receipt, counted);
    with_metadata(&mut answer, receipt);
    answer.to_string().into_bytes()
}
