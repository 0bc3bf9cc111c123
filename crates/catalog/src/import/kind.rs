//! What follows from a model's kind, from the package of a row and from the shape of its API.

use super::row::Row;

/// The dialect of a provider's models of a kind, where chat's does not fit.
const BY_KIND: [(&str, &str); 8] = [
    ("embedding", "openai-embeddings"),
    ("image", "openai-images"),
    ("tts", "openai-speech"),
    ("stt", "openai-transcriptions"),
    ("rerank", "rerank"),
    ("video", "video"),
    ("music", "music"),
    ("realtime", "realtime"),
];
/// What models of a kind give, whatever the source says.
const GIVES: [(&str, &str); 6] = [
    ("embedding", "embeddings"),
    ("rerank", "rerank"),
    ("tts", "speech"),
    ("stt", "transcription"),
    ("music", "audio"),
    ("video", "video"),
];
/// Dialects of chat whose provider answers other kinds in the way of OpenAI.
const OPENAI_LIKE: [&str; 4] = ["openai-chat", "azure-openai", "mistral", "openai-responses"];
/// The dialect that a package of the source speaks.
const BY_PACKAGE: [(&str, &str); 5] = [
    ("@ai-sdk/openai-compatible", "openai-chat"),
    ("@ai-sdk/anthropic", "anthropic-messages"),
    ("@ai-sdk/google-vertex/anthropic", "anthropic-messages"),
    ("@ai-sdk/openai", "openai-responses"),
    ("@ai-sdk/amazon-bedrock/mantle", "openai-responses"),
];
/// OpenAI's models that answer on the responses API alone.
const RESPONSES_ONLY: [&str; 5] =
    ["o1-pro", "o3-pro", "o3-deep-research", "o4-mini-deep-research", "codex-mini"];

/// Whether a kind is billed by tokens.
pub(super) fn is_billed_by_tokens(kind: &str) -> bool {
    const KINDS: [&str; 8] =
        ["chat", "completion", "embedding", "rerank", "moderation", "apply", "ocr", "realtime"];
    KINDS.contains(&kind)
}

/// Whether the source's limit of output means something else for a kind, or nothing.
pub(super) fn lacks_max_output(kind: &str) -> bool {
    ["embedding", "rerank", "stt", "image", "video", "music"].contains(&kind)
}

/// What models of a kind give, where the kind says it all.
pub(super) fn gives(kind: &str) -> Option<&'static str> {
    GIVES.iter().find(|(name, _)| *name == kind).map(|(_, gives)| *gives)
}

/// The dialect for models of a kind at a provider of OpenAI's ways.
pub(super) fn dialect_of_kind(kind: &str, provider_dialect: &str) -> Option<&'static str> {
    let (_, dialect) = BY_KIND.iter().find(|(name, _)| *name == kind)?;
    OPENAI_LIKE.contains(&provider_dialect).then_some(*dialect)
}

/// The dialect of a row, after its package, its shape, its kind and its model.
pub(super) fn dialect<'a>(
    row: &Row,
    provider_dialect: &'a str,
    model: &str,
    kind: &str,
    responses_only: bool,
) -> &'a str {
    let shape = row.shape.as_deref();
    if let Some(package) = &row.package {
        let spoken = BY_PACKAGE.iter().find(|(name, _)| name == package);
        let spoken = spoken.map_or(provider_dialect, |(_, dialect)| *dialect);
        return if shape == Some("completions") { "openai-chat" } else { spoken };
    }
    if shape == Some("responses") {
        return "openai-responses";
    }
    if let Some(dialect) = dialect_of_kind(kind, provider_dialect) {
        return dialect;
    }
    if responses_only && answers_responses_only(model) {
        return "openai-responses";
    }
    if kind == "completion" { "openai-completions" } else { provider_dialect }
}

/// `gpt-5-pro`, `gpt-5.2-codex-max` and the like, beside the ones that are listed.
fn answers_responses_only(model: &str) -> bool {
    let Some(slug) = model.strip_prefix("openai/") else { return false };
    if RESPONSES_ONLY.contains(&slug) {
        return true;
    }
    let Some(rest) = slug.strip_prefix("gpt-5") else { return false };
    let rest = match rest.as_bytes() {
        [b'.', digit, ..] if digit.is_ascii_digit() => &rest[2..],
        _ => rest,
    };
    ["-pro", "-codex", "-codex-mini", "-codex-max", "-codex-spark"].contains(&rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(package: Option<&str>, shape: Option<&str>) -> Row {
        let text = |text: Option<&str>| text.map(str::to_owned);
        Row { package: text(package), shape: text(shape), ..Row::default() }
    }

    #[test]
    fn a_package_says_how_a_row_speaks() {
        let said = |package, shape| dialect(&row(package, shape), "mistral", "a/b", "chat", false);
        assert_eq!(said(Some("@ai-sdk/anthropic"), None), "anthropic-messages");
        assert_eq!(said(Some("@ai-sdk/openai"), Some("completions")), "openai-chat");
        assert_eq!(said(Some("@ai-sdk/unheard"), None), "mistral");
        assert_eq!(said(None, Some("responses")), "openai-responses");
        assert_eq!(said(None, None), "mistral");
    }

    #[test]
    fn a_kind_has_a_dialect_where_the_provider_is_openai_like() {
        let said = |provider, kind| dialect(&row(None, None), provider, "a/b", kind, false);
        assert_eq!(said("openai-chat", "embedding"), "openai-embeddings");
        assert_eq!(said("cohere", "rerank"), "cohere");
        assert_eq!(said("openai-chat", "completion"), "openai-completions");
    }

    #[test]
    fn some_models_answer_on_responses_alone() {
        for slug in ["o3-pro", "gpt-5-pro", "gpt-5.2-codex-max", "gpt-5-codex"] {
            assert!(answers_responses_only(&format!("openai/{slug}")), "{slug}");
        }
        for model in ["openai/gpt-5", "openai/gpt-5.2-prox", "openai/o3", "x/gpt-5-pro"] {
            assert!(!answers_responses_only(model), "{model}");
        }
    }
}
