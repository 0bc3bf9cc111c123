//! Events written as a stream of this dialect.

use std::collections::BTreeSet;

use domain::event::{Delta, Event, FinishReason};
use domain::failure::Failure;
use serde_json::{Map, Value, json};

use super::answer::{detail, image};
use super::calls::Fragment;
use super::lane::push_head;
use super::messages::detail_text;
use super::tail::{chunk_object, push_close, push_extra, push_failure};
use crate::dialect::{Face, StreamEncoder};
use crate::exchange::Receipt;
use crate::json::{push_member, push_string, push_value};

/// Turns events into a stream of this dialect.
pub(super) struct Encoder {
    face: Face,
    /// What every event begins with, up to the choices.
    head: Vec<u8>,
    /// Choices that have begun.
    begun: BTreeSet<u32>,
    images: u32,
    /// Fields beside the choices that wait for the next event.
    extra: Map<String, Value>,
}

impl Encoder {
    pub(super) fn new(face: &Face) -> Encoder {
        let mut head = b"data: ".to_vec();
        push_head(face, &mut head, chunk_object(face));
        head.extend_from_slice(b",\"choices\":[");
        Encoder { face: face.clone(), head, begun: BTreeSet::new(), images: 0, extra: Map::new() }
    }

    fn delta(&mut self, choice: u32, delta: &Delta, out: &mut Vec<u8>) {
        if self.face.is_legacy {
            return self.legacy_delta(choice, delta, out);
        }
        let mut logprobs = &Value::Null;
        let shown = match delta {
            Delta::Text(text) => return self.text(choice, text, out),
            Delta::Reasoning(_) | Delta::ReasoningDetail(_) if self.face.hides_thinking => return,
            Delta::Reasoning(text) => {
                json!({"content": "", "reasoning": text, "reasoning_details": [detail(text)]})
            }
            Delta::ReasoningDetail(piece) => {
                let mut shown = json!({"content": "", "reasoning_details": [piece]});
                let text = detail_text(&shown["reasoning_details"]);
                if !text.is_empty() {
                    shown["reasoning"] = json!(text);
                }
                shown
            }
            Delta::Refusal(text) => json!({"refusal": text}),
            Delta::ToolCallStart { index, id, name } => {
                let start = Some((id.clone(), name.clone()));
                calls(Fragment { index: *index, start, args: String::new() })
            }
            Delta::ToolCallArgs { index, json } => {
                calls(Fragment { index: *index, start: None, args: json.clone() })
            }
            Delta::Image { url } => {
                self.images += 1;
                json!({"images": [image(url, self.images - 1)]})
            }
            Delta::Audio(audio) => json!({"audio": audio}),
            Delta::Annotation(annotation) => json!({"annotations": [annotation]}),
            Delta::Logprobs(all) => {
                logprobs = all;
                json!({"content": ""})
            }
        };
        let shown = if self.begun.insert(choice) { with_role(shown) } else { shown };
        self.open(choice, out);
        push_value(out, &shown);
        self.shut(logprobs, out);
    }

    /// Appends a piece of text, which is what nearly every event is.
    fn text(&mut self, choice: u32, text: &str, out: &mut Vec<u8>) {
        self.open(choice, out);
        out.push(b'{');
        if self.begun.insert(choice) {
            out.extend_from_slice(b"\"role\":\"assistant\"");
        }
        push_member(out, "content");
        push_string(out, text);
        out.push(b'}');
        self.shut(&Value::Null, out);
    }

    /// Begins an event of one choice, up to its delta.
    fn open(&self, choice: u32, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(b"{\"index\":");
        push_value(out, &choice);
        out.extend_from_slice(b",\"delta\":");
    }

    /// Ends an event of one choice, after its delta.
    fn shut(&mut self, logprobs: &Value, out: &mut Vec<u8>) {
        out.extend_from_slice(
            b",\"finish_reason\":null,\"native_finish_reason\":null,\"logprobs\":",
        );
        push_value(out, logprobs);
        out.push(b'}');
        self.end(out);
    }

    fn legacy_delta(&mut self, choice: u32, delta: &Delta, out: &mut Vec<u8>) {
        let (name, text) = match delta {
            Delta::Text(text) => ("text", text),
            Delta::Reasoning(text) if !self.face.hides_thinking => ("reasoning", text),
            _ => return,
        };
        let mut shown = json!({
            "index": choice,
            "text": "",
            "finish_reason": null,
            "native_finish_reason": null,
            "logprobs": null,
        });
        shown[name] = json!(text);
        self.chunk(&shown, out);
    }

    fn finish(
        &mut self,
        choice: u32,
        reason: Option<FinishReason>,
        native: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        let mut shown = json!({"index": choice});
        if self.face.is_legacy {
            shown["text"] = json!("");
        } else {
            shown["delta"] = json!({"content": ""});
            if self.begun.insert(choice) {
                shown["delta"] = with_role(shown["delta"].take());
            }
        }
        shown["finish_reason"] = json!(reason.map(FinishReason::word));
        shown["native_finish_reason"] = json!(native);
        shown["logprobs"] = Value::Null;
        self.chunk(&shown, out);
    }

    fn chunk(&mut self, choice: &Value, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        push_value(out, choice);
        self.end(out);
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.push(b']');
        push_extra(out, &std::mem::take(&mut self.extra));
        out.extend_from_slice(b"}\n\n");
    }
}

impl StreamEncoder for Encoder {
    fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Delta { choice, delta } => self.delta(*choice, delta, out),
            Event::Finish { choice, reason, native } => {
                self.finish(*choice, *reason, native.as_deref(), out);
            }
            Event::Extra { name, value } => {
                self.extra.insert(name.clone(), value.clone());
            }
            Event::Named { .. } | Event::Used(_) => (),
        }
    }

    fn close(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        push_close(&self.face, &std::mem::take(&mut self.extra), receipt, out);
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        push_failure(&self.face, failure, out);
    }
}

/// Returns a delta with the role in front, which the first of a choice has.
fn with_role(delta: Value) -> Value {
    let mut first = Map::from_iter([("role".to_owned(), json!("assistant"))]);
    if let Value::Object(members) = delta {
        first.extend(members);
    }
    Value::Object(first)
}

fn calls(fragment: Fragment) -> Value {
    json!({"tool_calls": [fragment.shown()]})
}
