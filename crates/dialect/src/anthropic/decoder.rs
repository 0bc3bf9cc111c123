//! A stream of this dialect, read into events.

use domain::event::{Delta, Event, FinishReason};
use domain::failure::Failure;
use serde_json::{Map, Value, json};

use super::{answer, usage};
use crate::decoding::Reading;
use crate::dialect::Host;
use crate::error;
use crate::finish::meaning;
use crate::thought::CLAUDE;

/// What a stream has told so far.
pub(super) struct Message {
    host: Host,
    usage: Map<String, Value>,
    /// The block that is open.
    block: Block,
    calls: u32,
    /// Why it ends, told ahead of the end.
    stop: Option<String>,
    begun: bool,
    done: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    None,
    Other,
    /// A tool call, and whether its arguments have begun.
    Call {
        number: u32,
        has_args: bool,
    },
}

/// Calls of one message that are told apart; the host that makes more is broken.
const CALLS_MAX: u32 = 1024;

impl Message {
    /// Begins to read a stream of an endpoint.
    pub(super) fn new(host: &Host) -> Message {
        Message {
            host: host.clone(),
            usage: Map::new(),
            block: Block::None,
            calls: 0,
            stop: None,
            begun: false,
            done: false,
        }
    }

    fn open(&mut self, event: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        let block = &event["content_block"];
        let text = |name: &str| block[name].as_str().unwrap_or_default().to_owned();
        self.block = Block::Other;
        match block["type"].as_str() {
            Some("text") => say(Delta::Text(text("text")), events),
            Some("thinking") => self.thought("text", &text("thinking"), event, events),
            Some("redacted_thinking") => {
                let detail = json!({
                    "type": "reasoning.encrypted", "data": text("data"), "format": CLAUDE,
                    "index": event["index"]
                });
                say(Delta::ReasoningDetail(detail), events);
            }
            Some("tool_use") => {
                if self.calls == CALLS_MAX {
                    return Err(error::nonsense("holds too many tool calls"));
                }
                let index = self.calls;
                self.calls += 1;
                let id = Some(text("id")).filter(|id| !id.is_empty());
                let id = id.unwrap_or_else(|| format!("toolu_{index}"));
                say(Delta::ToolCallStart { index, id, name: text("name") }, events);
                let input = &block["input"];
                let has_args = input.as_object().is_some_and(|input| !input.is_empty());
                if has_args {
                    say(Delta::ToolCallArgs { index, json: input.to_string() }, events);
                }
                self.block = Block::Call { number: index, has_args };
            }
            _ => (),
        }
        Ok(())
    }

    fn grow(&mut self, event: &Value, events: &mut Vec<Event>) {
        let delta = &event["delta"];
        let text = |name: &str| delta[name].as_str().unwrap_or_default().to_owned();
        match delta["type"].as_str() {
            Some("text_delta") => say(Delta::Text(text("text")), events),
            Some("thinking_delta") => self.thought("text", &text("thinking"), event, events),
            Some("signature_delta") => {
                self.thought("signature", &text("signature"), event, events);
            }
            Some("input_json_delta") => {
                if let Block::Call { number, has_args } = &mut self.block {
                    let json = text("partial_json");
                    *has_args |= !json.is_empty();
                    say(Delta::ToolCallArgs { index: *number, json }, events);
                }
            }
            Some("citations_delta") => {
                let annotation = answer::annotation(&delta["citation"]);
                annotation.into_iter().for_each(|it| say(Delta::Annotation(it), events));
            }
            _ => (),
        }
    }

    fn thought(&self, name: &str, text: &str, event: &Value, events: &mut Vec<Event>) {
        if text.is_empty() {
            return;
        }
        let mut detail = json!({"type": "reasoning.text", "format": CLAUDE});
        detail["index"] = event["index"].clone();
        detail[name] = json!(text);
        say(Delta::ReasoningDetail(detail), events);
    }

    fn close(&mut self, events: &mut Vec<Event>) {
        if let Block::Call { number, has_args: false } = self.block {
            say(Delta::ToolCallArgs { index: number, json: "{}".to_owned() }, events);
        }
        self.block = Block::None;
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        let native = self.stop.take();
        let calls = self.calls != 0;
        let reason = native.as_deref().map(|native| meaning(native, calls, &self.host.quirks));
        events.push(Event::Finish { choice: 0, reason, native });
        events.push(Event::Used(usage::read(&self.usage)));
        self.done = true;
    }
}

fn say(delta: Delta, events: &mut Vec<Event>) {
    let is_empty = match &delta {
        Delta::Text(text) => text.is_empty(),
        Delta::ToolCallArgs { json, .. } => json.is_empty(),
        _ => false,
    };
    if !is_empty {
        events.push(Event::Delta { choice: 0, delta });
    }
}

impl Reading for Message {
    fn take(&mut self, name: &[u8], value: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        let kind = value["type"].as_str().unwrap_or_default();
        match kind {
            "message_start" => {
                self.begun = true;
                usage::merge(&mut self.usage, &value["message"]["usage"]);
                let id = value["message"]["id"].as_str().filter(|id| !id.is_empty());
                let named = id.map(|id| Event::Named { upstream_id: id.to_owned() });
                events.extend(named);
            }
            "content_block_start" => self.open(value, events)?,
            "content_block_delta" => self.grow(value, events),
            "content_block_stop" => self.close(events),
            "message_delta" => {
                usage::merge(&mut self.usage, &value["usage"]);
                let stop = value["delta"]["stop_reason"].as_str();
                self.stop = stop.map(str::to_owned).or_else(|| self.stop.take());
            }
            "message_stop" if self.begun => {
                self.finish(events);
                let failed = matches!(
                    events.iter().rev().nth(1),
                    Some(Event::Finish { reason: Some(FinishReason::Error), .. })
                );
                if failed && self.calls == 0 && self.usage.is_empty() {
                    return Err(error::nonsense("ended with an error"));
                }
            }
            "error" => return Err(error::inside(value)),
            _ if name == b"error" || value.get("error").is_some() => {
                return Err(error::inside(value));
            }
            _ => (),
        }
        Ok(())
    }

    fn end(&mut self, events: &mut Vec<Event>) -> bool {
        let is_whole = self.begun && self.stop.is_some();
        if is_whole {
            self.finish(events);
        }
        is_whole
    }

    fn is_done(&self) -> bool {
        self.done
    }
}
