//! What an answer used: what is billed, not what was read.

use domain::usage::{TOKENS_MAX, Usage};
use serde_json::Value;

/// Reads a usage; `None` where a count is missing, or is none that can be believed.
///
/// Cohere bills `billed_units`; `tokens` counts its own framing of the prompt as well, and stands
/// in where nothing says what is billed.
pub(super) fn read(usage: &Value) -> Option<Usage> {
    let billed = Some(&usage["billed_units"]).filter(|it| it.is_object());
    let units = billed.unwrap_or(&usage["tokens"]);
    let prompt = count(&units["input_tokens"])?;
    let output = count(&units["output_tokens"])?;
    let cached = count(&usage["cached_tokens"]).unwrap_or(0).min(prompt);
    let searches = count(&units["search_units"]).unwrap_or(0);
    let read = Usage {
        input: prompt - cached,
        cache_read: cached,
        output,
        requests: u16::try_from(searches).unwrap_or(u16::MAX),
        ..Usage::default()
    };
    (prompt != 0).then(|| read.bounded())
}

/// Reads a count, which Cohere writes as a float.
fn count(value: &Value) -> Option<u32> {
    let number = value.as_f64().filter(|it| (0.0..=f64::from(TOKENS_MAX)).contains(it))?;
    Some(number as u32)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_billed_counts_and_cached_tokens_are_a_part_of_it() {
        let usage = json!({
            "billed_units": {"input_tokens": 10.0, "output_tokens": 4.0, "search_units": 2.0},
            "tokens": {"input_tokens": 496.0, "output_tokens": 8.0}, "cached_tokens": 6.0
        });
        let read = read(&usage).unwrap();
        assert_eq!((read.input, read.cache_read, read.output, read.requests), (4, 6, 4, 2));
        assert_eq!(read.prompt(), 10);
    }

    #[test]
    fn without_what_is_billed_the_tokens_count_and_nonsense_does_not() {
        let tokens = json!({"tokens": {"input_tokens": 12, "output_tokens": 3}});
        assert_eq!(read(&tokens).map(|it| (it.input, it.output)), Some((12, 3)));
        for usage in [
            json!(null),
            json!({"billed_units": {"input_tokens": 3}}),
            json!({"billed_units": {"input_tokens": -3, "output_tokens": 1}}),
            json!({"billed_units": {"input_tokens": 0, "output_tokens": 1}}),
        ] {
            assert_eq!(read(&usage), None, "{usage}");
        }
    }
}
