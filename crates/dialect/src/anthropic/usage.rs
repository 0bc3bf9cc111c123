//! What a message used, read and written as Anthropic does: input counts no tokens of the cache.

use domain::usage::{TOKENS_MAX, Usage};
use serde_json::{Map, Value, json};

use crate::exchange::Receipt;

/// Lays a usage over those before: counts are cumulative, and hosts repeat them or leave them out.
pub(super) fn merge(held: &mut Map<String, Value>, told: &Value) {
    for (name, value) in told.as_object().into_iter().flatten() {
        if !value.is_null() {
            held.insert(name.clone(), value.clone());
        }
    }
}

/// Reads a usage; `None` where a count is missing, or is none that can be believed.
pub(super) fn read(usage: &Map<String, Value>) -> Option<Usage> {
    let count = |value: Option<&Value>| match value {
        None | Some(Value::Null) => Some(0),
        Some(value) => u32::try_from(value.as_u64()?).ok().filter(|it| *it <= TOKENS_MAX),
    };
    let output = count(Some(usage.get("output_tokens")?))?;
    let written = count(usage.get("cache_creation_input_tokens"))?;
    let split = usage.get("cache_creation").and_then(Value::as_object);
    let hour = count(split.and_then(|it| it.get("ephemeral_1h_input_tokens")))?.min(written);
    let details = usage.get("output_tokens_details").and_then(Value::as_object);
    let searches = usage.get("server_tool_use").and_then(|it| it.get("web_search_requests"));
    let read = Usage {
        input: count(usage.get("input_tokens"))?,
        cache_read: count(usage.get("cache_read_input_tokens"))?,
        cache_write: written - hour,
        cache_write_1h: hour,
        output,
        reasoning: count(details.and_then(|it| it.get("thinking_tokens")))?,
        requests: u16::try_from(count(searches)?).unwrap_or(u16::MAX),
        ..Usage::default()
    };
    (read.prompt() != 0).then(|| read.bounded())
}

/// Returns the `usage` object of a message, its cost included.
pub(super) fn shown(receipt: &Receipt) -> Value {
    let Receipt { usage, cost, prompt_cost, metadata: _ } = receipt;
    json!({
        "input_tokens": usage.input.saturating_add(usage.input_audio),
        "cache_creation_input_tokens": usage.cache_write.saturating_add(usage.cache_write_1h),
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        },
        "output_tokens": usage.output,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
        "server_tool_use": null,
        "service_tier": "standard",
        "cost": cost.dollars(),
        "is_byok": false,
        "cost_details": {
            "upstream_inference_cost": null,
            "upstream_inference_prompt_cost": prompt_cost.dollars(),
            "upstream_inference_completions_cost": cost.saturating_sub(*prompt_cost).dollars(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_disjoint_and_the_hour_is_part_of_what_was_written() {
        let usage = json!({
            "input_tokens": 10, "cache_read_input_tokens": 60, "cache_creation_input_tokens": 30,
            "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
            "output_tokens": 7, "output_tokens_details": {"thinking_tokens": 5}
        });
        let read = read(usage.as_object().unwrap()).unwrap();
        let classes = (read.input, read.cache_read, read.cache_write, read.cache_write_1h);
        assert_eq!(classes, (10, 60, 10, 20));
        assert_eq!((read.prompt(), read.output, read.reasoning), (100, 7, 5));
    }

    #[test]
    fn counts_that_cannot_be_believed_are_none() {
        for usage in [
            json!({"input_tokens": 3}),
            json!({"input_tokens": -3, "output_tokens": 1}),
            json!({"input_tokens": "3", "output_tokens": 1}),
            json!({"input_tokens": 0, "output_tokens": 1}),
        ] {
            assert_eq!(read(usage.as_object().unwrap()), None, "{usage}");
        }
    }
}
