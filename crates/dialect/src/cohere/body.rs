//! The house's form of a request, written for an endpoint that speaks this dialect.

use domain::catalog::Endpoint;
use domain::chat::{ChatRequest, Format, Tool, ToolChoice};
use domain::failure::Failure;
use serde_json::{Map, Value, json};

use super::messages::{self, unheard};
use crate::thought::{Thought, thought};

/// Stop sequences of one request, at most.
const STOPS_MAX: usize = 5;

/// Writes a request. Returns what is not in it, too.
///
/// # Errors
/// When the endpoint cannot do what the request insists on.
pub(super) fn body(
    chat: &ChatRequest,
    endpoint: &Endpoint,
) -> Result<(Map<String, Value>, Vec<String>), Failure> {
    let mut writer = Writer { endpoint, dropped: chat.dropped.clone(), body: Map::new() };
    writer.set("model", json!(endpoint.upstream_model));
    writer.set("messages", messages::written(&chat.messages, endpoint.reasoning)?.into());
    writer.tools(chat);
    writer.format(chat)?;
    writer.sampling(chat);
    writer.thinking(chat)?;
    writer.rest(chat);
    Ok((writer.body, writer.dropped))
}

struct Writer<'a> {
    endpoint: &'a Endpoint,
    dropped: Vec<String>,
    body: Map<String, Value>,
}

impl Writer<'_> {
    fn set(&mut self, name: &str, value: Value) {
        match self.endpoint.quirks.drops(name, self.endpoint.reasoning) {
            true => self.drop(name),
            false => {
                self.body.insert(name.to_owned(), value);
            }
        }
    }

    fn drop(&mut self, name: &str) {
        if !self.dropped.iter().any(|held| held == name) {
            self.dropped.push(name.to_owned());
        }
    }

    fn tools(&mut self, chat: &ChatRequest) {
        if chat.tools.is_empty() {
            return;
        }
        if !self.endpoint.tools {
            return self.drop("tools");
        }
        // One tool is forced by offering no other.
        let forced = match &chat.tool_choice {
            Some(ToolChoice::Function(name)) => Some(name),
            _ => None,
        };
        let offered = chat.tools.iter().filter(|tool| forced.is_none_or(|name| tool.name == *name));
        let offered: Vec<&Tool> = offered.collect();
        if offered.iter().any(|tool| tool.strict == Some(true)) {
            self.set("strict_tools", json!(true));
        }
        self.set("tools", offered.into_iter().map(written).collect());
        match &chat.tool_choice {
            None | Some(ToolChoice::Auto) => (),
            Some(ToolChoice::None) => self.set("tool_choice", json!("NONE")),
            Some(ToolChoice::Required | ToolChoice::Function(_)) => {
                self.set("tool_choice", json!("REQUIRED"));
            }
        }
        if chat.parallel_tool_calls.is_some() {
            self.drop("parallel_tool_calls");
        }
    }

    fn format(&mut self, chat: &ChatRequest) -> Result<(), Failure> {
        let format = match &chat.output.format {
            None | Some(Format::Text) => return Ok(()),
            Some(Format::JsonObject) => json!({"type": "json_object"}),
            Some(Format::JsonSchema { schema, .. }) => {
                json!({"type": "json_object", "json_schema": schema})
            }
            Some(Format::Other(_)) => {
                self.drop("response_format");
                return Ok(());
            }
        };
        if !chat.tools.is_empty() {
            let detail = "The endpoint keeps to no form while it offers tools.";
            return Err(unheard(detail).at("response_format"));
        }
        self.set("response_format", format);
        Ok(())
    }

    fn sampling(&mut self, chat: &ChatRequest) {
        let sampling = &chat.sampling;
        match sampling.temperature {
            Some(temperature) if self.endpoint.temperature => {
                self.set("temperature", json!(temperature.clamp(0.0, 1.0)));
            }
            Some(_) => self.drop("temperature"),
            None => (),
        }
        let set = [
            ("p", sampling.top_p.map(|it| json!(it.clamp(0.01, 0.99)))),
            ("k", sampling.top_k.map(|it| json!(it.clamp(0, 500)))),
            ("seed", sampling.seed.map(|it| json!(it))),
            ("frequency_penalty", sampling.frequency_penalty.map(|it| json!(it.clamp(0.0, 1.0)))),
            ("presence_penalty", sampling.presence_penalty.map(|it| json!(it.clamp(0.0, 1.0)))),
            ("max_tokens", chat.output.tokens_max.map(|it| json!(it))),
        ];
        for (name, value) in set {
            value.into_iter().for_each(|value| self.set(name, value));
        }
        let stops: Vec<&String> = sampling.stop.iter().take(STOPS_MAX).collect();
        if !stops.is_empty() {
            self.set("stop_sequences", json!(stops));
        }
        let untold = [
            ("stop", STOPS_MAX < sampling.stop.len()),
            ("min_p", sampling.min_p.is_some()),
            ("top_a", sampling.top_a.is_some()),
            ("repetition_penalty", sampling.repetition_penalty.is_some()),
            ("logit_bias", sampling.logit_bias.is_some()),
            ("logprobs", sampling.logprobs == Some(true)),
            ("top_logprobs", sampling.top_logprobs.is_some()),
            ("n", chat.output.choices.is_some_and(|choices| 1 < choices)),
            ("service_tier", chat.priority),
            ("verbosity", chat.output.verbosity.is_some()),
            ("cache_control", chat.cache.is_some()),
        ];
        untold.iter().filter(|(_, set)| *set).for_each(|(name, _)| self.drop(name));
    }

    fn thinking(&mut self, chat: &ChatRequest) -> Result<(), Failure> {
        let asked = thought(chat.reasoning.as_ref(), self.endpoint, chat.output.tokens_max)?;
        let thinking = match asked {
            Thought::Unsaid => return Ok(()),
            Thought::Off => json!({"type": "disabled"}),
            Thought::Budget(tokens) => json!({"type": "enabled", "token_budget": tokens}),
            Thought::Effort(_) => json!({"type": "enabled"}),
        };
        self.set("thinking", thinking);
        Ok(())
    }

    /// Passes on what the catalog lists of the dialect's own fields, and adds what it says.
    fn rest(&mut self, chat: &ChatRequest) {
        let listed = self.endpoint.quirks.extra_params.as_deref().unwrap_or_default();
        for (name, value) in &chat.extra {
            match listed.contains(name) {
                true => self.set(name, value.clone()),
                false => self.drop(name),
            }
        }
        for (name, value) in &self.endpoint.body {
            self.body.insert(name.clone(), value.clone());
        }
    }
}

fn written(tool: &Tool) -> Value {
    let mut function = json!({"name": tool.name});
    if let Some(description) = &tool.description {
        function["description"] = json!(description);
    }
    let schema = tool.parameters.clone().unwrap_or_else(|| json!({"type": "object"}));
    function["parameters"] = schema;
    json!({"type": "function", "function": function})
}
