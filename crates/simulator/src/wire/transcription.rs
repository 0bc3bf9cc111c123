//! Transcription: the words of an answer are what is heard; a recording's bytes are its length.
use super::asked::json;
use super::dialect::{StreamWriter, Wire};
use super::media::{Mute, field, form};
use super::openai;
use crate::answer::Answer;
use crate::ask::{Ask, Refusal};
use crate::script::{Script, UsagePlace};
use serde_json::json;

/// The hosts whose forms are known.
#[derive(Clone, Copy)]
pub(crate) enum Transcription {
    OpenAi,
    ElevenLabs,
}

/// Bytes of a second of the sound that tests send: 16-bit samples at 16 kHz.
const BYTES_PER_SECOND: f64 = 32_000.0;

impl Wire for Transcription {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        if body.first() == Some(&b'{') {
            json(body)?;
            return Err(openai::refused("file", "A form is wanted."));
        }
        let parts = form(body);
        let model = match self {
            Transcription::OpenAi => "model",
            Transcription::ElevenLabs => "model_id",
        };
        let file = parts.iter().find(|(name, _)| *name == "file").map(|(_, body)| body.len());
        let Some((model, bytes)) = field(&parts, model).zip(file.filter(|it| 0 < *it)) else {
            return Err(openai::refused("file", "A model and a file are wanted."));
        };
        Ok(Ask {
            model: model.to_owned(),
            prompt_bytes: bytes,
            user_text: format!("{bytes} bytes"),
            about: json!({
                "seconds": bytes as f64 / BYTES_PER_SECOND,
                "verbose": field(&parts, "response_format") == Some("verbose_json"),
                "language": field(&parts, "language"),
            }),
            ..Ask::default()
        })
    }

    fn whole(&self, answer: &Answer, script: &Script) -> Vec<u8> {
        let text = answer.choices.first().map(|it| it.text.whole.as_str()).unwrap_or_default();
        let (about, seconds) = (&answer.about, &answer.about["seconds"]);
        let mut body = json!({"text": text});
        match self {
            Transcription::ElevenLabs => body["language_code"] = json!("eng"),
            Transcription::OpenAi => {
                if about["verbose"] == true {
                    body["task"] = json!("transcribe");
                    body["language"] = about["language"].clone();
                    body["duration"] = seconds.clone();
                    let segment = json!({"id": 0, "start": 0.0, "end": seconds, "text": text});
                    body["segments"] = json!([segment]);
                }
                if script.usage != UsagePlace::Never {
                    body["usage"] = json!({"type": "duration", "seconds": seconds});
                }
            }
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
