//! Events, written as a stream of this dialect: one object a line.

use domain::event::{Delta, Event, FinishReason};
use domain::failure::Failure;
use serde_json::{Value, json};

use super::answer::{call, created, last, line};
use crate::dialect::{Face, StreamEncoder};
use crate::envelope;
use crate::exchange::Receipt;
use crate::thought::said;
use crate::write::{push_member, push_string, push_value};

/// Writes one stream.
pub(super) struct Encoder {
    face: Face,
    /// What every line begins with: the model, and when it answers.
    head: Vec<u8>,
    /// Calls whose arguments are still coming: the dialect tells them whole.
    calls: Vec<(u32, String, String, String)>,
    finish: Option<FinishReason>,
}

impl Encoder {
    /// Begins to write.
    pub(super) fn new(face: &Face) -> Encoder {
        let mut head = b"{\"model\":".to_vec();
        push_string(&mut head, &face.stamp.model);
        push_member(&mut head, "created_at");
        push_string(&mut head, &created(face));
        Encoder { face: face.clone(), head, calls: Vec::new(), finish: None }
    }

    /// Appends a line of text, which is what nearly every line is.
    fn text(&self, text: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
        if self.face.is_legacy {
            out.extend_from_slice(b",\"response\":");
            push_string(out, text);
        } else {
            out.extend_from_slice(b",\"message\":{\"role\":\"assistant\",\"content\":");
            push_string(out, text);
            out.push(b'}');
        }
        out.extend_from_slice(b",\"done\":false}\n");
    }

    fn tell(&self, message: Value, out: &mut Vec<u8>) {
        push_value(out, &line(&self.face, message));
        out.push(b'\n');
    }

    fn thought(&self, text: &str, out: &mut Vec<u8>) {
        if !text.is_empty() && !self.face.hides_thinking {
            self.tell(json!({"role": "assistant", "content": "", "thinking": text}), out);
        }
    }
}

impl StreamEncoder for Encoder {
    fn push(&mut self, event: &Event, out: &mut Vec<u8>) {
        let delta = match event {
            Event::Delta { choice: 0, delta } => delta,
            Event::Finish { choice: 0, reason, .. } => {
                self.finish = *reason;
                return;
            }
            _ => return,
        };
        match delta {
            Delta::Text(text) | Delta::Refusal(text) => self.text(text, out),
            Delta::Reasoning(text) => self.thought(text, out),
            Delta::ReasoningDetail(detail) => {
                let text = [said(detail, "text"), said(detail, "summary")].concat();
                self.thought(&text, out);
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
            Delta::Image { .. } | Delta::Audio(_) | Delta::Annotation(_) | Delta::Logprobs(_) => (),
        }
    }

    fn close(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        let calls: Vec<Value> = std::mem::take(&mut self.calls)
            .iter()
            .map(|(_, id, name, arguments)| call(id, name, arguments))
            .collect();
        if !calls.is_empty() {
            let message = json!({"role": "assistant", "content": "", "tool_calls": calls});
            self.tell(message, out);
        }
        let blank = json!({"role": "assistant", "content": ""});
        push_value(out, &last(&self.face, blank, self.finish, receipt));
        out.push(b'\n');
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        let error = envelope::error(failure, envelope::DOCS);
        push_value(out, &json!({"error": error["message"], "metadata": error["metadata"]}));
        out.push(b'\n');
    }
}
