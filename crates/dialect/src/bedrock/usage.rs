//! What an answer used, as Converse tells it.

use domain::usage::{TOKENS_MAX, Usage};
use serde_json::Value;

/// Reads a usage; `None` where a count is missing, or is none that can be believed.
///
/// `inputTokens` counts no tokens of the cache, unless the total shows that it does.
pub(super) fn read(usage: &Value) -> Option<Usage> {
    let count = |value: &Value| match value {
        Value::Null => Some(0),
        value => u32::try_from(value.as_u64()?).ok().filter(|it| *it <= TOKENS_MAX),
    };
    let told = usage.as_object()?;
    let input = count(told.get("inputTokens")?)?;
    let output = count(told.get("outputTokens")?)?;
    let cache_read = count(&usage["cacheReadInputTokens"])?;
    let written = count(&usage["cacheWriteInputTokens"])?;
    let details = usage["cacheDetails"].as_array().into_iter().flatten();
    let for_an_hour = details.filter(|it| it["ttl"] == "1h");
    let hour: u32 = for_an_hour.filter_map(|it| count(&it["inputTokens"])).sum();
    let hour = hour.min(written);
    let cached = cache_read.saturating_add(written);
    let includes = usage["totalTokens"].as_u64() == Some(u64::from(input) + u64::from(output));
    let input = if includes && cached <= input { input - cached } else { input };
    let read = Usage {
        input,
        cache_read,
        cache_write: written - hour,
        cache_write_1h: hour,
        output,
        ..Usage::default()
    };
    (read.prompt() != 0).then(|| read.bounded())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn classes_are_disjoint_and_add_up_to_the_total() {
        let usage = json!({
            "inputTokens": 10, "outputTokens": 7, "totalTokens": 107, "cacheReadInputTokens": 60,
            "cacheWriteInputTokens": 30,
            "cacheDetails": [{"ttl": "5m", "inputTokens": 10}, {"ttl": "1h", "inputTokens": 20}]
        });
        let read = read(&usage).unwrap();
        let classes = (read.input, read.cache_read, read.cache_write, read.cache_write_1h);
        assert_eq!(classes, (10, 60, 10, 20));
        assert_eq!(read.prompt() + read.output, 107);
    }

    #[test]
    fn an_input_that_includes_the_cache_is_cleared_of_it() {
        let usage = json!({"inputTokens": 70, "outputTokens": 7, "totalTokens": 77,
            "cacheReadInputTokens": 60});
        let read = read(&usage).unwrap();
        assert_eq!((read.input, read.cache_read, read.prompt()), (10, 60, 70));
    }

    #[test]
    fn counts_that_cannot_be_believed_are_none() {
        for usage in [
            json!(null),
            json!({"inputTokens": 3}),
            json!({"inputTokens": -3, "outputTokens": 1}),
            json!({"inputTokens": 0, "outputTokens": 1}),
        ] {
            assert_eq!(read(&usage), None, "{usage}");
        }
    }
}
