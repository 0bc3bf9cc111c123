//! From an answer to what is done with the connection, step by step.
//!
//! A play is decided without touching a socket: every fault is a list of steps.
mod body;
mod framing;
mod healthy;
mod midstream;
mod reel;
mod refusal;
mod socket;

use crate::answer::Answer;
use crate::ask::Ask;
use crate::fault::Fault;
use crate::response::{Body, Head};
use crate::script::Script;
use crate::wire::Wire;

pub(crate) use refusal::{json_reply, refused};

/// One act upon the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Write(Vec<u8>),
    /// Writes an event that carries content: these are counted.
    Content(Vec<u8>),
    /// Waits so many milliseconds, or less if the caller leaves.
    Wait(u64),
    /// Waits so many milliseconds, whether the caller is there or not.
    WaitBlindly(u64),
    /// Waits until the caller leaves.
    Hang,
    /// Closes the write side, and goes on.
    CloseWrite,
    /// Closes the connection in order.
    Close,
    /// Resets the connection.
    Reset,
}

/// The steps of one response. Where they end without a close, the connection goes on if it may.
pub(crate) type Play = Box<dyn Iterator<Item = Step> + Send>;

/// All that a play is made of.
pub(crate) struct Scene<'a> {
    pub(crate) wire: &'static dyn Wire,
    pub(crate) ask: &'a Ask,
    pub(crate) answer: Answer,
    pub(crate) script: &'a Script,
    pub(crate) keep_alive: bool,
    /// The caller takes a body in chunks.
    pub(crate) takes_chunks: bool,
}

/// Decides what to do with the connection to answer, or to fail as `fault` says.
pub(crate) fn stage(mut scene: Scene, fault: Option<&Fault>) -> Play {
    let wait_ms = scene.script.first_byte_ms;
    let play = match fault {
        None => healthy::answer(&scene),
        Some(fault) => {
            scene.answer.bend(fault);
            failing(scene, fault)
        }
    };
    if wait_ms == 0 { play } else { Box::new(std::iter::once(Step::Wait(wait_ms)).chain(play)) }
}

fn failing(scene: Scene, fault: &Fault) -> Play {
    match fault {
        Fault::Reset { .. } => once([Step::Reset]),
        Fault::Close { .. } => once([Step::Close]),
        Fault::Silence {} => once([Step::Hang]),
        Fault::HalfClose {} => once([Step::CloseWrite, Step::Hang]),
        Fault::IgnoreClose { gap_ms } => socket::ignore_close(&scene, *gap_ms),
        Fault::HeaderDrip { byte_ms } => socket::header_drip(&scene, *byte_ms),
        Fault::HeadersThenSilence {} => socket::headers_then_silence(&scene),
        Fault::InfiniteHeaders {} => socket::infinite_headers(&scene),
        Fault::BigHeader { bytes } => socket::big_header(&scene, *bytes),
        Fault::ManyInterim { count } => socket::many_interim(&scene, *count),
        Fault::Status { .. } | Fault::Redirect { .. } => refusal::status(&scene, fault),
        Fault::EmptyBody {} => refusal::empty_body(&scene),
        Fault::Html { status } => refusal::html(&scene, *status),
        Fault::ErrorInBody { code } => refusal::error_in_body(&scene, *code),
        Fault::FirstEventError { code } => midstream::error(&scene, None, *code),
        Fault::MidStreamError { after_chunks, code } => {
            midstream::error(&scene, Some(*after_chunks), *code)
        }
        Fault::Stall { after_chunks } => midstream::part(&scene, *after_chunks, Step::Hang),
        Fault::ResetMid { after_chunks } => midstream::part(&scene, *after_chunks, Step::Reset),
        Fault::Fin { after_chunks, clean: false } => {
            midstream::part(&scene, *after_chunks, Step::Close)
        }
        Fault::Fin { after_chunks, clean: true } => midstream::clean_part(&scene, *after_chunks),
        Fault::Cut { after_chunks, inside, clean } => {
            midstream::cut(scene, *after_chunks, *inside, *clean)
        }
        Fault::Drip { chunk_ms } => midstream::drip(&scene, *chunk_ms),
        Fault::InfiniteStream { gap_ms } => midstream::infinite(scene, *gap_ms),
        Fault::MalformedSse { how, bytes } => reel::malformed(scene, *how, *bytes),
        Fault::DataAfterDone {} => reel::after_done(&scene, false),
        Fault::TwoDone {} => reel::after_done(&scene, true),
        Fault::OtherShape {} => body::other_shape(&scene),
        Fault::BrokenJson { how } => body::broken_json(&scene, *how),
        Fault::Bomb { encoding, mib } => body::bomb(&scene, *encoding, *mib),
        Fault::LyingEncoding { encoding } => body::lying_encoding(&scene, *encoding),
        Fault::ContentLength { how } => framing::content_length(&scene, *how),
        Fault::LengthAndChunked {} => framing::length_and_chunked(&scene),
        Fault::ChunkOverflow {} => framing::chunk_overflow(&scene),
        // The answer itself is bent; a flapping fault has been resolved to the one in force.
        Fault::Usage { .. } | Fault::NoFinishReason {} | Fault::Flapping { .. } => {
            healthy::answer(&scene)
        }
    }
}

impl Scene<'_> {
    /// The head of a 200 with the content type of what was asked for.
    fn head(&self, body: Body) -> Head<'_> {
        Head {
            status: 200,
            content_type: if self.ask.stream { EVENT_STREAM } else { JSON },
            body,
            keep_alive: self.keep_alive && body != Body::UntilClose,
            headers: &self.script.headers,
        }
    }

    fn written_head(&self, body: Body) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        self.head(body).write(&mut out);
        out
    }

    /// How a body of unknown length is framed for this caller.
    fn open_framing(&self) -> Body {
        if self.takes_chunks { Body::Chunked } else { Body::UntilClose }
    }

    fn whole(&self) -> Vec<u8> {
        self.wire.whole(&self.answer, self.script)
    }
}

const JSON: &str = "application/json";
const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";

fn once<const N: usize>(steps: [Step; N]) -> Play {
    Box::new(steps.into_iter())
}
