//! A request to transcribe.

use serde_json::{Map, Value};

use crate::door::Framing;
use crate::multipart::Part;
use crate::recording::Length;

/// Tokens that a second of sound is read as (OpenAI's and Mistral's are within it).
pub(super) const SOUND_TOKENS_PER_SECOND_MAX: u32 = 32;

/// A request to transcribe.
#[derive(Debug)]
pub(super) struct Ask {
    /// The caller's fields, but for the recording.
    pub(super) fields: Map<String, Value>,
    pub(super) options: Map<String, Value>,
    pub(super) file: Part,
    pub(super) length: Length,
    pub(super) format: Format,
}

/// How a transcript is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Verbose,
    Text,
    Srt,
    Vtt,
}

impl Format {
    pub(super) const ALL: [Format; 5] =
        [Format::Json, Format::Verbose, Format::Text, Format::Srt, Format::Vtt];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Verbose => "verbose_json",
            Format::Text => "text",
            Format::Srt => "srt",
            Format::Vtt => "vtt",
        }
    }

    /// Returns whether the times of segments are needed.
    pub(super) const fn is_timed(self) -> bool {
        matches!(self, Format::Verbose | Format::Srt | Format::Vtt)
    }

    pub(super) const fn framing(self) -> Framing {
        match self {
            Format::Json | Format::Verbose => Framing::Events,
            Format::Text | Format::Srt => Framing::Raw("text/plain; charset=utf-8"),
            Format::Vtt => Framing::Raw("text/vtt; charset=utf-8"),
        }
    }
}

/// Returns every format, by its word in requests.
pub(crate) fn formats() -> impl Iterator<Item = &'static str> {
    Format::ALL.into_iter().map(Format::word)
}
