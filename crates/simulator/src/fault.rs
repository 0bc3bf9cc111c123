//! What can go wrong: every way in which a provider can be made to misbehave.
//!
//! `after_chunks` counts chunks with content: the role-only chunk that opens a
//! stream comes before all of them. A whole answer has no chunks; a fault that
//! cuts or stalls a stream does the same to a whole answer at half its body.
use crate::bounds::{ScriptError, is_one_line};
use serde::{Deserialize, Serialize};

/// One way to fail. In JSON the variant is named by `kind`, in snake case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// An error status, with an error body in the dialect's shape unless `body` replaces it.
    Status {
        status: u16,
        /// The value of `Retry-After`: seconds, a date, or nonsense.
        #[serde(default)]
        retry_after: Option<String>,
        /// The error's `code`, in place of the one usual for the status.
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        message: Option<String>,
        /// The whole body, sent as JSON if it starts with `{`, else as plain text.
        #[serde(default)]
        body: Option<String>,
    },
    /// A redirect to another host.
    Redirect {
        #[serde(default = "default_redirect_status")]
        status: u16,
        #[serde(default = "default_location")]
        location: String,
    },
    /// 200 without a body.
    EmptyBody {},
    /// A web page in place of an answer.
    Html {
        #[serde(default = "default_ok")]
        status: u16,
    },
    /// Whole JSON where a stream was asked for, a stream where whole JSON was.
    OtherShape {},
    /// JSON that no reader should take: in the body, or in the first chunk with content.
    BrokenJson {
        #[serde(default)]
        how: BrokenJson,
    },
    /// 200, and a JSON error in the body.
    ErrorInBody {
        #[serde(default = "default_error_code")]
        code: u16,
    },
    /// A stream whose first event is an error. A whole answer: as `error_in_body`.
    FirstEventError {
        #[serde(default = "default_error_code")]
        code: u16,
    },
    /// An error event in mid-stream, then the end. A whole answer: as `error_in_body`.
    MidStreamError {
        #[serde(default = "default_after_chunks")]
        after_chunks: u32,
        #[serde(default = "default_error_code")]
        code: u16,
    },
    /// A TCP reset before the first byte.
    Reset {
        /// Only where the connection has served a request before, as in a pool.
        #[serde(default)]
        only_reused: bool,
    },
    /// An orderly close before the first byte.
    Close {
        /// Only where the connection has served a request before, as in a pool.
        #[serde(default)]
        only_reused: bool,
    },
    /// The request is taken, and nothing comes back.
    Silence {},
    /// The write side is closed at once, the read side stays open.
    HalfClose {},
    /// The caller's close is not heeded: bytes keep coming until the kernel objects.
    IgnoreClose {
        #[serde(default = "default_gap_ms")]
        gap_ms: u64,
    },
    /// Response headers, one byte at a time, without end to the patience asked.
    HeaderDrip {
        #[serde(default = "default_second_ms")]
        byte_ms: u64,
    },
    /// Response headers, then nothing.
    HeadersThenSilence {},
    /// Headers that never end.
    InfiniteHeaders {},
    /// One header of so many bytes.
    BigHeader {
        #[serde(default = "default_big_header_bytes")]
        bytes: usize,
    },
    /// So many `103 Early Hints`, then the answer.
    ManyInterim {
        #[serde(default = "default_interim_count")]
        count: u32,
    },
    /// The stream stops, the connection stays.
    Stall {
        #[serde(default = "default_after_chunks")]
        after_chunks: u32,
    },
    /// So long a wait before every chunk; a whole body comes in pieces of 64 bytes.
    Drip {
        #[serde(default = "default_second_ms")]
        chunk_ms: u64,
    },
    /// The stream ends without a finish reason and without `[DONE]`.
    Fin {
        #[serde(default = "default_after_chunks")]
        after_chunks: u32,
        /// Ends the HTTP body in order, so that only the events tell of the loss.
        #[serde(default)]
        clean: bool,
    },
    /// A TCP reset in mid-stream.
    ResetMid {
        #[serde(default = "default_after_chunks")]
        after_chunks: u32,
    },
    /// The stream ends inside an event.
    Cut {
        #[serde(default = "default_after_chunks")]
        after_chunks: u32,
        #[serde(default)]
        inside: CutInside,
        /// Ends the HTTP body in order, so that only the events tell of the loss.
        #[serde(default)]
        clean: bool,
    },
    /// Server-sent events that bend or break the format. A whole answer is not touched.
    MalformedSse {
        #[serde(default)]
        how: MalformedSse,
        /// Size of the long line or of the comment flood.
        #[serde(default = "default_long_line_bytes")]
        bytes: usize,
    },
    /// Content without end, whatever the request's maximum.
    InfiniteStream {
        #[serde(default)]
        gap_ms: u64,
    },
    /// A compressed body that unpacks to so many mebibytes.
    Bomb {
        #[serde(default)]
        encoding: Encoding,
        #[serde(default = "default_bomb_mib")]
        mib: u32,
    },
    /// A `Content-Encoding` that the body does not have.
    LyingEncoding {
        #[serde(default)]
        encoding: Encoding,
    },
    /// A `Content-Length` that is not the body's.
    ContentLength {
        #[serde(default)]
        how: ContentLength,
    },
    /// `Content-Length` and `Transfer-Encoding: chunked` at once.
    LengthAndChunked {},
    /// A chunk size beyond 64 bits.
    ChunkOverflow {},
    /// Usage figures that no bill should follow.
    Usage {
        #[serde(default)]
        how: OddUsage,
    },
    /// Data after `[DONE]`.
    DataAfterDone {},
    /// `[DONE]` twice.
    TwoDone {},
    /// `[DONE]`, but no finish reason before it; null in a whole answer.
    NoFinishReason {},
    /// `fault` for `on_ms`, health for `off_ms`, and again, from when the script was set.
    Flapping {
        #[serde(default = "default_flap_ms")]
        on_ms: u64,
        #[serde(default = "default_flap_ms")]
        off_ms: u64,
        fault: Box<Fault>,
    },
}

/// What is wrong with the JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrokenJson {
    /// It stops in the middle.
    #[default]
    Truncated,
    /// It is none.
    Garbage,
    /// 100,000 arrays in each other.
    DeepNesting,
    /// Every key of the answer twice, with other values.
    DuplicateKeys,
    /// `NaN` for a number.
    Nan,
}

/// Inside what a stream is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutInside {
    /// The JSON of an event.
    #[default]
    Json,
    /// A character of four bytes.
    Utf8,
    /// The blank line that ends an event: one of its two line feeds is sent.
    BlankLine,
}

/// What is odd in the event stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MalformedSse {
    /// Lines end with a carriage return alone, which the format allows.
    #[default]
    CrOnly,
    /// Lines end with both, which the format allows.
    CrLf,
    /// A byte order mark opens the stream, which the format allows.
    Bom,
    /// Lines of NUL between the events.
    Nul,
    /// One line of so many bytes.
    LongLine,
    /// So many bytes of comments before the first content.
    CommentFlood,
    /// Lines without a colon between the events, which a reader skips.
    NoColon,
    /// Bare JSON lines without the `data:` before them.
    NoPrefix,
}

/// A compression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// gzip, at about 1,000 to 1.
    #[default]
    Gzip,
    /// zstd, at about 32,000 to 1.
    Zstd,
}

/// What is wrong with the length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentLength {
    /// It promises half of what comes.
    #[default]
    Short,
    /// It promises 100 bytes more than come, then the connection is closed.
    Long,
    /// It is given twice, with two values.
    Duplicate,
}

/// What is odd in the usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OddUsage {
    /// There is none.
    #[default]
    Missing,
    /// Counts below zero.
    Negative,
    /// 10¹² tokens of each.
    Huge,
    /// Halves of tokens.
    Float,
    /// Numbers in quotes.
    String,
    /// On every chunk, counting down.
    Decreasing,
}

impl Fault {
    /// An error status with the dialect's usual body.
    pub fn status(status: u16) -> Fault {
        Fault::Status { status, retry_after: None, code: None, message: None, body: None }
    }

    /// A 429 whose `Retry-After` is `retry_after`.
    pub fn rate_limited(retry_after: &str) -> Fault {
        let retry_after = Some(retry_after.to_owned());
        Fault::Status { status: 429, retry_after, code: None, message: None, body: None }
    }

    /// Says whether every value is within its bounds.
    ///
    /// # Errors
    /// `Bound`, naming the first field that is not.
    pub(crate) fn check(&self) -> Result<(), ScriptError> {
        let bound = |field, bound| Err(ScriptError::Bound { field, bound });
        match self {
            Fault::Status { status, .. } | Fault::Html { status } if !is_final(*status) => {
                bound("status", "from 200 to 599")
            }
            Fault::Status { retry_after: Some(value), .. } if !is_one_line(value) => {
                bound("retry_after", "one visible line")
            }
            Fault::Redirect { status, .. } if !(300..=399).contains(status) => {
                bound("status", "from 300 to 399")
            }
            Fault::Redirect { location, .. } if !is_one_line(location) => {
                bound("location", "one visible line")
            }
            Fault::ErrorInBody { code }
            | Fault::FirstEventError { code }
            | Fault::MidStreamError { code, .. }
                if !is_final(*code) =>
            {
                bound("code", "from 200 to 599")
            }
            Fault::BigHeader { bytes } | Fault::MalformedSse { bytes, .. }
                if BYTES_MAX < *bytes =>
            {
                bound("bytes", "at most 256 MiB")
            }
            Fault::Bomb { mib, .. } if MIB_MAX < *mib => bound("mib", "at most 65536"),
            Fault::Flapping { on_ms, off_ms, .. } if *on_ms == 0 || *off_ms == 0 => {
                bound("on_ms and off_ms", "at least 1")
            }
            Fault::Flapping { fault, .. } if matches!(**fault, Fault::Flapping { .. }) => {
                bound("fault", "no flapping in a flapping")
            }
            Fault::Flapping { fault, .. } => fault.check(),
            _ => Ok(()),
        }
    }

    /// The fault in force `since_ms` after the script was set, on a connection that has been
    /// `reused` or not; `None` when this is one of its healthy moments.
    pub(crate) fn in_force(&self, since_ms: u64, reused: bool) -> Option<&Fault> {
        match self {
            Fault::Flapping { on_ms, off_ms, fault } => {
                let phase_ms = since_ms % on_ms.saturating_add(*off_ms);
                if phase_ms < *on_ms { fault.in_force(since_ms, reused) } else { None }
            }
            Fault::Reset { only_reused: true } | Fault::Close { only_reused: true } if !reused => {
                None
            }
            other => Some(other),
        }
    }

    /// The name by which JSON calls it.
    pub(crate) fn kind(&self) -> String {
        let written = serde_json::to_value(self).unwrap_or_default();
        written["kind"].as_str().unwrap_or_default().to_owned()
    }
}

/// Bounds what one faulty answer keeps in memory.
const BYTES_MAX: usize = 256 << 20;
/// 64 GiB unpacked, some 64 MiB on the wire.
const MIB_MAX: u32 = 65_536;

fn is_final(status: u16) -> bool {
    (200..=599).contains(&status)
}

fn default_redirect_status() -> u16 {
    307
}

fn default_location() -> String {
    "http://elsewhere.invalid/v1/chat/completions".to_owned()
}

fn default_ok() -> u16 {
    200
}

fn default_error_code() -> u16 {
    503
}

fn default_after_chunks() -> u32 {
    3
}

fn default_gap_ms() -> u64 {
    20
}

fn default_second_ms() -> u64 {
    1_000
}

fn default_big_header_bytes() -> usize {
    1 << 20
}

fn default_interim_count() -> u32 {
    1_000_000
}

fn default_long_line_bytes() -> usize {
    10 << 20
}

fn default_bomb_mib() -> u32 {
    1_024
}

fn default_flap_ms() -> u64 {
    5_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flapping_is_on_then_off_then_on() {
        let fault = Fault::Flapping { on_ms: 10, off_ms: 20, fault: Box::new(Fault::Silence {}) };
        let on: Vec<bool> =
            [0, 9, 10, 29, 30, 40].map(|ms| fault.in_force(ms, false).is_some()).into();
        assert_eq!(on, [true, true, false, false, true, false]);
    }

    #[test]
    fn a_reset_of_reused_connections_spares_fresh_ones() {
        let fault = Fault::Reset { only_reused: true };
        assert_eq!(fault.in_force(0, false), None);
        assert_eq!(fault.in_force(0, true), Some(&fault));
    }

    #[test]
    fn a_kind_is_written_in_snake_case() {
        assert_eq!(Fault::NoFinishReason {}.kind(), "no_finish_reason");
    }
}
