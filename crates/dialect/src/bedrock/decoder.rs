//! A stream of this dialect, read into events.

use std::collections::BTreeMap;

use domain::event::{Delta, Event, FinishReason};
use domain::failure::Failure;
use serde_json::{Value, json};

use super::{answer, usage};
use crate::decoding::Reading;
use crate::dialect::Host;
use crate::error;
use crate::finish::meaning;
use crate::thought::CLAUDE;

/// What a stream has told so far.
pub(super) struct Message {
    host: Host,
    /// The house's number of each call by the number of its block, and whether it has arguments.
    calls: BTreeMap<u64, (u32, bool)>,
    /// The end was told; the usage comes behind it.
    stopped: bool,
    done: bool,
}

/// Calls of one message that are told apart; the host that makes more is broken.
const CALLS_MAX: usize = 1024;

impl Message {
    /// Begins to read a stream of an endpoint.
    pub(super) fn new(host: &Host) -> Message {
        let host = host.clone();
        Message { host, calls: BTreeMap::new(), stopped: false, done: false }
    }

    fn say(&self, delta: Delta, events: &mut Vec<Event>) {
        let is_empty = match &delta {
            Delta::Text(text) => text.is_empty(),
            Delta::ToolCallArgs { json, .. } => json.is_empty(),
            _ => false,
        };
        if !is_empty {
            events.push(Event::Delta { choice: 0, delta });
        }
    }

    fn open(&mut self, value: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        let call = &value["start"]["toolUse"];
        if !call.is_object() {
            return Ok(());
        }
        if self.calls.len() == CALLS_MAX {
            return Err(error::nonsense("holds too many tool calls"));
        }
        let index = u32::try_from(self.calls.len()).unwrap_or(u32::MAX);
        self.calls.insert(block(value), (index, false));
        let id = call["toolUseId"].as_str().filter(|id| !id.is_empty());
        let id = id.map_or_else(|| format!("tooluse_{index}"), str::to_owned);
        let name = call["name"].as_str().unwrap_or_default().to_owned();
        self.say(Delta::ToolCallStart { index, id, name }, events);
        Ok(())
    }

    fn grow(&mut self, value: &Value, events: &mut Vec<Event>) {
        let delta = &value["delta"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.say(Delta::Text(text(&delta["text"])), events);
        let json = text(&delta["toolUse"]["input"]);
        if let Some((index, has_args)) = self.calls.get_mut(&block(value)) {
            *has_args |= !json.is_empty();
            let index = *index;
            self.say(Delta::ToolCallArgs { index, json }, events);
        }
        let thought = &delta["reasoningContent"];
        for (kind, ours, theirs) in [
            ("reasoning.text", "text", "text"),
            ("reasoning.text", "signature", "signature"),
            ("reasoning.encrypted", "data", "redactedContent"),
        ] {
            let said = text(&thought[theirs]);
            if !said.is_empty() {
                let mut detail = json!({"type": kind, "format": CLAUDE, "index": block(value)});
                detail[ours] = json!(said);
                self.say(Delta::ReasoningDetail(detail), events);
            }
        }
        if let Some(annotation) = answer::annotation(&delta["citation"]) {
            self.say(Delta::Annotation(annotation), events);
        }
        if let Some(url) = answer::image(&delta["image"]) {
            self.say(Delta::Image { url }, events);
        }
    }

    /// Closes a block: a call without arguments has an empty object for them.
    fn close(&mut self, value: &Value, events: &mut Vec<Event>) {
        if let Some((index, has_args @ false)) = self.calls.get_mut(&block(value)) {
            *has_args = true;
            let index = *index;
            self.say(Delta::ToolCallArgs { index, json: "{}".to_owned() }, events);
        }
    }

    fn stop(&mut self, value: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        let native = value["stopReason"].as_str().unwrap_or("end_turn");
        let reason = meaning(native, !self.calls.is_empty(), &self.host.quirks);
        if reason == FinishReason::Error {
            return Err(error::nonsense("ended with an error"));
        }
        let native = Some(native.to_owned());
        events.push(Event::Finish { choice: 0, reason: Some(reason), native });
        self.stopped = true;
        Ok(())
    }
}

fn block(value: &Value) -> u64 {
    value["contentBlockIndex"].as_u64().unwrap_or(0)
}

impl Reading for Message {
    fn take(&mut self, name: &[u8], value: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        match name {
            b"contentBlockStart" => self.open(value, events)?,
            b"contentBlockDelta" => self.grow(value, events),
            b"contentBlockStop" => self.close(value, events),
            b"messageStop" if !self.stopped => self.stop(value, events)?,
            b"metadata" if self.stopped => {
                events.push(Event::Used(usage::read(&value["usage"])));
                self.done = true;
            }
            _ => (),
        }
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<Event>) -> bool {
        self.stopped
    }

    fn is_done(&self) -> bool {
        self.done
    }
}
