//! Sound that passes through as it comes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::failure::Failure;
use domain::usage::Usage;
use serde_json::{Value, json};

use super::ask::Format;
use crate::error;
use crate::exchange::{
    Collector, Exchange, FinishReason, Observed, Receipt, Step, StreamAnswer, WholeAnswer, Wire,
};
use crate::task::{push_done, push_event, push_failure, usage, with_metadata};

/// An attempt that is answered with sound.
pub(super) struct Spoken {
    pub(super) wire: Wire,
    pub(super) sound: Sound,
}

/// What has to be known to count what was spoken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sound {
    /// Characters of the text.
    pub(super) characters: u32,
    /// Its tokens, counted here, where the endpoint bills them: sound does not tell what it cost.
    pub(super) tokens: Option<u32>,
    pub(super) format: Format,
    /// It is told in events.
    pub(super) in_events: bool,
}

/// Appends sound as an event (OpenAI's `stream_format: "sse"`).
pub(super) fn push_sound(out: &mut Vec<u8>, sound: &[u8]) {
    let event = json!({"type": "speech.audio.delta", "audio": STANDARD.encode(sound)});
    push_event(out, &event);
}

/// Appends the event that ends it, with what was used.
pub(super) fn push_end(out: &mut Vec<u8>, receipt: &Receipt) {
    let (input, output) = (receipt.usage.prompt(), receipt.usage.output);
    let counted = json!({
        "input_tokens": input,
        "output_tokens": output,
        "total_tokens": u64::from(input) + u64::from(output),
        "characters": receipt.usage.characters,
    });
    let mut done = json!({"type": "speech.audio.done", "usage": usage(receipt, counted)});
    with_metadata(&mut done, receipt);
    push_event(out, &done);
    push_done(out);
}

/// Tokens of a second of sound (OpenAI's and Google's are within it).
const TOKENS_PER_SECOND: u64 = 25;

impl Sound {
    /// Returns what was used by so many bytes of sound, counted here.
    pub(super) fn usage(&self, bytes: u64) -> Usage {
        let spoken = Usage { characters: self.characters, ..Usage::default() };
        let Some(input) = self.tokens else { return spoken };
        let ms = bytes * 1_000 / self.bytes_per_second();
        let output = u32::try_from(ms * TOKENS_PER_SECOND / 1_000).unwrap_or(u32::MAX);
        Usage { input, output, output_audio: output, estimated: true, ..spoken }
    }

    /// Returns the bytes of a second of speech, as hosts write it.
    fn bytes_per_second(&self) -> u64 {
        match self.format {
            Format::Pcm | Format::Wav => 48_000,
            Format::Flac => 24_000,
            Format::Mp3 | Format::Aac => 16_000,
            Format::Opus => 8_000,
        }
    }
}

impl Exchange for Spoken {
    fn wire(&self) -> &Wire {
        &self.wire
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> Failure {
        error::decode(status, body)
    }

    fn whole(&self, body: Bytes) -> Result<Box<dyn WholeAnswer>, Failure> {
        let value: Value = serde_json::from_slice(&body).unwrap_or_default();
        Err(match error::is_one(&value) {
            true => error::inside(&value),
            false => error::nonsense("is no sound"),
        })
    }

    fn stream(&self) -> Box<dyn StreamAnswer> {
        Box::new(Passing::new(self.sound))
    }

    fn collect(&self) -> Box<dyn Collector> {
        Box::new(Passing::new(self.sound))
    }
}

/// Sound on its way.
struct Passing {
    sound: Sound,
    bytes: u64,
    observed: Observed,
}

impl Passing {
    fn new(sound: Sound) -> Passing {
        // Where characters are billed, everything is known before the first of it is heard.
        let known = sound.tokens.is_none();
        let observed = Observed {
            usage: known.then(|| sound.usage(0)),
            finish: known.then_some(FinishReason::Stop),
            ..Observed::default()
        };
        Passing { sound, bytes: 0, observed }
    }

    fn take(&mut self, bytes: &[u8]) -> Step {
        self.bytes += bytes.len() as u64;
        if self.sound.tokens.is_some() {
            self.observed.usage = Some(self.sound.usage(self.bytes));
        }
        if self.bytes == 0 { Step::Quiet } else { Step::Content }
    }
}

impl StreamAnswer for Passing {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Step, Failure> {
        match self.sound.in_events {
            true if bytes.is_empty() => (),
            true => push_sound(out, bytes),
            false => out.extend_from_slice(bytes),
        }
        Ok(self.take(bytes))
    }

    fn end(&mut self, _: &mut Vec<u8>) -> Result<(), Failure> {
        if self.bytes == 0 {
            return Err(error::nonsense("holds no sound"));
        }
        self.observed.finish = Some(FinishReason::Stop);
        Ok(())
    }

    fn observed(&self) -> &Observed {
        &self.observed
    }

    fn close(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        if self.sound.in_events {
            push_end(out, receipt);
        }
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        if self.sound.in_events {
            push_failure(out, failure);
        }
    }
}

/// Nobody asks for sound that is gathered first: it is always passed on as it comes.
impl Collector for Passing {
    fn push(&mut self, bytes: &[u8]) -> Result<Step, Failure> {
        Ok(self.take(bytes))
    }

    fn observed(&self) -> &Observed {
        &self.observed
    }

    fn finish(self: Box<Self>) -> Result<Box<dyn WholeAnswer>, Failure> {
        Err(Failure::house("sound was gathered"))
    }
}
