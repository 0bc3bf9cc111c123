//! Cohere's chat, version 2.
use super::asked::{hear, json, list, only, text, texts, whole};
use super::dialect::{StreamWriter, Wire};
use crate::answer::{Answer, Choice, Finish};
use crate::ask::{Ask, Output, Refusal, Tool, ToolChoice};
use crate::event::Event;
use crate::script::Script;
use serde_json::{Value, json};

/// `/v2/chat`.
pub(crate) struct Cohere;

const FIELDS: [&str; 21] = [
    "citation_options",
    "documents",
    "frequency_penalty",
    "k",
    "logprobs",
    "max_tokens",
    "messages",
    "model",
    "p",
    "presence_penalty",
    "priority",
    "response_format",
    "safety_mode",
    "seed",
    "stop_sequences",
    "stream",
    "strict_tools",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
];

fn refused(message: impl Into<String>) -> Refusal {
    Refusal::new(400, message)
}

impl Wire for Cohere {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        let body = json(body)?;
        only(&body, &FIELDS)?;
        if !body["stream"].is_boolean() {
            return Err(refused("stream: has to be true or false"));
        }
        if !matches!(body["thinking"]["type"].as_str(), None | Some("enabled" | "disabled")) {
            return Err(refused("thinking.type: has to be enabled or disabled"));
        }
        let format = &body["response_format"];
        if !format.is_null() && !list(&body["tools"]).is_empty() {
            return Err(refused("response_format is not supported with tools"));
        }
        let mut ask = Ask {
            model: text(&body["model"]).to_owned(),
            stream: body["stream"] == true,
            include_usage: true,
            output_tokens_max: whole(&body["max_tokens"]),
            stop: texts(&body["stop_sequences"]),
            output: match (format["type"].as_str(), &format["json_schema"]) {
                (None, _) => Output::Text,
                (_, Value::Null) => Output::Object,
                (_, schema) => Output::Schema(schema.clone()),
            },
            tools: list(&body["tools"])
                .iter()
                .map(|tool| Tool {
                    name: text(&tool["function"]["name"]).to_owned(),
                    schema: tool["function"]["parameters"].clone(),
                })
                .collect(),
            tool_choice: match body["tool_choice"].as_str() {
                None => ToolChoice::Auto,
                Some("REQUIRED") => ToolChoice::Required,
                Some("NONE") => ToolChoice::None,
                Some(_) => return Err(refused("tool_choice: has to be REQUIRED or NONE")),
            },
            ..Ask::default()
        };
        messages(list(&body["messages"]), &mut ask)?;
        Ok(ask)
    }

    fn whole(&self, answer: &Answer, _: &Script) -> Vec<u8> {
        let mut message = json!({"role": "assistant"});
        let mut finish = Value::Null;
        if let Some(choice) = answer.choices.first() {
            let mut content = Vec::new();
            let (thought, said) = (&choice.reasoning.whole, &choice.text.whole);
            if !thought.is_empty() {
                content.push(json!({"type": "thinking", "thinking": thought}));
            }
            if !said.is_empty() {
                content.push(json!({"type": "text", "text": said}));
            }
            if !content.is_empty() {
                message["content"] = content.into();
            }
            let calls: Vec<Value> = choice
                .calls
                .iter()
                .map(|it| call(it.number, &it.name, &it.arguments.whole))
                .collect();
            if !calls.is_empty() {
                message["tool_calls"] = calls.into();
            }
            finish = reason(choice);
        }
        let body = json!({
            "id": id(answer), "finish_reason": finish, "message": message, "usage": usage(answer)
        });
        body.to_string().into_bytes()
    }

    fn stream(&self, _: &Ask, answer: &Answer, _: &Script) -> Box<dyn StreamWriter> {
        Box::new(Writer { answer: answer.clone(), block: Block::None, blocks: 0 })
    }

    fn error(&self, refusal: &Refusal) -> Vec<u8> {
        json!({"message": refusal.message}).to_string().into_bytes()
    }

    fn error_event(&self, refusal: &Refusal) -> Vec<u8> {
        let mut out = Vec::new();
        let delta = json!({"finish_reason": "ERROR", "error": refusal.message});
        push("message-end", json!({"delta": delta}), &mut out);
        out
    }
}

fn messages(messages: &[Value], ask: &mut Ask) -> Result<(), Refusal> {
    let mut open: Vec<String> = Vec::new();
    for message in messages {
        let role = text(&message["role"]);
        if !["system", "user", "assistant", "tool"].contains(&role) {
            return Err(refused("messages: unknown role"));
        }
        let mut said = String::new();
        match &message["content"] {
            Value::String(content) => said.push_str(content),
            content => {
                for part in list(content) {
                    match (text(&part["type"]), role) {
                        ("text", _) => said.push_str(text(&part["text"])),
                        ("thinking", "assistant")
                        | ("image_url", "user")
                        | ("document", "tool") => {}
                        (other, _) => {
                            return Err(refused(format!("messages: no {other} in a {role}")));
                        }
                    }
                }
            }
        }
        let calls = list(&message["tool_calls"]);
        if role == "assistant" && calls.is_empty() && said.is_empty() {
            return Err(refused("messages: an assistant has to say something"));
        }
        let is_result = role == "tool";
        if is_result && !open.iter().any(|id| message["tool_call_id"] == id.as_str()) {
            return Err(refused("messages: tool_call_id of no call before it"));
        }
        if !is_result {
            open = calls.iter().map(|call| text(&call["id"]).to_owned()).collect();
        }
        hear(ask, &said, role == "user", is_result);
    }
    if messages.is_empty() { Err(refused("messages: at least one")) } else { Ok(()) }
}

fn id(answer: &Answer) -> String {
    format!("c0-{:016x}", answer.number)
}

fn call(number: u64, name: &str, arguments: &str) -> Value {
    let id = format!("{name}_{number:012x}");
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

fn reason(choice: &Choice) -> Value {
    match choice.finish {
        Some(Finish::Stop) => json!("COMPLETE"),
        Some(Finish::Length) => json!("MAX_TOKENS"),
        Some(Finish::ToolCalls) => json!("TOOL_CALL"),
        None => Value::Null,
    }
}

fn usage(answer: &Answer) -> Value {
    let usage = answer.usage;
    let billed = json!({"input_tokens": usage.prompt, "output_tokens": usage.completion});
    // Cohere counts its own framing of the prompt, and does not bill it.
    let tokens = json!({"input_tokens": usage.prompt + 480, "output_tokens": usage.completion});
    json!({"billed_units": billed, "tokens": tokens, "cached_tokens": usage.cached})
}

fn push(kind: &str, mut event: Value, out: &mut Vec<u8>) {
    event["type"] = json!(kind);
    out.extend(format!("event: {kind}\ndata: {event}\n\n").into_bytes());
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    None,
    Content(&'static str),
    Call(u32),
}

/// Writes one answer as events.
struct Writer {
    answer: Answer,
    block: Block,
    blocks: u32,
}

impl Writer {
    fn content(&mut self, kind: &'static str, text: &str, out: &mut Vec<u8>) {
        if self.block != Block::Content(kind) {
            self.close(out);
            self.block = Block::Content(kind);
            let mut content = json!({"type": kind});
            content[kind] = json!("");
            let delta = json!({"message": {"content": content}});
            push("content-start", json!({"index": self.blocks, "delta": delta}), out);
        }
        let mut content = json!({});
        content[kind] = json!(text);
        let delta = json!({"message": {"content": content}});
        push("content-delta", json!({"index": self.blocks, "delta": delta}), out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        match self.block {
            Block::None => {}
            Block::Content(_) => {
                push("content-end", json!({"index": self.blocks}), out);
                self.blocks += 1;
            }
            Block::Call(index) => push("tool-call-end", json!({"index": index}), out),
        }
        self.block = Block::None;
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start { .. } => {
                let message = json!({"role": "assistant", "content": [], "tool_plan": "",
                    "tool_calls": [], "citations": []});
                let event = json!({"id": id(&self.answer), "delta": {"message": message}});
                push("message-start", event, out);
            }
            Event::Reasoning { text, .. } => self.content("thinking", text, out),
            Event::Text { text, .. } => self.content("text", text, out),
            Event::Call { index, number, name, .. } => {
                self.close(out);
                self.block = Block::Call(*index);
                let delta = json!({"message": {"tool_calls": call(*number, name, "")}});
                push("tool-call-start", json!({"index": index, "delta": delta}), out);
            }
            Event::Arguments { index, fragment, .. } => {
                let calls = json!({"function": {"arguments": fragment}});
                let delta = json!({"message": {"tool_calls": calls}});
                push("tool-call-delta", json!({"index": index, "delta": delta}), out);
            }
            Event::Finish { .. } => self.close(out),
            Event::Usage => {
                let finish = self.answer.choices.first().map_or(Value::Null, reason);
                let delta = json!({"finish_reason": finish, "usage": usage(&self.answer)});
                push("message-end", json!({"delta": delta}), out);
            }
            Event::End => {}
        }
    }
}
