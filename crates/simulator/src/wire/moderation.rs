//! Moderation: whatever says "harm" is harmful.
use super::asked::{json, only, text};
use super::dialect::{StreamWriter, Wire};
use super::media::Mute;
use super::openai;
use crate::answer::Answer;
use crate::ask::{Ask, Refusal};
use crate::script::Script;
use serde_json::{Value, json};

/// `/moderations`.
pub(crate) struct Moderation;

impl Wire for Moderation {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        let body = json(body)?;
        only(&body, &["model", "input"])?;
        let texts: Vec<String> = match &body["input"] {
            Value::Array(items) => items
                .iter()
                .map(|it| text(if it.is_string() { it } else { &it["text"] }).to_owned())
                .collect(),
            one => vec![text(one).to_owned()],
        };
        Ok(Ask {
            model: text(&body["model"]).to_owned(),
            prompt_bytes: texts.iter().map(String::len).sum(),
            user_text: texts.concat(),
            about: json!(texts),
            ..Ask::default()
        })
    }

    fn whole(&self, answer: &Answer, _: &Script) -> Vec<u8> {
        let judge = |it: &Value| {
            let harmful = text(it).contains("harm");
            let score = if harmful { 0.97 } else { 0.01 };
            json!({
                "flagged": harmful,
                "categories": {"violence": harmful},
                "category_scores": {"violence": score},
                "category_applied_input_types": {"violence": ["text"]},
            })
        };
        let texts = answer.about.as_array().map(Vec::as_slice).unwrap_or_default();
        let results: Vec<Value> = texts.iter().map(judge).collect();
        json!({"id": format!("modr-{:016x}", answer.number), "model": answer.model, "results": results})
            .to_string()
            .into_bytes()
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
