//! The verbs of this dialect, on the side of providers.

use std::borrow::Cow;

use bytes::Bytes;
use domain::answer::Answer;
use domain::catalog::Endpoint;
use domain::chat::ChatRequest;
use domain::failure::Failure;
use serde_json::{Map, Value};

use super::decoder::Opening;
use super::envelope;
use crate::contract::Fate;
use crate::dialect::{Host, StreamDecoder, UpstreamDialect};
use crate::error;
use crate::exchange::{Target, Wire};

/// Who speaks this dialect.
pub(crate) struct SapOrchestration {
    /// Who speaks what is in the envelope.
    inner: &'static dyn UpstreamDialect,
}

impl SapOrchestration {
    /// Returns who puts what `inner` says into the envelope.
    pub(crate) const fn around(inner: &'static dyn UpstreamDialect) -> SapOrchestration {
        SapOrchestration { inner }
    }
}

impl UpstreamDialect for SapOrchestration {
    fn encode_request(&self, chat: &ChatRequest, target: Target<'_>) -> Result<Wire, Failure> {
        let wire = self.inner.encode_request(chat, target)?;
        let body: Map<String, Value> = serde_json::from_slice(&wire.body)
            .map_err(|_| Failure::house("a body that was written cannot be read"))?;
        let body = envelope::wrapped(body, wire.streams)?;
        Ok(Wire {
            path: Cow::Borrowed("/v2/completion"),
            body: Bytes::from(body.to_string()),
            ..wire
        })
    }

    fn decode_answer(&self, body: &[u8], host: &Host) -> Result<Answer, Failure> {
        let envelope: Value = serde_json::from_slice(body.trim_ascii())
            .map_err(|_| error::nonsense("cannot be read"))?;
        match envelope.get("final_result") {
            Some(inner @ Value::Object(_)) => {
                self.inner.decode_answer(inner.to_string().as_bytes(), host)
            }
            _ if error::is_one(&envelope) => Err(error::inside(&envelope)),
            _ => Err(error::nonsense("holds no result")),
        }
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> Failure {
        error::decode(status, body)
    }

    fn stream_decoder(&self, host: &Host) -> Box<dyn StreamDecoder> {
        Box::new(Opening::new(host.event_bytes_max, self.inner.stream_decoder(host)))
    }

    fn fate(&self, parameter: &str, endpoint: &Endpoint) -> Fate {
        self.inner.fate(parameter, endpoint)
    }
}
