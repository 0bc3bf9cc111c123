//! Events, written as a stream of this dialect: blocks that open, grow and close, one at a time.

use domain::event::{Delta, Event, FinishReason};
use domain::failure::Failure;
use serde_json::{Value, json};

use super::answer::{citation, stop_reason};
use super::failing::error_body;
use super::usage;
use crate::calls::InTurn;
use crate::dialect::{Face, StreamEncoder};
use crate::exchange::Receipt;
use crate::sealed;
use crate::thought::{CLAUDE, is_of, said};
use crate::write::{push_member, push_string, push_value};

/// Writes one stream.
pub(super) struct Encoder {
    face: Face,
    block: Block,
    calls: InTurn,
    /// Blocks that have been opened.
    blocks: u32,
    started: bool,
    finish: Option<FinishReason>,
    native: Option<String>,
}

/// The block that is open.
#[derive(Clone, Debug, PartialEq)]
enum Block {
    None,
    Text,
    /// Thinking without a signature.
    Thought,
    /// Thinking of Claude's, whose signature comes by itself, by its index.
    Signed(Value),
    /// Thinking of another family, which is packed when the block closes.
    Sealed(Value),
    Call(u32),
}

impl Encoder {
    /// Begins to write.
    pub(super) fn new(face: &Face) -> Encoder {
        Encoder {
            face: face.clone(),
            block: Block::None,
            calls: InTurn::default(),
            blocks: 0,
            started: false,
            finish: None,
            native: None,
        }
    }

    fn start(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        let stamp = &self.face.stamp;
        push_event(
            out,
            "message_start",
            &json!({
                "type": "message_start",
                "message": {
                    "id": stamp.id, "type": "message", "role": "assistant", "model": stamp.model,
                    "provider": stamp.provider, "content": [], "stop_reason": null,
                    "stop_sequence": null,
                    "usage": {
                        "input_tokens": 0, "cache_creation_input_tokens": 0,
                        "cache_read_input_tokens": 0, "output_tokens": 0
                    },
                },
            }),
        );
    }

    /// Opens a block unless it is open already.
    fn open(&mut self, block: Block, content: &Value, out: &mut Vec<u8>) {
        if self.block == block {
            return;
        }
        self.start(out);
        self.close_block(out);
        let index = self.blocks;
        self.blocks += 1;
        self.block = block;
        let event =
            json!({"type": "content_block_start", "index": index, "content_block": content});
        push_event(out, "content_block_start", &event);
    }

    fn close_block(&mut self, out: &mut Vec<u8>) {
        let block = std::mem::replace(&mut self.block, Block::None);
        if block == Block::None {
            return;
        }
        if let Block::Sealed(detail) = &block {
            let signature = sealed::pack(std::slice::from_ref(detail));
            self.delta(&json!({"type": "signature_delta", "signature": signature}), out);
        }
        let event = json!({"type": "content_block_stop", "index": self.blocks - 1});
        push_event(out, "content_block_stop", &event);
    }

    fn delta(&self, delta: &Value, out: &mut Vec<u8>) {
        self.delta_head(out);
        push_value(out, delta);
        out.extend_from_slice(b"}\n\n");
    }

    /// Appends a piece of text, which is what nearly every event is.
    fn piece(&self, kind: &str, name: &str, text: &str, out: &mut Vec<u8>) {
        self.delta_head(out);
        out.extend_from_slice(br#"{"type":"#);
        push_string(out, kind);
        push_member(out, name);
        push_string(out, text);
        out.extend_from_slice(b"}}\n\n");
    }

    fn delta_head(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: content_block_delta\ndata: ");
        out.extend_from_slice(br#"{"type":"content_block_delta","index":"#);
        push_value(out, &self.blocks.saturating_sub(1));
        out.extend_from_slice(br#","delta":"#);
    }

    fn thought(&mut self, detail: &Value, out: &mut Vec<u8>) {
        let text = [said(detail, "text"), said(detail, "summary")].concat();
        let blank = json!({"type": "thinking", "thinking": "", "signature": ""});
        if said(detail, "type") == "reasoning.encrypted" {
            let data = match is_of(detail, CLAUDE) {
                true => said(detail, "data").to_owned(),
                false => sealed::pack(std::slice::from_ref(detail)),
            };
            self.close_block(out);
            let block = json!({"type": "redacted_thinking", "data": data});
            self.open(Block::Thought, &block, out);
            return self.close_block(out);
        }
        if is_of(detail, CLAUDE) {
            self.open(Block::Signed(detail["index"].clone()), &blank, out);
        } else {
            self.sealed(detail, &blank, out);
        }
        if !text.is_empty() {
            self.piece("thinking_delta", "thinking", &text, out);
        }
        let signature = said(detail, "signature");
        if is_of(detail, CLAUDE) && !signature.is_empty() {
            self.delta(&json!({"type": "signature_delta", "signature": signature}), out);
        }
    }

    /// Opens or continues a block of another family's thinking, and keeps what is to be packed.
    fn sealed(&mut self, detail: &Value, blank: &Value, out: &mut Vec<u8>) {
        let piece = sealed::untold(detail);
        match &mut self.block {
            Block::Sealed(held)
                if held["type"] == piece["type"] && held["index"] == piece["index"] =>
            {
                for (name, value) in piece.as_object().into_iter().flatten() {
                    if held.get(name).is_none_or(Value::is_null) {
                        held[name] = value.clone();
                    }
                }
            }
            _ => {
                self.close_block(out);
                self.open(Block::Sealed(piece), blank, out);
            }
        }
    }

    fn say(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        let hides = self.face.hides_thinking;
        match delta {
            Delta::Text(text) | Delta::Refusal(text) => {
                if self.block != Block::Text {
                    self.open(Block::Text, &json!({"type": "text", "text": ""}), out);
                }
                self.piece("text_delta", "text", text, out);
            }
            Delta::Reasoning(_) | Delta::ReasoningDetail(_) if hides => (),
            Delta::Reasoning(text) => {
                if self.block != Block::Thought {
                    let blank = json!({"type": "thinking", "thinking": "", "signature": ""});
                    self.open(Block::Thought, &blank, out);
                }
                self.piece("thinking_delta", "thinking", text, out);
            }
            Delta::ReasoningDetail(detail) => self.thought(detail, out),
            Delta::ToolCallStart { index, id, name } => {
                let call = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
                self.open(Block::Call(*index), &call, out);
            }
            Delta::ToolCallArgs { json, .. } => {
                self.piece("input_json_delta", "partial_json", json, out);
            }
            Delta::Annotation(annotation) if self.block == Block::Text => {
                let citation = citation(annotation);
                self.delta(&json!({"type": "citations_delta", "citation": citation}), out);
            }
            Delta::Annotation(_) | Delta::Image { .. } | Delta::Audio(_) | Delta::Logprobs(_) => (),
        }
    }
}

impl StreamEncoder for Encoder {
    fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Delta { choice: 0, delta } => {
                let mut calls = std::mem::take(&mut self.calls);
                calls.push(delta, &mut |delta| self.say(delta, out));
                self.calls = calls;
            }
            Event::Finish { choice: 0, reason, native } => {
                self.finish = *reason;
                self.native.clone_from(native);
            }
            _ => (),
        }
    }

    fn close(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        let mut calls = std::mem::take(&mut self.calls);
        calls.end(&mut |delta| self.say(delta, out));
        self.start(out);
        self.close_block(out);
        push_event(
            out,
            "message_delta",
            &json!({
                "type": "message_delta",
                "delta": {
                    "stop_reason": stop_reason(self.finish, self.native.as_deref()),
                    "stop_sequence": null
                },
                "usage": usage::shown(receipt),
            }),
        );
        push_stop(receipt, out);
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        push_event(out, "error", &error_body(failure));
    }
}

/// Appends the last event of a message.
pub(super) fn push_stop(receipt: &Receipt, out: &mut Vec<u8>) {
    let mut stop = json!({"type": "message_stop"});
    if let Some(metadata) = &receipt.metadata {
        stop["openrouter_metadata"] = metadata.clone();
    }
    push_event(out, "message_stop", &stop);
}

/// Appends an event with its name.
pub(super) fn push_event(out: &mut Vec<u8>, name: &str, event: &Value) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
    push_value(out, event);
    out.extend_from_slice(b"\n\n");
}
