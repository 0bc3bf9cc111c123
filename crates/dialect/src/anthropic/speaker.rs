//! The verbs of this dialect, on both its sides.

use std::borrow::Cow;

use bytes::Bytes;
use domain::answer::Answer;
use domain::catalog::Endpoint;
use domain::chat::ChatRequest;
use domain::failure::Failure;
use serde_json::Value;

use super::decoder::Message;
use super::encoder::Encoder;
use super::failing::{error_body, message};
use super::passing::Verbatim;
use super::{answer, ask, body, outgoing};
use crate::contract::{self, Fate};
use crate::decoding::EventReader;
use crate::dialect::{
    ClientDialect, Face, Host, StreamDecoder, StreamEncoder, UpstreamDialect, VerbatimDialect,
};
use crate::door::Door;
use crate::exchange::{Exchange, Receipt, Target, Wire};
use crate::request::Request;
use crate::{emulate, error};

/// Who speaks this dialect.
pub(crate) struct Anthropic {
    /// Under Vertex's paths: the model stands in the address.
    vertex: bool,
}

/// At Anthropic, and at hosts that follow it.
pub(crate) static ANTHROPIC: Anthropic = Anthropic { vertex: false };
/// Under Vertex's paths.
pub(crate) static VERTEX_ANTHROPIC: Anthropic = Anthropic { vertex: true };

/// The version of the dialect that is spoken, as every request has to say.
const VERSION: &str = "2023-06-01";
/// The header by which callers ask for what is not in the version yet.
const BETA: &str = "anthropic-beta";

impl ClientDialect for Anthropic {
    fn decode(&self, _: &Door, body: Bytes) -> Result<Request, Failure> {
        ask::decode(body)
    }

    fn canonical(&self, request: &Request) -> Result<ChatRequest, Failure> {
        let read = request.chat.as_deref().cloned();
        read.ok_or_else(|| Failure::house("a message was not read"))
    }

    fn encode_answer(&self, answer: &Answer, face: &Face, receipt: &Receipt) -> Vec<u8> {
        answer::encode(answer, face, receipt)
    }

    fn failure_body(&self, failure: &Failure, envelope: Value) -> Value {
        let mut body = error_body(failure);
        body["error"]["metadata"] = envelope["error"]["metadata"].clone();
        if let Some(metadata) = envelope.get("openrouter_metadata") {
            body["openrouter_metadata"] = metadata.clone();
        }
        body
    }

    fn stream_encoder(&self, face: &Face) -> Box<dyn StreamEncoder> {
        Box::new(Encoder::new(face))
    }
}

impl Anthropic {
    fn wire(
        &self,
        fields: serde_json::Map<String, Value>,
        dropped: Vec<String>,
        target: Target<'_>,
        streams: bool,
        betas: &[String],
    ) -> Wire {
        let endpoint = target.endpoint;
        let path = match (self.vertex, streams) {
            (false, _) => Cow::Borrowed("/messages"),
            (true, _) => {
                let verb = if streams { "streamRawPredict" } else { "rawPredict" };
                let model = &endpoint.upstream_model;
                Cow::Owned(format!("/publishers/anthropic/models/{model}:{verb}"))
            }
        };
        let body = outgoing::addressed(fields, endpoint, streams, self.vertex, betas);
        let mut headers: Vec<(Cow<'static, str>, String)> = Vec::new();
        if !self.vertex {
            headers.push((Cow::Borrowed("anthropic-version"), VERSION.to_owned()));
        }
        if !betas.is_empty() {
            headers.push((Cow::Borrowed(BETA), betas.join(",")));
        }
        headers.extend(endpoint.headers.iter().map(|(name, it)| (name.clone().into(), it.clone())));
        Wire { path, headers, body, streams, dropped, schema_as_tool: false }
    }
}

impl UpstreamDialect for Anthropic {
    fn encode_request(&self, chat: &ChatRequest, target: Target<'_>) -> Result<Wire, Failure> {
        let endpoint = target.endpoint;
        let emulates = emulate::has_to(chat, endpoint);
        let chat = match emulates {
            true => Cow::Owned(emulate::as_tool(chat, endpoint.tools)?),
            false => Cow::Borrowed(chat),
        };
        let written = body::body(&chat, endpoint, target.user_hash)?;
        let streams = chat.stream || endpoint.quirks.stream_only == Some(true);
        let wire = self.wire(written.body, written.dropped, target, streams, &[]);
        Ok(Wire { schema_as_tool: emulates, ..wire })
    }

    fn decode_answer(&self, body: &[u8], host: &Host) -> Result<Answer, Failure> {
        Ok(answer::decode(&message(body)?, host))
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> Failure {
        error::decode(status, body)
    }

    fn stream_decoder(&self, host: &Host) -> Box<dyn StreamDecoder> {
        Box::new(EventReader::new(host.event_bytes_max, Message::new(host)))
    }

    fn fate(&self, parameter: &str, endpoint: &Endpoint) -> Fate {
        contract::MESSAGES.fate(parameter, endpoint)
    }
}

impl VerbatimDialect for Anthropic {
    fn edit_request(&self, request: &Request, target: Target<'_>) -> Result<Wire, Failure> {
        let (fields, dropped) = outgoing::edited(request, target)?;
        let stream_only = target.endpoint.quirks.stream_only == Some(true);
        let streams = request.facts.stream || stream_only;
        let betas = request.header(BETA).map(betas).unwrap_or_default();
        Ok(self.wire(fields, dropped, target, streams, &betas))
    }

    fn passes(&self, _: &Host) -> bool {
        true
    }

    fn attempt(&self, wire: Wire, face: Face, host: Host) -> Box<dyn Exchange> {
        Box::new(Verbatim { wire, face, host, client: &ANTHROPIC })
    }
}

/// Names in one header, at most.
const BETAS_MAX: usize = 32;

/// Reads the list of what is asked for beyond the version; what is no name is left out.
fn betas(header: &str) -> Vec<String> {
    let is_name = |name: &&str| {
        let plain = |it: u8| it.is_ascii_alphanumeric() || b"-_.".contains(&it);
        !name.is_empty() && name.len() <= 64 && name.bytes().all(plain)
    };
    let names = header.split(',').map(str::trim).filter(is_name).take(BETAS_MAX);
    names.map(str::to_owned).collect()
}
