//! One attempt as bytes: what to send to an endpoint, and how to read what comes back.
//!
//! Everything above this file sees these four traits and no wire format. Two lanes implement them:
//! the *verbatim* lane, where caller and endpoint speak the same dialect and the caller's own JSON
//! passes with a few edits, and the *translated* lane, which goes through the canonical request and
//! its events.

use std::borrow::Cow;

use bytes::Bytes;
use domain::catalog::Endpoint;
pub use domain::event::FinishReason;
use domain::failure::Failure;
use domain::money::Money;
use domain::usage::Usage;
use serde_json::Value;

use crate::called::Called;
use crate::joint::Manner;
use crate::said::Said;
use crate::stream_decoder::StreamDecoder;

/// The endpoint of an attempt, as the dialects need it.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// What is called.
    pub endpoint: &'a Endpoint,
    /// The caller's user, hashed together with the account; what a provider may learn of it.
    pub user_hash: Option<&'a str>,
}

/// What answers are stamped with, so that a caller sees one identity whoever served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The generation.
    pub id: String,
    /// Seconds since 1970 at which it was admitted.
    pub created: i64,
    /// The catalog id of the model that serves.
    pub model: String,
    /// The name of the provider that serves.
    pub provider: String,
}

/// What goes over the wire.
#[derive(Clone, Debug)]
pub struct Wire {
    /// What follows the endpoint's base URL, beginning with a slash.
    pub path: Cow<'static, str>,
    /// Headers of the dialect or the endpoint, besides the content type and the credential.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body.
    pub body: Bytes,
    /// The endpoint was asked to stream, whatever the caller asked for.
    pub streams: bool,
    /// Fields of the caller's request that were not sent on.
    pub dropped: Vec<String>,
    /// The answer's schema was sent as a tool: the call of it is the answer.
    pub schema_as_tool: bool,
}

/// What an answer has shown so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// What it used, where the provider said so.
    pub usage: Option<Usage>,
    /// Why it ended, normalised; `None` while it has not.
    pub finish: Option<FinishReason>,
    /// Why it ended, in the provider's word.
    pub native_finish: Option<String>,
    /// The provider's id of the answer.
    pub upstream_id: Option<String>,
    /// Bytes of text, reasoning and tool arguments seen: what an estimate is made from.
    pub content_bytes: u64,
    /// The beginning of that, for a count by tokens.
    pub said: Said,
    /// The calls of tools, for being judged.
    pub called: Called,
    /// Images seen.
    pub images: u16,
}

/// What an answer tells of its cost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receipt {
    /// What it used, the house's own count where the provider gave none.
    pub usage: Usage,
    /// What the account is charged.
    pub cost: Money,
    /// The part of the cost that is the prompt's.
    pub prompt_cost: Money,
    /// The object of `X-OpenRouter-Metadata: enabled`, where it was asked for.
    pub metadata: Option<Value>,
}

/// What a piece of a stream was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Nothing that a reader would see: comments, pings, empty deltas.
    Quiet,
    /// Content. From here on no other endpoint may take over.
    Content,
    /// The end that the dialect prescribes.
    Done,
}

/// What a caller has of an answer that broke off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The generation.
    pub id: String,
    /// The text.
    pub text: String,
    /// The thinking. Where text has followed it, it is complete.
    pub reasoning: String,
}

/// The rest of an answer, asked of another endpoint.
pub struct Continuation {
    /// What to send.
    pub wire: Wire,
    pub(crate) manner: Manner,
    pub(crate) decoder: Box<dyn StreamDecoder>,
    pub(crate) errors: Box<ErrorReader>,
}

/// Reads a status and the body that came with it.
pub(crate) type ErrorReader = dyn Fn(u16, &[u8]) -> Failure + Send + Sync;

impl Continuation {
    /// Reads an answer with a status of 300 or above, or a 200 that is none.
    pub fn decode_error(&self, status: u16, body: &[u8]) -> Failure {
        (self.errors)(status, body)
    }
}

/// One attempt at one endpoint.
pub trait Exchange: Send + Sync {
    /// Returns what to send.
    fn wire(&self) -> &Wire;

    /// Reads an answer with a status of 300 or above, or a 200 that is none.
    fn decode_error(&self, status: u16, body: &[u8]) -> Failure;

    /// Reads a whole answer.
    ///
    /// # Errors
    /// When it is none: an error inside a 200, HTML, broken JSON, nothing at all.
    fn whole(&self, body: Bytes) -> Result<Box<dyn WholeAnswer>, Failure>;

    /// Begins to read a stream for a caller who wants one.
    fn stream(&self) -> Box<dyn StreamAnswer>;

    /// Begins to read a stream for a caller who wants a whole answer.
    fn collect(&self) -> Box<dyn Collector>;
}

/// A whole answer that was understood.
pub trait WholeAnswer: Send {
    /// Returns what it showed.
    fn observed(&self) -> &Observed;

    /// Returns the body for a caller who wants a whole answer.
    fn render(self: Box<Self>, receipt: &Receipt) -> Bytes;

    /// Returns the same as a stream, terminator included, for a caller who wants one.
    fn render_stream(self: Box<Self>, receipt: &Receipt) -> Bytes;
}

/// A stream that passes through.
pub trait StreamAnswer: Send {
    /// Takes bytes as they come from the network, cut anywhere, and appends to `out` what the
    /// caller sees of them: whole events only. Returns the furthest step among them.
    ///
    /// # Errors
    /// When the stream turns out to be broken or to carry an error. What came before is in `out`.
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Step, Failure>;

    /// Takes note that the network has ended the stream.
    ///
    /// # Errors
    /// When it ended before the answer did.
    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure>;

    /// Returns what it has shown so far.
    fn observed(&self) -> &Observed;

    /// Appends what closes a complete stream: usage with its cost, then the terminator.
    fn close(&mut self, receipt: &Receipt, out: &mut Vec<u8>);

    /// Appends what closes a broken one: an error event, then the terminator.
    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>);

    /// Appends the end of an answer that the house cut off for its length: [`StreamAnswer::close`]
    /// follows. Returns whether the form has words for that.
    fn cut(&mut self, out: &mut Vec<u8>) -> bool {
        let _ = out;
        false
    }

    /// Returns what its caller has of it, where another endpoint could go on from there.
    fn delivered(&self) -> Option<Delivered> {
        None
    }

    /// Goes on with what another endpoint sends. What it has shown is counted anew.
    fn take_over(&mut self, from: Continuation) {
        drop(from);
    }
}

/// A stream that is gathered into a whole answer.
pub trait Collector: Send {
    /// Takes bytes as they come from the network, cut anywhere.
    ///
    /// # Errors
    /// When the stream turns out to be broken, to carry an error, or to grow past what is kept.
    fn push(&mut self, bytes: &[u8]) -> Result<Step, Failure>;

    /// Returns what it has shown so far.
    fn observed(&self) -> &Observed;

    /// Returns the answer, once the network has ended the stream.
    ///
    /// # Errors
    /// When it ended before the answer did.
    fn finish(self: Box<Self>) -> Result<Box<dyn WholeAnswer>, Failure>;
}
