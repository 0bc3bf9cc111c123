//! Bedrock's Converse: JSON in, JSON or AWS's event stream out.
use super::asked::{hear, json, list, only, text, texts, whole};
use super::aws;
use super::dialect::{StreamWriter, Wire, bearer};
use crate::answer::{Answer, Choice, Finish};
use crate::ask::{Ask, Output, Refusal, Tool, ToolChoice};
use crate::event::Event;
use crate::request::Request;
use crate::script::Script;
use serde_json::{Value, json};

/// `/model/{model}/converse` and `/model/{model}/converse-stream`.
pub(crate) struct Bedrock;

/// What thinking is signed with, and taken back by.
const SIGNATURE: &str = "c2ltdWxhdGVkLXNpZ25hdHVyZQ==";

const FIELDS: [&str; 10] = [
    "additionalModelRequestFields",
    "guardrailConfig",
    "inferenceConfig",
    "messages",
    "outputConfig",
    "performanceConfig",
    "requestMetadata",
    "serviceTier",
    "system",
    "toolConfig",
];

fn refused(message: impl Into<String>) -> Refusal {
    Refusal::new(400, message)
}

impl Wire for Bedrock {
    fn read(&self, body: &[u8]) -> Result<Ask, Refusal> {
        let body = json(body)?;
        only(&body, &FIELDS)?;
        let inference = &body["inferenceConfig"];
        let config = &body["toolConfig"];
        only(inference, &["maxTokens", "stopSequences", "temperature", "topP"])?;
        if !config.is_null() && list(&config["tools"]).is_empty() {
            return Err(refused("toolConfig.tools: at least one"));
        }
        let max = whole(&inference["maxTokens"]);
        thinking(&body["additionalModelRequestFields"], max, config, inference)?;
        let mut ask = Ask {
            include_usage: true,
            output_tokens_max: max,
            stop: texts(&inference["stopSequences"]),
            output: match &body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"] {
                Value::Null => Output::Text,
                schema => Output::Schema(json(text(schema).as_bytes())?),
            },
            tools: list(&config["tools"]).iter().filter_map(tool).collect(),
            tool_choice: match &config["toolChoice"] {
                choice if choice["any"].is_object() => ToolChoice::Required,
                choice if choice["tool"].is_object() => {
                    ToolChoice::Named(text(&choice["tool"]["name"]).to_owned())
                }
                _ => ToolChoice::Auto,
            },
            ..Ask::default()
        };
        messages(list(&body["messages"]), !config.is_null(), &mut ask)?;
        Ok(ask)
    }

    fn read_at(&self, path: &str, body: &[u8]) -> Result<Ask, Refusal> {
        let ask = self.read(body)?;
        let (_, rest) = path.rsplit_once("/model/").unwrap_or_default();
        let (model, verb) = rest.rsplit_once('/').unwrap_or_default();
        let model = model.replace("%3A", ":").replace("%2F", "/");
        Ok(Ask { model, stream: verb == "converse-stream", ..ask })
    }

    fn admits(&self, wanted: &str, request: &Request) -> bool {
        match wanted.split_once(':') {
            Some((id, secret)) => aws::is_signed(request, id, secret),
            None => bearer(request) == Some(wanted),
        }
    }

    fn stream_type(&self) -> &'static str {
        "application/vnd.amazon.eventstream"
    }

    fn whole(&self, answer: &Answer, _: &Script) -> Vec<u8> {
        let mut content = Vec::new();
        let mut stop = Value::Null;
        if let Some(choice) = answer.choices.first() {
            let thought = &choice.reasoning.whole;
            if !thought.is_empty() {
                let thought = json!({"text": thought, "signature": SIGNATURE});
                content.push(json!({"reasoningContent": {"reasoningText": thought}}));
            }
            if !choice.text.whole.is_empty() {
                content.push(json!({"text": choice.text.whole}));
            }
            for call in &choice.calls {
                let input: Value = serde_json::from_str(&call.arguments.whole).unwrap_or_default();
                let id = call_id(call.number);
                content
                    .push(json!({"toolUse": {"toolUseId": id, "name": call.name, "input": input}}));
            }
            stop = reason(choice);
        }
        let body = json!({
            "output": {"message": {"role": "assistant", "content": content}}, "stopReason": stop,
            "usage": usage(answer), "metrics": {"latencyMs": 1}
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
        let kind = match refusal.status {
            400 => "validationException",
            424 => "modelStreamErrorException",
            429 => "throttlingException",
            503 => "serviceUnavailableException",
            _ => "internalServerException",
        };
        let headers = [(":exception-type", kind), (":message-type", "exception")];
        aws::frame(&headers, json!({"message": refusal.message}).to_string().as_bytes())
    }
}

fn tool(tool: &Value) -> Option<Tool> {
    let spec = tool.get("toolSpec")?;
    let schema = spec["inputSchema"]["json"].clone();
    Some(Tool { name: text(&spec["name"]).to_owned(), schema })
}

fn thinking(
    own: &Value,
    max: Option<u32>,
    config: &Value,
    inference: &Value,
) -> Result<(), Refusal> {
    if own["thinking"]["type"] != "enabled" {
        return Ok(());
    }
    let budget = whole(&own["thinking"]["budget_tokens"]).unwrap_or(0);
    if budget < 1024 || max.is_some_and(|max| max <= budget) {
        return Err(refused("thinking.budget_tokens: at least 1024 and below max_tokens"));
    }
    let forced = ["any", "tool"].iter().any(|it| config["toolChoice"][*it].is_object());
    if forced || inference.get("temperature").is_some() {
        return Err(refused("Thinking may not be enabled when tool_choice forces use."));
    }
    Ok(())
}

fn messages(messages: &[Value], has_tools: bool, ask: &mut Ask) -> Result<(), Refusal> {
    let mut last = "assistant";
    let mut due: Vec<String> = Vec::new();
    for message in messages {
        let role = text(&message["role"]);
        if !["user", "assistant"].contains(&role) || role == last {
            return Err(refused("A conversation must alternate between user and assistant roles."));
        }
        last = if role == "user" { "user" } else { "assistant" };
        let blocks = list(&message["content"]);
        if blocks.is_empty() {
            return Err(refused("The content field of a message is empty."));
        }
        let (mut said, mut result) = (String::new(), None);
        let open = std::mem::take(&mut due);
        for block in blocks {
            let (kind, inner) = block
                .as_object()
                .and_then(|block| block.iter().next())
                .ok_or_else(|| refused("A content block has to be an object."))?;
            match kind.as_str() {
                "text" if text(inner).trim().is_empty() => {
                    return Err(refused("The text field in a ContentBlock object is blank."));
                }
                "text" => said.push_str(text(inner)),
                "toolUse" | "toolResult" if !has_tools => {
                    return Err(refused("The toolConfig field must be defined."));
                }
                "toolUse" if !inner["input"].is_object() => {
                    return Err(refused("toolUse.input has to be an object."));
                }
                "toolUse" => due.push(text(&inner["toolUseId"]).to_owned()),
                "toolResult" => {
                    if !open.iter().any(|id| inner["toolUseId"] == id.as_str()) {
                        return Err(refused("toolResult blocks exceed the toolUse blocks."));
                    }
                    let content = list(&inner["content"]);
                    result = Some(content.iter().map(|it| text(&it["text"])).collect::<String>());
                }
                "reasoningContent" if inner["reasoningText"]["signature"] != SIGNATURE => {
                    return Err(refused("Invalid `signature` in `thinking` block"));
                }
                "image" if inner["source"]["bytes"].is_string() => {}
                "cachePoint" | "document" | "reasoningContent" | "video" => {}
                other => return Err(refused(format!("Unknown content block {other}."))),
            }
        }
        if !open.is_empty() && result.is_none() {
            return Err(refused("Expected toolResult blocks for the toolUse blocks before."));
        }
        let is_result = result.is_some();
        hear(ask, &result.unwrap_or(said), role == "user" && !is_result, is_result);
    }
    match messages.first() {
        Some(first) if first["role"] == "user" => Ok(()),
        _ => Err(refused("A conversation must start with a user message.")),
    }
}

fn call_id(number: u64) -> String {
    format!("tooluse_{number:016x}")
}

fn usage(answer: &Answer) -> Value {
    let usage = answer.usage;
    json!({
        "inputTokens": usage.prompt - usage.cached, "outputTokens": usage.completion,
        "totalTokens": usage.prompt + usage.completion, "cacheReadInputTokens": usage.cached,
        "cacheWriteInputTokens": 0
    })
}

fn reason(choice: &Choice) -> Value {
    match choice.finish {
        Some(Finish::Stop) => json!("end_turn"),
        Some(Finish::Length) => json!("max_tokens"),
        Some(Finish::ToolCalls) => json!("tool_use"),
        None => Value::Null,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    None,
    Thinking,
    Text,
    Call(u32),
}

/// Writes one message as frames.
struct Writer {
    answer: Answer,
    block: Block,
    blocks: u32,
}

fn push(kind: &str, payload: &Value, out: &mut Vec<u8>) {
    let headers =
        [(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")];
    out.extend(aws::frame(&headers, payload.to_string().as_bytes()));
}

impl Writer {
    fn open(&mut self, block: Block, out: &mut Vec<u8>) {
        if self.block != block {
            self.close(out);
            (self.block, self.blocks) = (block, self.blocks + 1);
        }
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        if self.block == Block::Thinking {
            self.delta(&json!({"reasoningContent": {"signature": SIGNATURE}}), out);
        }
        if self.block != Block::None {
            let index = self.blocks - 1;
            push("contentBlockStop", &json!({"contentBlockIndex": index}), out);
        }
        self.block = Block::None;
    }

    fn delta(&self, delta: &Value, out: &mut Vec<u8>) {
        let index = self.blocks - 1;
        let event = json!({"contentBlockIndex": index, "delta": delta, "p": "abcdefgh"});
        push("contentBlockDelta", &event, out);
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::Start { .. } => push("messageStart", &json!({"role": "assistant"}), out),
            Event::Reasoning { text, .. } => {
                self.open(Block::Thinking, out);
                self.delta(&json!({"reasoningContent": {"text": text}}), out);
            }
            Event::Text { text, .. } => {
                self.open(Block::Text, out);
                self.delta(&json!({"text": text}), out);
            }
            Event::Call { index, number, name, .. } => {
                self.open(Block::Call(*index), out);
                let call = json!({"toolUse": {"toolUseId": call_id(*number), "name": name}});
                let index = self.blocks - 1;
                let start = json!({"contentBlockIndex": index, "start": call});
                push("contentBlockStart", &start, out);
            }
            Event::Arguments { fragment, .. } => {
                self.delta(&json!({"toolUse": {"input": fragment}}), out);
            }
            Event::Finish { .. } => {
                self.close(out);
                let stop = self.answer.choices.first().map_or(Value::Null, reason);
                push("messageStop", &json!({"stopReason": stop}), out);
            }
            Event::Usage => {
                let told = json!({"usage": usage(&self.answer), "metrics": {"latencyMs": 1}});
                push("metadata", &told, out);
            }
            Event::End => {}
        }
    }
}
