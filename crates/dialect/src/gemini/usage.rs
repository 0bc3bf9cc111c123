//! What an answer used: thoughts are counted apart from candidates, and what tools put into the
//! prompt apart from the prompt.

use domain::usage::{TOKENS_MAX, Usage};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::exchange::Receipt;

/// A `usageMetadata`, as far as it is counted.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Told<'a> {
    prompt_token_count: Option<u64>,
    tool_use_prompt_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    #[serde(borrow)]
    prompt_tokens_details: Option<Vec<Option<Detail<'a>>>>,
    #[serde(borrow)]
    cache_tokens_details: Option<Vec<Option<Detail<'a>>>>,
    #[serde(borrow)]
    candidates_tokens_details: Option<Vec<Option<Detail<'a>>>>,
}

/// How many tokens are of one modality.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Detail<'a> {
    modality: Option<&'a str>,
    token_count: Option<u64>,
}

/// Reads a `usageMetadata`; `None` where a count is missing, or is none that can be believed.
pub(super) fn read(usage: &Value) -> Option<Usage> {
    counted(&Told::deserialize(usage).ok()?)
}

/// Reads the text of a `usageMetadata`, like [`read`]; `None` where it is none.
pub(super) fn parse(usage: &[u8]) -> Option<Option<Usage>> {
    serde_json::from_slice(usage).ok().map(|told| counted(&told))
}

fn counted(told: &Told<'_>) -> Option<Usage> {
    let count = |count: Option<u64>| {
        u32::try_from(count.unwrap_or(0)).ok().filter(|count| *count <= TOKENS_MAX)
    };
    let audio = |details: &Option<Vec<Option<Detail<'_>>>>| {
        let details = details.iter().flatten().flatten();
        let details = details.filter(|detail| detail.modality == Some("AUDIO"));
        let tokens = details.filter_map(|detail| detail.token_count);
        let tokens = tokens.fold(0, u64::saturating_add);
        u32::try_from(tokens).unwrap_or(TOKENS_MAX)
    };
    let tools = count(told.tool_use_prompt_token_count)?;
    let prompt = count(told.prompt_token_count)?.checked_add(tools)?;
    let thoughts = count(told.thoughts_token_count)?;
    let output = count(told.candidates_token_count)?.checked_add(thoughts)?;
    let mut left = prompt;
    let mut take = |tokens: u32| {
        let taken = tokens.min(left);
        left -= taken;
        taken
    };
    let cache_read = take(count(told.cached_content_token_count)?);
    let heard = audio(&told.prompt_tokens_details);
    let input_audio = take(heard.saturating_sub(audio(&told.cache_tokens_details)));
    let read = Usage {
        input: left,
        cache_read,
        input_audio,
        output,
        reasoning: thoughts,
        output_audio: audio(&told.candidates_tokens_details),
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
        let read = read(&usage).unwrap();
        assert_eq!((read.input, read.cache_read, read.input_audio), (45, 60, 5));
        assert_eq!((read.prompt(), read.output, read.reasoning), (110, 27, 20));
    }
}
