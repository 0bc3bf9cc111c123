//! Images, as they came and as they are written.

use bytes::Bytes;
use domain::failure::Failure;
use domain::usage::Usage;
use serde_json::{Value, json};

use super::ask::{Ask, pixels};
use crate::error;
use crate::exchange::{Receipt, Stamp, Target};
use crate::once::Whole;
use crate::task::{bills_tokens, count, push_done, push_event, usage, with_metadata};
use crate::tokens::of_text;

/// What has to be known to read an answer and write it.
pub(super) struct Answering {
    prompt: String,
    quality: Option<String>,
    size: Option<String>,
    bills_tokens: bool,
    pub(super) stamp: Stamp,
}

/// Pixels that make a token, by quality (OpenAI's table of tokens).
const PIXELS_PER_TOKEN: [(&str, u64); 3] = [("low", 3_855), ("medium", 993), ("high", 252)];
/// Pixels of an image whose size nobody said.
const PIXELS_USUAL: u64 = 1_024 * 1_024;

impl Answering {
    pub(super) fn new(ask: &Ask, target: Target<'_>, stamp: &Stamp) -> Answering {
        let text = |name: &str| ask.fields.get(name).and_then(Value::as_str).map(str::to_owned);
        Answering {
            prompt: ask.prompt.clone(),
            quality: text("quality"),
            size: text("size"),
            bills_tokens: bills_tokens(target),
            stamp: stamp.clone(),
        }
    }

    /// Reads an answer in OpenAI's form.
    ///
    /// # Errors
    /// When it holds no image.
    pub(super) fn read(&self, body: &Bytes) -> Result<Whole, Failure> {
        let mut answer: Value = serde_json::from_slice(body)
            .map_err(|_| error::nonsense("holds what cannot be read"))?;
        let media_type = answer["output_format"].as_str().map(|format| format!("image/{format}"));
        let Some(Value::Array(images)) = answer.get_mut("data").map(Value::take) else {
            return Err(match error::is_one(&answer) {
                true => error::inside(&answer),
                false => error::nonsense("holds no images"),
            });
        };
        let is_image = |it: &Value| it["b64_json"].is_string() || it["url"].is_string();
        if images.is_empty() || !images.iter().all(is_image) {
            return Err(error::nonsense("holds no images"));
        }
        let images = images.into_iter().map(|mut image| {
            if let (Some(kind), true) = (&media_type, image["media_type"].is_null()) {
                image["media_type"] = json!(kind);
            }
            image
        });
        let images: Vec<Value> = images.collect();
        let told = &answer["usage"];
        let tokens = count(&told["input_tokens"]).zip(count(&told["output_tokens"]));
        let used = tokens.map(|(input, output)| Usage { input, output, ..Usage::default() });
        Ok(self.whole(images, used, None))
    }

    /// Joins images and what they used; where that was not told, it is counted here.
    pub(super) fn whole(
        &self,
        images: Vec<Value>,
        told: Option<Usage>,
        id: Option<String>,
    ) -> Whole {
        let drawn = u16::try_from(images.len()).unwrap_or(u16::MAX);
        let used = match told {
            Some(told) => Usage { images: drawn, ..told },
            None if self.bills_tokens => Usage {
                input: of_text(&self.prompt, None),
                output: self.tokens_each().saturating_mul(u32::from(drawn)),
                images: drawn,
                estimated: true,
                ..Usage::default()
            },
            None => Usage { images: drawn, ..Usage::default() },
        };
        let stamp = self.stamp.clone();
        Whole::new(used, id, move |receipt, streams| match streams {
            true => events(&stamp, images, receipt),
            false => whole(&stamp, images, receipt),
        })
    }

    fn tokens_each(&self) -> u32 {
        let quality = self.quality.as_deref().unwrap_or("high");
        let known = PIXELS_PER_TOKEN.iter().find(|(word, _)| *word == quality);
        let per_token = known.map_or(PIXELS_PER_TOKEN[2].1, |(_, pixels)| *pixels);
        let size = self.size.as_deref().and_then(pixels).unwrap_or(PIXELS_USUAL);
        u32::try_from(size.div_ceil(per_token)).unwrap_or(u32::MAX)
    }
}

fn shown(receipt: &Receipt) -> Value {
    let (input, output) = (receipt.usage.prompt(), receipt.usage.output);
    let counted = json!({
        "prompt_tokens": input,
        "completion_tokens": output,
        "input_tokens": input,
        "output_tokens": output,
        "total_tokens": u64::from(input) + u64::from(output),
        "images": receipt.usage.images,
        "input_tokens_details": {"text_tokens": input, "image_tokens": 0},
    });
    usage(receipt, counted)
}

fn whole(stamp: &Stamp, images: Vec<Value>, receipt: &Receipt) -> Vec<u8> {
    let mut body = json!({
        "created": stamp.created,
        "id": stamp.id,
        "model": stamp.model,
        "provider": stamp.provider,
        "data": images,
        "usage": shown(receipt),
    });
    with_metadata(&mut body, receipt);
    body.to_string().into_bytes()
}

/// Writes a stream of finished images: the last brings usage and cost.
fn events(stamp: &Stamp, images: Vec<Value>, receipt: &Receipt) -> Vec<u8> {
    let last = images.len().saturating_sub(1);
    let mut out = Vec::new();
    for (place, mut image) in images.into_iter().enumerate() {
        image["type"] = json!("image_generation.completed");
        image["created"] = json!(stamp.created);
        if place == last {
            image["usage"] = shown(receipt);
            with_metadata(&mut image, receipt);
        }
        push_event(&mut out, &image);
    }
    push_done(&mut out);
    out
}
