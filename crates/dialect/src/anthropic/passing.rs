//! The verbatim lane: caller and endpoint both speak this dialect, and events pass as they are, but
//! for the ones that carry identity, usage and the end.

use bytes::Bytes;
use domain::failure::Failure;
use serde_json::{Map, Value, json};

use super::decoder::Message;
use super::encoder::{push_event, push_stop};
use super::failing::{error_body, message};
use super::{answer, usage};
use crate::decoding::{EventReader, check, is_named, is_word, parse, signable};
use crate::dialect::{ClientDialect, Face, Host};
use crate::error;
use crate::exchange::{
    Collector, Exchange, Observed, Receipt, Step, StreamAnswer, WholeAnswer, Wire,
};
use crate::finish::meaning;
use crate::gather::{Gathered, Gathering};
use crate::said::field;
use crate::sse::{Frame, Frames};

/// An attempt in the verbatim lane.
pub(super) struct Verbatim {
    pub(super) wire: Wire,
    pub(super) face: Face,
    pub(super) host: Host,
    pub(super) client: &'static dyn ClientDialect,
}

impl Exchange for Verbatim {
    fn wire(&self) -> &Wire {
        &self.wire
    }

    fn decode_error(&self, status: u16, body: &[u8]) -> Failure {
        error::decode(status, body)
    }

    fn whole(&self, body: Bytes) -> Result<Box<dyn WholeAnswer>, Failure> {
        let body = message(&body)?;
        let read = answer::decode(&body, &self.host);
        let gathered = Box::new(Gathered::new(self.client, self.face.clone(), read));
        Ok(Box::new(Whole { body, face: self.face.clone(), gathered }))
    }

    fn stream(&self) -> Box<dyn StreamAnswer> {
        Box::new(Stream {
            frames: Frames::new(self.host.event_bytes_max),
            state: State {
                face: self.face.clone(),
                host: self.host.clone(),
                observed: Observed::default(),
                usage: Map::new(),
                calls: false,
                end: None,
                done: false,
            },
        })
    }

    fn collect(&self) -> Box<dyn Collector> {
        let reader = EventReader::new(self.host.event_bytes_max, Message::new(&self.host));
        Box::new(Gathering::new(self.client, self.face.clone(), Box::new(reader)))
    }
}

/// A whole message that passes.
struct Whole {
    body: Value,
    face: Face,
    gathered: Box<Gathered>,
}

impl WholeAnswer for Whole {
    fn observed(&self) -> &Observed {
        self.gathered.observed()
    }

    fn render(self: Box<Self>, receipt: &Receipt) -> Bytes {
        let Whole { mut body, face, .. } = *self;
        sign(&mut body, &face);
        let mut told = body["usage"].as_object().cloned().unwrap_or_default();
        priced(&mut told, receipt);
        body["usage"] = Value::Object(told);
        if let Some(metadata) = &receipt.metadata {
            body["openrouter_metadata"] = metadata.clone();
        }
        Bytes::from(body.to_string())
    }

    fn render_stream(self: Box<Self>, receipt: &Receipt) -> Bytes {
        self.gathered.render_stream(receipt)
    }
}

/// Puts the house's identity on a message.
fn sign(message: &mut Value, face: &Face) {
    message["id"] = json!(face.stamp.id);
    message["model"] = json!(face.stamp.model);
    message["provider"] = json!(face.stamp.provider);
}

/// Adds the cost to a usage, and the counts where the provider gave none.
fn priced(told: &mut Map<String, Value>, receipt: &Receipt) {
    let Value::Object(shown) = usage::shown(receipt) else { return };
    for (name, value) in shown {
        let is_count = name.ends_with("tokens");
        let own = ["cost", "cost_details", "is_byok"].contains(&name.as_str());
        if own || is_count || told.get(&name).is_none_or(Value::is_null) {
            told.insert(name, value);
        }
    }
}

/// A stream that passes.
struct Stream {
    frames: Frames,
    state: State,
}

struct State {
    face: Face,
    host: Host,
    observed: Observed,
    usage: Map<String, Value>,
    calls: bool,
    /// The event that tells why the message ends; it waits for the cost.
    end: Option<Value>,
    done: bool,
}

/// Bytes of an event beside the text that it carries.
const EVENT_FRAME_BYTES: usize = 72;
/// What the text of an event stands under: said or thought.
const TEXTS: [&[u8]; 2] = [b"\"text\":\"", b"\"thinking\":\""];
/// What a piece of the arguments of a tool stands under. One call ends before the next begins.
const ARGUMENTS: &[u8] = b"\"partial_json\":\"";

impl State {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<u8>) -> Result<Step, Failure> {
        let data = frame.data.trim_ascii();
        if self.done || data.is_empty() || data == b"[DONE]" {
            return Ok(Step::Quiet);
        }
        if !is_named(frame.event, data) {
            return self.event(parse(data)?, out);
        }
        match frame.event {
            b"content_block_delta" => {
                check(data)?;
                let Observed { said, called, .. } = &mut self.observed;
                let heard =
                    TEXTS.iter().find_map(|name| said.hear_field(data, name)).or_else(|| {
                        let arguments = field(data, ARGUMENTS)?;
                        said.hear_json(arguments);
                        called.grow_last_json(arguments);
                        Some((arguments.len() - 2) as u64)
                    });
                let content = data.len().saturating_sub(EVENT_FRAME_BYTES) as u64;
                self.observed.content_bytes += heard.unwrap_or(content).max(1);
                pass(frame.event, data, out);
                Ok(Step::Content)
            }
            b"content_block_start" => {
                check(data)?;
                if memchr::memmem::find(data, b"\"tool_use\"").is_some() {
                    self.calls = true;
                    self.begin(&parse(data)?["content_block"]);
                }
                pass(frame.event, data, out);
                Ok(Step::Content)
            }
            b"content_block_stop" | b"ping" => {
                check(data)?;
                pass(frame.event, data, out);
                Ok(Step::Quiet)
            }
            _ => self.event(parse(data)?, out),
        }
    }

    /// Takes note of a block that calls a tool.
    fn begin(&mut self, block: &Value) {
        if block["type"] != "tool_use" {
            return;
        }
        let called = &mut self.observed.called;
        let index = u32::from(called.count());
        called.begin(0, index, block["name"].as_str().unwrap_or_default());
        // Most begin with an empty one, and pieces follow.
        if block["input"].as_object().is_some_and(|input| !input.is_empty()) {
            called.grow(0, index, &block["input"].to_string());
        }
    }

    fn event(&mut self, mut event: Value, out: &mut Vec<u8>) -> Result<Step, Failure> {
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        match kind.as_str() {
            "message_start" => {
                let message = &mut event["message"];
                signable(message)?;
                usage::merge(&mut self.usage, &message["usage"]);
                self.observed.upstream_id = message["id"].as_str().map(str::to_owned);
                sign(message, &self.face);
                push_event(out, &kind, &event);
                Ok(Step::Quiet)
            }
            "message_delta" => {
                usage::merge(&mut self.usage, &event["usage"]);
                if let Some(native) = event["delta"]["stop_reason"].as_str() {
                    let finish = meaning(native, self.calls, &self.host.quirks);
                    self.observed.finish = Some(finish);
                    self.observed.native_finish = Some(native.to_owned());
                }
                self.end = Some(event);
                Ok(Step::Quiet)
            }
            "message_stop" => {
                self.finish();
                Ok(Step::Done)
            }
            "error" => Err(error::inside(&event)),
            _ if event.get("error").is_some() => Err(error::inside(&event)),
            _ if !is_word(kind.as_bytes()) => Ok(Step::Quiet),
            _ => {
                push_event(out, &kind, &event);
                Ok(Step::Quiet)
            }
        }
    }

    fn finish(&mut self) {
        self.done = true;
        self.observed.called.fill();
        self.observed.usage = usage::read(&self.usage)
            .filter(|usage| usage.output != 0 || self.observed.content_bytes == 0);
    }
}

fn pass(name: &[u8], data: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name);
    out.extend_from_slice(b"\ndata: ");
    out.extend_from_slice(data);
    out.extend_from_slice(b"\n\n");
}

impl StreamAnswer for Stream {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Step, Failure> {
        let Stream { frames, state } = self;
        if state.done {
            return Ok(Step::Done);
        }
        let mut furthest = Step::Quiet;
        frames.push(bytes, &mut |frame| {
            furthest = furthest.max(state.frame(frame, out)?);
            Ok(())
        })?;
        Ok(furthest)
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let Stream { frames, state } = self;
        if !state.done {
            frames.end(&mut |frame| state.frame(frame, out).map(|_| ()))?;
        }
        if !state.done && state.end.is_none() {
            return Err(error::nonsense("broke off"));
        }
        state.finish();
        Ok(())
    }

    fn observed(&self) -> &Observed {
        &self.state.observed
    }

    fn close(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        let state = &mut self.state;
        let mut end = state.end.take().unwrap_or_else(|| {
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null}})
        });
        let mut told = std::mem::take(&mut state.usage);
        priced(&mut told, receipt);
        end["usage"] = Value::Object(told);
        push_event(out, "message_delta", &end);
        push_stop(receipt, out);
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        push_event(out, "error", &error_body(failure));
    }
}
