//! Answers of this dialect, whole or in chunks, read into events: both are the same object.

use std::collections::BTreeMap;

use domain::event::{Delta, Event, FinishReason};
use domain::failure::Failure;
use serde_json::{Value, json};

use super::cited::{self, Said};
use super::usage;
use crate::decoding::Reading;
use crate::dialect::Host;
use crate::error;
use crate::finish::meaning;
use crate::logprobs;
use crate::thought::GEMINI;

/// What an answer has told so far.
pub(super) struct Chunks {
    host: Host,
    id: Option<String>,
    /// Calls so far, by candidate.
    calls: BTreeMap<u32, u32>,
    /// The text of each candidate so far, by which the places of its sources are counted.
    said: BTreeMap<u32, Said>,
    /// Citations that may still be told.
    citations_left: usize,
    /// Why each candidate ended, in Google's word.
    ended: BTreeMap<u32, String>,
    told: bool,
    done: bool,
}

/// Calls of one answer that are told apart; the host that makes more is broken.
const CALLS_MAX: u32 = 1024;

impl Chunks {
    /// Begins to read an answer of an endpoint.
    pub(super) fn new(host: &Host) -> Chunks {
        Chunks {
            host: host.clone(),
            id: None,
            calls: BTreeMap::new(),
            said: BTreeMap::new(),
            citations_left: cited::CITATIONS_MAX,
            ended: BTreeMap::new(),
            told: false,
            done: false,
        }
    }

    /// Returns whether the answer has told its id.
    pub(super) fn is_named(&self) -> bool {
        self.id.is_some()
    }

    /// Takes note of text that was read elsewhere.
    pub(super) fn hear(&mut self, text: &str) {
        self.told |= !text.is_empty();
    }

    fn candidate(
        &mut self,
        value: &Value,
        place: usize,
        events: &mut Vec<Event>,
    ) -> Result<(), Failure> {
        let index = value["index"].as_u64().and_then(|it| u32::try_from(it).ok());
        let choice = index.unwrap_or(place as u32);
        for part in value["content"]["parts"].as_array().into_iter().flatten() {
            self.part(part, choice, events)?;
        }
        let nothing = Said::default();
        let said = self.said.get(&choice).unwrap_or(&nothing);
        for annotation in cited::annotations(value, said, &mut self.citations_left) {
            say(choice, Delta::Annotation(annotation), events);
        }
        if let Some(logprobs) = logprobs::of_google(&value["logprobsResult"]) {
            say(choice, Delta::Logprobs(logprobs), events);
        }
        if let Some(native) = value["finishReason"].as_str() {
            self.ended.insert(choice, native.to_owned());
        }
        Ok(())
    }

    fn part(&mut self, part: &Value, choice: u32, events: &mut Vec<Event>) -> Result<(), Failure> {
        let signature = part["thoughtSignature"].as_str().filter(|it| !it.is_empty());
        let mut call_id = Value::Null;
        if let Some(text) = part["text"].as_str().filter(|text| !text.is_empty()) {
            self.told = true;
            let thought = part["thought"] == true;
            if thought {
                let detail = json!({
                    "type": "reasoning.text", "text": text, "format": GEMINI, "index": 0
                });
                say(choice, Delta::ReasoningDetail(detail), events);
            } else {
                self.said.entry(choice).or_default().push(text);
                say(choice, Delta::Text(text.to_owned()), events);
            }
        }
        if let Some(call) = part.get("functionCall") {
            self.told = true;
            let number = self.calls.entry(choice).or_default();
            let index = *number;
            if index == CALLS_MAX {
                return Err(error::nonsense("holds too many tool calls"));
            }
            *number += 1;
            let own = call["id"].as_str().filter(|id| !id.is_empty()).map(str::to_owned);
            let id = own.unwrap_or_else(|| self.call_id(choice, index));
            call_id = json!(id);
            let name = call["name"].as_str().unwrap_or_default().to_owned();
            say(choice, Delta::ToolCallStart { index, id, name }, events);
            let json = match &call["args"] {
                Value::Null => "{}".to_owned(),
                args => args.to_string(),
            };
            say(choice, Delta::ToolCallArgs { index, json }, events);
        }
        let inline = &part["inlineData"];
        if let (Some(mime), Some(data)) = (inline["mimeType"].as_str(), inline["data"].as_str()) {
            self.told = true;
            let delta = match mime.starts_with("audio/") {
                true => Delta::Audio(json!({"data": data, "format": &mime["audio/".len()..]})),
                false => Delta::Image { url: format!("data:{mime};base64,{data}") },
            };
            say(choice, delta, events);
        }
        if let Some(data) = signature {
            let mut detail = json!({"type": "reasoning.encrypted", "data": data, "format": GEMINI});
            if !call_id.is_null() {
                detail["id"] = call_id;
            }
            say(choice, Delta::ReasoningDetail(detail), events);
        }
        Ok(())
    }

    /// Makes an id for a call that has none: unlike those of other answers.
    fn call_id(&self, choice: u32, index: u32) -> String {
        let answer = self.id.as_deref().unwrap_or_default();
        let plain = answer.chars().filter(char::is_ascii_alphanumeric);
        let suffix: String = plain.take(12).collect();
        match choice {
            0 => format!("call_{suffix}_{index}"),
            choice => format!("call_{suffix}_{choice}_{index}"),
        }
    }

    fn finish(&mut self, events: &mut Vec<Event>) {
        for (choice, native) in std::mem::take(&mut self.ended) {
            let calls = self.calls.get(&choice).is_some_and(|calls| *calls != 0);
            let reason = Some(reason(&native, calls, &self.host));
            events.push(Event::Finish { choice, reason, native: Some(native) });
        }
        self.done = true;
    }
}

fn say(choice: u32, delta: Delta, events: &mut Vec<Event>) {
    events.push(Event::Delta { choice, delta });
}

/// Returns what Google's word for an ending means.
pub(super) fn reason(native: &str, calls: bool, host: &Host) -> FinishReason {
    match native {
        "LANGUAGE" | "IMAGE_PROHIBITED_CONTENT" | "IMAGE_RECITATION" => FinishReason::ContentFilter,
        "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "MISSING_THOUGHT_SIGNATURE"
        | "MALFORMED_RESPONSE"
        | "IMAGE_OTHER"
        | "NO_IMAGE" => FinishReason::Error,
        native => meaning(native, calls, &host.quirks),
    }
}

impl Reading for Chunks {
    fn take(&mut self, _: &[u8], value: &Value, events: &mut Vec<Event>) -> Result<(), Failure> {
        if value.get("error").is_some_and(|error| !error.is_null()) {
            return Err(error::inside(value));
        }
        let id = value["responseId"].as_str().filter(|id| !id.is_empty());
        if let (None, Some(id)) = (&self.id, id) {
            self.id = Some(id.to_owned());
            events.push(Event::Named { upstream_id: id.to_owned() });
        }
        let candidates = value["candidates"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (place, candidate) in candidates.iter().enumerate() {
            self.candidate(candidate, place, events)?;
        }
        if candidates.is_empty()
            && let Some(why) = value["promptFeedback"]["blockReason"].as_str()
        {
            self.told = true;
            let (reason, native) = (Some(FinishReason::ContentFilter), Some(why.to_owned()));
            events.push(Event::Finish { choice: 0, reason, native });
            self.done = true;
        }
        let told = &value["usageMetadata"];
        if told.is_object() {
            events.push(Event::Used(usage::read(told)));
        }
        Ok(())
    }

    fn end(&mut self, events: &mut Vec<Event>) -> bool {
        if self.ended.is_empty() {
            return false;
        }
        let broke = !self.told
            && self
                .ended
                .values()
                .all(|native| reason(native, false, &self.host) == FinishReason::Error);
        if !broke {
            self.finish(events);
        }
        !broke
    }

    fn is_done(&self) -> bool {
        self.done
    }
}
