//! A stream of this dialect, read into events.

use std::collections::BTreeMap;

use domain::event::{Delta, Event, FinishReason};
use domain::failure::Failure;
use serde_json::Value;

use super::{answer, usage};
use crate::decoding::Reading;
use crate::dialect::Host;
use crate::error;
use crate::finish::meaning;

/// What a stream has told so far.
pub(super) struct Message {
    host: Host,
    /// The house's number of each call, by Cohere's.
    calls: BTreeMap<u64, u32>,
    done: bool,
}

/// Calls of one answer that are told apart; the host that makes more is broken.
const CALLS_MAX: usize = 1024;

impl Message {
    /// Begins to read a stream of an endpoint.
    pub(super) fn new(host: &Host) -> Message {
        Message { host: host.clone(), calls: BTreeMap::new(), done: false }
    }

    fn say(&self, delta: Delta, events: &mut Vec<Event>) {
        let is_empty = match &delta {
            Delta::Text(text) | Delta::Reasoning(text) => text.is_empty(),
            Delta::ToolCallArgs { json, .. } => json.is_empty(),
            _ => false,
        };
        if !is_empty {
            events.push(Event::Delta { choice: 0, delta });
        }
    }

    fn content(&self, content: &Value, events: &mut Vec<Event>) {
        let text = |name: &str| content[name].as_str().unwrap_or_default().to_owned();
        self.say(Delta::Reasoning(text("thinking")), events);
        self.say(Delta::Text(text("text")), events);
    }

    fn call(&mut self, value: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        if self.calls.len() == CALLS_MAX {
            return Err(error::nonsense("holds too many tool calls"));
        }
        let call = &value["delta"]["message"]["tool_calls"];
        let index = u32::try_from(self.calls.len()).unwrap_or(u32::MAX);
        self.calls.insert(value["index"].as_u64().unwrap_or(0), index);
        let id = call["id"].as_str().filter(|id| !id.is_empty());
        let id = id.map_or_else(|| format!("call_{index}"), str::to_owned);
        let name = call["function"]["name"].as_str().unwrap_or_default().to_owned();
        self.say(Delta::ToolCallStart { index, id, name }, events);
        self.arguments(value, events);
        Ok(())
    }

    fn arguments(&self, value: &Value, events: &mut Vec<Event>) {
        let call = &value["delta"]["message"]["tool_calls"];
        let json = call["function"]["arguments"].as_str().unwrap_or_default().to_owned();
        if let Some(index) = self.calls.get(&value["index"].as_u64().unwrap_or(0)) {
            self.say(Delta::ToolCallArgs { index: *index, json }, events);
        }
    }

    fn finish(&mut self, delta: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        let native = delta["finish_reason"].as_str().unwrap_or("COMPLETE");
        let reason = meaning(native, !self.calls.is_empty(), &self.host.quirks);
        if reason == FinishReason::Error {
            return Err(match error::is_one(&delta["error"]) {
                true => error::inside(&delta["error"]),
                false => error::nonsense("ended with an error"),
            });
        }
        let native = Some(native.to_owned());
        events.push(Event::Finish { choice: 0, reason: Some(reason), native });
        events.push(Event::Used(usage::read(&delta["usage"])));
        self.done = true;
        Ok(())
    }
}

impl Reading for Message {
    fn take(&mut self, name: &[u8], value: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        let delta = &value["delta"];
        let message = &delta["message"];
        match value["type"].as_str().unwrap_or_default() {
            "message-start" => {
                let id = value["id"].as_str().filter(|id| !id.is_empty());
                events.extend(id.map(|id| Event::Named { upstream_id: id.to_owned() }));
            }
            "content-start" | "content-delta" => self.content(&message["content"], events),
            "tool-plan-delta" => {
                let plan = message["tool_plan"].as_str().unwrap_or_default().to_owned();
                self.say(Delta::Reasoning(plan), events);
            }
            "tool-call-start" => self.call(value, events)?,
            "tool-call-delta" => self.arguments(value, events),
            "citation-start" => {
                for annotation in answer::annotations(&message["citations"]) {
                    self.say(Delta::Annotation(annotation), events);
                }
            }
            "message-end" => self.finish(delta, events)?,
            "error" => return Err(error::inside(value)),
            kind => {
                let failed = name == b"error" || value.get("error").is_some();
                if failed || (kind.is_empty() && error::is_one(value)) {
                    return Err(error::inside(value));
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<Event>) -> bool {
        false
    }

    fn is_done(&self) -> bool {
        self.done
    }
}
