//! The verbs of this dialect, on the side of providers.

use std::borrow::Cow;

use bytes::Bytes;
use domain::answer::Answer;
use domain::catalog::Endpoint;
use domain::chat::ChatRequest;
use domain::event::FinishReason;
use domain::failure::Failure;
use serde_json::Value;

use super::decoder::Message;
use super::{answer, body};
use crate::contract::{self, Fate};
use crate::decoding::EventReader;
use crate::dialect::{Host, StreamDecoder, UpstreamDialect};
use crate::exchange::{Target, Wire};
use crate::{emulate, error};

/// Who speaks this dialect.
pub(crate) struct Cohere;

/// The one of them.
pub(crate) static COHERE: Cohere = Cohere;

impl UpstreamDialect for Cohere {
    fn encode_request(&self, chat: &ChatRequest, target: Target<'_>) -> Result<Wire, Failure> {
        let endpoint = target.endpoint;
        let emulates = emulate::has_to(chat, endpoint);
        let chat = match emulates {
            true => Cow::Owned(emulate::as_tool(chat, endpoint.tools)?),
            false => Cow::Borrowed(chat),
        };
        let (mut body, dropped) = body::body(&chat, endpoint)?;
        let streams = chat.stream || endpoint.quirks.stream_only == Some(true);
        body.insert("stream".to_owned(), Value::Bool(streams));
        let headers = endpoint.headers.iter().map(|(name, it)| (name.clone().into(), it.clone()));
        Ok(Wire {
            path: Cow::Borrowed("/chat"),
            headers: headers.collect(),
            body: Bytes::from(Value::Object(body).to_string()),
            streams,
            dropped,
            schema_as_tool: emulates,
        })
    }

    fn decode_answer(&self, body: &[u8], host: &Host) -> Result<Answer, Failure> {
        let body: Value = serde_json::from_slice(body.trim_ascii())
            .map_err(|_| error::nonsense("cannot be read"))?;
        if !body["message"].is_object() {
            return Err(match error::is_one(&body) {
                true => error::inside(&body),
                false => error::nonsense("holds no message"),
            });
        }
        let answer = answer::decode(&body, host);
        let failed = answer.choices.iter().all(|choice| {
            choice.finish == Some(FinishReason::Error)
                && choice.text.is_empty()
                && choice.tool_calls.is_empty()
        });
        match failed {
            true => Err(error::nonsense("ended with an error")),
            false => Ok(answer),
        }
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> Failure {
        error::decode(status, body)
    }

    fn stream_decoder(&self, host: &Host) -> Box<dyn StreamDecoder> {
        Box::new(EventReader::new(host.event_bytes_max, Message::new(host)))
    }

    fn fate(&self, parameter: &str, endpoint: &Endpoint) -> Fate {
        contract::COHERE.fate(parameter, endpoint)
    }
}
