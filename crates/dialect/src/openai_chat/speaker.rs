//! The verbs of this dialect, on both its sides.

use std::borrow::Cow;

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
use super::{answer, ask, body, canonical, outgoing, rules};
use crate::contract::Fate;
use crate::dialect::{
    ClientDialect, Face, Host, StreamDecoder, StreamEncoder, UpstreamDialect, VerbatimDialect,
};
use crate::door::Door;
use crate::exchange::{Exchange, Receipt, Target, Wire};
use crate::request::Request;
use crate::{emulate, error};

/// Who speaks this dialect.
pub(crate) struct OpenaiChat;

/// The one of them.
pub(crate) static OPENAI_CHAT: OpenaiChat = OpenaiChat;

impl ClientDialect for OpenaiChat {
    fn decode(&self, door: &Door, body: Bytes) -> Result<Request, Failure> {
        match door {
            Door::Completions => ask::decode_completion(body),
            _ => ask::decode_chat(body),
        }
    }

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
        let emulates = emulate::has_to(chat, target.endpoint);
        let chat = match emulates {
            true => Cow::Owned(emulate::as_tool(chat, rules::calls_tools(target.endpoint))?),
            false => Cow::Borrowed(chat),
        };
        let body = Value::Object(body::body(&chat, target.user_hash)).to_string();
        // From here on it is a caller's request like any other, and the same rules apply.
        let request = ask::decode_chat(Bytes::from(body))?;
        let mut wire = outgoing::wire(&request, target)?;
        wire.dropped.extend(chat.dropped.iter().cloned());
        Ok(Wire { schema_as_tool: emulates, ..wire })
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

    fn fate(&self, parameter: &str, endpoint: &Endpoint) -> Fate {
        rules::fate(parameter, endpoint)
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

#[cfg(test)]
mod tests {
    use domain::answer::{Choice, ToolCall};
    use domain::event::Event;
    use domain::money::Money;
    use domain::quirk::Quirks;
    use domain::usage::Usage;
    use serde_json::json;

    use super::*;
    use crate::door::Framing;
    use crate::exchange::Stamp;
    use crate::sse::EVENT_BYTES_MAX;

    fn host() -> Host {
        let extra_fields = Some(vec!["citations".to_owned()]);
        let quirks = Quirks { extra_fields, ..Quirks::default() };
        Host { quirks, event_bytes_max: EVENT_BYTES_MAX }
    }

    fn face() -> Face {
        let stamp = Stamp {
            id: "gen-1".to_owned(),
            created: 7,
            model: "acme/tiny".to_owned(),
            provider: "Acme".to_owned(),
        };
        Face {
            stamp,
            is_legacy: false,
            hides_thinking: false,
            heals: false,
            framing: Framing::Events,
            echo: None,
        }
    }

    /// Returns an answer that says everything there is to say.
    fn everything() -> Answer {
        let choice = Choice {
            index: 0,
            text: "A cat, \"ü\".".to_owned(),
            reasoning_details: vec![
                json!({"type": "reasoning.text", "text": "hm", "format": "unknown", "index": 0}),
            ],
            refusal: "No more.".to_owned(),
            tool_calls: ["a", "b"]
                .map(|id| ToolCall {
                    id: format!("call_{id}"),
                    name: "look".to_owned(),
                    arguments: "{\"at\":1}".to_owned(),
                })
                .into(),
            images: vec!["data:image/png;base64,iVBORw0KGgo=".to_owned()],
            audio: Some(json!({"id": "audio_1", "data": "UklGRg==", "transcript": "miaow"})),
            annotations: vec![json!({"type": "url_citation", "url_citation": {"url": "x"}})],
            logprobs: Some(json!({"content": [{"token": "A", "logprob": -0.1}]})),
            finish: Some(FinishReason::ToolCalls),
            native_finish: Some("tool_calls".to_owned()),
            ..Choice::default()
        };
        let cut = Choice {
            index: 1,
            text: "B".to_owned(),
            finish: Some(FinishReason::Length),
            native_finish: Some("length".to_owned()),
            ..Choice::default()
        };
        Answer {
            upstream_id: Some("gen-1".to_owned()),
            choices: vec![choice, cut],
            usage: Some(Usage {
                input: 9,
                cache_read: 3,
                output: 5,
                reasoning: 2,
                ..Usage::default()
            }),
            extra: [("citations".to_owned(), json!(["x"]))].into_iter().collect(),
        }
    }

    fn receipt(answer: &Answer) -> Receipt {
        let usage = answer.usage.unwrap_or_default();
        Receipt { usage, cost: Money::ZERO, prompt_cost: Money::ZERO, metadata: None }
    }

    /// What the dialect carries: native finish reasons are OpenAI's words for ours.
    #[test]
    fn a_whole_answer_is_read_back_as_it_was_written() {
        let answer = everything();
        let body = OPENAI_CHAT.encode_answer(&answer, &face(), &receipt(&answer));
        assert_eq!(OPENAI_CHAT.decode_answer(&body, &host()).unwrap(), answer);
    }

    #[test]
    fn a_stream_is_read_back_as_it_was_written() {
        let answer = everything();
        let mut encoder = OPENAI_CHAT.stream_encoder(&face());
        let mut bytes = Vec::new();
        for event in answer.clone().into_events() {
            encoder.push(&event, &mut bytes);
        }
        encoder.close(&receipt(&answer), &mut bytes);
        let mut decoder = OPENAI_CHAT.stream_decoder(&host());
        let mut events = Vec::new();
        assert!(decoder.push(&bytes, &mut events).unwrap());
        let finishes = events.iter().filter(|event| matches!(event, Event::Finish { .. }));
        assert_eq!(finishes.count(), 2);
        let mut sum = Answer::default();
        events.into_iter().for_each(|event| sum.take(event));
        assert_eq!(sum, answer);
    }
}
