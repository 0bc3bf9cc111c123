//! The verbatim lane: caller and endpoint both speak this dialect. Chunks pass with the house's
//! identity; the last one waits for the cost.

use std::borrow::Cow;

use bytes::Bytes;
use domain::event::Event;
use domain::failure::Failure;
use serde_json::{Value, json};

use super::answer::{self, identity};
use super::decoder::Chunks;
use super::encoder::Framed;
use super::failing::error_body;
use super::plain::{Plain, plain};
use super::usage;
use super::whole::whole;
use crate::decoding::{EventReader, Reading, parse, signable};
use crate::dialect::{ClientDialect, Face, Host};
use crate::error;
use crate::exchange::{
    Collector, Exchange, Observed, Receipt, Step, StreamAnswer, WholeAnswer, Wire,
};
use crate::gather::{Gathered, Gathering, observe};
use crate::json::{Span, unescape};
use crate::sse::Frames;
use crate::write::{push_member, push_string};

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

/// Appends a plain chunk with the house's identity in place of the provider's.
fn signed(data: &[u8], plain: &Plain, face: &Face, out: &mut Vec<u8>) {
    let identity = identity(face);
    let mut found: [(Option<Span>, usize); 3] = [0, 1, 2].map(|it| (plain.identity[it], it));
    found.sort_unstable_by_key(|(span, _)| span.map(|span| span.start));
    let mut at = 0;
    for (span, place) in found {
        let Some(span) = span else { continue };
        out.extend_from_slice(&data[at..span.start]);
        push_string(out, identity[place].1);
        at = span.end;
    }
    out.extend_from_slice(&data[at..plain.end]);
    for (span, place) in found {
        if span.is_none() {
            push_member(out, identity[place].0);
            push_string(out, identity[place].1);
        }
    }
    out.push(b'}');
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
        if self.last.is_none()
            && self.chunks.is_named()
            && let Some(plain) = plain(data)
            && let Some(step) = self.pass(data, &plain, out)
        {
            return Ok(step);
        }
        self.full(data, out)
    }

    /// Passes a plain chunk; `None` where it has to be read in full.
    fn pass(&mut self, data: &[u8], plain: &Plain, out: &mut Vec<u8>) -> Option<Step> {
        let used = match plain.usage {
            Some(told) => usage::parse(told.of(data))?,
            None => self.observed.usage,
        };
        let text = match plain.text {
            Some(text) => unescape(text.inside().of(data))?,
            None => Cow::Borrowed(""),
        };
        self.observed.usage = used;
        self.chunks.hear(&text);
        self.observed.content_bytes += text.len() as u64;
        self.observed.said.hear(&text);
        let State { face, framed, .. } = self;
        framed.put(out, |out| signed(data, plain, face, out));
        Some(if text.is_empty() { Step::Quiet } else { Step::Content })
    }

    fn full(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<Step, Failure> {
        let mut value = parse(data)?;
        signable(&value)?;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::door::Framing;
    use crate::exchange::Stamp;
    use crate::sse::EVENT_BYTES_MAX;

    fn state() -> State {
        let stamp = Stamp {
            id: "gen-1".to_owned(),
            created: 0,
            model: "acme/tiny".to_owned(),
            provider: "Acme \"&\" Co".to_owned(),
        };
        let host = Host { quirks: Default::default(), event_bytes_max: EVENT_BYTES_MAX };
        let face = Face {
            stamp,
            is_legacy: false,
            hides_thinking: false,
            heals: false,
            framing: Framing::Events,
            echo: None,
        };
        let mut state = State {
            face,
            chunks: Chunks::new(&host),
            observed: Observed::default(),
            framed: Framed::new(Framing::Events),
            last: None,
            events: Vec::new(),
        };
        state.chunk(br#"{"candidates":[{}],"responseId":"r"}"#, &mut Vec::new()).unwrap();
        state
    }

    /// Returns what was written, as JSON.
    fn told(out: &[u8]) -> Vec<Value> {
        let text = std::str::from_utf8(out).unwrap();
        let lines = text.split("\r\n\r\n").filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_str(&line["data: ".len()..]).unwrap()).collect()
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![Just(String::new()), "[a-z \"\\\\\n\té😀]{1,12}"]
    }

    fn part() -> impl Strategy<Value = Value> {
        let signed = json!({"text": "a", "thoughtSignature": "s"});
        let call = json!({"functionCall": {"name": "f", "args": {}}});
        prop_oneof![
            4 => text().prop_map(|text| json!({"text": text})),
            2 => text().prop_map(|text| json!({"thought": true, "text": text})),
            1 => select(vec![signed, call, json!({}), json!({"text": null})]),
        ]
    }

    fn usage() -> impl Strategy<Value = Value> {
        let counts = (0..2000_u64, 0..900_u64, 0..90_u64).prop_map(|(prompt, output, heard)| {
            json!({
                "promptTokenCount": prompt, "candidatesTokenCount": output, "more": [null],
                "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": heard}]
            })
        });
        let rows = json!({"promptTokenCount": 9, "promptTokensDetails": [
            null, {"modality": null, "tokenCount": 4}, {"modality": "AUDIO", "tokenCount": 2}
        ]});
        let odd = vec![
            json!(null),
            json!({}),
            json!(7),
            json!([]),
            json!([3, 4]),
            json!({"promptTokenCount": -1}),
            rows,
        ];
        prop_oneof![4 => counts, 1 => select(odd)]
    }

    fn chunk() -> impl Strategy<Value = Value> {
        let parts = prop_oneof![
            4 => part().prop_map(|part| vec![part]),
            1 => prop::collection::vec(part(), 0..3),
        ];
        let ends = select(vec![None, None, None, None, Some("STOP")]);
        let identity = select(vec![None, Some(json!("other")), Some(json!(7))]);
        let source = json!({"citationSources": [{"uri": "https://a.example/"}]});
        let beside = select(vec![
            None,
            None,
            None,
            Some(("index", json!(0))),
            Some(("safetyRatings", json!([{"category": "X"}]))),
            Some(("citationMetadata", source)),
            Some(("groundingMetadata", json!({"groundingChunks": []}))),
        ]);
        (parts, ends, beside, prop::option::of(usage()), identity.clone(), identity).prop_map(
            |(parts, ends, beside, usage, model, id)| {
                let mut candidate = json!({"content": {"role": "model", "parts": parts}});
                if let Some((name, value)) = beside {
                    candidate[name] = value;
                }
                if let Some(ends) = ends {
                    candidate["finishReason"] = json!(ends);
                }
                let mut chunk = json!({});
                let members =
                    [("responseId", id), ("usageMetadata", usage), ("modelVersion", model)];
                for (name, value) in members {
                    if let Some(value) = value {
                        chunk[name] = value;
                    }
                }
                chunk["candidates"] = json!([candidate]);
                chunk["createTime"] = json!("2026-11-25T10:00:00Z");
                chunk
            },
        )
    }

    proptest! {
        /// A chunk that passes says the same as one that was taken apart.
        #[test]
        fn plain_chunks_pass_as_if_they_were_read_in_full(
            chunks in prop::collection::vec((chunk(), any::<bool>()), 1..5)
        ) {
            let (mut quick, mut slow) = (state(), state());
            for (chunk, pretty) in chunks {
                let data = if pretty { format!("{chunk:#}") } else { chunk.to_string() };
                let data = data.replace('\n', " ");
                let (mut out, mut expected) = (Vec::new(), Vec::new());
                let step = quick.chunk(data.as_bytes(), &mut out).unwrap();
                prop_assert_eq!(step, slow.full(data.as_bytes(), &mut expected).unwrap());
                prop_assert_eq!(told(&out), told(&expected));
                prop_assert_eq!(&quick.observed, &slow.observed);
                prop_assert_eq!(&quick.last, &slow.last);
                let ends = |state: &mut State| state.chunks.end(&mut Vec::new());
                prop_assert_eq!(ends(&mut quick), ends(&mut slow));
            }
        }
    }
}
