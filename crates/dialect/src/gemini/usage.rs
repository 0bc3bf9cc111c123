//! What an answer used: thoughts are counted apart from candidates, and what tools put into the
//! prompt apart from the prompt.

use domain::usage::{TOKENS_MAX, Usage};
use serde_json::{Map, Value, json};

use crate::exchange::Receipt;

/// Reads a `usageMetadata`; `None` where a count is missing, or is none that can be believed.
pub(super) fn read(usage: &Map<String, Value>) -> Option<Usage> {
    let count = |name: &str| match usage.get(name) {
        None | Some(Value::Null) => Some(0),
        Some(value) => u32::try_from(value.as_u64()?).ok().filter(|it| *it <= TOKENS_MAX),
    };
    let of = |list: &str, modality: &str| {
        let details = usage.get(list).and_then(Value::as_array).into_iter().flatten();
        let counts = details.filter(|it| it["modality"] == modality);
        let tokens = counts.filter_map(|it| it["tokenCount"].as_u64()).sum::<u64>();
        u32::try_from(tokens).unwrap_or(TOKENS_MAX)
    };
    let prompt = count("promptTokenCount")?.checked_add(count("toolUsePromptTokenCount")?)?;
    let thoughts = count("thoughtsTokenCount")?;
    let output = count("candidatesTokenCount")?.checked_add(thoughts)?;
    let mut left = prompt;
    let mut take = |tokens: u32| {
        let taken = tokens.min(left);
        left -= taken;
        taken
    };
    let cache_read = take(count("cachedContentTokenCount")?);
    let heard = of("promptTokensDetails", "AUDIO");
    let input_audio = take(heard.saturating_sub(of("cacheTokensDetails", "AUDIO")));
    let read = Usage {
        input: left,
        cache_read,
        input_audio,
        output,
        reasoning: thoughts,
        output_audio: of("candidatesTokensDetails", "AUDIO"),
        ..Usage::default()
    };
    (prompt != 0).then(|| read.bounded())
}

/// Returns the `usageMetadata` of an answer, its cost included.
pub(super) fn shown(receipt: &Receipt) -> Value {
    let Receipt { usage, cost, prompt_cost, metadata: _ } = receipt;
    let prompt = usage.prompt();
    let mut shown = json!({
        "promptTokenCount": prompt,
        "candidatesTokenCount": usage.output - usage.reasoning.min(usage.output),
        "totalTokenCount": u64::from(prompt) + u64::from(usage.output),
        "cost": cost.dollars(),
        "costDetails": {
            "upstreamInferencePromptCost": prompt_cost.dollars(),
            "upstreamInferenceCompletionsCost": cost.saturating_sub(*prompt_cost).dollars(),
        },
    });
    for (name, tokens) in
        [("cachedContentTokenCount", usage.cache_read), ("thoughtsTokenCount", usage.reasoning)]
    {
        if tokens != 0 {
            shown[name] = json!(tokens);
        }
    }
    let text = usage.output - (usage.reasoning + usage.output_audio).min(usage.output);
    for (name, text, audio) in [
        ("promptTokensDetails", prompt - usage.input_audio.min(prompt), usage.input_audio),
        ("candidatesTokensDetails", text, usage.output_audio),
    ] {
        if audio != 0 {
            shown[name] = json!([
                {"modality": "TEXT", "tokenCount": text},
                {"modality": "AUDIO", "tokenCount": audio}
            ]);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_are_output_and_the_cache_is_part_of_the_prompt() {
        let usage = json!({
            "promptTokenCount": 100, "toolUsePromptTokenCount": 10, "cachedContentTokenCount": 60,
            "candidatesTokenCount": 7, "thoughtsTokenCount": 20, "totalTokenCount": 137,
            "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 5}]
        });
        let read = read(usage.as_object().unwrap()).unwrap();
        assert_eq!((read.input, read.cache_read, read.input_audio), (45, 60, 5));
        assert_eq!((read.prompt(), read.output, read.reasoning), (110, 27, 20));
    }
}
