//! Which fields an endpoint takes: its flags read against the table of fields.

use domain::catalog::Endpoint;
use domain::quirk::{MaxTokensParam, SystemRole};

use super::fields::{self, known};
use super::thinking::can_be_told;
use crate::contract::Fate;

/// Returns whether a field that no rule of its own puts in is sent to the endpoint.
pub(super) fn is_sent(name: &str, endpoint: &Endpoint) -> bool {
    if endpoint.quirks.drops(name, endpoint.reasoning) {
        return false;
    }
    let listed = is_listed(name, endpoint);
    match known(name).map(|known| known.fate) {
        Some(fields::Fate::Plain) if name == "temperature" => {
            endpoint.temperature && endpoint.quirks.fixed_temperature != Some(true)
        }
        Some(fields::Fate::Plain) if matches!(name, "functions" | "function_call") => {
            calls_tools(endpoint)
        }
        Some(fields::Fate::Plain) => true,
        Some(fields::Fate::Later) => listed || follows_openai(endpoint),
        Some(fields::Fate::Listed | fields::Fate::Own) | None => listed,
        Some(fields::Fate::House) => false,
    }
}

/// Returns whether the endpoint names the field among those beyond the dialect that it takes.
pub(super) fn is_listed(name: &str, endpoint: &Endpoint) -> bool {
    let listed = endpoint.quirks.extra_params.as_deref().unwrap_or_default();
    listed.iter().any(|listed| listed == name)
}

/// Returns whether the endpoint knows what OpenAI adds to the dialect. The role `developer` is
/// OpenAI's own, and the mark of those that follow it.
pub(super) fn follows_openai(endpoint: &Endpoint) -> bool {
    endpoint.quirks.system_role == Some(SystemRole::Developer)
}

/// Returns whether tools may be offered to the model there.
pub(super) fn calls_tools(endpoint: &Endpoint) -> bool {
    endpoint.tools && endpoint.quirks.no_tools != Some(true)
}

/// Returns what becomes of an optional parameter, in OpenRouter's names.
pub(super) fn fate(name: &str, endpoint: &Endpoint) -> Fate {
    let quirks = &endpoint.quirks;
    let drops = |name: &str| quirks.drops(name, endpoint.reasoning);
    let tools = calls_tools(endpoint) && !drops("tools");
    let taken = match name {
        "max_tokens" | "max_completion_tokens" => {
            let sent = limit_name(endpoint);
            return match (drops(sent), sent == name) {
                (true, _) => Fate::Drop,
                (false, true) => Fate::Forward,
                (false, false) => Fate::Translate,
            };
        }
        "structured_outputs" if drops("response_format") => false,
        "structured_outputs" if !endpoint.structured_output && tools => return Fate::Emulate,
        "structured_outputs" => endpoint.structured_output,
        "tools" | "tool_choice" | "parallel_tool_calls" => tools && !drops(name),
        "reasoning" | "reasoning_effort" if can_be_told(endpoint) => return Fate::Translate,
        "include_reasoning" if endpoint.reasoning => return Fate::Translate,
        "reasoning" | "reasoning_effort" | "include_reasoning" => false,
        "service_tier" => {
            let priced = endpoint.price.as_ref().is_some_and(|card| card.priority.is_some());
            priced && !drops(name)
        }
        "user" if !drops(name) => return Fate::Translate,
        other => is_sent(other, endpoint),
    };
    let is_renamed = quirks.rename_params.as_ref().is_some_and(|names| names.contains_key(name));
    match (taken, is_renamed) {
        (false, _) => Fate::Drop,
        (true, false) => Fate::Forward,
        (true, true) => Fate::Translate,
    }
}

/// Returns the name under which the limit of completion tokens is sent.
pub(super) fn limit_name(endpoint: &Endpoint) -> &'static str {
    match endpoint.quirks.max_tokens_param {
        Some(MaxTokensParam::MaxCompletionTokens) => "max_completion_tokens",
        Some(MaxTokensParam::MaxTokens) | None => "max_tokens",
    }
}
