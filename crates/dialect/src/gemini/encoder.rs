//! Events, written as a stream of this dialect: chunks that are answers themselves, framed as
//! events or as one list.

use domain::event::{Delta, Event, FinishReason};
use domain::failure::Failure;
use serde_json::{Value, json};

use super::answer::{Signs, finish_word, identify, image};
use super::failing::error_body;
use super::usage;
use crate::dialect::{Face, StreamEncoder};
use crate::door::Framing;
use crate::exchange::Receipt;
use crate::write::push_value;

/// Writes one stream.
pub(super) struct Encoder {
    face: Face,
    signs: Signs,
    /// Calls whose arguments are still coming: the dialect tells them whole.
    calls: Vec<(u32, String, String, String)>,
    finish: Option<(Option<FinishReason>, Option<String>)>,
    pub(super) framed: Framed,
}

/// The framing of a stream: events, or the items of a list.
#[derive(Debug)]
pub(super) struct Framed {
    framing: Framing,
    is_open: bool,
}

impl Framed {
    /// Begins a stream.
    pub(super) fn new(framing: Framing) -> Framed {
        Framed { framing, is_open: false }
    }

    /// Appends a chunk.
    pub(super) fn push(&mut self, chunk: &Value, out: &mut Vec<u8>) {
        if self.framing == Framing::Events {
            out.extend_from_slice(b"data: ");
            push_value(out, chunk);
            return out.extend_from_slice(b"\r\n\r\n");
        }
        let is_first = !std::mem::replace(&mut self.is_open, true);
        out.extend_from_slice(if is_first { b"[" } else { b",\r\n" });
        push_value(out, chunk);
    }

    /// Appends what ends the stream.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        if self.framing != Framing::Events {
            out.extend_from_slice(if self.is_open { b"]" } else { b"[]" });
        }
    }
}

impl Encoder {
    /// Begins to write.
    pub(super) fn new(face: &Face) -> Encoder {
        Encoder {
            face: face.clone(),
            signs: Signs::default(),
            calls: Vec::new(),
            finish: None,
            framed: Framed::new(face.framing),
        }
    }

    fn chunk(&mut self, parts: &[Value], out: &mut Vec<u8>) {
        let mut chunk = json!({"candidates": [{
            "content": {"role": "model", "parts": parts}, "index": 0
        }]});
        identify(&mut chunk, &self.face);
        self.framed.push(&chunk, out);
    }

    fn say(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        let hides = self.face.hides_thinking;
        match delta {
            Delta::Text(text) | Delta::Refusal(text) => self.chunk(&[json!({"text": text})], out),
            Delta::Reasoning(_) if hides => (),
            Delta::Reasoning(text) => {
                self.chunk(&[json!({"text": text, "thought": true})], out);
            }
            Delta::ReasoningDetail(detail) => {
                if let Some(part) = self.signs.take(detail, hides) {
                    self.chunk(&[part], out);
                }
            }
            Delta::ToolCallStart { index, id, name } => {
                self.calls.push((*index, id.clone(), name.clone(), String::new()));
            }
            Delta::ToolCallArgs { index, json } => {
                let call = self.calls.iter_mut().find(|(number, ..)| number == index);
                if let Some((.., arguments)) = call {
                    arguments.push_str(json);
                }
            }
            Delta::Image { url } => {
                if let Some(part) = image(url) {
                    self.chunk(&[part], out);
                }
            }
            Delta::Audio(_) | Delta::Annotation(_) | Delta::Logprobs(_) => (),
        }
    }
}

impl StreamEncoder for Encoder {
    fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Delta { choice: 0, delta } => self.say(delta, out),
            Event::Finish { choice: 0, reason, native } => {
                self.finish = Some((*reason, native.clone()));
            }
            _ => (),
        }
    }

    fn close(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        let mut parts = Vec::new();
        for (_, id, name, arguments) in std::mem::take(&mut self.calls) {
            parts.push(self.signs.call(&id, &name, &arguments));
        }
        parts.extend(self.signs.rest());
        let (finish, native) = self.finish.take().unwrap_or((None, None));
        let mut chunk = json!({"candidates": [{
            "content": {"role": "model", "parts": parts},
            "finishReason": finish_word(finish, native.as_deref()), "index": 0
        }]});
        identify(&mut chunk, &self.face);
        chunk["usageMetadata"] = usage::shown(receipt);
        if let Some(metadata) = &receipt.metadata {
            chunk["openrouterMetadata"] = metadata.clone();
        }
        self.framed.push(&chunk, out);
        self.framed.end(out);
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        self.framed.push(&error_body(failure), out);
        self.framed.end(out);
    }
}
