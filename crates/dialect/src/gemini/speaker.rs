//! The verbs of this dialect, on both its sides.

use std::borrow::Cow;

use bytes::Bytes;
use domain::answer::Answer;
use domain::catalog::Endpoint;
use domain::chat::ChatRequest;
use domain::failure::Failure;
use serde_json::{Map, Value, json};

use super::decoder::Chunks;
use super::encoder::Encoder;
use super::failing::error_body;
use super::passing::Verbatim;
use super::whole::whole;
use super::{answer, ask, body};
use crate::contract::{self, Fate};
use crate::decoding::EventReader;
use crate::dialect::{
    ClientDialect, Face, Host, StreamDecoder, StreamEncoder, UpstreamDialect, VerbatimDialect,
};
use crate::door::{Door, Framing};
use crate::exchange::{Exchange, Receipt, Target, Wire};
use crate::house::FIELDS;
use crate::request::Request;
use crate::{emulate, error};

/// Who speaks this dialect.
pub(crate) struct Gemini {
    /// What stands before the model in the address.
    models: &'static str,
}

/// At AI Studio.
pub(crate) static GEMINI: Gemini = Gemini { models: "/models/" };
/// Under Vertex's paths.
pub(crate) static VERTEX: Gemini = Gemini { models: "/publishers/google/models/" };

impl ClientDialect for Gemini {
    fn decode(&self, door: &Door, body: Bytes) -> Result<Request, Failure> {
        ask::decode(door, body)
    }

    fn canonical(&self, request: &Request) -> Result<ChatRequest, Failure> {
        let read = request.chat.as_deref().cloned();
        read.ok_or_else(|| Failure::house("a request for content was not read"))
    }

    fn encode_answer(&self, answer: &Answer, face: &Face, receipt: &Receipt) -> Vec<u8> {
        answer::encode(answer, face, receipt)
    }

    fn failure_body(&self, failure: &Failure, envelope: Value) -> Value {
        let mut body = error_body(failure);
        if let Some(metadata) = envelope["error"].get("metadata") {
            body["error"]["metadata"] = metadata.clone();
        }
        if let Some(metadata) = envelope.get("openrouter_metadata") {
            body["openrouterMetadata"] = metadata.clone();
        }
        body
    }

    /// Google's own clients take every line for data.
    fn keep_alive(&self, _: Framing) -> &'static [u8] {
        b""
    }

    fn stream_encoder(&self, face: &Face) -> Box<dyn StreamEncoder> {
        Box::new(Encoder::new(face))
    }
}

impl Gemini {
    fn wire(
        &self,
        fields: Map<String, Value>,
        dropped: Vec<String>,
        endpoint: &Endpoint,
        streams: bool,
    ) -> Wire {
        let verb = if streams { "streamGenerateContent?alt=sse" } else { "generateContent" };
        let headers = endpoint.headers.iter().map(|(name, it)| (name.clone().into(), it.clone()));
        Wire {
            path: Cow::Owned(format!("{}{}:{verb}", self.models, endpoint.upstream_model)),
            headers: headers.collect(),
            body: Bytes::from(Value::Object(fields).to_string()),
            streams,
            dropped,
            schema_as_tool: false,
        }
    }
}

impl UpstreamDialect for Gemini {
    fn encode_request(&self, chat: &ChatRequest, target: Target<'_>) -> Result<Wire, Failure> {
        let endpoint = target.endpoint;
        let emulates = emulate::has_to(chat, endpoint);
        let chat = match emulates {
            true => Cow::Owned(emulate::as_tool(chat, endpoint.tools)?),
            false => Cow::Borrowed(chat),
        };
        let (fields, dropped) = body::body(&chat, endpoint)?;
        let streams = chat.stream || endpoint.quirks.stream_only == Some(true);
        let wire = self.wire(fields, dropped, endpoint, streams);
        Ok(Wire { schema_as_tool: emulates, ..wire })
    }

    fn decode_answer(&self, body: &[u8], host: &Host) -> Result<Answer, Failure> {
        whole(body, host).map(|(_, answer)| answer)
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> Failure {
        error::decode(status, body)
    }

    fn stream_decoder(&self, host: &Host) -> Box<dyn StreamDecoder> {
        Box::new(EventReader::new(host.event_bytes_max, Chunks::new(host)))
    }

    fn fate(&self, parameter: &str, endpoint: &Endpoint) -> Fate {
        contract::GEMINI.fate(parameter, endpoint)
    }
}

impl VerbatimDialect for Gemini {
    fn edit_request(&self, request: &Request, target: Target<'_>) -> Result<Wire, Failure> {
        let endpoint = target.endpoint;
        let mut fields: Map<String, Value> = serde_json::from_slice(&request.body)
            .map_err(|_| Failure::house("a body that was read cannot be read again"))?;
        for name in FIELDS.iter().chain(&["user", "model"]) {
            fields.shift_remove(*name);
        }
        if let Some(tokens) = request.output_limit {
            let config = fields.entry("generationConfig").or_insert_with(|| json!({}));
            if let Some(config) = config.as_object_mut() {
                config.insert("maxOutputTokens".to_owned(), json!(tokens));
            }
        }
        for (name, value) in &endpoint.body {
            fields.insert(name.clone(), value.clone());
        }
        let dropped = request.ignored_names().map(str::to_owned).collect();
        let streams = request.facts.stream || endpoint.quirks.stream_only == Some(true);
        Ok(self.wire(fields, dropped, endpoint, streams))
    }

    fn passes(&self, _: &Host) -> bool {
        true
    }

    fn attempt(&self, wire: Wire, face: Face, host: Host) -> Box<dyn Exchange> {
        Box::new(Verbatim { wire, face, host, client: &GEMINI })
    }
}
