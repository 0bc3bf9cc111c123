//! The verbs of this dialect, on both its sides.

use std::borrow::Cow;

use bytes::Bytes;
use domain::answer::Answer;
use domain::catalog::Endpoint;
use domain::chat::ChatRequest;
use domain::failure::Failure;
use serde_json::{Value, json};

use super::decoder::Lines;
use super::encoder::Encoder;
use super::{answer, ask, body};
use crate::contract::{self, Fate};
use crate::decoding::LineReader;
use crate::dialect::{ClientDialect, Face, Host, StreamDecoder, StreamEncoder, UpstreamDialect};
use crate::door::Door;
use crate::error;
use crate::exchange::{Receipt, Target, Wire};
use crate::request::Request;

/// Who speaks this dialect.
pub(crate) struct Ollama;

/// The one of them.
pub(crate) static OLLAMA: Ollama = Ollama;

impl ClientDialect for Ollama {
    fn decode(&self, door: &Door, body: Bytes) -> Result<Request, Failure> {
        ask::decode(door, body)
    }

    fn canonical(&self, request: &Request) -> Result<ChatRequest, Failure> {
        let read = request.chat.as_deref().cloned();
        read.ok_or_else(|| Failure::house("a chat was not read"))
    }

    fn encode_answer(&self, answer: &Answer, face: &Face, receipt: &Receipt) -> Vec<u8> {
        answer::encode(answer, face, receipt)
    }

    fn failure_body(&self, _: &Failure, envelope: Value) -> Value {
        let error = &envelope["error"];
        json!({"error": error["message"], "metadata": error["metadata"]})
    }

    fn stream_encoder(&self, face: &Face) -> Box<dyn StreamEncoder> {
        Box::new(Encoder::new(face))
    }
}

impl UpstreamDialect for Ollama {
    fn encode_request(&self, chat: &ChatRequest, target: Target<'_>) -> Result<Wire, Failure> {
        let endpoint = target.endpoint;
        let (mut fields, dropped) = body::body(chat, endpoint)?;
        fields.insert("stream".to_owned(), json!(chat.stream));
        let headers = endpoint.headers.iter().map(|(name, it)| (name.clone().into(), it.clone()));
        Ok(Wire {
            path: Cow::Borrowed("/chat"),
            headers: headers.collect(),
            body: Bytes::from(Value::Object(fields).to_string()),
            streams: chat.stream,
            dropped,
            schema_as_tool: false,
        })
    }

    fn decode_answer(&self, body: &[u8], _: &Host) -> Result<Answer, Failure> {
        let body: Value = serde_json::from_slice(body.trim_ascii())
            .map_err(|_| error::nonsense("cannot be read"))?;
        answer::decode(&body)
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> Failure {
        error::decode(status, body)
    }

    fn stream_decoder(&self, host: &Host) -> Box<dyn StreamDecoder> {
        Box::new(LineReader::new(host.event_bytes_max, Lines::default()))
    }

    fn fate(&self, parameter: &str, endpoint: &Endpoint) -> Fate {
        contract::OLLAMA.fate(parameter, endpoint)
    }
}
