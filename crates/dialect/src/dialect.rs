//! What a dialect can do: the verbs on the side that faces callers, and on the side that faces
//! providers.
//!
//! All of them are pure. State is kept only by the two stream objects, which live as long as one
//! stream.

use std::sync::Arc;

use bytes::Bytes;
use domain::answer::Answer;
use domain::catalog::{Endpoint, Modality};
use domain::chat::ChatRequest;
use domain::event::Event;
use domain::failure::Failure;
use domain::quirk::{Quirks, ReasoningOut};
use serde_json::Value;

use crate::contract::Fate;
use crate::door::{Door, Framing};
use crate::exchange::{Exchange, Receipt, Stamp, Target, Wire};
use crate::request::Request;
use crate::sse::{EVENT_BYTES_MAX, KEEP_ALIVE, MEDIA_EVENT_BYTES_MAX};
pub(crate) use crate::stream_decoder::StreamDecoder;

/// What an answer has to look like to its caller, whoever gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Face {
    /// What it is stamped with.
    pub(crate) stamp: Stamp,
    /// The caller used the legacy form: a prompt, and text in answer.
    pub(crate) is_legacy: bool,
    /// The caller does not want to see the thinking.
    pub(crate) hides_thinking: bool,
    /// A text that was to be JSON is mended where it needs it.
    pub(crate) heals: bool,
    /// How a stream is framed.
    pub(crate) framing: Framing,
    /// What is repeated of the request, in the caller's dialect.
    pub(crate) echo: Option<Arc<Value>>,
}

impl Face {
    /// Returns what the answer to a request has to look like.
    pub(crate) fn of(request: &Request, stamp: Stamp) -> Face {
        let facts = &request.facts;
        let reasoning = facts.reasoning.as_ref();
        let is_formed = facts.parameters.iter().any(|name| name == "response_format");
        Face {
            stamp,
            is_legacy: request.facts.legacy_prompt,
            hides_thinking: reasoning.is_some_and(|ask| ask.exclude),
            heals: facts.heals && !facts.stream && is_formed,
            framing: request.framing,
            echo: request.echo.clone(),
        }
    }
}

/// What has to be known of an endpoint to read its answers.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// Its departures from its dialect.
    pub(crate) quirks: Quirks,
    /// The largest event that it may send.
    pub(crate) event_bytes_max: usize,
}

impl Host {
    /// Returns what has to be known of an endpoint.
    pub(crate) fn of(endpoint: &Endpoint) -> Host {
        let only_text = endpoint.output_modalities.iter().all(|it| *it == Modality::Text);
        Host {
            quirks: endpoint.quirks.clone(),
            event_bytes_max: if only_text { EVENT_BYTES_MAX } else { MEDIA_EVENT_BYTES_MAX },
        }
    }

    /// Returns whether thinking stands between tags in the text.
    pub(crate) fn splits_tags(&self) -> bool {
        self.quirks.reasoning_out == Some(ReasoningOut::ThinkTags)
    }

    /// Returns whether text may come as a list of parts.
    pub(crate) fn sends_parts(&self) -> bool {
        self.quirks.reasoning_out == Some(ReasoningOut::ContentParts)
            || self.quirks.content_may_be_parts == Some(true)
    }

    /// Returns the fields of an answer beyond the dialect's that are passed on.
    pub(crate) fn extra_fields(&self) -> &[String] {
        self.quirks.extra_fields.as_deref().unwrap_or_default()
    }
}

/// The side of a dialect that faces callers.
pub(crate) trait ClientDialect: Sync {
    /// Reads a request that came in by one of the dialect's doors.
    ///
    /// # Errors
    /// The caller's, naming the field, where the body makes no sense.
    fn decode(&self, door: &Door, body: Bytes) -> Result<Request, Failure>;

    /// Reads a request into the house's form.
    ///
    /// # Errors
    /// When it holds what has no meaning in any form.
    fn canonical(&self, request: &Request) -> Result<ChatRequest, Failure>;

    /// Writes a whole answer.
    fn encode_answer(&self, answer: &Answer, face: &Face, receipt: &Receipt) -> Vec<u8>;

    /// Returns the body of an error response. The `envelope` is OpenRouter's form of it.
    fn failure_body(&self, failure: &Failure, envelope: Value) -> Value {
        let _ = failure;
        envelope
    }

    /// Returns the end of a stream that broke before anything of an answer was shown: the event
    /// that tells the failure, and the terminator.
    fn failure_event(&self, failure: &Failure, face: &Face) -> Vec<u8> {
        let mut out = Vec::new();
        self.stream_encoder(face).fail(failure, &mut out);
        out
    }

    /// Returns what keeps a silent stream alive, and clients pass over; empty where nothing does.
    fn keep_alive(&self, framing: Framing) -> &'static [u8] {
        match framing {
            Framing::Events => KEEP_ALIVE,
            Framing::Lines | Framing::List | Framing::Raw(_) => b"",
        }
    }

    /// Begins to write a stream.
    fn stream_encoder(&self, face: &Face) -> Box<dyn StreamEncoder>;
}

/// The side of a dialect that faces providers.
pub(crate) trait UpstreamDialect: Sync {
    /// Writes a request for an endpoint. What cannot be said is named in the wire's `dropped`.
    ///
    /// # Errors
    /// When the endpoint cannot do what the request insists on.
    fn encode_request(&self, chat: &ChatRequest, target: Target<'_>) -> Result<Wire, Failure>;

    /// Reads a whole answer.
    ///
    /// # Errors
    /// When it is none.
    fn decode_answer(&self, body: &[u8], host: &Host) -> Result<Answer, Failure>;

    /// Reads an error.
    fn decode_error(&self, status: u16, body: &[u8]) -> Failure;

    /// Begins to read a stream.
    fn stream_decoder(&self, host: &Host) -> Box<dyn StreamDecoder>;

    /// Returns what becomes of an optional parameter at an endpoint, by its name in OpenRouter's
    /// API: the dialect's column of the contract.
    fn fate(&self, parameter: &str, endpoint: &Endpoint) -> Fate;
}

/// A dialect in which a caller's own bytes may go to an endpoint, and the endpoint's to the caller.
pub(crate) trait VerbatimDialect: Sync {
    /// Writes a caller's request for an endpoint, with only the changes that it needs.
    ///
    /// # Errors
    /// When the endpoint cannot do what the request insists on.
    fn edit_request(&self, request: &Request, target: Target<'_>) -> Result<Wire, Failure>;

    /// Returns whether an endpoint's answers may pass as they stand: no flag has them rebuilt.
    fn passes(&self, host: &Host) -> bool;

    /// Returns the attempt that passes them.
    fn attempt(&self, wire: Wire, face: Face, host: Host) -> Box<dyn Exchange>;
}

/// Turns events into a caller's bytes.
pub(crate) trait StreamEncoder: Send {
    /// Appends what a caller sees of an event, if anything.
    fn push(&mut self, event: &Event, out: &mut Vec<u8>);

    /// Appends what closes a complete stream.
    fn close(&mut self, receipt: &Receipt, out: &mut Vec<u8>);

    /// Appends what closes a broken one.
    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>);
}
