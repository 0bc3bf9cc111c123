//! What becomes of each optional parameter at an endpoint: the one table.
//!
//! Before a request is translated, what the table drops is taken out of it and named. What
//! `require_parameters` demands and `supported_parameters` shows is read from here as well.

use domain::catalog::Endpoint;
use domain::chat::{ChatRequest, Format, ToolChoice};

/// What becomes of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is sent under its own name, with its own values.
    Forward,
    /// It is sent in the dialect's own words.
    Translate,
    /// The dialect has no words for it; something else has its effect.
    Emulate,
    /// It is not sent, and named as dropped.
    Drop,
}

impl Fate {
    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Fate::Forward => "forward",
            Fate::Translate => "translate",
            Fate::Emulate => "emulate",
            Fate::Drop => "drop",
        }
    }
}

/// On what of an endpoint it depends that a parameter is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Always,
    /// Its sampling can be set.
    Sampling,
    /// It calls tools.
    Tools,
    /// It keeps to schemas; one that only calls tools has them emulated.
    Schema,
    /// It thinks.
    Thinks,
    /// It can be told how to think.
    Told,
    /// It can be told how hard to think.
    Efforts,
    /// Its priority tier has a price.
    Priced,
}

impl When {
    fn fate(self, fate: Fate, endpoint: &Endpoint) -> Fate {
        let controls = &endpoint.reasoning_controls;
        let tools = endpoint.tools && endpoint.quirks.no_tools != Some(true);
        let holds = match self {
            When::Always => true,
            When::Sampling => {
                endpoint.temperature && endpoint.quirks.fixed_temperature != Some(true)
            }
            When::Tools => tools,
            When::Schema if !endpoint.structured_output && tools => return Fate::Emulate,
            When::Schema => endpoint.structured_output,
            When::Thinks => endpoint.reasoning,
            When::Told => {
                let told = controls.toggle || controls.budget || !controls.efforts.is_empty();
                endpoint.reasoning && told
            }
            When::Efforts => endpoint.reasoning && !controls.efforts.is_empty(),
            When::Priced => endpoint.price.as_ref().is_some_and(|card| card.priority.is_some()),
        };
        if holds { fate } else { Fate::Drop }
    }
}

/// A dialect's column of the table. What it does not hold is dropped.
pub(crate) struct Column(&'static [(&'static str, Fate, When)]);

impl Column {
    /// Returns what becomes of a parameter at an endpoint.
    pub(crate) fn fate(&self, name: &str, endpoint: &Endpoint) -> Fate {
        if endpoint.quirks.drops(name, endpoint.reasoning) {
            return Fate::Drop;
        }
        let cell = self.0.iter().find(|(held, ..)| *held == name);
        cell.map_or(Fate::Drop, |(_, fate, when)| when.fate(*fate, endpoint))
    }
}

use Fate::{Forward, Translate};
use When::{Always, Efforts, Priced, Sampling, Schema, Thinks, Told, Tools};

/// OpenAI's responses.
pub(crate) static RESPONSES: Column = Column(&[
    ("include_reasoning", Translate, Thinks),
    ("logprobs", Translate, Always),
    ("max_completion_tokens", Translate, Always),
    ("max_tokens", Translate, Always),
    ("parallel_tool_calls", Forward, Tools),
    ("prompt_cache_key", Forward, Always),
    ("reasoning", Translate, Told),
    ("reasoning_effort", Translate, Told),
    ("response_format", Translate, Always),
    ("service_tier", Forward, Priced),
    ("structured_outputs", Translate, Schema),
    ("temperature", Forward, Sampling),
    ("tool_choice", Translate, Tools),
    ("tools", Translate, Tools),
    ("top_logprobs", Forward, Always),
    ("top_p", Forward, Sampling),
    ("user", Translate, Always),
    ("verbosity", Translate, Thinks),
]);

/// Anthropic's messages.
pub(crate) static MESSAGES: Column = Column(&[
    ("cache_control", Forward, Always),
    ("include_reasoning", Translate, Thinks),
    ("max_completion_tokens", Translate, Always),
    ("max_tokens", Forward, Always),
    ("parallel_tool_calls", Translate, Tools),
    ("reasoning", Translate, Told),
    ("reasoning_effort", Translate, Told),
    ("response_format", Translate, Always),
    ("stop", Translate, Always),
    ("structured_outputs", Translate, Schema),
    ("temperature", Forward, Sampling),
    ("tool_choice", Translate, Tools),
    ("tools", Translate, Tools),
    ("top_k", Forward, Sampling),
    ("top_p", Forward, Sampling),
    ("user", Translate, Always),
    ("verbosity", Translate, Efforts),
]);

/// Gemini's content generation.
pub(crate) static GEMINI: Column = Column(&[
    ("frequency_penalty", Translate, Sampling),
    ("include_reasoning", Translate, Thinks),
    ("logprobs", Translate, Always),
    ("max_completion_tokens", Translate, Always),
    ("max_tokens", Translate, Always),
    ("n", Translate, Always),
    ("presence_penalty", Translate, Sampling),
    ("reasoning", Translate, Thinks),
    ("reasoning_effort", Translate, Thinks),
    ("response_format", Translate, Always),
    ("seed", Translate, Always),
    ("stop", Translate, Always),
    ("structured_outputs", Translate, Schema),
    ("temperature", Translate, Sampling),
    ("tool_choice", Translate, Tools),
    ("tools", Translate, Tools),
    ("top_k", Translate, Sampling),
    ("top_logprobs", Translate, Always),
    ("top_p", Translate, Sampling),
]);

/// Bedrock's Converse. `top_k` is the model's own business: it is sent where it is listed.
pub(crate) static CONVERSE: Column = Column(&[
    ("cache_control", Translate, Always),
    ("include_reasoning", Translate, Thinks),
    ("max_completion_tokens", Translate, Always),
    ("max_tokens", Translate, Always),
    ("reasoning", Translate, Told),
    ("reasoning_effort", Translate, Told),
    ("response_format", Translate, Always),
    ("service_tier", Translate, Priced),
    ("stop", Translate, Always),
    ("structured_outputs", Translate, Schema),
    ("temperature", Translate, Sampling),
    ("tool_choice", Translate, Tools),
    ("tools", Translate, Tools),
    ("top_p", Translate, Sampling),
]);

/// Cohere's chat.
pub(crate) static COHERE: Column = Column(&[
    ("frequency_penalty", Translate, Always),
    ("include_reasoning", Translate, Thinks),
    ("max_completion_tokens", Translate, Always),
    ("max_tokens", Forward, Always),
    ("presence_penalty", Translate, Always),
    ("reasoning", Translate, Told),
    ("reasoning_effort", Translate, Told),
    ("response_format", Translate, Always),
    ("seed", Forward, Always),
    ("stop", Translate, Always),
    ("structured_outputs", Translate, Schema),
    ("temperature", Forward, Sampling),
    ("tool_choice", Translate, Tools),
    ("tools", Forward, Tools),
    ("top_k", Translate, Always),
    ("top_p", Translate, Always),
]);

/// Ollama's chat.
pub(crate) static OLLAMA: Column = Column(&[
    ("frequency_penalty", Translate, Always),
    ("include_reasoning", Translate, Thinks),
    ("max_completion_tokens", Translate, Always),
    ("max_tokens", Translate, Always),
    ("min_p", Translate, Always),
    ("presence_penalty", Translate, Always),
    ("reasoning", Translate, Thinks),
    ("reasoning_effort", Translate, Thinks),
    ("repetition_penalty", Translate, Always),
    ("response_format", Translate, Always),
    ("seed", Translate, Always),
    ("stop", Translate, Always),
    ("structured_outputs", Translate, Always),
    ("temperature", Translate, Sampling),
    ("tools", Forward, Tools),
    ("top_k", Translate, Always),
    ("top_p", Translate, Always),
]);

/// An optional parameter of a request: its name in OpenRouter's API, whether a request sets it, and
/// how it is taken out.
struct Parameter {
    name: &'static str,
    is_set: fn(&ChatRequest) -> bool,
    clear: fn(&mut ChatRequest),
}

macro_rules! parameters {
    ($($name:literal: $is_set:expr => $clear:expr;)*) => {
        const PARAMETERS: &[Parameter] =
            &[$(Parameter { name: $name, is_set: $is_set, clear: $clear }),*];
    };
}

parameters! {
    "temperature": |it| it.sampling.temperature.is_some() => |it| it.sampling.temperature = None;
    "top_p": |it| it.sampling.top_p.is_some() => |it| it.sampling.top_p = None;
    "top_k": |it| it.sampling.top_k.is_some() => |it| it.sampling.top_k = None;
    "min_p": |it| it.sampling.min_p.is_some() => |it| it.sampling.min_p = None;
    "top_a": |it| it.sampling.top_a.is_some() => |it| it.sampling.top_a = None;
    "frequency_penalty": |it| it.sampling.frequency_penalty.is_some()
        => |it| it.sampling.frequency_penalty = None;
    "presence_penalty": |it| it.sampling.presence_penalty.is_some()
        => |it| it.sampling.presence_penalty = None;
    "repetition_penalty": |it| it.sampling.repetition_penalty.is_some()
        => |it| it.sampling.repetition_penalty = None;
    "seed": |it| it.sampling.seed.is_some() => |it| it.sampling.seed = None;
    "stop": |it| !it.sampling.stop.is_empty() => |it| it.sampling.stop.clear();
    "logit_bias": |it| it.sampling.logit_bias.is_some() => |it| it.sampling.logit_bias = None;
    "logprobs": |it| it.sampling.logprobs == Some(true) => |it| it.sampling.logprobs = None;
    "top_logprobs": |it| it.sampling.top_logprobs.is_some()
        => |it| it.sampling.top_logprobs = None;
    "max_tokens": |it| it.output.tokens_max.is_some() => |it| it.output.tokens_max = None;
    "n": |it| it.output.choices.is_some_and(|choices| 1 < choices)
        => |it| it.output.choices = None;
    "response_format": |it| it.output.format.as_ref().is_some_and(|it| *it != Format::Text)
        => |it| it.output.format = None;
    // A schema that cannot be kept to is refused by name, not forgotten.
    "structured_outputs": |it| matches!(it.output.format, Some(Format::JsonSchema { .. }))
        => |_| ();
    "verbosity": |it| it.output.verbosity.is_some() => |it| it.output.verbosity = None;
    "tools": |it| !it.tools.is_empty() => |it| it.tools.clear();
    "tool_choice": |it| it.tool_choice.as_ref().is_some_and(|it| *it != ToolChoice::Auto)
        => |it| it.tool_choice = None;
    "parallel_tool_calls": |it| it.parallel_tool_calls == Some(false)
        => |it| it.parallel_tool_calls = None;
    "reasoning": |it| it.reasoning.is_some() => |it| it.reasoning = None;
    "service_tier": |it| it.priority => |it| it.priority = false;
    "cache_control": |it| it.cache.is_some() => |it| it.cache = None;
}

/// Every name of the table, in the order in which it is shown.
pub(crate) const NAMES: [&str; 33] = [
    "cache_control",
    "frequency_penalty",
    "include_reasoning",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "min_p",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "reasoning",
    "reasoning_effort",
    "repetition_penalty",
    "response_format",
    "seed",
    "service_tier",
    "stop",
    "store",
    "structured_outputs",
    "temperature",
    "tool_choice",
    "tools",
    "top_a",
    "top_k",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
    "x_search_filter",
];

/// Names of the table that OpenRouter's `supported_parameters` does not know.
const UNLISTED: [&str; 7] =
    ["cache_control", "n", "prompt_cache_key", "service_tier", "store", "user", "x_search_filter"];

/// Returns the names that `supported_parameters` shows for an endpoint, by its dialect's column.
pub(crate) fn supported(fate: impl Fn(&str) -> Fate) -> Vec<&'static str> {
    let shown = NAMES.into_iter().filter(|name| !UNLISTED.contains(name));
    shown.filter(|name| fate(name) != Fate::Drop).collect()
}

/// Returns the optional parameters that a request sets.
pub(crate) fn set(chat: &ChatRequest) -> Vec<String> {
    let set = PARAMETERS.iter().filter(|it| (it.is_set)(chat));
    set.map(|it| it.name.to_owned()).collect()
}

/// Takes out of a request what its endpoint's dialect drops, and names it as dropped.
pub(crate) fn keep(chat: &mut ChatRequest, fate: impl Fn(&str) -> Fate) {
    for Parameter { name, is_set, clear } in PARAMETERS {
        if !is_set(chat) || fate(name) != Fate::Drop || *name == "structured_outputs" {
            continue;
        }
        // Whoever does not think is not to think.
        let is_met = *name == "reasoning" && chat.reasoning.as_ref().is_some_and(|it| it.is_off());
        // Where tools cannot be forbidden, they are not offered.
        let is_met = is_met || (*name == "tool_choice" && is_forbidden(chat));
        clear(chat);
        if !is_met && !chat.dropped.iter().any(|held| held == name) {
            chat.dropped.push((*name).to_owned());
        }
    }
    keep_extra(chat, fate);
}

/// Takes out of a request the further fields that the table drops, and names them.
fn keep_extra(chat: &mut ChatRequest, fate: impl Fn(&str) -> Fate) {
    let ChatRequest { extra, dropped, .. } = chat;
    extra.retain(|name, _| {
        let stays = !NAMES.contains(&name.as_str()) || fate(name) != Fate::Drop;
        if !stays {
            dropped.push(name.clone());
        }
        stays
    });
}

/// Takes the tools out of a request that forbids them. Returns whether it did.
fn is_forbidden(chat: &mut ChatRequest) -> bool {
    let forbids = chat.tool_choice == Some(ToolChoice::None);
    if forbids {
        chat.tools.clear();
    }
    forbids
}
