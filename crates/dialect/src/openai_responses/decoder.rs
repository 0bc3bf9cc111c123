//! A stream of this dialect, read into events.

use std::collections::BTreeMap;

use domain::event::{Delta, Event};
use domain::failure::Failure;
use serde_json::{Value, json};

use super::{answer, usage};
use crate::decoding::Reading;
use crate::error;
use crate::logprobs;
use crate::thought::OPENAI;

/// What a stream has told so far.
#[derive(Default)]
pub(super) struct Response {
    named: bool,
    /// By output index: the number of the call there, and whether its arguments have begun.
    calls: BTreeMap<u64, (u32, bool)>,
    /// Something of the text has come.
    said: bool,
    /// Probabilities of the open text's tokens have come.
    weighed: bool,
    done: bool,
}

/// Calls of one response that are told apart; the host that makes more is broken.
const CALLS_MAX: usize = 1024;

impl Response {
    fn open(&mut self, event: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        let item = &event["item"];
        let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
        if item["type"] != "function_call" {
            return Ok(());
        }
        if self.calls.len() == CALLS_MAX {
            return Err(error::nonsense("holds too many tool calls"));
        }
        let index = self.calls.len() as u32;
        self.calls.insert(place(event), (index, false));
        let id = Some(text("call_id")).filter(|id| !id.is_empty()).unwrap_or_else(|| text("id"));
        let id = if id.is_empty() { format!("call_{index}") } else { id };
        say(Delta::ToolCallStart { index, id, name: text("name") }, events);
        Ok(())
    }

    fn close(&mut self, event: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        let item = &event["item"];
        match item["type"].as_str() {
            Some("function_call") => {
                if !self.calls.contains_key(&place(event)) {
                    self.open(event, events)?;
                }
                let arguments = item["arguments"].as_str().unwrap_or_default();
                if let Some((index, has_args)) = self.calls.get_mut(&place(event))
                    && !*has_args
                    && !arguments.is_empty()
                {
                    *has_args = true;
                    let json = arguments.to_owned();
                    say(Delta::ToolCallArgs { index: *index, json }, events);
                }
            }
            Some("reasoning") => {
                let detail = answer::sealed_detail(item, &event["output_index"]);
                detail.into_iter().for_each(|it| say(Delta::ReasoningDetail(it), events));
            }
            Some("image_generation_call") => {
                let data = item["result"].as_str().unwrap_or_default();
                say(Delta::Image { url: format!("data:image/png;base64,{data}") }, events);
            }
            _ => (),
        }
        Ok(())
    }

    /// Reads the probabilities of tokens.
    fn weigh(&mut self, event: &Value, events: &mut Vec<Event>) {
        if let Some(logprobs) = logprobs::of_response(&event["logprobs"]) {
            self.weighed = true;
            say(Delta::Logprobs(logprobs), events);
        }
    }

    fn thought(&self, kind: &str, name: &str, event: &Value, events: &mut Vec<Event>) {
        let text = event["delta"].as_str().unwrap_or_default();
        if !text.is_empty() {
            let mut detail = json!({
                "type": kind, "format": OPENAI, "index": event["output_index"],
                "id": event["item_id"]
            });
            detail[name] = json!(text);
            say(Delta::ReasoningDetail(detail), events);
        }
    }

    fn finish(&mut self, response: &Value, events: &mut Vec<Event>) {
        let (reason, native) = answer::ending(response, !self.calls.is_empty());
        events.push(Event::Finish { choice: 0, reason: Some(reason), native: Some(native) });
        let usage = response["usage"].as_object().and_then(usage::read);
        events.push(Event::Used(usage));
        self.done = true;
    }
}

fn place(event: &Value) -> u64 {
    event["output_index"].as_u64().unwrap_or(0)
}

fn say(delta: Delta, events: &mut Vec<Event>) {
    events.push(Event::Delta { choice: 0, delta });
}

impl Reading for Response {
    fn take(&mut self, _: &[u8], value: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        let text = || value["delta"].as_str().unwrap_or_default().to_owned();
        match value["type"].as_str().unwrap_or_default() {
            "response.created" if !self.named => {
                self.named = true;
                let id = value["response"]["id"].as_str().filter(|id| !id.is_empty());
                let named = id.map(|id| Event::Named { upstream_id: id.to_owned() });
                events.extend(named);
            }
            "response.output_item.added" => self.open(value, events)?,
            "response.output_item.done" => self.close(value, events)?,
            "response.output_text.delta" => {
                self.said = true;
                say(Delta::Text(text()), events);
                self.weigh(value, events);
            }
            // Some tell them at the end alone.
            "response.output_text.done" if self.weighed => self.weighed = false,
            "response.output_text.done" => {
                self.weigh(value, events);
                self.weighed = false;
            }
            "response.refusal.delta" => say(Delta::Refusal(text()), events),
            "response.function_call_arguments.delta" => {
                if let Some((index, has_args)) = self.calls.get_mut(&place(value)) {
                    *has_args = true;
                    say(Delta::ToolCallArgs { index: *index, json: text() }, events);
                }
            }
            "response.reasoning_summary_text.delta" => {
                self.thought("reasoning.summary", "summary", value, events);
            }
            "response.reasoning_text.delta" => {
                self.thought("reasoning.text", "text", value, events);
            }
            "response.output_text.annotation.added" => {
                say(Delta::Annotation(answer::annotation(&value["annotation"])), events);
            }
            "response.completed" | "response.incomplete" => {
                self.finish(&value["response"], events);
            }
            "response.failed" => return Err(error::inside(&value["response"])),
            "error" => return Err(error::inside(value)),
            _ if value.get("error").is_some_and(|it| !it.is_null()) => {
                return Err(error::inside(value));
            }
            _ => (),
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
