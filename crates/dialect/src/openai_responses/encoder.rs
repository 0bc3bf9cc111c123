//! Events, written as a stream of this dialect: items that open, grow and close, one at a time,
//! each event with its number.

use domain::answer::ToolCall;
use domain::event::{Delta, Event, FinishReason};
use domain::failure::Failure;
use serde_json::{Value, json};

use super::answer::{
    Status, call_item, citation, free_text, id, is_content, response, takes_text, thinking,
};
use crate::calls::InTurn;
use crate::dialect::{Face, StreamEncoder};
use crate::envelope;
use crate::exchange::Receipt;
use crate::thought::said;
use crate::write::{push_member, push_string, push_value};

/// Writes one stream.
pub(super) struct Encoder {
    face: Face,
    calls: InTurn,
    /// Items that are whole.
    items: Vec<Value>,
    open: Open,
    sequence: u64,
    /// Tokens of the open message with their probabilities, as chat completions write them.
    tokens: Vec<Value>,
    finish: Option<FinishReason>,
}

/// The item that is open.
#[derive(Debug)]
enum Open {
    None,
    Message { text: String, annotations: Vec<Value>, refuses: bool },
    Thought { details: Vec<Value>, summary: String, content: String },
    Call(ToolCall),
}

impl Encoder {
    /// Begins to write.
    pub(super) fn new(face: &Face) -> Encoder {
        Encoder {
            face: face.clone(),
            calls: InTurn::default(),
            items: Vec::new(),
            open: Open::None,
            sequence: 0,
            tokens: Vec::new(),
            finish: None,
        }
    }

    /// Appends an event with its name and number.
    fn tell(&mut self, name: &str, mut event: Value, out: &mut Vec<u8>) {
        event["type"] = json!(name);
        event["sequence_number"] = json!(self.sequence);
        self.sequence += 1;
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        push_value(out, &event);
        out.extend_from_slice(b"\n\n");
    }

    fn start(&mut self, out: &mut Vec<u8>) {
        if self.sequence != 0 {
            return;
        }
        let begun = response(&self.face, Vec::new(), Status::InProgress, None);
        self.tell("response.created", json!({"response": begun}), out);
        self.tell("response.in_progress", json!({"response": begun}), out);
    }

    /// Appends a piece of text, which is what nearly every event is.
    fn piece(&mut self, name: &str, place: &str, text: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\ndata: {\"item_id\":");
        push_string(out, &self.item_id());
        out.extend_from_slice(b",\"output_index\":");
        push_value(out, &self.items.len());
        out.extend_from_slice(b",\"delta\":");
        push_string(out, text);
        if !place.is_empty() {
            push_member(out, place);
            out.push(b'0');
        }
        if name == "response.output_text.delta" {
            out.extend_from_slice(b",\"logprobs\":[]");
        }
        push_member(out, "type");
        push_string(out, name);
        push_member(out, "sequence_number");
        push_value(out, &self.sequence);
        self.sequence += 1;
        out.extend_from_slice(b"}\n\n");
    }

    fn item_id(&self) -> String {
        let kind = match &self.open {
            Open::Message { .. } | Open::None => "msg",
            Open::Thought { .. } => "rs",
            Open::Call(call) if takes_text(&self.face, &call.name) => "ctc",
            Open::Call(_) => "fc",
        };
        id(&self.face, kind, self.items.len())
    }

    fn add(&mut self, item: Value, out: &mut Vec<u8>) {
        let index = self.items.len();
        let event = json!({"output_index": index, "item": item});
        self.tell("response.output_item.added", event, out);
    }

    fn done(&mut self, item: Value, out: &mut Vec<u8>) {
        let event = json!({"output_index": self.items.len(), "item": item});
        self.tell("response.output_item.done", event, out);
        self.items.push(item);
    }

    /// Tells that a part of the open item begins or ends.
    fn part(&mut self, name: &str, place: &str, part: &Value, out: &mut Vec<u8>) {
        let (index, item) = (self.items.len(), self.item_id());
        let mut event = json!({"item_id": item, "output_index": index, "part": part});
        event[place] = json!(0);
        self.tell(name, event, out);
    }

    fn open_message(&mut self, as_refusal: bool, out: &mut Vec<u8>) {
        if matches!(&self.open, Open::Message { refuses, .. } if *refuses == as_refusal) {
            return;
        }
        self.close_item(out);
        self.open =
            Open::Message { text: String::new(), annotations: Vec::new(), refuses: as_refusal };
        let item = json!({
            "type": "message", "id": self.item_id(), "status": "in_progress",
            "role": "assistant", "content": []
        });
        self.add(item, out);
        let part = part_of(as_refusal, "", &[], &json!([]));
        self.part("response.content_part.added", "content_index", &part, out);
    }

    fn close_item(&mut self, out: &mut Vec<u8>) {
        self.start(out);
        let item_id = self.item_id();
        match std::mem::replace(&mut self.open, Open::None) {
            Open::None => (),
            Open::Message { text, annotations, refuses } => {
                self.close_message(item_id, &text, &annotations, refuses, out);
            }
            Open::Thought { details, summary, content } => {
                let place = self.items.len();
                let at = |mut event: Value, part: &str| {
                    event["item_id"] = json!(item_id);
                    event["output_index"] = json!(place);
                    event[part] = json!(0);
                    event
                };
                if !content.is_empty() {
                    let done = at(json!({"text": content}), "content_index");
                    self.tell("response.reasoning_text.done", done, out);
                }
                if !summary.is_empty() {
                    let done = at(json!({"text": summary}), "summary_index");
                    self.tell("response.reasoning_summary_text.done", done, out);
                    let part = json!({"part": {"type": "summary_text", "text": summary}});
                    self.tell(
                        "response.reasoning_summary_part.done",
                        at(part, "summary_index"),
                        out,
                    );
                }
                let mut item = thinking(&details, &item_id);
                item["id"] = json!(item_id);
                if details.iter().all(|detail| detail.get("format").is_none()) {
                    item["encrypted_content"] = Value::Null;
                }
                self.done(item, out);
            }
            Open::Call(call) => self.close_call(&item_id, &call, out),
        }
    }

    fn close_message(
        &mut self,
        item_id: String,
        text: &str,
        annotations: &[Value],
        refuses: bool,
        out: &mut Vec<u8>,
    ) {
        let index = self.items.len();
        let at = json!({"item_id": item_id, "output_index": index, "content_index": 0});
        let logprobs = Value::Array(std::mem::take(&mut self.tokens));
        let part = part_of(refuses, text, annotations, &logprobs);
        let mut done = at.clone();
        if refuses {
            done["refusal"] = json!(text);
            self.tell("response.refusal.done", done, out);
        } else {
            done["text"] = json!(text);
            done["logprobs"] = logprobs;
            self.tell("response.output_text.done", done, out);
        }
        let mut closed = at;
        closed["part"] = part.clone();
        self.tell("response.content_part.done", closed, out);
        let item = json!({
            "type": "message", "id": item_id, "status": "completed", "role": "assistant",
            "content": [part]
        });
        self.done(item, out);
    }

    fn close_call(&mut self, item_id: &str, call: &ToolCall, out: &mut Vec<u8>) {
        let index = self.items.len();
        let at = json!({"item_id": item_id, "output_index": index});
        let mut done = at.clone();
        if takes_text(&self.face, &call.name) {
            let input = free_text(&call.arguments);
            let mut delta = at;
            delta["delta"] = json!(input);
            self.tell("response.custom_tool_call_input.delta", delta, out);
            done["input"] = json!(input);
            self.tell("response.custom_tool_call_input.done", done, out);
        } else {
            done["name"] = json!(call.name);
            done["arguments"] = json!(call.arguments);
            self.tell("response.function_call_arguments.done", done, out);
        }
        let item = call_item(call, &self.face, index);
        self.done(item, out);
    }

    fn thought(&mut self, detail: Value, out: &mut Vec<u8>) {
        let text = [said(&detail, "summary"), said(&detail, "text")].concat();
        let continues = match &self.open {
            Open::Thought { details, .. } => details.last().is_none_or(|last| {
                last["index"] == detail["index"]
                    || (!detail["id"].is_null() && last["id"] == detail["id"])
            }),
            _ => false,
        };
        if !continues {
            self.close_item(out);
            let (summary, content) = (String::new(), String::new());
            self.open = Open::Thought { details: Vec::new(), summary, content };
            let item = json!({"type": "reasoning", "id": self.item_id(), "summary": []});
            self.add(item, out);
        }
        let Open::Thought { details, summary, content } = &mut self.open else { return };
        if is_content(&detail) {
            content.push_str(&text);
            join(details, detail);
            if !text.is_empty() {
                self.piece("response.reasoning_text.delta", "content_index", &text, out);
            }
            return;
        }
        let is_first = summary.is_empty() && !text.is_empty();
        summary.push_str(&text);
        join(details, detail);
        if is_first {
            let part = json!({"type": "summary_text", "text": ""});
            self.part("response.reasoning_summary_part.added", "summary_index", &part, out);
        }
        if !text.is_empty() {
            self.piece("response.reasoning_summary_text.delta", "summary_index", &text, out);
        }
    }

    fn say(&mut self, delta: &Delta, out: &mut Vec<u8>) {
        self.start(out);
        match delta {
            Delta::Text(text) => {
                self.open_message(false, out);
                self.hold(text);
                self.piece("response.output_text.delta", "content_index", text, out);
            }
            Delta::Refusal(text) => {
                self.open_message(true, out);
                self.hold(text);
                self.piece("response.refusal.delta", "content_index", text, out);
            }
            Delta::Reasoning(_) | Delta::ReasoningDetail(_) if self.face.hides_thinking => (),
            Delta::Reasoning(text) => {
                self.thought(json!({"type": "reasoning.text", "text": text}), out);
            }
            Delta::ReasoningDetail(detail) => self.thought(detail.clone(), out),
            Delta::ToolCallStart { id, name, .. } => {
                self.close_item(out);
                let (id, name) = (id.clone(), name.clone());
                let call = ToolCall { id, name, arguments: String::new() };
                let mut item = call_item(&call, &self.face, self.items.len());
                item["status"] = json!("in_progress");
                self.open = Open::Call(call);
                self.add(item, out);
            }
            Delta::ToolCallArgs { json, .. } => {
                let Open::Call(call) = &mut self.open else { return };
                call.arguments.push_str(json);
                if !takes_text(&self.face, &call.name) {
                    self.piece("response.function_call_arguments.delta", "", json, out);
                }
            }
            Delta::Image { url } => self.image(url, out),
            Delta::Annotation(annotation) => self.annotate(annotation, out),
            Delta::Logprobs(logprobs) => {
                self.tokens.extend(logprobs["content"].as_array().into_iter().flatten().cloned());
            }
            Delta::Audio(_) => (),
        }
    }

    fn hold(&mut self, piece: &str) {
        if let Open::Message { text, .. } = &mut self.open {
            text.push_str(piece);
        }
    }

    fn image(&mut self, url: &str, out: &mut Vec<u8>) {
        self.close_item(out);
        let data = url.split_once(";base64,").map_or(url, |(_, data)| data);
        let id = id(&self.face, "ig", self.items.len());
        let begun = json!({"type": "image_generation_call", "id": id, "status": "in_progress"});
        self.add(begun, out);
        let item = json!({
            "type": "image_generation_call", "id": id, "status": "completed", "result": data
        });
        self.done(item, out);
    }

    fn annotate(&mut self, annotation: &Value, out: &mut Vec<u8>) {
        let (place, item) = (self.items.len(), self.item_id());
        let Open::Message { annotations, .. } = &mut self.open else { return };
        let index = annotations.len();
        annotations.push(citation(annotation));
        let event = json!({
            "item_id": item, "output_index": place, "content_index": 0,
            "annotation_index": index, "annotation": citation(annotation)
        });
        self.tell("response.output_text.annotation.added", event, out);
    }
}

fn part_of(refuses: bool, text: &str, annotations: &[Value], logprobs: &Value) -> Value {
    match refuses {
        true => json!({"type": "refusal", "refusal": text}),
        false => json!({
            "type": "output_text", "text": text, "annotations": annotations, "logprobs": logprobs
        }),
    }
}

/// Adds a piece to the thinking that is gathered for the end of its item.
fn join(details: &mut Vec<Value>, piece: Value) {
    let same = |it: &Value| it["type"] == piece["type"] && it["index"] == piece["index"];
    let Some(last) = details.last_mut().filter(|it| same(it)) else {
        return details.push(piece);
    };
    for (name, value) in piece.as_object().into_iter().flatten() {
        let grows = matches!(name.as_str(), "text" | "summary" | "data" | "signature");
        match (last[name].as_str(), value.as_str()) {
            (Some(held), Some(more)) if grows => last[name] = json!([held, more].concat()),
            (None, _) if last[name].is_null() => last[name] = value.clone(),
            _ => (),
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
            Event::Finish { choice: 0, reason, .. } => self.finish = *reason,
            _ => (),
        }
    }

    fn close(&mut self, receipt: &Receipt, out: &mut Vec<u8>) {
        let mut calls = std::mem::take(&mut self.calls);
        calls.end(&mut |delta| self.say(delta, out));
        self.close_item(out);
        let status = Status::of(self.finish);
        let items = std::mem::take(&mut self.items);
        let whole = response(&self.face, items, status, Some(receipt));
        self.tell(status.event(), json!({"response": whole}), out);
    }

    fn fail(&mut self, failure: &Failure, out: &mut Vec<u8>) {
        self.start(out);
        let error = envelope::error(failure, envelope::DOCS);
        let items = std::mem::take(&mut self.items);
        let mut failed = response(&self.face, items, Status::Failed, None);
        failed["error"] = json!({
            "code": code(failure), "message": error["message"], "metadata": error["metadata"]
        });
        self.tell("response.failed", json!({"response": failed}), out);
    }
}

/// Returns the dialect's word for a failure.
pub(super) fn code(failure: &Failure) -> &'static str {
    use domain::failure::FailureKind;
    match failure.kind {
        FailureKind::RateLimited => "rate_limit_exceeded",
        FailureKind::InvalidRequest | FailureKind::ContextTooLong => "invalid_prompt",
        _ => "server_error",
    }
}
