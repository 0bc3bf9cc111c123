//! What of a request is no conversation: limits, sampling, thinking, the form of the answer.

use domain::catalog::Endpoint;
use domain::chat::{ChatRequest, Format};
use domain::quirk::ReasoningIn;
use serde_json::{Map, Value, json};

use super::messages::Blocks;
use crate::thought::Thought;

/// Adds it to a body.
pub(super) fn add(
    chat: &ChatRequest,
    endpoint: &Endpoint,
    thought: Thought,
    body: &mut Map<String, Value>,
    blocks: &mut Blocks,
) {
    let inference = inference(chat, endpoint, thought, blocks);
    if !inference.is_empty() {
        body.insert("inferenceConfig".to_owned(), Value::Object(inference));
    }
    let mut own = thinking(thought, endpoint);
    let listed = endpoint.quirks.extra_params.as_deref().unwrap_or_default();
    let is_listed = |name: &str| listed.iter().any(|listed| listed == name);
    if let Some(top_k) = chat.sampling.top_k {
        match is_listed("top_k") {
            true => {
                own.insert("top_k".to_owned(), json!(top_k));
            }
            false => blocks.drop("top_k"),
        }
    }
    for (name, value) in &chat.extra {
        match (name.as_str(), value) {
            (name, _) if !is_listed(name) => blocks.drop(name),
            ("additionalModelRequestFields", Value::Object(fields)) => {
                own.extend(fields.clone());
            }
            (name, value) => {
                body.insert(name.to_owned(), value.clone());
            }
        }
    }
    if !own.is_empty() {
        body.insert("additionalModelRequestFields".to_owned(), Value::Object(own));
    }
    format(chat, body, blocks);
    let is_priced = endpoint.price.as_ref().is_some_and(|card| card.priority.is_some());
    match chat.priority {
        true if is_priced => {
            body.insert("serviceTier".to_owned(), json!({"type": "priority"}));
        }
        true => blocks.drop("service_tier"),
        false => (),
    }
}

fn inference(
    chat: &ChatRequest,
    endpoint: &Endpoint,
    thought: Thought,
    blocks: &mut Blocks,
) -> Map<String, Value> {
    let sampling = &chat.sampling;
    let thinks = matches!(thought, Thought::Budget(_) | Thought::Effort(_));
    let fixed = endpoint.quirks.fixed_temperature == Some(true);
    let is_free = endpoint.temperature && !fixed && !thinks;
    let mut inference = Map::new();
    let mut set = |name: &str, value: Value| inference.insert(name.to_owned(), value);
    if let Some(max) = chat.output.tokens_max {
        set("maxTokens", json!(max));
    }
    match sampling.temperature {
        Some(temperature) if is_free => {
            set("temperature", json!(temperature.clamp(0.0, 1.0)));
        }
        Some(_) => blocks.drop("temperature"),
        None => (),
    }
    match sampling.top_p {
        // Claude refuses the two together.
        Some(top_p) if is_free && sampling.temperature.is_none() => {
            set("topP", json!(top_p));
        }
        Some(_) => blocks.drop("top_p"),
        None => (),
    }
    let stops: Vec<&String> = sampling.stop.iter().filter(|it| !it.trim().is_empty()).collect();
    if !stops.is_empty() {
        set("stopSequences", json!(stops));
    }
    let untold = [
        ("seed", sampling.seed.is_some()),
        ("min_p", sampling.min_p.is_some()),
        ("top_a", sampling.top_a.is_some()),
        ("frequency_penalty", sampling.frequency_penalty.is_some()),
        ("presence_penalty", sampling.presence_penalty.is_some()),
        ("repetition_penalty", sampling.repetition_penalty.is_some()),
        ("logit_bias", sampling.logit_bias.is_some()),
        ("logprobs", sampling.logprobs == Some(true)),
        ("top_logprobs", sampling.top_logprobs.is_some()),
        ("n", chat.output.choices.is_some_and(|choices| 1 < choices)),
        ("verbosity", chat.output.verbosity.is_some()),
    ];
    untold.iter().filter(|(_, set)| *set).for_each(|(name, _)| blocks.drop(name));
    inference
}

/// Returns the model's own fields that tell it how to think: Claude's, unless a flag says
/// otherwise.
fn thinking(thought: Thought, endpoint: &Endpoint) -> Map<String, Value> {
    let controls = &endpoint.reasoning_controls;
    let way = endpoint.quirks.reasoning_in.as_ref().and_then(|ways| ways.first());
    let fields = match (thought, way) {
        (Thought::Unsaid, _) => json!({}),
        (Thought::Off, Some(ReasoningIn::ReasoningConfig)) => {
            json!({"reasoningConfig": {"type": "disabled"}})
        }
        (Thought::Effort(effort), Some(ReasoningIn::ReasoningConfig)) => {
            json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": effort.word()}})
        }
        (Thought::Effort(effort), Some(ReasoningIn::ReasoningEffort)) => {
            json!({"reasoning_effort": effort.word()})
        }
        (Thought::Off, None) if controls.toggle => json!({"thinking": {"type": "disabled"}}),
        // It does not think unless it is asked to.
        (Thought::Off, _) => json!({}),
        (Thought::Budget(tokens), _) => {
            json!({"thinking": {"type": "enabled", "budget_tokens": tokens}})
        }
        (Thought::Effort(effort), _) => {
            let mut thinking = json!({"type": "adaptive"});
            // Models that know nothing but this form show nothing unless they are asked to.
            if !controls.budget {
                thinking["display"] = json!("summarized");
            }
            json!({"thinking": thinking, "output_config": {"effort": effort.word()}})
        }
    };
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn format(chat: &ChatRequest, body: &mut Map<String, Value>, blocks: &mut Blocks) {
    match &chat.output.format {
        Some(Format::JsonSchema { name, schema, description, strict: _ }) => {
            let mut form = json!({"schema": schema.to_string(), "name": name});
            if let Some(description) = description {
                form["description"] = json!(description);
            }
            let text = json!({"type": "json_schema", "structure": {"jsonSchema": form}});
            body.insert("outputConfig".to_owned(), json!({"textFormat": text}));
        }
        Some(Format::Other(_)) => blocks.drop("response_format"),
        Some(Format::JsonObject | Format::Text) | None => (),
    }
}
