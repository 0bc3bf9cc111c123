//! The verbatim lane: caller and endpoint both speak this dialect, and events pass as they are, but
//! for the ones that carry identity, usage and the end.

use bytes::Bytes;
use domain::failure::Failure;
use serde_json::{Value, json};

use super::answer;
use super::decoder::Response;
use super::encoder::code;
use super::usage;
use super::whole::whole;
use crate::called::Called;
use crate::decoding::{EventReader, check, is_named, is_word, parse, signable};
use crate::dialect::{ClientDialect, Face, Host};
use crate::envelope;
use crate::error;
use crate::exchange::{
    Collector, Exchange, Observed, Receipt, Step, StreamAnswer, WholeAnswer, Wire,
};
use crate::gather::{Gathered, Gathering};
use crate::sse::{Frame, Frames};
use crate::write::push_value;

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
        let (body, read) = whole(&body)?;
        let gathered = Box::new(Gathered::new(self.client, self.face.clone(), read));
        Ok(Box::new(Whole { body, face: self.face.clone(), gathered }))
    }

    fn stream(&self) -> Box<dyn StreamAnswer> {
        Box::new(Stream {
            frames: Frames::new(self.host.event_bytes_max),
            state: State {
                face: self.face.clone(),
                observed: Observed::default(),
                calls: false,
                sequence: 0,
                end: None,
                done: false,
            },
        })
    }

    fn collect(&self) -> Box<dyn Collector> {
        let reader = EventReader::new(self.host.event_bytes_max, Response::default());
        Box::new(Gathering::new(self.client, self.face.clone(), Box::new(reader)))
    }
}

/// A whole response that passes.
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
        priced(&mut body, receipt);
        Bytes::from(body.to_string())
    }

    fn render_stream(self: Box<Self>, receipt: &Receipt) -> Bytes {
        self.gathered.render_stream(receipt)
    }
}

/// Puts the house's identity on a response.
fn sign(response: &mut Value, face: &Face) {
    response["id"] = json!(face.stamp.id);
    response["model"] = json!(face.stamp.model);
    response["provider"] = json!(face.stamp.provider);
    let repeated = face.echo.as_deref().and_then(|echo| echo["repeated"].as_object());
    for (name, value) in repeated.into_iter().flatten() {
        // What goes to a provider in other words, or not at all, is told as the caller said it.
        let ours = ["user", "safety_identifier", "service_tier", "metadata", "prompt_cache_key"];
        if ours.contains(&name.as_str()) || response[name].is_null() {
            response[name] = value.clone();
        }
    }
    for name in DEMANDED {
        if response.get(name).is_none() {
            response[name] = Value::Null;
        }
    }
}

/// What clients demand to see of a response, if only as null, and not every provider shows.
const DEMANDED: [&str; 3] = ["completed_at", "frequency_penalty", "presence_penalty"];

/// Puts usage and cost on a response.
fn priced(response: &mut Value, receipt: &Receipt) {
    response["usage"] = usage::shown(receipt);
    if let Some(metadata) = &receipt.metadata {
        response["openrouter_metadata"] = metadata.clone();
    }
}

fn is_call(item: &Value) -> bool {
    item["type"] == "function_call"
}

/// Takes note of the calls of tools among items that are whole.
fn hear(called: &mut Called, items: &[Value]) {
    for call in items.iter().filter(|item| is_call(item)) {
        let index = u32::from(called.count());
        called.begin(0, index, call["name"].as_str().unwrap_or_default());
        called.grow(0, index, call["arguments"].as_str().unwrap_or_default());
    }
}

/// A stream that passes.
struct Stream {
    frames: Frames,
    state: State,
}

struct State {
    face: Face,
    observed: Observed,
    calls: bool,
    /// The number of the next event.
    sequence: u64,
    /// The last event, which waits for the cost.
    end: Option<(Vec<u8>, Value)>,
    done: bool,
}

/// Bytes of an event beside the text that it carries.
const EVENT_FRAME_BYTES: usize = 160;

impl State {
    fn frame(&mut self, frame: Frame<'_>, out: &mut Vec<u8>) -> Result<Step, Failure> {
        let data = frame.data.trim_ascii();
        if self.done || data.is_empty() || data == b"[DONE]" {
            return Ok(Step::Quiet);
        }
        let name = frame.event;
        if !is_named(name, data) {
            return self.event(parse(data)?, out);
        }
        if name.ends_with(b".delta") {
            check(data)?;
            let heard = self.observed.said.hear_field(data, b"\"delta\":\"");
            let content = data.len().saturating_sub(EVENT_FRAME_BYTES) as u64;
            self.observed.content_bytes += heard.unwrap_or(content).max(1);
            self.pass(name, data, out);
            return Ok(Step::Content);
        }
        let carries_response = matches!(
            name,
            b"response.created"
                | b"response.in_progress"
                | b"response.completed"
                | b"response.incomplete"
                | b"response.failed"
                | b"error"
        );
        if carries_response {
            return self.event(parse(data)?, out);
        }
        check(data)?;
        if memchr::memmem::find(data, b"\"function_call\"").is_some() {
            self.calls = true;
            if name == b"response.output_item.done" {
                hear(&mut self.observed.called, &[parse(data)?["item"].take()]);
            }
        }
        self.pass(name, data, out);
        Ok(Step::Content)
    }

    fn pass(&mut self, name: &[u8], data: &[u8], out: &mut Vec<u8>) {
        self.sequence += 1;
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name);
        out.extend_from_slice(b"\ndata: ");
        out.extend_from_slice(data);
        out.extend_from_slice(b"\n\n");
    }

    fn event(&mut self, mut event: Value, out: &mut Vec<u8>) -> Result<Step, Failure> {
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        match kind.as_str() {
            "response.created" | "response.in_progress" => {
                let response = &mut event["response"];
                signable(response)?;
                self.observed.upstream_id = response["id"].as_str().map(str::to_owned);
                sign(response, &self.face);
                let text = event.to_string();
                self.pass(kind.as_bytes(), text.as_bytes(), out);
                Ok(Step::Quiet)
            }
            "response.completed" | "response.incomplete" => {
                let response = &mut event["response"];
                signable(response)?;
                if let Some(items) =
                    response["output"].as_array().filter(|it| it.iter().any(is_call))
                {
                    self.observed.called.clear();
                    hear(&mut self.observed.called, items);
                }
                let (finish, native) = answer::ending(response, self.calls);
                self.observed.finish = Some(finish);
                self.observed.native_finish = Some(native);
                let read = response["usage"].as_object().and_then(usage::read);
                self.observed.usage =
                    read.filter(|it| it.output != 0 || self.observed.content_bytes == 0);
                sign(response, &self.face);
                self.end = Some((kind.into_bytes(), event));
                self.done = true;
                Ok(Step::Done)
            }
            "response.failed" => Err(error::inside(&event["response"])),
            "error" => Err(error::inside(&event)),
            _ if event.get("error").is_some_and(|it| !it.is_null()) => Err(error::inside(&event)),
            _ if !is_word(kind.as_bytes()) => Ok(Step::Quiet),
            _ => {
                let text = event.to_string();
                self.observed.content_bytes += 1;
                self.calls |= event["item"]["type"] == "function_call";
                self.pass(kind.as_bytes(), text.as_bytes(), out);
                Ok(Step::Content)
            }
        }
    }
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
        if state.done { Ok(()) } else { Err(error::nonsense("broke off")) }
    }

    fn observed(&self) -> &Observed {
        &self.state.observed
    }

    fn close(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        if let Some((name, mut event)) = self.state.end.take() {
            priced(&mut event["response"], receipt);
            self.state.pass(&name, event.to_string().as_bytes(), out);
        }
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        let state = &mut self.state;
        let error = envelope::error(failure, envelope::DOCS);
        let mut failed = answer::response(&state.face, Vec::new(), answer::Status::Failed, None);
        failed["error"] = json!({
            "code": code(failure), "message": error["message"], "metadata": error["metadata"]
        });
        let mut text = Vec::new();
        push_value(
            &mut text,
            &json!({
                "type": "response.failed", "sequence_number": state.sequence, "response": failed
            }),
        );
        state.pass(b"response.failed", &text, out);
    }
}
