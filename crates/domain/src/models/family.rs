//! The family of a model: what its slug says without versions and dates.

/// Words that tell a model's maturity and not what it is.
const MATURITY: [&str; 4] = ["preview", "exp", "latest", "beta"];

/// Returns the family of a slug: `claude-sonnet` of `claude-sonnet-4.6`, `gpt-mini` of
/// `gpt-5-mini`, `kimi` of `kimi-k2.6`. Sizes stay: `llama-70b-instruct` of
/// `llama-3.3-70b-instruct`.
pub(super) fn family(slug: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for (place, token) in slug.split(['-', ':']).enumerate() {
        if MATURITY.contains(&token) {
            continue;
        }
        if is_size(token) {
            kept.push(token);
            continue;
        }
        let word = token.trim_end_matches(|it: char| it.is_ascii_digit() || it == '.');
        let is_word = word.chars().all(|it| it.is_ascii_alphabetic() || it == '_');
        match word {
            "" => (),
            // `4o`, `3n`, `2507x`: a version with something behind it.
            _ if token.starts_with(|it: char| it.is_ascii_digit()) => (),
            // `k2.6`, `v3.2`, `r1`, but not the `o` of `o3`, nor the `r` of `command-r`.
            _ if is_word && word.len() == 1 && word.len() < token.len() && place != 0 => (),
            _ if is_word => kept.push(word),
            _ => kept.push(token),
        }
    }
    kept.join("-")
}

/// Returns whether a token is a number of parameters: `70b`, `1.5b`, `a22b`.
fn is_size(token: &str) -> bool {
    let number = token.strip_prefix('a').unwrap_or(token).strip_suffix('b').unwrap_or_default();
    !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit() || it == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_go_and_sizes_stay() {
        for (slug, expected) in [
            ("claude-sonnet-4.6", "claude-sonnet"),
            ("claude-3.5-sonnet-20240620", "claude-sonnet"),
            ("gpt-5.2", "gpt"),
            ("gpt-5-mini", "gpt-mini"),
            ("gpt-4o-2024-11-20", "gpt"),
            ("o3", "o"),
            ("o4-mini", "o-mini"),
            ("gemini-3-flash-preview", "gemini-flash"),
            ("gemini-2.0-flash-lite-001", "gemini-flash-lite"),
            ("grok-4.1-fast", "grok-fast"),
            ("kimi-k2.6", "kimi"),
            ("kimi-k2-thinking", "kimi-thinking"),
            ("deepseek-v3.2", "deepseek"),
            ("glm-5.1", "glm"),
            ("qwen3.5-397b-a17b", "qwen-397b-a17b"),
            ("llama-3.3-70b-instruct", "llama-70b-instruct"),
            ("command-r-plus-08-2024", "command-r-plus"),
            ("mistral-large-2512", "mistral-large"),
            ("gpt-oss-120b", "gpt-oss-120b"),
        ] {
            assert_eq!(family(slug), expected, "{slug}");
        }
    }
}
