//! Anthropic's messages, at Anthropic and under Vertex's paths.
use super::asked::{hear, json, list, only, text, texts, whole};
use super::dialect::{StreamWriter, Wire, bearer};
use crate::answer::{Answer, Choice, Finish};
use crate::ask::{Ask, Output, Refusal, Tool, ToolChoice};
use crate::event::Event;
use crate::request::Request;
use crate::script::Script;
use serde_json::{Value, json};

/// `/v1/messages`, or Vertex's `rawPredict`.
pub(crate) struct Anthropic {
    vertex: bool,
}

/// What thinking is signed with, and taken back by.
const SIGNATURE: &str = "c2ltdWxhdGVkLXNpZ25hdHVyZQ==";

const FIELDS: [&str; 21] = [
    "anthropic_beta",
    "anthropic_version",
    "cache_control",
    "container",
    "context_management",
    "inference_geo",
    "max_tokens",
    "mcp_servers",
    "messages",
    "metadata",
    "model",
    "output_config",
    "service_tier",
    "stop_sequences",
    "stream",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_p",
];

impl Anthropic {
    pub(crate) const PLAIN: Anthropic = Anthropic { vertex: false };
    pub(crate) const VERTEX: Anthropic = Anthropic { vertex: true };
}

fn refused(message: impl Into<String>) -> Refusal {
    Refusal::new(400, message)
}

impl Wire for Anthropic {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        let body = json(body)?;
        only(&body, &[&FIELDS[..], &["top_k"]].concat())?;
        if self.vertex && body["anthropic_version"] != "vertex-2023-10-16" {
            return Err(refused("anthropic_version: field required"));
        }
        if self.vertex != body["model"].is_null() {
            return Err(refused("model: field required in the body at Anthropic alone"));
        }
        let max = whole(&body["max_tokens"]).filter(|max| 0 < *max);
        let max = max.ok_or_else(|| refused("max_tokens: field required"))?;
        thinking(&body, max)?;
        let mut ask = Ask {
            model: text(&body["model"]).to_owned(),
            stream: body["stream"] == true,
            include_usage: true,
            output_tokens_max: Some(max),
            stop: texts(&body["stop_sequences"]),
            output: match &body["output_config"]["format"] {
                Value::Null => Output::Text,
                format => Output::Schema(format["schema"].clone()),
            },
            tools: list(&body["tools"])
                .iter()
                .filter(|tool| tool["input_schema"].is_object())
                .map(|tool| Tool {
                    name: text(&tool["name"]).to_owned(),
                    schema: tool["input_schema"].clone(),
                })
                .collect(),
            one_tool_at_a_time: body["tool_choice"]["disable_parallel_tool_use"] == true,
            tool_choice: match text(&body["tool_choice"]["type"]) {
                "any" => ToolChoice::Required,
                "none" => ToolChoice::None,
                "tool" => ToolChoice::Named(text(&body["tool_choice"]["name"]).to_owned()),
                _ => ToolChoice::Auto,
            },
            ..Ask::default()
        };
        messages(list(&body["messages"]), &mut ask)?;
        Ok(ask)
    }

    fn read_at(&self, path: &str, body: &[u8]) -> Result<Ask, Refusal> {
        let ask = self.read(body)?;
        match path.rsplit_once("/models/").filter(|_| self.vertex) {
            None => Ok(ask),
            Some((_, rest)) => {
                let model = rest.split(':').next().unwrap_or_default().to_owned();
                Ok(Ask { model, stream: rest.ends_with(":streamRawPredict"), ..ask })
            }
        }
    }

    fn admits(&self, wanted: &str, request: &Request) -> bool {
        request.header("x-api-key") == Some(wanted) || bearer(request) == Some(wanted)
    }

    fn whole(&self, answer: &Answer, _: &Script) -> Vec<u8> {
        let mut message = opened(answer);
        let mut content = Vec::new();
        if let Some(choice) = answer.choices.first() {
            if !choice.reasoning.whole.is_empty() {
                let thought = &choice.reasoning.whole;
                content.push(json!({
                    "type": "thinking", "thinking": thought, "signature": SIGNATURE
                }));
            }
            if !choice.text.whole.is_empty() {
                content.push(json!({"type": "text", "text": choice.text.whole}));
            }
            for call in &choice.calls {
                let input: Value = serde_json::from_str(&call.arguments.whole).unwrap_or_default();
                let id = call_id(call.number);
                content
                    .push(json!({"type": "tool_use", "id": id, "name": call.name, "input": input}));
            }
            message["stop_reason"] = stop_reason(choice);
        }
        message["content"] = Value::Array(content);
        message["usage"] = usage(answer);
        message.to_string().into_bytes()
    }

    fn stream(&self, _: &Ask, answer: &Answer, _: &Script) -> Box<dyn StreamWriter> {
        Box::new(Writer { answer: answer.clone(), block: Block::None, blocks: 0 })
    }

    fn error(&self, refusal: &Refusal) -> Vec<u8> {
        error(refusal).to_string().into_bytes()
    }

    fn error_event(&self, refusal: &Refusal) -> Vec<u8> {
        let mut out = Vec::new();
        push("error", &error(refusal), &mut out);
        out
    }
}

fn thinking(body: &Value, max: u32) -> Result<(), Refusal> {
    if body["thinking"]["type"] != "enabled" {
        return Ok(());
    }
    let budget = whole(&body["thinking"]["budget_tokens"]).unwrap_or(0);
    if budget < 1024 || max <= budget {
        return Err(refused("thinking.budget_tokens: at least 1024 and below max_tokens"));
    }
    if body["temperature"].as_f64().is_some_and(|it| it != 1.0) {
        return Err(refused("`temperature` may only be set to 1 when thinking is enabled."));
    }
    match text(&body["tool_choice"]["type"]) {
        "any" | "tool" => Err(refused("Thinking may not be enabled when tool_choice forces use.")),
        _ => Ok(()),
    }
}

fn messages(messages: &[Value], ask: &mut Ask) -> Result<(), Refusal> {
    let mut last = "assistant";
    let mut open: Vec<String> = Vec::new();
    for message in messages {
        let role = text(&message["role"]);
        if !["user", "assistant"].contains(&role) || role == last {
            return Err(refused("messages: roles must alternate between user and assistant"));
        }
        last = if role == "user" { "user" } else { "assistant" };
        let blocks = match &message["content"] {
            Value::String(said) => vec![json!({"type": "text", "text": said})],
            content => list(content).to_vec(),
        };
        if blocks.is_empty() {
            return Err(refused("messages: content must not be empty"));
        }
        let (mut said, mut result) = (String::new(), None);
        let due = std::mem::take(&mut open);
        for block in &blocks {
            match text(&block["type"]) {
                "text" if text(&block["text"]).trim().is_empty() => {
                    return Err(refused("messages: text content blocks must be non-empty"));
                }
                "text" => said.push_str(text(&block["text"])),
                "thinking" if block["signature"] != SIGNATURE => {
                    return Err(refused("messages: Invalid `signature` in `thinking` block"));
                }
                "tool_use" if !block["input"].is_object() => {
                    return Err(refused("messages: tool_use.input: must be an object"));
                }
                "tool_use" => open.push(text(&block["id"]).to_owned()),
                "tool_result" => {
                    if !due.iter().any(|id| block["tool_use_id"] == id.as_str()) {
                        return Err(refused("messages: unexpected `tool_use_id` in `tool_result`"));
                    }
                    result = Some(match &block["content"] {
                        Value::String(said) => said.clone(),
                        content => list(content).iter().map(|it| text(&it["text"])).collect(),
                    });
                }
                _ => {}
            }
        }
        if !due.is_empty() && result.is_none() {
            return Err(refused("messages: `tool_use` ids without `tool_result` blocks after"));
        }
        let is_result = result.is_some();
        hear(ask, &result.unwrap_or(said), role == "user" && !is_result, is_result);
    }
    match messages.first() {
        Some(first) if first["role"] == "user" => Ok(()),
        _ => Err(refused("messages: first message must use the user role")),
    }
}

fn call_id(number: u64) -> String {
    format!("toolu_{number:016x}")
}

fn opened(answer: &Answer) -> Value {
    json!({
        "id": format!("msg_{:016x}", answer.number), "type": "message", "role": "assistant",
        "model": answer.model, "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": {"input_tokens": answer.usage.prompt - answer.usage.cached,
            "cache_read_input_tokens": answer.usage.cached, "cache_creation_input_tokens": 0,
            "output_tokens": 1},
    })
}

fn usage(answer: &Answer) -> Value {
    let usage = answer.usage;
    json!({
        "input_tokens": usage.prompt - usage.cached, "cache_read_input_tokens": usage.cached,
        "cache_creation_input_tokens": 0, "output_tokens": usage.completion,
        "output_tokens_details": {"thinking_tokens": usage.reasoning}, "service_tier": "standard",
    })
}

fn stop_reason(choice: &Choice) -> Value {
    match choice.finish {
        Some(Finish::Stop) => json!("end_turn"),
        Some(Finish::Length) => json!("max_tokens"),
        Some(Finish::ToolCalls) => json!("tool_use"),
        None => Value::Null,
    }
}

fn error(refusal: &Refusal) -> Value {
    let kind = match refusal.status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 | 503 => "overloaded_error",
        500..=599 => "api_error",
        _ => "invalid_request_error",
    };
    json!({"type": "error", "error": {"type": kind, "message": refusal.message}})
}

fn push(name: &str, event: &Value, out: &mut Vec<u8>) {
    out.extend(format!("event: {name}\ndata: {event}\n\n").into_bytes());
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    None,
    Thinking,
    Text,
    Call(u32),
}

/// Writes one message as events.
struct Writer {
    answer: Answer,
    block: Block,
    blocks: u32,
}

impl Writer {
    fn open(&mut self, block: Block, content: &Value, out: &mut Vec<u8>) {
        if self.block == block {
            return;
        }
        self.close(out);
        let index = self.blocks;
        let opening =
            json!({"type": "content_block_start", "index": index, "content_block": content});
        push("content_block_start", &opening, out);
        (self.block, self.blocks) = (block, self.blocks + 1);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if self.block == Block::Thinking {
            self.delta(&json!({"type": "signature_delta", "signature": SIGNATURE}), out);
        }
        if self.block != Block::None {
            let closing = json!({"type": "content_block_stop", "index": self.blocks - 1});
            push("content_block_stop", &closing, out);
        }
        self.block = Block::None;
    }

    fn delta(&self, delta: &Value, out: &mut Vec<u8>) {
        let event =
            json!({"type": "content_block_delta", "index": self.blocks - 1, "delta": delta});
        push("content_block_delta", &event, out);
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start { .. } => {
                let message = opened(&self.answer);
                push("message_start", &json!({"type": "message_start", "message": message}), out);
                push("ping", &json!({"type": "ping"}), out);
            }
            Event::Reasoning { text, .. } => {
                let blank = json!({"type": "thinking", "thinking": "", "signature": ""});
                self.open(Block::Thinking, &blank, out);
                self.delta(&json!({"type": "thinking_delta", "thinking": text}), out);
            }
            Event::Text { text, .. } => {
                self.open(Block::Text, &json!({"type": "text", "text": ""}), out);
                self.delta(&json!({"type": "text_delta", "text": text}), out);
            }
            Event::Call { index, number, name, .. } => {
                let id = call_id(*number);
                let call = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
                self.open(Block::Call(*index), &call, out);
                self.delta(&json!({"type": "input_json_delta", "partial_json": ""}), out);
            }
            Event::Arguments { fragment, .. } => {
                self.delta(&json!({"type": "input_json_delta", "partial_json": fragment}), out);
            }
            Event::Finish { .. } => self.close(out),
            Event::Usage => {
                let stop = self.answer.choices.first().map_or(Value::Null, stop_reason);
                let usage = usage(&self.answer);
                let delta = json!({"stop_reason": stop, "stop_sequence": null});
                let event = json!({"type": "message_delta", "delta": delta, "usage": usage});
                push("message_delta", &event, out);
            }
            Event::End => push("message_stop", &json!({"type": "message_stop"}), out),
        }
    }
}
