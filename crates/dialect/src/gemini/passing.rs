//! The verbatim lane: caller and endpoint both speak this dialect. Chunks pass with the house's
//! identity; the last one waits for the cost.

use bytes::Bytes;
use domain::event::Event;
use domain::failure::Failure;
use serde_json::{Value, json};

use super::answer;
use super::decoder::Chunks;
use super::encoder::Framed;
use super::failing::error_body;
use super::usage;
use super::whole::whole;
use crate::decoding::{EventReader, Reading, parse};
use crate::dialect::{ClientDialect, Face, Host};
use crate::error;
use crate::exchange::{
    Collector, Exchange, Observed, Receipt, Step, StreamAnswer, WholeAnswer, Wire,
};
use crate::gather::{Gathered, Gathering, observe};
use crate::sse::Frames;

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
        let (body, read) = whole(&body, &self.host)?;
        let gathered = Box::new(Gathered::new(self.client, self.face.clone(), read));
        Ok(Box::new(Whole { body, face: self.face.clone(), gathered }))
    }

    fn stream(&self) -> Box<dyn StreamAnswer> {
        Box::new(Stream {
            frames: Frames::new(self.host.event_bytes_max),
            state: State {
                face: self.face.clone(),
                chunks: Chunks::new(&self.host),
                observed: Observed::default(),
                framed: Framed::new(self.face.framing),
                last: None,
                events: Vec::new(),
            },
        })
    }

    fn collect(&self) -> Box<dyn Collector> {
        let reader = EventReader::new(self.host.event_bytes_max, Chunks::new(&self.host));
        Box::new(Gathering::new(self.client, self.face.clone(), Box::new(reader)))
    }
}

/// A whole answer that passes.
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
        let Whole { body, face, gathered } = *self;
        if !body.is_object() {
            return Box::new(gathered).render(receipt);
        }
        Bytes::from(priced(body, &face, receipt).to_string())
    }

    fn render_stream(self: Box<Self>, receipt: &Receipt) -> Bytes {
        self.gathered.render_stream(receipt)
    }
}

/// Puts identity, usage and cost on an answer or the last chunk.
fn priced(mut body: Value, face: &Face, receipt: &Receipt) -> Value {
    answer::identify(&mut body, face);
    let mut told = body["usageMetadata"].as_object().cloned().unwrap_or_default();
    if let Value::Object(shown) = usage::shown(receipt) {
        let own = |name: &str| ["cost", "costDetails"].contains(&name);
        let counts = receipt.usage.estimated;
        shown.into_iter().for_each(|(name, value)| {
            if own(&name) || counts || !told.contains_key(&name) {
                told.insert(name, value);
            }
        });
    }
    body["usageMetadata"] = Value::Object(told);
    if let Some(metadata) = &receipt.metadata {
        body["openrouterMetadata"] = metadata.clone();
    }
    body
}

/// A stream that passes.
struct Stream {
    frames: Frames,
    state: State,
}

struct State {
    face: Face,
    chunks: Chunks,
    observed: Observed,
    framed: Framed,
    /// The last chunk so far, which waits for the cost if it is the last of all.
    last: Option<Value>,
    events: Vec<Event>,
}

impl State {
    fn chunk(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<Step, Failure> {
        let data = data.trim_ascii();
        if data.is_empty() || data == b"[DONE]" {
            return Ok(Step::Quiet);
        }
        let mut value = parse(data)?;
        let taken = self.chunks.take(b"", &value, &mut self.events);
        let content = self.note();
        taken?;
        if let Some(held) = self.last.take() {
            self.framed.push(&held, out);
        }
        answer::identify(&mut value, &self.face);
        let ends = value["candidates"]
            .as_array()
            .is_some_and(|list| list.iter().any(|candidate| candidate["finishReason"].is_string()));
        match ends || value["candidates"].is_null() {
            true => self.last = Some(value),
            false => self.framed.push(&value, out),
        }
        Ok(if content { Step::Content } else { Step::Quiet })
    }

    /// Takes note of what was read. Returns whether a reader would see something.
    fn note(&mut self) -> bool {
        let mut content = false;
        for event in self.events.drain(..) {
            content |= matches!(event, Event::Delta { .. });
            observe(&mut self.observed, &event);
        }
        content
    }
}

impl StreamAnswer for Stream {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<Step, Failure> {
        let Stream { frames, state } = self;
        let mut furthest = Step::Quiet;
        frames.push(bytes, &mut |frame| {
            furthest = furthest.max(state.chunk(frame.data, out)?);
            Ok(())
        })?;
        Ok(furthest)
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let Stream { frames, state } = self;
        frames.end(&mut |frame| state.chunk(frame.data, out).map(|_| ()))?;
        let is_whole = state.chunks.is_done() || state.chunks.end(&mut state.events);
        state.note();
        if is_whole { Ok(()) } else { Err(error::nonsense("broke off")) }
    }

    fn observed(&self) -> &Observed {
        &self.state.observed
    }

    fn close(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        let state = &mut self.state;
        let last = state.last.take().unwrap_or_else(|| json!({}));
        let last = priced(last, &state.face, receipt);
        state.framed.push(&last, out);
        state.framed.end(out);
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        self.state.framed.push(&error_body(failure), out);
        self.state.framed.end(out);
    }
}
