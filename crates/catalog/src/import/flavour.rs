//! Words in ids that set models apart: sizes, flavours, and endings that often say nothing.

use std::collections::BTreeSet;

/// Words that name a flavour of a model.
const FLAVOURS: [&str; 31] = [
    "thinking",
    "reasoning",
    "non-reasoning",
    "instruct",
    "coder",
    "code",
    "vision",
    "mini",
    "nano",
    "flash",
    "lite",
    "pro",
    "max",
    "plus",
    "air",
    "turbo",
    "highspeed",
    "fast",
    "distill",
    "safeguard",
    "guard",
    "base",
    "chat",
    "omni",
    "embedding",
    "reranker",
    "ocr",
    "speciale",
    "exp",
    "terminus",
    "preview",
];
/// Endings of slugs that hosts add or leave out.
const ENDINGS: [&str; 6] = ["instruct", "it", "chat", "preview", "latest", "hf"];

/// The words for flavours in an id, lower case.
pub(super) fn flavours(id: &str) -> BTreeSet<String> {
    let id = id.to_lowercase();
    let mut found: BTreeSet<String> =
        FLAVOURS.iter().filter(|word| id.contains(**word)).map(|word| (*word).to_owned()).collect();
    if words(&id).any(|word| word == "vl") {
        found.insert("vl".to_owned());
    }
    found
}

/// The sizes that an id states, such as `70b`; active parameters (`a3b`) do not count.
pub(super) fn sizes(id: &str) -> BTreeSet<String> {
    let id = id.to_lowercase().replace('_', ".");
    let is_size = |word: &&str| {
        let number = word.strip_suffix(['b', 't']).unwrap_or("");
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits(whole) && digits(part)
    };
    let words = id.split(|char: char| !(char.is_ascii_alphanumeric() || char == '.'));
    words.filter(is_size).map(str::to_owned).collect()
}

/// A slug without words that often say nothing: `instruct`, `preview`, `0324`, `05-20`.
pub(super) fn bare_slug(slug: &str) -> String {
    let words: Vec<&str> = slug.split('-').collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let digits = |word: &str, lengths: &[usize]| {
            lengths.contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
        };
        let pair = words.get(at + 1).is_some_and(|next| digits(next, &[2, 3, 4]));
        let says_nothing = at > 0 && (ENDINGS.contains(word) || digits(word, &[4]));
        if at > 0 && digits(word, &[2]) && pair {
            at += 2;
            continue;
        }
        if !says_nothing {
            kept.push(word);
        }
        at += 1;
    }
    kept.join("-")
}

fn words(id: &str) -> impl Iterator<Item = &str> {
    id.split(|char: char| !char.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_whole_words() {
        let read = |id| sizes(id).into_iter().collect::<Vec<_>>();
        assert_eq!(read("Qwen3-30B-A3B"), ["30b"]);
        assert_eq!(read("kimi-k2:1t"), ["1t"]);
        assert_eq!(read("qwen-1_5b/x2.5B"), ["1.5b"]);
        assert!(read("gemma4b-it").is_empty());
    }

    #[test]
    fn flavours_are_found_and_vl_only_as_a_word() {
        assert!(flavours("Qwen3-VL-Thinking").contains("vl"));
        assert!(!flavours("evlo").contains("vl"));
        assert!(flavours("Qwen3-Coder-Next").contains("coder"));
    }

    #[test]
    fn slugs_lose_words_that_say_nothing() {
        let bare = [
            "gemma-3-27b-it",
            "deepseek-chat-v3-0324",
            "gpt-4o-2024-05-13",
            "gemini-2.5-pro-preview-05-06",
        ];
        assert_eq!(bare.map(bare_slug), ["gemma-3-27b", "deepseek-v3", "gpt-4o", "gemini-2.5-pro"]);
    }
}
