//! Events, written as a stream of this dialect: chunks that are answers themselves, framed as
//! events or as one list.

use std::collections::BTreeMap;

use domain::event::{Delta, Event, FinishReason};
use domain::failure::Failure;
use serde_json::{Value, json};

use super::answer::{Signs, close, finish_word, identify, identity, image};
use super::cited::Said;
use super::failing::error_body;
use super::usage;
use crate::dialect::{Face, StreamEncoder};
use crate::door::Framing;
use crate::exchange::Receipt;
use crate::write::{push_member, push_string, push_value};

/// Writes one stream.
pub(super) struct Encoder {
    face: Face,
    candidates: BTreeMap<u32, Candidate>,
    /// What every chunk ends with: the answer's identity.
    tail: Vec<u8>,
    pub(super) framed: Framed,
}

/// What waits for the end of a candidate.
#[derive(Default)]
struct Candidate {
    signs: Signs,
    /// Calls whose arguments are still coming: the dialect tells them whole.
    calls: Vec<(u32, String, String, String)>,
    annotations: Vec<Value>,
    /// What was said, by whose bytes the places of sources are told.
    said: Said,
    /// Tokens with their probabilities, as OpenAI writes them.
    tokens: Vec<Value>,
    finish: Option<FinishReason>,
    native: Option<String>,
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
        self.put(out, |out| push_value(out, chunk));
    }

    /// Appends the chunk that `write` appends.
    pub(super) fn put(&mut self, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        if self.framing == Framing::Events {
            out.extend_from_slice(b"data: ");
            write(out);
            return out.extend_from_slice(b"\r\n\r\n");
        }
        let is_first = !std::mem::replace(&mut self.is_open, true);
        out.extend_from_slice(if is_first { b"[" } else { b",\r\n" });
        write(out);
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
        let framed = Framed::new(face.framing);
        let mut tail = b"}]".to_vec();
        for (name, value) in identity(face) {
            push_member(&mut tail, name);
            push_string(&mut tail, value);
        }
        tail.push(b'}');
        Encoder { face: face.clone(), candidates: BTreeMap::new(), tail, framed }
    }

    /// Appends a chunk that holds one part.
    fn part(&mut self, choice: u32, out: &mut Vec<u8>, part: impl FnOnce(&mut Vec<u8>)) {
        self.framed.put(out, |out| {
            out.extend_from_slice(br#"{"candidates":[{"content":{"role":"model","parts":["#);
            part(out);
            out.extend_from_slice(br#"]},"index":"#);
            push_value(out, &choice);
            out.extend_from_slice(&self.tail);
        });
    }

    /// Appends a piece of text, which is what nearly every chunk is.
    fn text(&mut self, choice: u32, text: &str, out: &mut Vec<u8>) {
        self.part(choice, out, |out| {
            out.extend_from_slice(b"{\"text\":");
            push_string(out, text);
            out.push(b'}');
        });
    }

    fn say(&mut self, choice: u32, delta: &Delta, out: &mut Vec<u8>) {
        let hides = self.face.hides_thinking;
        let held = self.candidates.entry(choice).or_default();
        let part = match delta {
            Delta::Text(text) | Delta::Refusal(text) => {
                held.said.push(text);
                return self.text(choice, text, out);
            }
            Delta::Reasoning(_) if hides => None,
            Delta::Reasoning(text) => Some(json!({"text": text, "thought": true})),
            Delta::ReasoningDetail(detail) => held.signs.take(detail, hides),
            Delta::ToolCallStart { index, id, name } => {
                held.calls.push((*index, id.clone(), name.clone(), String::new()));
                None
            }
            Delta::ToolCallArgs { index, json } => {
                let call = held.calls.iter_mut().find(|(number, ..)| number == index);
                if let Some((.., arguments)) = call {
                    arguments.push_str(json);
                }
                None
            }
            Delta::Image { url } => image(url),
            Delta::Annotation(annotation) => {
                held.annotations.push(annotation.clone());
                None
            }
            Delta::Logprobs(logprobs) => {
                held.tokens.extend(logprobs["content"].as_array().into_iter().flatten().cloned());
                None
            }
            Delta::Audio(_) => None,
        };
        if let Some(part) = part {
            self.part(choice, out, |out| push_value(out, &part));
        }
    }
}

impl Candidate {
    /// Returns the candidate's last word.
    fn close(mut self, choice: u32) -> Value {
        let mut parts = Vec::new();
        for (_, id, name, arguments) in std::mem::take(&mut self.calls) {
            parts.push(self.signs.call(&id, &name, &arguments));
        }
        parts.extend(self.signs.rest());
        let mut closed = json!({
            "content": {"role": "model", "parts": parts},
            "finishReason": finish_word(self.finish, self.native.as_deref()), "index": choice
        });
        close(&mut closed, &self.annotations, Some(&json!({"content": self.tokens})), &self.said);
        closed
    }
}

impl StreamEncoder for Encoder {
    fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Delta { choice, delta } => self.say(*choice, delta, out),
            Event::Finish { choice, reason, native } => {
                let held = self.candidates.entry(*choice).or_default();
                held.finish = *reason;
                held.native.clone_from(native);
            }
            Event::Named { .. } | Event::Used(_) | Event::Extra { .. } => (),
        }
    }

    fn close(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        let mut candidates = std::mem::take(&mut self.candidates);
        candidates.entry(0).or_default();
        let closed: Vec<Value> =
            candidates.into_iter().map(|(choice, held)| held.close(choice)).collect();
        let mut chunk = json!({"candidates": closed});
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
