//! Every top-level field of a chat request that is known, what it must look like, and what becomes
//! of it: reading, sending on, the contract and the API's own description all look here.

use serde_json::{Value, json};

/// What becomes of a field on its way to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is for the house; no endpoint sees it.
    House,
    /// A rule of its own puts it, or something instead, into the endpoint's request.
    Own,
    /// Of the dialect since its beginning: sent unless a flag forbids it.
    Plain,
    /// Of OpenAI's later additions: sent where OpenAI itself is followed, or the field is listed.
    Later,
    /// Of hosts of open weights: sent where it is listed.
    Listed,
}

/// What a value must look like. `null` is always taken for no value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    Any,
    Bool,
    /// A whole number within bounds.
    Whole(i64, i64),
    /// A number within bounds.
    Number(f64, f64),
    /// A string of at most so many characters.
    Text(usize),
    /// One of these words.
    Word(&'static [&'static str]),
    List,
    Object,
}

/// A known field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) fate: Fate,
    pub(super) shape: Shape,
    /// It is optional, and counts where every parameter has to be taken.
    pub(super) is_parameter: bool,
}

/// Efforts of thinking, as callers write them.
pub(super) const EFFORTS: &[&str] = &["none", "minimal", "low", "medium", "high", "xhigh", "max"];

const TEXT: Shape = Shape::Text(1 << 20);
const SEED: Shape = Shape::Whole(i64::MIN, i64::MAX);
const TOKENS: Shape = Shape::Whole(1, u32::MAX as i64);
const VERBOSITY: Shape = Shape::Word(&["low", "medium", "high", "xhigh", "max"]);
const ROUTE: Shape = Shape::Word(&["fallback", "sort"]);
const TIER: Shape = Shape::Word(&["auto", "default", "fast", "flex", "priority", "scale"]);

/// Sorted by name.
const KNOWN: [Known; 61] = [
    field("audio", Fate::Own, Shape::Object),
    field("best_of", Fate::Listed, Shape::Whole(1, 128)),
    field("cache_control", Fate::Listed, Shape::Object),
    field("debug", Fate::House, Shape::Object),
    field("echo", Fate::Listed, Shape::Bool),
    parameter("frequency_penalty", Fate::Plain, Shape::Number(-2.0, 2.0)),
    field("function_call", Fate::Plain, Shape::Any),
    field("functions", Fate::Plain, Shape::List),
    field("image_config", Fate::Own, Shape::Object),
    parameter("include_reasoning", Fate::Own, Shape::Bool),
    parameter("logit_bias", Fate::Plain, Shape::Object),
    // A number in the legacy form of completions.
    parameter("logprobs", Fate::Plain, Shape::Any),
    parameter("max_completion_tokens", Fate::Own, TOKENS),
    parameter("max_tokens", Fate::Own, TOKENS),
    field("max_tool_calls", Fate::House, Shape::Whole(1, 30)),
    field("messages", Fate::Own, Shape::Any),
    field("metadata", Fate::House, Shape::Object),
    parameter("min_p", Fate::Listed, Shape::Number(0.0, 1.0)),
    field("modalities", Fate::Own, Shape::List),
    field("model", Fate::Own, Shape::Text(256)),
    field("models", Fate::House, Shape::List),
    field("n", Fate::Plain, Shape::Whole(1, 128)),
    parameter("parallel_tool_calls", Fate::Own, Shape::Bool),
    field("plugins", Fate::House, Shape::List),
    parameter("prediction", Fate::Later, Shape::Object),
    parameter("presence_penalty", Fate::Plain, Shape::Number(-2.0, 2.0)),
    field("preset", Fate::House, TEXT),
    field("prompt", Fate::Own, Shape::Any),
    field("prompt_cache_key", Fate::Later, TEXT),
    field("prompt_cache_options", Fate::Later, Shape::Object),
    field("provider", Fate::House, Shape::Object),
    parameter("reasoning", Fate::Own, Shape::Object),
    parameter("reasoning_effort", Fate::Own, Shape::Word(EFFORTS)),
    parameter("repetition_penalty", Fate::Listed, Shape::Number(0.0, 2.0)),
    parameter("response_format", Fate::Plain, Shape::Object),
    field("route", Fate::House, ROUTE),
    field("safety_identifier", Fate::House, TEXT),
    parameter("seed", Fate::Plain, SEED),
    field("service_tier", Fate::Own, TIER),
    field("session_id", Fate::House, Shape::Text(256)),
    parameter("stop", Fate::Plain, Shape::Any),
    field("stop_server_tools_when", Fate::House, Shape::List),
    field("store", Fate::Later, Shape::Bool),
    field("stream", Fate::Own, Shape::Bool),
    field("stream_options", Fate::Own, Shape::Object),
    parameter("structured_outputs", Fate::House, Shape::Bool),
    field("suffix", Fate::Listed, TEXT),
    parameter("temperature", Fate::Plain, Shape::Number(0.0, 2.0)),
    parameter("tool_choice", Fate::Own, Shape::Any),
    parameter("tools", Fate::Own, Shape::List),
    parameter("top_a", Fate::Listed, Shape::Number(0.0, 1.0)),
    parameter("top_k", Fate::Listed, Shape::Whole(0, i64::MAX)),
    parameter("top_logprobs", Fate::Plain, Shape::Whole(0, 20)),
    parameter("top_p", Fate::Plain, Shape::Number(0.0, 1.0)),
    field("trace", Fate::House, Shape::Object),
    field("transforms", Fate::House, Shape::List),
    field("usage", Fate::House, Shape::Object),
    field("user", Fate::Own, TEXT),
    parameter("verbosity", Fate::Later, VERBOSITY),
    parameter("web_search_options", Fate::Later, Shape::Object),
    field("x_search_filter", Fate::Listed, Shape::Object),
];

/// Returns what is known of a field.
pub(super) fn known(name: &str) -> Option<&'static Known> {
    KNOWN.binary_search_by_key(&name, |known| known.name).ok().map(|place| &KNOWN[place])
}

/// Returns every known field with what its value must look like, as JSON Schema.
pub(crate) fn described() -> impl Iterator<Item = (&'static str, Value)> {
    KNOWN.iter().map(|known| (known.name, known.shape.schema()))
}

impl Shape {
    fn schema(self) -> Value {
        match self {
            Shape::Any => json!({}),
            Shape::Bool => json!({"type": "boolean"}),
            Shape::Whole(min, max) => {
                let mut schema = json!({"type": "integer"});
                for (word, bound, open) in [("minimum", min, i64::MIN), ("maximum", max, i64::MAX)]
                {
                    if bound != open {
                        schema[word] = json!(bound);
                    }
                }
                schema
            }
            Shape::Number(min, max) => json!({"type": "number", "minimum": min, "maximum": max}),
            Shape::Text(max) => json!({"type": "string", "maxLength": max}),
            Shape::Word(words) => json!({"type": "string", "enum": words}),
            Shape::List => json!({"type": "array"}),
            Shape::Object => json!({"type": "object"}),
        }
    }
}

const fn field(name: &'static str, fate: Fate, shape: Shape) -> Known {
    Known { name, fate, shape, is_parameter: false }
}

const fn parameter(name: &'static str, fate: Fate, shape: Shape) -> Known {
    Known { name, fate, shape, is_parameter: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(KNOWN.is_sorted_by_key(|known| known.name));
    }
}
