//! Lines of this dialect, read into events. A whole answer is one line.

use domain::event::{Delta, Event};
use domain::failure::Failure;
use domain::quirk::Quirks;
use serde_json::Value;

use super::usage::usage;
use crate::decoding::Reading;
use crate::error;
use crate::finish::meaning;

/// What a stream has told so far.
#[derive(Default)]
pub(super) struct Lines {
    calls: u32,
    done: bool,
}

/// Calls of one answer that are told apart; the host that makes more is broken.
const CALLS_MAX: u32 = 1024;

impl Reading for Lines {
    fn take(&mut self, _: &[u8], value: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        if value.get("error").is_some_and(|error| !error.is_null()) {
            return Err(error::inside(value));
        }
        let message = &value["message"];
        let mut say = |delta| events.push(Event::Delta { choice: 0, delta });
        if let Some(text) = message["thinking"].as_str().filter(|it| !it.is_empty()) {
            say(Delta::Reasoning(text.to_owned()));
        }
        if let Some(text) = message["content"].as_str().filter(|it| !it.is_empty()) {
            say(Delta::Text(text.to_owned()));
        }
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            let index = self.calls;
            if index == CALLS_MAX {
                return Err(error::nonsense("holds too many tool calls"));
            }
            self.calls += 1;
            let function = &call["function"];
            let own = call["id"].as_str().filter(|id| !id.is_empty());
            let stamp = value["created_at"].as_str().unwrap_or_default();
            let digits: String = stamp.chars().filter(char::is_ascii_digit).collect();
            let id = own.map_or_else(|| format!("call_{digits}_{index}"), str::to_owned);
            let name = function["name"].as_str().unwrap_or_default().to_owned();
            say(Delta::ToolCallStart { index, id, name });
            let json = match &function["arguments"] {
                Value::Null => "{}".to_owned(),
                arguments => arguments.to_string(),
            };
            say(Delta::ToolCallArgs { index, json });
        }
        if value["done"] == true {
            let native = value["done_reason"].as_str().unwrap_or("stop");
            let reason = Some(meaning(native, self.calls != 0, &Quirks::default()));
            events.push(Event::Finish { choice: 0, reason, native: Some(native.to_owned()) });
            events.push(Event::Used(usage(value)));
            self.done = true;
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
