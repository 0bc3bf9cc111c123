//! The house's form of a request, written for an endpoint that speaks this dialect.

use std::collections::BTreeMap;

use domain::catalog::{Endpoint, Modality};
use domain::chat::{ChatRequest, Format, Message, Part, Role, ToolChoice};
use domain::failure::Failure;
use domain::request::Effort;
use serde_json::{Map, Value, json};

use super::parts::written_media;
use super::schema::taken;
use crate::thought::{GEMINI, Thought, is_of, said, thought};

/// What stands for the signature of a call that never had one, so that it is not asked for
/// (Google's documentation of thought signatures).
const UNSIGNED: &str = "skip_thought_signature_validator";

/// Writes a request. Returns what is not in it, too.
///
/// # Errors
/// When the endpoint cannot do what the request insists on.
pub(super) fn body(
    chat: &ChatRequest,
    endpoint: &Endpoint,
) -> Result<(Map<String, Value>, Vec<String>), Failure> {
    let mut writer = Writer {
        body: Map::new(),
        config: Map::new(),
        dropped: chat.dropped.clone(),
        names: BTreeMap::new(),
        signs: endpoint.reasoning,
    };
    writer.contents(&chat.messages);
    writer.tools(chat);
    writer.sampling(chat);
    writer.output(chat, endpoint);
    writer.thinking(thought(chat.reasoning.as_ref(), endpoint, chat.output.tokens_max)?, chat);
    let Writer { mut body, config, mut dropped, .. } = writer;
    if !config.is_empty() {
        body.insert("generationConfig".to_owned(), Value::Object(config));
    }
    dropped.extend(chat.extra.keys().filter(|name| *name != "image_config").cloned());
    for (name, value) in &endpoint.body {
        body.insert(name.clone(), value.clone());
    }
    Ok((body, dropped))
}

struct Writer {
    body: Map<String, Value>,
    config: Map<String, Value>,
    dropped: Vec<String>,
    /// The functions' names by the ids of their calls: results are paired by name.
    names: BTreeMap<String, String>,
    /// The model signs what it thinks, and asks for it back.
    signs: bool,
}

impl Writer {
    fn drop(&mut self, name: &str) {
        if !self.dropped.iter().any(|held| held == name) {
            self.dropped.push(name.to_owned());
        }
    }

    fn contents(&mut self, messages: &[Message]) {
        let is_system = |role: Role| matches!(role, Role::System | Role::Developer);
        let leading = messages.iter().take_while(|it| is_system(it.role)).count();
        let mut system = Vec::new();
        for message in &messages[..leading] {
            system.extend(self.parts(&message.parts));
        }
        if !system.is_empty() {
            self.body.insert("systemInstruction".to_owned(), json!({"parts": system}));
        }
        let mut turns: Vec<(&str, Vec<Value>)> = Vec::new();
        for message in &messages[leading..] {
            let role = if message.role == Role::Assistant { "model" } else { "user" };
            let parts = self.parts(&message.parts);
            match turns.last_mut().filter(|(last, _)| *last == role) {
                Some((_, held)) => held.extend(parts),
                None if !parts.is_empty() => turns.push((role, parts)),
                None => (),
            }
        }
        if turns.first().is_none_or(|(role, _)| *role == "model") {
            turns.insert(0, ("user", vec![json!({"text": "."})]));
        }
        let contents = turns.into_iter().map(|(role, it)| json!({"role": role, "parts": it}));
        self.body.insert("contents".to_owned(), contents.collect());
    }

    fn parts(&mut self, parts: &[Part]) -> Vec<Value> {
        let mut written: Vec<Value> = Vec::new();
        let mut signed: BTreeMap<&str, &str> = BTreeMap::new();
        let mut loose = None;
        for part in parts {
            if let Part::ReasoningDetail(detail) = part {
                match (is_of(detail, GEMINI), said(detail, "type")) {
                    (true, "reasoning.encrypted") if !said(detail, "id").is_empty() => {
                        signed.insert(said(detail, "id"), said(detail, "data"));
                    }
                    (true, "reasoning.encrypted") => loose = Some(said(detail, "data")),
                    (true, _) => (),
                    (false, _) => self.drop("reasoning_details"),
                }
            }
        }
        let mut is_first_call = true;
        for part in parts {
            match part {
                Part::Text { text, .. } | Part::Refusal(text) if !text.is_empty() => {
                    written.push(json!({"text": text}));
                }
                Part::ToolCall(call) => {
                    self.names.insert(call.id.clone(), call.name.clone());
                    let args: Value = serde_json::from_str(&call.arguments).unwrap_or_default();
                    let args = if args.is_object() { args } else { json!({}) };
                    let mut part = json!({"functionCall": {"name": call.name, "args": args}});
                    let own = signed.get(call.id.as_str()).copied();
                    let first = loose.filter(|_| is_first_call && signed.is_empty());
                    // Only the first call of a step carries a signature.
                    let none = Some(UNSIGNED).filter(|_| is_first_call && self.signs);
                    if let Some(signature) = own.or(first).or(none) {
                        part["thoughtSignature"] = json!(signature);
                        loose = None;
                    }
                    is_first_call = false;
                    written.push(part);
                }
                Part::ToolResult { call_id, parts, failed } => {
                    written.extend(self.result(call_id, parts, *failed));
                }
                part => written.extend(written_media(part)),
            }
        }
        if let (Some(signature), Some(last)) = (loose, written.last_mut()) {
            last["thoughtSignature"] = json!(signature);
        }
        written
    }

    fn result(&mut self, call_id: &str, parts: &[Part], failed: bool) -> Vec<Value> {
        let text: String = parts
            .iter()
            .filter_map(|part| match part {
                Part::Text { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let read: Value = serde_json::from_str(&text).unwrap_or_default();
        let response = match (failed, read) {
            (true, _) => json!({"error": text}),
            (false, read @ Value::Object(_)) => read,
            (false, _) => json!({"result": text}),
        };
        let name = self.names.get(call_id).cloned().unwrap_or_else(|| call_id.to_owned());
        let mut written = vec![json!({"functionResponse": {"name": name, "response": response}})];
        written.extend(parts.iter().filter_map(written_media));
        written
    }

    fn tools(&mut self, chat: &ChatRequest) {
        if chat.tools.is_empty() {
            return;
        }
        let declared: Vec<Value> = chat
            .tools
            .iter()
            .map(|tool| {
                let mut declared = json!({"name": tool.name});
                if let Some(description) = &tool.description {
                    declared["description"] = json!(description);
                }
                if let Some(schema) = &tool.parameters {
                    declared["parametersJsonSchema"] = taken(schema);
                }
                declared
            })
            .collect();
        self.body.insert("tools".to_owned(), json!([{"functionDeclarations": declared}]));
        let config = match &chat.tool_choice {
            None => return,
            Some(ToolChoice::Auto) => json!({"mode": "AUTO"}),
            Some(ToolChoice::None) => json!({"mode": "NONE"}),
            Some(ToolChoice::Required) => json!({"mode": "ANY"}),
            Some(ToolChoice::Function(name)) => {
                json!({"mode": "ANY", "allowedFunctionNames": [name]})
            }
        };
        self.body.insert("toolConfig".to_owned(), json!({"functionCallingConfig": config}));
    }

    fn sampling(&mut self, chat: &ChatRequest) {
        let sampling = &chat.sampling;
        let settings = [
            ("temperature", sampling.temperature.map(|it| json!(it))),
            ("topP", sampling.top_p.map(|it| json!(it))),
            ("topK", sampling.top_k.map(|it| json!(it))),
            ("seed", sampling.seed.map(|it| json!(it as i32))),
            ("frequencyPenalty", sampling.frequency_penalty.map(|it| json!(it))),
            ("presencePenalty", sampling.presence_penalty.map(|it| json!(it))),
            ("maxOutputTokens", chat.output.tokens_max.map(|it| json!(it))),
            ("candidateCount", chat.output.choices.filter(|it| 1 < *it).map(|it| json!(it))),
            ("responseLogprobs", sampling.logprobs.filter(|it| *it).map(|it| json!(it))),
            ("logprobs", sampling.top_logprobs.map(|it| json!(it))),
            ("stopSequences", Some(json!(sampling.stop)).filter(|_| !sampling.stop.is_empty())),
        ];
        for (name, value) in settings {
            self.config.extend(value.map(|value| (name.to_owned(), value)));
        }
    }

    fn output(&mut self, chat: &ChatRequest, endpoint: &Endpoint) {
        let mut set = |name: &str, value: Value| {
            self.config.insert(name.to_owned(), value);
        };
        match &chat.output.format {
            Some(Format::JsonObject) => set("responseMimeType", json!("application/json")),
            Some(Format::JsonSchema { schema, .. }) => {
                set("responseMimeType", json!("application/json"));
                set("responseJsonSchema", taken(schema));
            }
            Some(Format::Text | Format::Other(_)) | None => (),
        }
        let makes = |modality: Modality| endpoint.output_modalities.contains(&modality);
        let asked = &chat.output.modalities;
        let wanted: Vec<&str> =
            [(Modality::Text, "TEXT"), (Modality::Image, "IMAGE"), (Modality::Audio, "AUDIO")]
                .into_iter()
                .filter(|(it, _)| makes(*it) && (asked.is_empty() || asked.contains(it)))
                .map(|(_, word)| word)
                .collect();
        if wanted.iter().any(|word| *word != "TEXT") {
            set("responseModalities", json!(wanted));
        }
        if let Some(config) = chat.extra.get("image_config") {
            let camel = [("aspect_ratio", "aspectRatio"), ("image_size", "imageSize")];
            let told = camel.iter().filter_map(|(from, to)| {
                config.get(*from).map(|value| ((*to).to_owned(), value.clone()))
            });
            set("imageConfig", Value::Object(told.collect()));
        }
    }

    fn thinking(&mut self, thought: Thought, chat: &ChatRequest) {
        let shows = !chat.reasoning.as_ref().is_some_and(|ask| ask.exclude);
        let config = match thought {
            Thought::Unsaid if !self.signs => return,
            Thought::Unsaid => json!({"includeThoughts": shows}),
            Thought::Off => json!({"thinkingBudget": 0}),
            Thought::Budget(tokens) => {
                json!({"thinkingBudget": tokens, "includeThoughts": shows})
            }
            Thought::Effort(effort) => {
                let level = match effort {
                    Effort::None | Effort::Minimal => "minimal",
                    Effort::Low => "low",
                    Effort::Medium => "medium",
                    Effort::High | Effort::Xhigh | Effort::Max => "high",
                };
                json!({"thinkingLevel": level, "includeThoughts": shows})
            }
        };
        self.config.insert("thinkingConfig".to_owned(), config);
    }
}
