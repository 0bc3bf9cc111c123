//! The house's form of a request, written for an endpoint that speaks this dialect.

use domain::catalog::Endpoint;
use domain::chat::{
    CacheMark, ChatRequest, FileSource, Format, Message, Part, Role, Tool, ToolChoice,
};
use domain::failure::{Failure, FailureKind, Fault, Retry};
use serde_json::{Map, Value, json};

use super::ask::written_mark;
use crate::thought::{CLAUDE, Thought, is_of, said, thought};

/// Marks of where to cache that one request may hold.
const MARKS_MAX: usize = 4;
/// The limit that is sent where nobody says which: the dialect insists on one.
const OUTPUT_TOKENS_DEFAULT: u32 = 4096;

/// A body, and what of the request is not in it.
pub(super) struct Written {
    pub(super) body: Map<String, Value>,
    pub(super) dropped: Vec<String>,
}

/// Writes a request, but for the model and the streaming.
///
/// # Errors
/// When the endpoint cannot do what the request insists on.
pub(super) fn body(
    chat: &ChatRequest,
    endpoint: &Endpoint,
    user: Option<&str>,
) -> Result<Written, Failure> {
    let mut writer = Writer { endpoint, marks: 0, dropped: Vec::new(), body: Map::new() };
    let output = chat.output.tokens_max;
    let thought = thought(chat.reasoning.as_ref(), endpoint, output)?;
    let default = endpoint.max_output.unwrap_or(OUTPUT_TOKENS_DEFAULT);
    writer.body.insert("max_tokens".to_owned(), json!(output.unwrap_or(default)));
    writer.tools(chat, matches!(thought, Thought::Budget(_)));
    writer.messages(&chat.messages)?;
    writer.thinking(thought);
    writer.verbosity(chat.output.verbosity.as_deref());
    writer.sampling(chat, thought);
    writer.format(chat);
    if let Some(user) = user {
        writer.body.insert("metadata".to_owned(), json!({"user_id": user}));
    }
    if let Some(mark) = chat.cache {
        writer.body.insert("cache_control".to_owned(), written_mark(mark));
    }
    let Writer { body, mut dropped, .. } = writer;
    dropped.extend(chat.dropped.iter().cloned());
    dropped.extend(chat.extra.keys().cloned());
    Ok(Written { body, dropped })
}

struct Writer<'a> {
    endpoint: &'a Endpoint,
    marks: usize,
    dropped: Vec<String>,
    body: Map<String, Value>,
}

impl Writer<'_> {
    fn set(&mut self, name: &str, value: Value) {
        self.body.insert(name.to_owned(), value);
    }

    fn drop(&mut self, name: &str) {
        if !self.dropped.iter().any(|held| held == name) {
            self.dropped.push(name.to_owned());
        }
    }

    /// Marks a block, as long as marks are left.
    fn mark(&mut self, block: &mut Value, cache: Option<CacheMark>) {
        let Some(mark) = cache else { return };
        if self.marks == MARKS_MAX {
            return self.drop("cache_control");
        }
        self.marks += 1;
        block["cache_control"] = written_mark(mark);
    }

    fn tools(&mut self, chat: &ChatRequest, thinks_first: bool) {
        if chat.tools.is_empty() {
            return;
        }
        let tools: Vec<Value> = chat.tools.iter().map(|it| self.tool(it)).collect();
        self.set("tools", Value::Array(tools));
        let mut choice = match &chat.tool_choice {
            None => Value::Null,
            Some(ToolChoice::Auto) => json!({"type": "auto"}),
            Some(ToolChoice::None) => json!({"type": "none"}),
            // A model that thinks first cannot be forced to call.
            Some(_) if thinks_first => {
                self.drop("tool_choice");
                json!({"type": "auto"})
            }
            Some(ToolChoice::Required) => json!({"type": "any"}),
            Some(ToolChoice::Function(name)) => json!({"type": "tool", "name": name}),
        };
        if let Some(parallel) = chat.parallel_tool_calls
            && chat.tool_choice != Some(ToolChoice::None)
        {
            if choice.is_null() {
                choice = json!({"type": "auto"});
            }
            choice["disable_parallel_tool_use"] = json!(!parallel);
        }
        if !choice.is_null() {
            self.set("tool_choice", choice);
        }
    }

    fn tool(&mut self, tool: &Tool) -> Value {
        let mut schema = tool.parameters.clone().unwrap_or_else(|| json!({}));
        if schema.get("type").is_none() {
            schema["type"] = json!("object");
        }
        let mut written = json!({"name": tool.name, "input_schema": schema});
        if let Some(description) = &tool.description {
            written["description"] = json!(description);
        }
        if tool.strict == Some(true) && self.endpoint.structured_output {
            written["strict"] = json!(true);
        }
        self.mark(&mut written, tool.cache);
        written
    }

    fn messages(&mut self, messages: &[Message]) -> Result<(), Failure> {
        let is_system = |role: Role| matches!(role, Role::System | Role::Developer);
        let leading = messages.iter().take_while(|message| is_system(message.role)).count();
        let mut system = Vec::new();
        for message in &messages[..leading] {
            self.blocks(&message.parts, &mut system)?;
        }
        if !system.is_empty() {
            self.set("system", Value::Array(system));
        }
        let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
        for message in &messages[leading..] {
            let role = if message.role == Role::Assistant { "assistant" } else { "user" };
            let mut blocks = Vec::new();
            self.blocks(&message.parts, &mut blocks)?;
            match turns.last_mut().filter(|(last, _)| *last == role) {
                Some((_, held)) => join(held, blocks),
                None if !blocks.is_empty() => turns.push((role, blocks)),
                None => (),
            }
        }
        if turns.first().is_none_or(|(role, _)| *role == "assistant") {
            turns.insert(0, ("user", vec![json!({"type": "text", "text": "."})]));
        }
        if let Some(("assistant", blocks)) = turns.last_mut() {
            trim_end(blocks);
        }
        turns.retain(|(_, blocks)| !blocks.is_empty());
        let written = turns.into_iter().map(|(role, it)| json!({"role": role, "content": it}));
        let written = written.collect();
        self.set("messages", written);
        Ok(())
    }

    fn blocks(&mut self, parts: &[Part], blocks: &mut Vec<Value>) -> Result<(), Failure> {
        for part in parts {
            blocks.extend(self.block(part)?);
        }
        Ok(())
    }

    fn block(&mut self, part: &Part) -> Result<Option<Value>, Failure> {
        let (mut block, cache) = match part {
            Part::Text { text, .. } | Part::Refusal(text) if text.trim().is_empty() => {
                return Ok(None);
            }
            Part::Text { text, cache } => (json!({"type": "text", "text": text}), *cache),
            Part::Refusal(text) => (json!({"type": "text", "text": text}), None),
            Part::Image { url, cache, .. } => {
                (json!({"type": "image", "source": source(url)}), *cache)
            }
            Part::File { name, source: from, cache } => {
                let from = match from {
                    FileSource::Url(url) => source(url),
                    FileSource::Id(id) => json!({"type": "file", "file_id": id}),
                };
                let mut block = json!({"type": "document", "source": from});
                if let Some(name) = name {
                    block["title"] = json!(name);
                }
                (block, *cache)
            }
            Part::Audio { .. } => return Err(unheard("audio")),
            Part::Video { .. } => return Err(unheard("video")),
            // Thinking without a signature is not taken back.
            Part::Reasoning(_) => return Ok(None),
            Part::ReasoningDetail(detail) => return Ok(self.thinking_block(detail)),
            Part::ToolCall(call) => {
                let input: Value = serde_json::from_str(&call.arguments).unwrap_or(Value::Null);
                let input = if input.is_object() { input } else { json!({}) };
                let id = tool_id(&call.id);
                (json!({"type": "tool_use", "id": id, "name": call.name, "input": input}), None)
            }
            Part::ToolResult { call_id, parts, failed } => {
                let mut content = Vec::new();
                self.blocks(parts, &mut content)?;
                let mut block = json!({"type": "tool_result", "tool_use_id": tool_id(call_id)});
                if !content.is_empty() {
                    block["content"] = Value::Array(content);
                }
                if *failed {
                    block["is_error"] = json!(true);
                }
                (block, None)
            }
        };
        self.mark(&mut block, cache);
        Ok(Some(block))
    }

    /// Writes thinking of Claude's own; that of other families means nothing to it.
    fn thinking_block(&mut self, detail: &Value) -> Option<Value> {
        let (signature, data) = (said(detail, "signature"), said(detail, "data"));
        match said(detail, "type") {
            _ if !is_of(detail, CLAUDE) => {
                self.drop("reasoning_details");
                None
            }
            "reasoning.text" if !signature.is_empty() => {
                let thinking = said(detail, "text");
                Some(json!({"type": "thinking", "thinking": thinking, "signature": signature}))
            }
            "reasoning.encrypted" if !data.is_empty() => {
                Some(json!({"type": "redacted_thinking", "data": data}))
            }
            _ => None,
        }
    }

    fn thinking(&mut self, thought: Thought) {
        let controls = &self.endpoint.reasoning_controls;
        match thought {
            Thought::Unsaid => (),
            Thought::Off if controls.toggle => self.set("thinking", json!({"type": "disabled"})),
            // It does not think unless it is asked to.
            Thought::Off => (),
            Thought::Budget(tokens) => {
                self.set("thinking", json!({"type": "enabled", "budget_tokens": tokens}));
            }
            Thought::Effort(effort) => {
                let mut thinking = json!({"type": "adaptive"});
                // Models that know nothing but this form show nothing unless they are asked to.
                if !controls.budget {
                    thinking["display"] = json!("summarized");
                }
                self.set("thinking", thinking);
                self.set("output_config", json!({"effort": effort.word()}));
            }
        }
    }

    /// Writes how much is to be said: the dialect has one word for that and for how hard to think,
    /// which goes first.
    fn verbosity(&mut self, verbosity: Option<&str>) {
        let Some(word) = verbosity else { return };
        let known = self.endpoint.reasoning_controls.efforts.iter().any(|effort| effort == word);
        if !known || self.body.contains_key("output_config") {
            return self.drop("verbosity");
        }
        self.set("output_config", json!({"effort": word}));
    }

    fn sampling(&mut self, chat: &ChatRequest, thought: Thought) {
        let thinks = matches!(thought, Thought::Budget(_) | Thought::Effort(_));
        let sampling = &chat.sampling;
        for (name, value, is_free) in [
            // Its scale ends at 1, OpenAI's at 2.
            ("temperature", sampling.temperature.map(|it| json!(it.min(1.0))), true),
            // The two are refused together.
            ("top_p", sampling.top_p.map(|it| json!(it)), sampling.temperature.is_none()),
            ("top_k", sampling.top_k.map(|it| json!(it)), true),
        ] {
            match value {
                Some(value) if is_free && !thinks => self.set(name, value),
                Some(_) => self.drop(name),
                None => (),
            }
        }
        let stops: Vec<&String> = sampling.stop.iter().filter(|it| !it.trim().is_empty()).collect();
        if !stops.is_empty() {
            self.set("stop_sequences", json!(stops));
        }
    }

    fn format(&mut self, chat: &ChatRequest) {
        match &chat.output.format {
            Some(Format::JsonSchema { schema, .. }) => {
                let format = json!({"type": "json_schema", "schema": schema});
                let config = self.body.entry("output_config").or_insert_with(|| json!({}));
                config["format"] = format;
            }
            Some(Format::JsonObject) => {
                let told = json!({"type": "text", "text": "Answer with one JSON object alone."});
                let system = self.body.entry("system").or_insert_with(|| json!([]));
                system.as_array_mut().into_iter().for_each(|list| list.push(told.clone()));
            }
            Some(Format::Other(_)) => self.drop("response_format"),
            Some(Format::Text) | None => (),
        }
    }
}

/// Joins a turn to the one before: what tools said stands first.
fn join(held: &mut Vec<Value>, blocks: Vec<Value>) {
    for block in blocks {
        let is_result = block["type"] == "tool_result";
        let results = held.iter().take_while(|it| it["type"] == "tool_result").count();
        held.insert(if is_result { results } else { held.len() }, block);
    }
}

/// An answer that was begun for the model must not end in blanks.
fn trim_end(blocks: &mut [Value]) {
    if let Some(text) = blocks.last_mut().and_then(|block| block.get_mut("text")) {
        let trimmed = text.as_str().unwrap_or_default().trim_end().to_owned();
        *text = json!(trimmed);
    }
}

fn source(url: &str) -> Value {
    let inline = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    match inline {
        Some((mime, data)) => json!({"type": "base64", "media_type": mime, "data": data}),
        None => json!({"type": "url", "url": url}),
    }
}

/// Returns an id of the only shape that is taken: letters, digits, dashes and underscores.
fn tool_id(id: &str) -> String {
    let plain = |it: char| if it.is_ascii_alphanumeric() || it == '-' { it } else { '_' };
    match id.is_empty() {
        true => "call_0".to_owned(),
        false => id.chars().map(plain).collect(),
    }
}

fn unheard(what: &str) -> Failure {
    let detail = format!("The endpoint takes no {what}.");
    Failure::new(FailureKind::InvalidRequest, Fault::Caller, Retry::NextEndpoint, detail)
        .at("messages")
}
