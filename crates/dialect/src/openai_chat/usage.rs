//! What an answer used: read from every host's shape, written in OpenRouter's.

use domain::quirk::{CachedUsageAt, Quirks};
use domain::usage::{TOKENS_MAX, Usage};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::exchange::Receipt;

/// Reads a `usage` object; `None` where a count is missing, or is none that can be believed.
pub(super) fn read(usage: &Map<String, Value>, quirks: &Quirks) -> Option<Usage> {
    let prompt = count(usage.get("prompt_tokens"))??;
    let completion = match count(usage.get("completion_tokens"))? {
        Some(completion) => completion,
        None => count(usage.get("total_tokens"))??.checked_sub(prompt)?,
    };
    if prompt == 0 {
        return None;
    }
    let of_prompt = details(usage, "prompt_tokens_details");
    let of_completion = details(usage, "completion_tokens_details");
    let in_prompt = |name: &str| count(of_prompt.and_then(|it| it.get(name)));
    let in_completion = |name: &str| count(of_completion.and_then(|it| it.get(name)));
    let reasoning = match in_completion("reasoning_tokens")? {
        Some(tokens) => tokens,
        None => count(usage.get("reasoning_tokens"))?.unwrap_or(0),
    };
    let includes = quirks.completion_includes_reasoning != Some(false);
    let output = if includes { completion } else { completion.checked_add(reasoning)? };
    let mut left = prompt;
    let mut take = |tokens: u32| {
        let taken = tokens.min(left);
        left -= taken;
        taken
    };
    let cache_read = take(cached(usage, quirks)?);
    let cache_write = take(in_prompt("cache_write_tokens")?.unwrap_or(0));
    let input_audio = take(in_prompt("audio_tokens")?.unwrap_or(0));
    let searches = count(usage.get("num_search_queries"))?.unwrap_or(0);
    let usage = Usage {
        input: left,
        cache_read,
        cache_write,
        input_audio,
        output,
        reasoning,
        output_audio: in_completion("audio_tokens")?.unwrap_or(0),
        citations: count(usage.get("citation_tokens"))?.unwrap_or(0),
        requests: u16::try_from(searches).unwrap_or(u16::MAX),
        ..Usage::default()
    };
    Some(usage.bounded())
}

/// The `usage` object of an answer. It stands on the hot path, so it is written without a tree of
/// values in between.
#[derive(Serialize)]
pub(super) struct Shown {
    prompt_tokens: u32,
    completion_tokens: u32,
    total_tokens: u64,
    cost: f64,
    is_byok: bool,
    prompt_tokens_details: PromptDetails,
    cost_details: CostDetails,
    completion_tokens_details: CompletionDetails,
}

#[derive(Serialize)]
struct PromptDetails {
    cached_tokens: u32,
    cache_write_tokens: u32,
    audio_tokens: u32,
    video_tokens: u32,
}

#[derive(Serialize)]
struct CostDetails {
    /// What a caller's own credential was charged; there is none.
    upstream_inference_cost: Option<f64>,
    upstream_inference_prompt_cost: f64,
    upstream_inference_completions_cost: f64,
}

#[derive(Serialize)]
struct CompletionDetails {
    reasoning_tokens: u32,
    image_tokens: u32,
    audio_tokens: u32,
}

/// Returns the `usage` object of an answer.
pub(super) fn shown(receipt: &Receipt) -> Shown {
    let Receipt { usage, cost, prompt_cost, metadata: _ } = receipt;
    let prompt = usage.prompt();
    Shown {
        prompt_tokens: prompt,
        completion_tokens: usage.output,
        total_tokens: u64::from(prompt) + u64::from(usage.output),
        cost: cost.dollars(),
        is_byok: false,
        prompt_tokens_details: PromptDetails {
            cached_tokens: usage.cache_read,
            cache_write_tokens: usage.cache_write.saturating_add(usage.cache_write_1h),
            audio_tokens: usage.input_audio,
            video_tokens: 0,
        },
        cost_details: CostDetails {
            upstream_inference_cost: None,
            upstream_inference_prompt_cost: prompt_cost.dollars(),
            upstream_inference_completions_cost: cost.saturating_sub(*prompt_cost).dollars(),
        },
        completion_tokens_details: CompletionDetails {
            reasoning_tokens: usage.reasoning,
            image_tokens: 0,
            audio_tokens: usage.output_audio,
        },
    }
}

/// The counts of a stream: every one that was told, of which the last holds, unless they shrank.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    last: Option<Usage>,
    is_false: bool,
}

impl Tally {
    /// Takes note of a `usage` object. Returns what is believed now.
    pub(super) fn take(&mut self, usage: &Value, quirks: &Quirks) -> Option<Usage> {
        let Some(object) = usage.as_object() else {
            // Hosts send `null` until they know.
            self.is_false |= !usage.is_null();
            return self.believed();
        };
        match read(object, quirks) {
            Some(next) => {
                let shrank =
                    |last: Usage| next.prompt() < last.prompt() || next.output < last.output;
                self.is_false |= self.last.is_some_and(shrank);
                self.last = Some(next);
            }
            None => self.is_false = true,
        }
        self.believed()
    }

    fn believed(&self) -> Option<Usage> {
        self.last.filter(|_| !self.is_false)
    }
}

/// Returns a count: `None` where it is no count, `Some(None)` where there is none.
fn count(value: Option<&Value>) -> Option<Option<u32>> {
    match value {
        None | Some(Value::Null) => Some(None),
        Some(value) => {
            let tokens = u32::try_from(value.as_u64()?).ok()?;
            (tokens <= TOKENS_MAX).then_some(Some(tokens))
        }
    }
}

fn details<'a>(usage: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    usage.get(name).and_then(Value::as_object)
}

/// Returns the cached tokens of the prompt: from where the host states them, else from wherever
/// they stand.
fn cached(usage: &Map<String, Value>, quirks: &Quirks) -> Option<u32> {
    let places = [
        (CachedUsageAt::PromptDetails, "cached_tokens"),
        (CachedUsageAt::PromptCacheHit, "prompt_cache_hit_tokens"),
        (CachedUsageAt::CachedTokens, "cached_tokens"),
    ];
    let at = |place: CachedUsageAt, name: &str| match place {
        CachedUsageAt::PromptDetails => {
            details(usage, "prompt_tokens_details").and_then(|details| details.get(name))
        }
        CachedUsageAt::PromptCacheHit | CachedUsageAt::CachedTokens => usage.get(name),
    };
    let own = places.iter().filter(|(place, _)| Some(*place) == quirks.cached_usage_at);
    for (place, name) in own.chain(places.iter()) {
        if let Some(tokens) = count(at(*place, name))? {
            return Some(tokens);
        }
    }
    Some(count(usage.get("num_cached_tokens"))?.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn usage(value: Value) -> Option<Usage> {
        read(value.as_object().unwrap(), &Quirks::default())
    }

    #[test]
    fn classes_are_disjoint_and_add_up_to_the_provider_s_total() {
        let read = usage(json!({
            "prompt_tokens": 100, "completion_tokens": 40, "total_tokens": 140,
            "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10, "audio_tokens": 5},
            "completion_tokens_details": {"reasoning_tokens": 30}
        }))
        .unwrap();
        assert_eq!(
            (read.input, read.cache_read, read.cache_write, read.input_audio),
            (25, 60, 10, 5)
        );
        assert_eq!((read.prompt(), read.output, read.reasoning), (100, 40, 30));
    }

    #[test]
    fn hosts_state_cached_tokens_in_several_places() {
        for object in [
            json!({"prompt_tokens": 9, "completion_tokens": 1, "cached_tokens": 4}),
            json!({"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 4}),
            json!({"prompt_tokens": 9, "completion_tokens": 1, "num_cached_tokens": 4}),
        ] {
            assert_eq!(usage(object).unwrap().cache_read, 4);
        }
    }

    #[test]
    fn reasoning_is_added_where_the_completion_leaves_it_out() {
        let quirks = Quirks { completion_includes_reasoning: Some(false), ..Quirks::default() };
        let object = json!({
            "prompt_tokens": 9, "completion_tokens": 2,
            "completion_tokens_details": {"reasoning_tokens": 5}
        });
        let read = read(object.as_object().unwrap(), &quirks).unwrap();
        assert_eq!((read.output, read.reasoning), (7, 5));
    }

    #[test]
    fn counts_that_cannot_be_believed_are_none() {
        for object in [
            json!({}),
            json!({"prompt_tokens": 9}),
            json!({"prompt_tokens": -9, "completion_tokens": 1}),
            json!({"prompt_tokens": 9.5, "completion_tokens": 1}),
            json!({"prompt_tokens": "9", "completion_tokens": 1}),
            json!({"prompt_tokens": 1_000_000_000_000_u64, "completion_tokens": 1}),
            json!({"prompt_tokens": 0, "completion_tokens": 1}),
            json!({"prompt_tokens": 9, "completion_tokens": 1, "cached_tokens": -1}),
        ] {
            assert_eq!(usage(object.clone()), None, "{object}");
        }
    }

    #[test]
    fn of_growing_counts_the_last_holds_and_shrinking_ones_are_not_believed() {
        let told = |output: u32| json!({"prompt_tokens": 9, "completion_tokens": output});
        let mut tally = Tally::default();
        let quirks = Quirks::default();
        tally.take(&told(1), &quirks);
        tally.take(&Value::Null, &quirks);
        assert_eq!(tally.take(&told(5), &quirks).unwrap().output, 5);
        assert_eq!(tally.take(&told(4), &quirks), None);
        assert_eq!(tally.take(&told(9), &quirks), None);
    }
}
