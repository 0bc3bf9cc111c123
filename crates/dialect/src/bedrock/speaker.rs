//! The verbs of this dialect, on the side of providers.

use std::borrow::Cow;

use bytes::Bytes;
use domain::answer::Answer;
use domain::catalog::Endpoint;
use domain::chat::{ChatRequest, Format};
use domain::event::FinishReason;
use domain::failure::Failure;
use serde_json::Value;

use super::decoder::Message;
use super::frames::FrameReader;
use super::{answer, body};
use crate::address::segment;
use crate::contract::{self, Fate};
use crate::dialect::{Host, StreamDecoder, UpstreamDialect};
use crate::exchange::{Target, Wire};
use crate::{emulate, error};

/// Who speaks this dialect.
pub(crate) struct Bedrock;

/// The one of them.
pub(crate) static BEDROCK: Bedrock = Bedrock;

/// What a stream is framed as.
const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";

impl UpstreamDialect for Bedrock {
    fn encode_request(&self, chat: &ChatRequest, target: Target<'_>) -> Result<Wire, Failure> {
        let endpoint = target.endpoint;
        let emulates = emulates(chat, endpoint);
        let chat = match emulates {
            true => Cow::Owned(emulate::as_tool(chat, endpoint.tools)?),
            false => Cow::Borrowed(chat),
        };
        let (body, dropped) = body::body(&chat, endpoint)?;
        let streams = chat.stream || endpoint.quirks.stream_only == Some(true);
        let verb = if streams { "converse-stream" } else { "converse" };
        let mut headers: Vec<(Cow<'static, str>, String)> = Vec::new();
        if streams {
            headers.push((Cow::Borrowed("accept"), EVENT_STREAM.to_owned()));
        }
        headers.extend(endpoint.headers.iter().map(|(name, it)| (name.clone().into(), it.clone())));
        Ok(Wire {
            path: Cow::Owned(format!("/model/{}/{verb}", segment(&endpoint.upstream_model))),
            headers,
            body: Bytes::from(Value::Object(body).to_string()),
            streams,
            dropped,
            schema_as_tool: emulates,
        })
    }

    fn decode_answer(&self, body: &[u8], host: &Host) -> Result<Answer, Failure> {
        let body: Value = serde_json::from_slice(body.trim_ascii())
            .map_err(|_| error::nonsense("cannot be read"))?;
        if !body["output"]["message"].is_object() {
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
        Box::new(FrameReader::new(host.event_bytes_max, Message::new(host)))
    }

    fn fate(&self, parameter: &str, endpoint: &Endpoint) -> Fate {
        let listed = endpoint.quirks.extra_params.as_deref().unwrap_or_default();
        let drops = endpoint.quirks.drops(parameter, endpoint.reasoning);
        match parameter {
            "top_k" if !drops && listed.iter().any(|it| it == parameter) => Fate::Translate,
            _ => contract::CONVERSE.fate(parameter, endpoint),
        }
    }
}

/// Returns whether a schema is asked for by a tool.
///
/// Every model that calls tools can be asked so, while only the latest keep to schemas at Bedrock,
/// whoever else serves them. Where a tool cannot be forced, the schema itself has to do.
fn emulates(chat: &ChatRequest, endpoint: &Endpoint) -> bool {
    let wants = matches!(chat.output.format, Some(Format::JsonSchema { .. }));
    let calls_tools = endpoint.tools && endpoint.quirks.no_tools != Some(true);
    let can_be_forced = calls_tools && chat.tools.is_empty() && chat.reasoning.is_none();
    wants && (can_be_forced || !endpoint.structured_output)
}
