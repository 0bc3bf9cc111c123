//! A stream read into events, for whoever does not pass it on as it stands.

use std::collections::BTreeMap;

use domain::event::{Delta, Event, FinishReason};
use domain::failure::Failure;
use serde_json::{Map, Value};

use super::answer::extra;
use super::calls::Calls;
use super::parts::part_piece;
use super::usage::Tally;
use crate::dialect::{Host, StreamDecoder};
use crate::error;
use crate::finish::meaning;
use crate::sse::Frames;
use crate::think::{Piece, Splitter};

/// Turns a stream of this dialect into events.
pub(super) struct Decoder {
    frames: Frames,
    state: State,
}

struct State {
    host: Host,
    seed: Option<String>,
    choices: BTreeMap<u32, Progress>,
    calls: Calls,
    tally: Tally,
    /// Fields beside the choices, as they were told last.
    extra: Map<String, Value>,
    /// Whether anything but an ending came.
    said: bool,
    done: bool,
}

/// How far a choice has come.
struct Progress {
    splitter: Option<Splitter>,
    calls_tools: bool,
    ended: bool,
}

/// Choices of one stream that are told apart; the host that makes more is broken.
const CHOICES_MAX: usize = 128;

impl Decoder {
    pub(super) fn new(host: &Host) -> Decoder {
        Decoder {
            frames: Frames::new(host.event_bytes_max),
            state: State {
                host: host.clone(),
                seed: None,
                choices: BTreeMap::new(),
                calls: Calls::default(),
                tally: Tally::default(),
                extra: Map::new(),
                said: false,
                done: false,
            },
        }
    }
}

impl StreamDecoder for Decoder {
    fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<bool, Failure> {
        let Decoder { frames, state } = self;
        if !state.done {
            frames.push(bytes, &mut |frame| state.frame(frame.data, events))?;
        }
        Ok(state.done)
    }

    fn end(&mut self, events: &mut Vec<Event>) -> Result<(), Failure> {
        let Decoder { frames, state } = self;
        if !state.done {
            frames.end(&mut |frame| state.frame(frame.data, events))?;
        }
        let mut choices = state.choices.values();
        let is_complete = !state.choices.is_empty() && choices.all(|choice| choice.ended);
        if !state.done && !is_complete {
            return Err(error::nonsense("broke off"));
        }
        state.finish(events);
        Ok(())
    }
}

impl State {
    fn frame(&mut self, data: &[u8], events: &mut Vec<Event>) -> Result<(), Failure> {
        let data = data.trim_ascii();
        if self.done || data.is_empty() {
            return Ok(());
        }
        if data == b"[DONE]" {
            if !self.said && !self.choices.values().any(|choice| choice.ended) {
                return Err(error::nonsense("is empty"));
            }
            self.finish(events);
            self.done = true;
            return Ok(());
        }
        let chunk: Value = serde_json::from_slice(data)
            .map_err(|_| error::nonsense("holds an event that cannot be read"))?;
        self.chunk(&chunk, events)
    }

    /// Ends the choices that the host did not end itself.
    fn finish(&mut self, events: &mut Vec<Event>) {
        for (choice, progress) in &mut self.choices {
            if !std::mem::replace(&mut progress.ended, true) {
                flush(*choice, progress, events);
                events.push(Event::Finish { choice: *choice, reason: None, native: None });
            }
        }
    }

    fn chunk(&mut self, chunk: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        refuse(chunk)?;
        if let (None, Some(id)) = (&self.seed, chunk["id"].as_str().filter(|id| !id.is_empty())) {
            self.seed = Some(id.to_owned());
            events.push(Event::Named { upstream_id: id.to_owned() });
        }
        let usage = [&chunk["usage"], &chunk["x_groq"]["usage"]];
        if let Some(usage) = usage.into_iter().find(|usage| !usage.is_null()) {
            events.push(Event::Used(self.tally.take(usage, &self.host.quirks)));
        }
        for (name, value) in extra(chunk, &self.host) {
            // Hosts repeat them in every event.
            if self.extra.get(&name) != Some(&value) {
                self.extra.insert(name.clone(), value.clone());
                events.push(Event::Extra { name, value });
            }
        }
        for item in chunk["choices"].as_array().into_iter().flatten() {
            self.choice(item, events)?;
        }
        Ok(())
    }

    fn choice(&mut self, item: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        let index = item["index"].as_u64().and_then(|it| u32::try_from(it).ok()).unwrap_or(0);
        if self.choices.len() == CHOICES_MAX && !self.choices.contains_key(&index) {
            return Err(error::nonsense("holds too many choices"));
        }
        let splits = self.host.splits_tags();
        let progress = self.choices.entry(index).or_insert_with(|| Progress {
            splitter: splits.then(|| Splitter::new(false)),
            calls_tools: false,
            ended: false,
        });
        if progress.ended {
            return Ok(());
        }
        let before = events.len();
        let delta = &item["delta"];
        let mut say = |delta| events.push(Event::Delta { choice: index, delta });
        thinking(delta, &mut say);
        content(&delta["content"], progress.splitter.as_mut(), &mut say);
        if let Some(refusal) = delta["refusal"].as_str().filter(|text| !text.is_empty()) {
            say(Delta::Refusal(refusal.to_owned()));
        }
        let seed = self.seed.as_deref().unwrap_or_default();
        for item in delta["tool_calls"].as_array().into_iter().flatten() {
            let Some(fragment) = self.calls.take(index, item, seed) else { continue };
            progress.calls_tools = true;
            let number = fragment.index;
            if let Some((id, name)) = fragment.start {
                say(Delta::ToolCallStart { index: number, id, name });
            }
            if !fragment.args.is_empty() {
                say(Delta::ToolCallArgs { index: number, json: fragment.args });
            }
        }
        media(delta, &mut say);
        if item["logprobs"].is_object() {
            say(Delta::Logprobs(item["logprobs"].clone()));
        }
        self.said |= before != events.len();
        let native = item["finish_reason"].as_str().filter(|native| !native.is_empty());
        let Some(native) = native else { return Ok(()) };
        let reason = meaning(native, progress.calls_tools, &self.host.quirks);
        if reason == FinishReason::Error && !self.said {
            return Err(error::nonsense("ended with an error"));
        }
        flush(index, progress, events);
        progress.ended = true;
        let native = Some(native.to_owned());
        events.push(Event::Finish { choice: index, reason: Some(reason), native });
        Ok(())
    }
}

/// Checks that an event is no error.
fn refuse(chunk: &Value) -> Result<(), Failure> {
    let error = [&chunk["error"], &chunk["x_groq"]["error"]]
        .into_iter()
        .find(|error| !matches!(error, Value::Null | Value::Bool(false)));
    if let Some(error) = error {
        return Err(error::inside(error));
    }
    let answers = chunk["choices"].is_array() || !chunk["usage"].is_null();
    if !answers && error::is_one(chunk) {
        return Err(error::inside(chunk));
    }
    Ok(())
}

fn thinking(delta: &Value, say: &mut dyn FnMut(Delta)) {
    let details = delta["reasoning_details"].as_array().filter(|details| !details.is_empty());
    if let Some(details) = details {
        details.iter().for_each(|detail| say(Delta::ReasoningDetail(detail.clone())));
        return;
    }
    let text = [&delta["reasoning"], &delta["reasoning_content"]]
        .into_iter()
        .find_map(|text| text.as_str().filter(|text| !text.is_empty()));
    if let Some(text) = text {
        say(Delta::Reasoning(text.to_owned()));
    }
}

fn content(content: &Value, splitter: Option<&mut Splitter>, say: &mut dyn FnMut(Delta)) {
    match content {
        Value::String(text) if text.is_empty() => (),
        Value::String(text) => match splitter {
            Some(splitter) => {
                let mut pieces = Vec::new();
                splitter.push(text, &mut pieces);
                pieces.into_iter().for_each(|piece| say(told(piece)));
            }
            None => say(Delta::Text(text.clone())),
        },
        Value::Array(parts) => {
            parts.iter().filter_map(part_piece).for_each(|piece| match piece {
                Piece::Text(text) | Piece::Thought(text) if text.is_empty() => (),
                piece => say(told(piece)),
            });
        }
        _ => (),
    }
}

fn media(delta: &Value, say: &mut dyn FnMut(Delta)) {
    for image in delta["images"].as_array().into_iter().flatten() {
        if let Some(url) = image["image_url"]["url"].as_str() {
            say(Delta::Image { url: url.to_owned() });
        }
    }
    if delta["audio"].is_object() {
        say(Delta::Audio(delta["audio"].clone()));
    }
    for annotation in delta["annotations"].as_array().into_iter().flatten() {
        say(Delta::Annotation(annotation.clone()));
    }
}

/// Appends what a splitter still holds.
fn flush(choice: u32, progress: &mut Progress, events: &mut Vec<Event>) {
    let mut pieces = Vec::new();
    if let Some(splitter) = &mut progress.splitter {
        splitter.end(&mut pieces);
    }
    events.extend(pieces.into_iter().map(|piece| Event::Delta { choice, delta: told(piece) }));
}

fn told(piece: Piece) -> Delta {
    match piece {
        Piece::Text(text) => Delta::Text(text),
        Piece::Thought(thought) => Delta::Reasoning(thought),
    }
}
