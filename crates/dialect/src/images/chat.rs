//! Images from models that draw in their answers: a chat request asks for one.

use domain::answer::Answer;
use domain::catalog::Modality;
use domain::chat::{ChatRequest, Message, Output, Part, Role};
use domain::failure::{Failure, FailureKind};
use serde_json::{Map, Value, json};

use super::answer::Answering;
use super::ask::Ask;
use crate::dialect::Host;
use crate::error;
use crate::exchange::{Exchange, FinishReason, Stamp, Target};
use crate::once::Once;
use crate::task::cannot;

/// Returns how an endpoint is asked.
///
/// # Errors
/// When its form has no way to say what the request insists on.
pub(super) fn exchange(
    ask: &Ask,
    target: Target<'_>,
    stamp: &Stamp,
) -> Result<Box<dyn Exchange>, Failure> {
    let endpoint = target.endpoint;
    let speaker = (ask.speaker)(endpoint.dialect);
    let speaker = speaker.ok_or_else(|| cannot("model", "Its endpoint has no form for images."))?;
    if 1 < ask.count {
        return Err(cannot("n", "This model draws one image in an answer."));
    }
    let wire = speaker.encode_request(&chat(ask), target)?;
    let (host, answering) = (Host::of(endpoint), Answering::new(ask, target, stamp));
    Ok(Once::exchange(wire, move |body| {
        let answer = speaker.decode_answer(body, &host)?;
        let images = drawn(&answer);
        if images.is_empty() {
            return Err(undrawn(&answer));
        }
        Ok(answering.whole(images, answer.usage, answer.upstream_id))
    }))
}

fn chat(ask: &Ask) -> ChatRequest {
    let image = |url: &String| Part::Image { url: url.clone(), detail: None, cache: None };
    let mut parts: Vec<Part> = ask.references.iter().map(image).collect();
    parts.push(Part::Text { text: ask.prompt.clone(), cache: None });
    let said = ["prompt", "n", "size", "resolution", "aspect_ratio", "seed"];
    let sent = ask.fields.iter().filter(|(_, value)| !value.is_null()).map(|(name, _)| name);
    let dropped = sent.filter(|it| !said.contains(&it.as_str()));
    let mut config = Map::new();
    let text = |name: &str| ask.fields.get(name).and_then(Value::as_str);
    config.extend(text("aspect_ratio").map(|it| ("aspect_ratio".to_owned(), json!(it))));
    let size = text("resolution").or_else(|| text("size").filter(|it| it.ends_with('K')));
    config.extend(size.map(|it| ("image_size".to_owned(), json!(it))));
    let mut extra = Map::new();
    if !config.is_empty() {
        extra.insert("image_config".to_owned(), Value::Object(config));
    }
    let mut request = ChatRequest {
        messages: vec![Message { role: Role::User, name: None, parts }],
        output: Output { modalities: vec![Modality::Image, Modality::Text], ..Output::default() },
        extra,
        dropped: dropped.map(|it| crate::preferences::shown(it)).collect(),
        ..ChatRequest::default()
    };
    request.sampling.seed = ask.fields.get("seed").and_then(Value::as_i64);
    request
}

/// Returns the images of an answer as OpenRouter shows them.
fn drawn(answer: &Answer) -> Vec<Value> {
    let images = answer.choices.iter().flat_map(|choice| &choice.images);
    let shown =
        |url: &String| match url.strip_prefix("data:").and_then(|it| it.split_once(";base64,")) {
            Some((kind, data)) => json!({"b64_json": data, "media_type": kind}),
            None => json!({"url": url}),
        };
    images.map(shown).collect()
}

/// Returns why there is no image.
fn undrawn(answer: &Answer) -> Failure {
    let filtered = answer.choices.iter().any(|it| it.finish == Some(FinishReason::ContentFilter));
    match filtered {
        true => Failure::upstream(
            FailureKind::ContentPolicy,
            "The provider's filter kept the image back.",
        ),
        false => error::nonsense("holds no image"),
    }
}
