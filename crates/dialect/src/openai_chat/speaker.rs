//! The verbs of this dialect, on both its sides.

use bytes::Bytes;
use domain::answer::Answer;
use domain::catalog::Endpoint;
use domain::chat::ChatRequest;
use domain::event::FinishReason;
use domain::failure::Failure;
use serde_json::Value;

use super::decoder::Decoder;
use super::encoder::Encoder;
use super::verbatim::Verbatim;
use super::{answer, ask, body, canonical, error, outgoing, rules};
use crate::dialect::{
    ClientDialect, Face, Host, StreamDecoder, StreamEncoder, UpstreamDialect, VerbatimDialect,
};
use crate::exchange::{Exchange, Receipt, Target, Wire};
use crate::request::Request;

/// Who speaks this dialect.
pub(crate) struct OpenaiChat;

/// The one of them.
pub(crate) static OPENAI_CHAT: OpenaiChat = OpenaiChat;

impl ClientDialect for OpenaiChat {
    fn canonical(&self, request: &Request) -> Result<ChatRequest, Failure> {
        canonical::canonical(request)
    }

    fn encode_answer(&self, answer: &Answer, face: &Face, receipt: &Receipt) -> Vec<u8> {
        answer::encode(answer, face, receipt)
    }

    fn stream_encoder(&self, face: &Face) -> Box<dyn StreamEncoder> {
        Box::new(Encoder::new(face))
    }
}

impl UpstreamDialect for OpenaiChat {
    fn encode_request(&self, chat: &ChatRequest, target: Target<'_>) -> Result<Wire, Failure> {
        let body = Value::Object(body::body(chat, target.user_hash)).to_string();
        // From here on it is a caller's request like any other, and the same rules apply.
        let request = ask::decode_chat(Bytes::from(body))?;
        let mut wire = outgoing::wire(&request, target)?;
        wire.dropped.extend(chat.dropped.iter().cloned());
        Ok(wire)
    }

    fn decode_answer(&self, body: &[u8], host: &Host) -> Result<Answer, Failure> {
        let body: Value = serde_json::from_slice(body.trim_ascii())
            .map_err(|_| error::nonsense("cannot be read"))?;
        let has_choices = body["choices"].as_array().is_some_and(|choices| !choices.is_empty());
        let failed = !matches!(body["error"], Value::Null | Value::Bool(false));
        if failed || (!has_choices && error::is_one(&body)) {
            return Err(error::inside(&body));
        }
        if !has_choices {
            return Err(error::nonsense("holds no choices"));
        }
        let answer = answer::decode(&body, host);
        let empty = |choice: &domain::answer::Choice| {
            choice.text.is_empty() && choice.tool_calls.is_empty() && choice.reasoning.is_empty()
        };
        let failed = |choice: &domain::answer::Choice| choice.finish == Some(FinishReason::Error);
        if answer.choices.iter().all(|choice| failed(choice) && empty(choice)) {
            return Err(error::nonsense("ended with an error"));
        }
        Ok(answer)
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> Failure {
        error::decode(status, body)
    }

    fn stream_decoder(&self, host: &Host) -> Box<dyn StreamDecoder> {
        Box::new(Decoder::new(host))
    }

    fn supported_parameters(&self, endpoint: &Endpoint) -> Vec<&'static str> {
        rules::supported_parameters(endpoint)
    }
}

impl VerbatimDialect for OpenaiChat {
    fn edit_request(&self, request: &Request, target: Target<'_>) -> Result<Wire, Failure> {
        outgoing::wire(request, target)
    }

    fn passes(&self, host: &Host) -> bool {
        !host.splits_tags() && !host.sends_parts()
    }

    fn attempt(&self, wire: Wire, face: Face, host: Host) -> Box<dyn Exchange> {
        Box::new(Verbatim::new(wire, face, host, &OPENAI_CHAT))
    }
}
