//! A request for speech.

use serde_json::{Map, Value};

/// A request for speech.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) fields: Map<String, Value>,
    pub(super) options: Map<String, Value>,
    pub(super) text: String,
    pub(super) format: Format,
    /// The sound is told in events.
    pub(super) in_events: bool,
}

/// How sound is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Mp3,
    Pcm,
    Wav,
    Opus,
    Aac,
    Flac,
}

impl Format {
    pub(super) const ALL: [Format; 6] =
        [Format::Mp3, Format::Pcm, Format::Wav, Format::Opus, Format::Aac, Format::Flac];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Format::Mp3 => "mp3",
            Format::Pcm => "pcm",
            Format::Wav => "wav",
            Format::Opus => "opus",
            Format::Aac => "aac",
            Format::Flac => "flac",
        }
    }

    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Format::Mp3 => "audio/mpeg",
            Format::Pcm => "audio/pcm",
            Format::Wav => "audio/wav",
            Format::Opus => "audio/ogg",
            Format::Aac => "audio/aac",
            Format::Flac => "audio/flac",
        }
    }
}

/// Returns every format, by its word in requests.
pub(crate) fn formats() -> impl Iterator<Item = &'static str> {
    Format::ALL.into_iter().map(Format::word)
}
