//! Speech: the words of an answer, a kilobyte each, stand for sound.
use super::asked::{json, text};
use super::dialect::{StreamWriter, Wire};
use super::openai;
use crate::answer::Answer;
use crate::ask::{Ask, Refusal};
use crate::event::Event;
use crate::script::Script;
use serde_json::Value;

/// The hosts whose forms are known.
#[derive(Clone, Copy)]
pub(crate) enum Speech {
    OpenAi,
    ElevenLabs,
}

/// Bytes of sound that a word makes.
const WORD_BYTES: usize = 1_024;

impl Wire for Speech {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        let body = json(body)?;
        let (model, said, missing) = match self {
            Speech::OpenAi => (&body["model"], &body["input"], !body["voice"].is_string()),
            Speech::ElevenLabs => (&body["model_id"], &body["text"], false),
        };
        if text(said).is_empty() || missing {
            return Err(openai::refused("input", "There is nothing to say, or no voice."));
        }
        Ok(Ask {
            model: text(model).to_owned(),
            stream: true,
            prompt_bytes: text(said).len(),
            user_text: text(said).to_owned(),
            about: Value::Null,
            ..Ask::default()
        })
    }

    fn stream_type(&self) -> &'static str {
        "audio/mpeg"
    }

    fn whole(&self, answer: &Answer, _: &Script) -> Vec<u8> {
        vec![0x55; answer.usage.completion as usize * WORD_BYTES]
    }

    fn stream(&self, _: &Ask, _: &Answer, _: &Script) -> Box<dyn StreamWriter> {
        Box::new(Voice)
    }

    fn error(&self, refusal: &Refusal) -> Vec<u8> {
        openai::error(refusal)
    }

    fn error_event(&self, _: &Refusal) -> Vec<u8> {
        Vec::new()
    }
}

struct Voice;

impl StreamWriter for Voice {
    fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        if let Event::Text { text, .. } = event {
            out.extend(text.bytes().cycle().take(WORD_BYTES));
        }
    }
}
