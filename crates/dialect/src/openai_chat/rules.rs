//! Which fields an endpoint takes: its flags read against the table of fields.

use domain::catalog::Endpoint;
use domain::quirk::SystemRole;

use super::fields::{Fate, all, known};
use super::thinking::can_be_told;

/// Returns whether a field that no rule of its own puts in is sent to the endpoint.
pub(super) fn is_sent(name: &str, endpoint: &Endpoint) -> bool {
    if endpoint.quirks.drops(name, endpoint.reasoning) {
        return false;
    }
    let listed = is_listed(name, endpoint);
    match known(name).map(|known| known.fate) {
        Some(Fate::Plain) if name == "temperature" => {
            endpoint.temperature && endpoint.quirks.fixed_temperature != Some(true)
        }
        Some(Fate::Plain) if matches!(name, "functions" | "function_call") => calls_tools(endpoint),
        Some(Fate::Plain) => true,
        Some(Fate::Later) => listed || follows_openai(endpoint),
        Some(Fate::Listed | Fate::Own) | None => listed,
        Some(Fate::House) => false,
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

/// Returns the optional parameters that the endpoint takes, in OpenRouter's names.
pub(super) fn supported_parameters(endpoint: &Endpoint) -> Vec<&'static str> {
    let takes = |name: &'static str| match name {
        "max_tokens" | "max_completion_tokens" | "response_format" => {
            !endpoint.quirks.drops(name, endpoint.reasoning)
        }
        "tools" | "tool_choice" | "parallel_tool_calls" => {
            calls_tools(endpoint) && !endpoint.quirks.drops(name, endpoint.reasoning)
        }
        "reasoning" | "reasoning_effort" => can_be_told(endpoint),
        "include_reasoning" => endpoint.reasoning,
        "structured_outputs" => endpoint.structured_output,
        other => is_sent(other, endpoint),
    };
    all()
        .filter(|known| known.is_parameter)
        .map(|known| known.name)
        .filter(|it| takes(it))
        .collect()
}
