//! Images in OpenAI's form: as many copies of one pixel as are asked for.
use super::asked::{json, only, text, whole};
use super::dialect::{StreamWriter, Wire};
use super::media::{Mute, PNG, field, form};
use super::openai;
use crate::answer::Answer;
use crate::ask::{Ask, Refusal};
use crate::script::{Script, UsagePlace};
use serde_json::{Value, json};

/// `/images/generations`, and `/images/edits`, which gets a form.
pub(crate) struct Images;

const FIELDS: [&str; 11] = [
    "model",
    "prompt",
    "n",
    "size",
    "quality",
    "background",
    "output_format",
    "output_compression",
    "moderation",
    "style",
    "user",
];

impl Wire for Images {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        let parts = form(body);
        let body = match body.first() {
            Some(b'{') => json(body)?,
            _ => {
                let of = |name: &str| field(&parts, name).unwrap_or_default();
                let files = parts.iter().filter(|(name, _)| *name == "image[]").count();
                if files == 0 {
                    return Err(openai::refused("image", "There is no image to edit."));
                }
                json!({"model": of("model"), "prompt": of("prompt"), "n": of("n").parse::<u32>().ok()})
            }
        };
        only(&body, &FIELDS)?;
        let prompt = text(&body["prompt"]);
        if prompt.is_empty() {
            return Err(openai::refused("prompt", "There is no prompt."));
        }
        Ok(Ask {
            model: text(&body["model"]).to_owned(),
            prompt_bytes: prompt.len(),
            user_text: prompt.to_owned(),
            about: json!({"n": whole(&body["n"]).unwrap_or(1).min(10)}),
            ..Ask::default()
        })
    }

    fn whole(&self, answer: &Answer, script: &Script) -> Vec<u8> {
        let count = answer.about["n"].as_u64().unwrap_or(1);
        let data: Vec<Value> = (0..count).map(|_| json!({"b64_json": PNG})).collect();
        let (input, output) = (answer.usage.prompt, 1_000 * count);
        let mut body = json!({"created": answer.created_s, "data": data, "output_format": "png"});
        if script.usage != UsagePlace::Never {
            body["usage"] = json!({
                "input_tokens": input, "output_tokens": output, "total_tokens": input + output,
                "input_tokens_details": {"text_tokens": input, "image_tokens": 0},
            });
        }
        body.to_string().into_bytes()
    }

    fn stream(&self, _: &Ask, _: &Answer, _: &Script) -> Box<dyn StreamWriter> {
        Box::new(Mute)
    }

    fn error(&self, refusal: &Refusal) -> Vec<u8> {
        openai::error(refusal)
    }

    fn error_event(&self, refusal: &Refusal) -> Vec<u8> {
        openai::error_event(refusal)
    }
}
