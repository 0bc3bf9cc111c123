//! OpenAI's completions of a bare prompt: the elder of the two, and still offered by hosts.
use super::dialect::{StreamWriter, Wire};
use super::openai::{
    self, Stop, StreamOptions, UsageBody, choices, finish_reason, stop_sequences, whole_usage,
};
use crate::answer::Answer;
use crate::ask::{Ask, Refusal};
use crate::event::Event;
use crate::script::{Script, UsagePlace};
use serde::Deserialize;
use serde_json::{Value, json};

/// `/v1/completions`.
pub(crate) struct OpenAiCompletions;

#[derive(Deserialize)]
struct Request {
    model: String,
    prompt: Prompt,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    max_tokens: Option<u32>,
    #[serde(default)]
    n: Option<u32>,
    #[serde(default)]
    stop: Option<Stop>,
}

/// A text, or several of which the simulator heeds the last.
#[derive(Deserialize)]
#[serde(untagged)]
enum Prompt {
    Text(String),
    Texts(Vec<String>),
}

/// Writes one answer as chunks of text.
struct TextWriter {
    /// All that the chunks have in common.
    frame: Value,
    usage: Option<UsageBody>,
}

impl Wire for OpenAiCompletions {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        let request: Request =
            serde_json::from_slice(body).map_err(|error| Refusal::new(400, error.to_string()))?;
        let (prompt_bytes, user_text) = match request.prompt {
            Prompt::Text(text) => (text.len(), text),
            Prompt::Texts(mut texts) => {
                (texts.iter().map(String::len).sum(), texts.pop().unwrap_or_default())
            }
        };
        Ok(Ask {
            model: request.model,
            stream: request.stream.unwrap_or(false),
            include_usage: request.stream_options.is_some_and(|options| options.include_usage),
            prompt_bytes,
            user_text,
            output_tokens_max: request.max_tokens,
            stop: stop_sequences(request.stop),
            choices: choices(request.n)?,
            ..Ask::default()
        })
    }

    fn whole(&self, answer: &Answer, script: &Script) -> Vec<u8> {
        let choices = (0..).zip(&answer.choices).map(|(index, choice)| {
            self::choice(index, &choice.text.whole, choice.finish.map(finish_reason))
        });
        let mut whole = frame(answer);
        whole["choices"] = choices.collect();
        if let Some(usage) = whole_usage(answer, script) {
            whole["usage"] = json!(usage);
        }
        whole.to_string().into_bytes()
    }

    fn stream(&self, ask: &Ask, answer: &Answer, script: &Script) -> Box<dyn StreamWriter> {
        let asked = ask.include_usage || script.usage != UsagePlace::OwnChunk;
        let usage = whole_usage(answer, script).filter(|_| asked);
        Box::new(TextWriter { frame: frame(answer), usage })
    }

    fn error(&self, refusal: &Refusal) -> Vec<u8> {
        openai::error(refusal)
    }

    fn error_event(&self, refusal: &Refusal) -> Vec<u8> {
        openai::error_event(refusal)
    }
}

impl StreamWriter for TextWriter {
    fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        let choices = match event {
            Event::Text { choice: index, text } => json!([choice(*index, text, None)]),
            Event::Finish { choice: index, finish: Some(finish) } => {
                json!([choice(*index, "", Some(finish_reason(*finish)))])
            }
            Event::Usage if self.usage.is_some() => json!([]),
            Event::End => return out.extend(b"data: [DONE]\n\n"),
            _ => return,
        };
        self.frame["choices"] = choices;
        if *event == Event::Usage {
            self.frame["usage"] = json!(self.usage);
        }
        out.extend(format!("data: {}\n\n", self.frame).into_bytes());
    }
}

fn frame(answer: &Answer) -> Value {
    json!({
        "id": format!("cmpl-{:016x}", answer.number),
        "object": "text_completion",
        "created": answer.created_s,
        "model": answer.model,
        "choices": [],
    })
}

fn choice(index: u32, text: &str, finish: Option<&str>) -> Value {
    json!({ "text": text, "index": index, "logprobs": null, "finish_reason": finish })
}
