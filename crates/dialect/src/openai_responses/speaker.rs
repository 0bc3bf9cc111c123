//! The verbs of this dialect, on both its sides.

use std::borrow::Cow;

use bytes::Bytes;
use domain::answer::Answer;
use domain::catalog::Endpoint;
use domain::chat::ChatRequest;
use domain::failure::Failure;
use serde_json::{Map, Value, json};

use super::decoder::Response;
use super::encoder::Encoder;
use super::passing::Verbatim;
use super::whole::whole;
use super::{answer, ask, body};
use crate::contract::{self, Fate};
use crate::decoding::EventReader;
use crate::dialect::{
    ClientDialect, Face, Host, StreamDecoder, StreamEncoder, UpstreamDialect, VerbatimDialect,
};
use crate::door::Door;
use crate::exchange::{Exchange, Receipt, Target, Wire};
use crate::house::FIELDS;
use crate::request::Request;
use crate::{emulate, error};

/// Who speaks this dialect.
pub(crate) struct OpenaiResponses;

/// The one of them.
pub(crate) static OPENAI_RESPONSES: OpenaiResponses = OpenaiResponses;

impl ClientDialect for OpenaiResponses {
    fn decode(&self, _: &Door, body: Bytes) -> Result<Request, Failure> {
        ask::decode(body)
    }

    fn canonical(&self, request: &Request) -> Result<ChatRequest, Failure> {
        let read = request.chat.as_deref().cloned();
        read.ok_or_else(|| Failure::house("a request for a response was not read"))
    }

    fn encode_answer(&self, answer: &Answer, face: &Face, receipt: &Receipt) -> Vec<u8> {
        answer::encode(answer, face, receipt)
    }

    fn stream_encoder(&self, face: &Face) -> Box<dyn StreamEncoder> {
        Box::new(Encoder::new(face))
    }
}

impl UpstreamDialect for OpenaiResponses {
    fn encode_request(&self, chat: &ChatRequest, target: Target<'_>) -> Result<Wire, Failure> {
        let endpoint = target.endpoint;
        let emulates = emulate::has_to(chat, endpoint);
        let chat = match emulates {
            true => Cow::Owned(emulate::as_tool(chat, endpoint.tools)?),
            false => Cow::Borrowed(chat),
        };
        let (fields, dropped) = body::body(&chat, endpoint, target.user_hash)?;
        let streams = chat.stream || endpoint.quirks.stream_only == Some(true);
        Ok(Wire { schema_as_tool: emulates, ..wire(fields, dropped, endpoint, streams) })
    }

    fn decode_answer(&self, body: &[u8], _: &Host) -> Result<Answer, Failure> {
        whole(body).map(|(_, answer)| answer)
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> Failure {
        error::decode(status, body)
    }

    fn stream_decoder(&self, host: &Host) -> Box<dyn StreamDecoder> {
        Box::new(EventReader::new(host.event_bytes_max, Response::default()))
    }

    fn fate(&self, parameter: &str, endpoint: &Endpoint) -> Fate {
        contract::RESPONSES.fate(parameter, endpoint)
    }
}

impl VerbatimDialect for OpenaiResponses {
    fn edit_request(&self, request: &Request, target: Target<'_>) -> Result<Wire, Failure> {
        let endpoint = target.endpoint;
        let mut fields: Map<String, Value> = serde_json::from_slice(&request.body)
            .map_err(|_| Failure::house("a body that was read cannot be read again"))?;
        for name in FIELDS.iter().chain(&["user", "safety_identifier", "client_metadata"]) {
            fields.shift_remove(*name);
        }
        fields.insert("model".to_owned(), json!(endpoint.upstream_model));
        fields.insert("store".to_owned(), json!(false));
        if let Some(tokens) = request.output_limit {
            fields.insert("max_output_tokens".to_owned(), json!(tokens));
        }
        if let Some(user) = target.user_hash {
            fields.insert("safety_identifier".to_owned(), json!(user));
        }
        let mut dropped: Vec<String> = request.ignored_names().map(str::to_owned).collect();
        let drops = |name: &str| endpoint.quirks.drops(name, endpoint.reasoning);
        let unwanted: Vec<String> = fields.keys().filter(|name| drops(name)).cloned().collect();
        for name in unwanted {
            fields.shift_remove(&name);
            dropped.push(name);
        }
        let priced = endpoint.price.as_ref().is_some_and(|card| card.priority.is_some());
        if request.facts.priority && !priced && fields.shift_remove("service_tier").is_some() {
            dropped.push("service_tier".to_owned());
        }
        for (name, value) in &endpoint.body {
            fields.insert(name.clone(), value.clone());
        }
        let streams = request.facts.stream || endpoint.quirks.stream_only == Some(true);
        Ok(wire(fields, dropped, endpoint, streams))
    }

    fn passes(&self, _: &Host) -> bool {
        true
    }

    fn attempt(&self, wire: Wire, face: Face, host: Host) -> Box<dyn Exchange> {
        // What the caller does not want to see has to be taken out.
        match face.hides_thinking {
            false => Box::new(Verbatim { wire, face, host, client: &OPENAI_RESPONSES }),
            true => {
                let both = (&OPENAI_RESPONSES as _, &OPENAI_RESPONSES as _);
                Box::new(crate::translated::Translated::new((wire, face, host), both))
            }
        }
    }
}

fn wire(
    mut fields: Map<String, Value>,
    dropped: Vec<String>,
    endpoint: &Endpoint,
    streams: bool,
) -> Wire {
    fields.insert("stream".to_owned(), json!(streams));
    let headers = endpoint.headers.iter().map(|(name, it)| (name.clone().into(), it.clone()));
    Wire {
        path: Cow::Borrowed("/responses"),
        headers: headers.collect(),
        body: Bytes::from(Value::Object(fields).to_string()),
        streams,
        dropped,
        schema_as_tool: false,
    }
}
