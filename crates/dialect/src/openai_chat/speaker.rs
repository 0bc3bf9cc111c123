//! The verbs of this dialect, on both its sides.

use domain::answer::Answer;
use domain::catalog::Endpoint;
use domain::event::FinishReason;
use domain::failure::Failure;
use serde_json::Value;

use super::decoder::Decoder;
use super::encoder::Encoder;
use super::{answer, error, rules};
use crate::dialect::{ClientDialect, Face, Host, StreamDecoder, StreamEncoder, UpstreamDialect};
use crate::exchange::Receipt;

/// Who speaks this dialect.
pub(crate) struct OpenaiChat;

/// The one of them.
pub(crate) static OPENAI_CHAT: OpenaiChat = OpenaiChat;

impl ClientDialect for OpenaiChat {
    fn encode_answer(&self, answer: &Answer, face: &Face, receipt: &Receipt) -> Vec<u8> {
        answer::encode(answer, face, receipt)
    }

    fn stream_encoder(&self, face: &Face) -> Box<dyn StreamEncoder> {
        Box::new(Encoder::new(face))
    }
}

impl UpstreamDialect for OpenaiChat {
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
