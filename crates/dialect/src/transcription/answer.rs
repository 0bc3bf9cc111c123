//! A transcript, as it came and as it is written.

use bytes::Bytes;
use domain::failure::Failure;
use domain::usage::Usage;
use serde_json::{Value, json};

use super::ask::{Format, SOUND_TOKENS_PER_SECOND_MAX};
use super::subtitles;
use crate::error;
use crate::exchange::Receipt;
use crate::once::Whole;
use crate::recording::Length;
use crate::task::{count, push_done, push_event, usage, with_metadata};
use crate::tokens::of_text;

/// What has to be known to read an answer and write it.
pub(super) struct Answering {
    pub(super) format: Format,
    pub(super) length: Length,
    pub(super) bills_minutes: bool,
    pub(super) bills_tokens: bool,
}

impl Answering {
    /// Reads an answer.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn read(&self, body: &Bytes) -> Result<Whole, Failure> {
        let answer: Value = serde_json::from_slice(body)
            .map_err(|_| error::nonsense("holds what cannot be read"))?;
        let Some(text) = answer["text"].as_str() else {
            return Err(match error::is_one(&answer) {
                true => error::inside(&answer),
                false => error::nonsense("holds no text"),
            });
        };
        let used = self.used(&answer, text);
        let format = self.format;
        Ok(Whole::new(used, None, move |receipt, streams| match streams {
            true => events(&answer, receipt),
            false => write(format, answer, receipt),
        }))
    }

    /// Returns what was used: what the provider told, and what the recording lasts.
    fn used(&self, answer: &Value, text: &str) -> Usage {
        let told = &answer["usage"];
        let seconds = [&told["seconds"], &told["prompt_audio_seconds"], &answer["duration"]];
        let seconds = seconds.into_iter().find_map(seconds_of);
        let audio_ms = seconds.map(|it| (it * 1_000.0).round() as u32);
        let input = count(&told["input_tokens"]).or_else(|| count(&told["prompt_tokens"]));
        let output = count(&told["output_tokens"]).or_else(|| count(&told["completion_tokens"]));
        let heard = count(&told["input_token_details"]["audio_tokens"]);
        let length_ms = audio_ms.unwrap_or(self.length.ms);
        let mut used = Usage { audio_ms: length_ms, ..Usage::default() };
        used.estimated = self.bills_minutes && audio_ms.is_none();
        match (input, output) {
            (Some(input), Some(output)) => {
                used.input_audio = heard.unwrap_or(0).min(input);
                used.input = input - used.input_audio;
                used.output = output;
            }
            _ if self.bills_tokens => {
                let tokens = u64::from(length_ms) * u64::from(SOUND_TOKENS_PER_SECOND_MAX) / 1_000;
                used.input_audio = u32::try_from(tokens).unwrap_or(u32::MAX);
                used.output = of_text(text, None);
                used.estimated = true;
            }
            _ => (),
        }
        used
    }
}

/// Reads a length in seconds: some hosts write it as a text.
fn seconds_of(value: &Value) -> Option<f64> {
    let seconds = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    (seconds.is_finite() && (0.0..4e6).contains(&seconds)).then_some(seconds)
}

fn write(format: Format, mut answer: Value, receipt: &Receipt) -> Vec<u8> {
    let text = || answer["text"].as_str().unwrap_or_default().to_owned();
    match format {
        Format::Text => format!("{}\n", text()).into_bytes(),
        Format::Srt => subtitles::srt(&answer).into_bytes(),
        Format::Vtt => subtitles::vtt(&answer).into_bytes(),
        Format::Json => {
            let mut body = json!({"text": text(), "usage": shown(receipt)});
            with_metadata(&mut body, receipt);
            body.to_string().into_bytes()
        }
        Format::Verbose => {
            answer["usage"] = shown(receipt);
            with_metadata(&mut answer, receipt);
            answer.to_string().into_bytes()
        }
    }
}

/// Writes a transcript as a stream: one piece, and the end with usage and cost.
fn events(answer: &Value, receipt: &Receipt) -> Vec<u8> {
    let mut out = Vec::new();
    push_event(&mut out, &json!({"type": "transcript.text.delta", "delta": answer["text"]}));
    let mut done = json!({
        "type": "transcript.text.done", "text": answer["text"], "usage": shown(receipt)
    });
    with_metadata(&mut done, receipt);
    push_event(&mut out, &done);
    push_done(&mut out);
    out
}

fn shown(receipt: &Receipt) -> Value {
    let used = receipt.usage;
    let mut counted = json!({"seconds": f64::from(used.audio_ms) / 1_000.0});
    let (input, output) = (used.prompt(), used.output);
    if 0 < input || 0 < output {
        counted["type"] = json!("tokens");
        counted["input_tokens"] = json!(input);
        counted["output_tokens"] = json!(output);
        counted["total_tokens"] = json!(u64::from(input) + u64::from(output));
    } else {
        counted["type"] = json!("duration");
    }
    usage(receipt, counted)
}
