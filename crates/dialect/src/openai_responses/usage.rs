//! What a response used.

use domain::usage::{TOKENS_MAX, Usage};
use serde_json::{Map, Value, json};

use crate::exchange::Receipt;

/// Reads a usage; `None` where a count is missing, or is none that can be believed.
pub(super) fn read(usage: &Map<String, Value>) -> Option<Usage> {
    let count = |value: Option<&Value>| match value {
        None | Some(Value::Null) => Some(0),
        Some(value) => u32::try_from(value.as_u64()?).ok().filter(|it| *it <= TOKENS_MAX),
    };
    let detail = |list: &str, name: &str| count(usage.get(list).and_then(|it| it.get(name)));
    let prompt = count(Some(usage.get("input_tokens")?))?;
    let output = count(Some(usage.get("output_tokens")?))?;
    let mut left = prompt;
    let mut take = |tokens: u32| {
        let taken = tokens.min(left);
        left -= taken;
        taken
    };
    let cache_read = take(detail("input_tokens_details", "cached_tokens")?);
    let cache_write = take(detail("input_tokens_details", "cache_write_tokens")?);
    let read = Usage {
        input: left,
        cache_read,
        cache_write,
        output,
        reasoning: detail("output_tokens_details", "reasoning_tokens")?,
        ..Usage::default()
    };
    (prompt != 0).then(|| read.bounded())
}

/// Returns the `usage` object of a response, its cost included.
pub(super) fn shown(receipt: &Receipt) -> Value {
    let Receipt { usage, cost, prompt_cost, metadata: _ } = receipt;
    let prompt = usage.prompt();
    json!({
        "input_tokens": prompt,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write.saturating_add(usage.cache_write_1h),
        },
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": u64::from(prompt) + u64::from(usage.output),
        "cost": cost.dollars(),
        "is_byok": false,
        "cost_details": {
            "upstream_inference_cost": null,
            "upstream_inference_input_cost": prompt_cost.dollars(),
            "upstream_inference_output_cost": cost.saturating_sub(*prompt_cost).dollars(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_disjoint() {
        let usage = json!({
            "input_tokens": 100, "output_tokens": 9, "total_tokens": 109,
            "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
            "output_tokens_details": {"reasoning_tokens": 4}
        });
        let read = read(usage.as_object().unwrap()).unwrap();
        assert_eq!((read.input, read.cache_read, read.cache_write), (30, 60, 10));
        assert_eq!((read.prompt(), read.output, read.reasoning), (100, 9, 4));
    }
}
