//! Why an answer ended: every provider's word, and what it means.

use domain::event::FinishReason;
use domain::quirk::{FinishMeaning, Quirks};

/// Returns what a provider's word means. One that nobody knows is a plain end.
///
/// `has_tool_calls`: the answer calls tools, which makes a plain end one that is for them.
pub(crate) fn meaning(native: &str, has_tool_calls: bool, quirks: &Quirks) -> FinishReason {
    let own = quirks.extra_finish_reasons.as_ref().and_then(|known| known.get(native)).copied();
    match own.map_or_else(|| common(native), meant) {
        FinishReason::Stop if has_tool_calls => FinishReason::ToolCalls,
        other => other,
    }
}

fn common(native: &str) -> FinishReason {
    match native {
        "length"
        | "max_tokens"
        | "MAX_TOKENS"
        | "ERROR_LIMIT"
        | "model_length"
        | "max_output_tokens"
        | "model_context_window_exceeded" => FinishReason::Length,
        "tool_calls" | "tool_use" | "function_call" | "TOOL_CALL" => FinishReason::ToolCalls,
        "content_filter"
        | "content_filtered"
        | "SAFETY"
        | "RECITATION"
        | "PROHIBITED_CONTENT"
        | "BLOCKLIST"
        | "SPII"
        | "IMAGE_SAFETY"
        | "refusal"
        | "guardrail_intervened"
        | "ERROR_TOXIC" => FinishReason::ContentFilter,
        "error"
        | "ERROR"
        | "TIMEOUT"
        | "MALFORMED_FUNCTION_CALL"
        | "OTHER"
        | "malformed_tool_use"
        | "malformed_model_output"
        | "insufficient_system_resource"
        | "abort" => FinishReason::Error,
        _ => FinishReason::Stop,
    }
}

const fn meant(meaning: FinishMeaning) -> FinishReason {
    match meaning {
        FinishMeaning::Stop => FinishReason::Stop,
        FinishMeaning::Length => FinishReason::Length,
        FinishMeaning::ToolCalls => FinishReason::ToolCalls,
        FinishMeaning::ContentFilter => FinishReason::ContentFilter,
        FinishMeaning::Error => FinishReason::Error,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_plain_end_with_tool_calls_is_for_the_tools() {
        let quirks = Quirks::default();
        assert_eq!(meaning("STOP", true, &quirks), FinishReason::ToolCalls);
        assert_eq!(meaning("length", true, &quirks), FinishReason::Length);
        assert_eq!(meaning("never heard of", false, &quirks), FinishReason::Stop);
    }

    #[test]
    fn a_quirk_teaches_further_words() {
        let known = BTreeMap::from([("sensitive".to_owned(), FinishMeaning::ContentFilter)]);
        let quirks = Quirks { extra_finish_reasons: Some(known), ..Quirks::default() };
        assert_eq!(meaning("sensitive", false, &quirks), FinishReason::ContentFilter);
    }
}
