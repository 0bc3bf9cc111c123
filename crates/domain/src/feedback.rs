//! What callers say of generations.

use serde::{Deserialize, Serialize};

use crate::id::{GenerationId, KeyId};
use crate::time::Timestamp;

/// What a caller says of one of its generations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// Of which.
    pub generation: GenerationId,
    /// What it is about.
    pub category: Category,
    /// Whether the answer was any good, where that is said.
    pub rating: Option<Rating>,
    /// In words, cleaned by [`comment`].
    pub comment: Option<String>,
    /// The key that paid for the generation.
    pub key: KeyId,
    /// The model that answered, by the name that it had then.
    pub model: String,
    /// When it was said.
    pub at: Timestamp,
}

/// What feedback is about, in OpenRouter's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the word on the wire")]
pub enum Category {
    Latency,
    Incoherence,
    IncorrectResponse,
    Formatting,
    Billing,
    ApiError,
    Other,
}

/// Whether an answer was any good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the word on the wire")]
pub enum Rating {
    Up,
    Down,
}

impl Category {
    /// Every one, in the order in which reports have them.
    pub const ALL: [Category; 7] = [
        Category::Latency,
        Category::Incoherence,
        Category::IncorrectResponse,
        Category::Formatting,
        Category::Billing,
        Category::ApiError,
        Category::Other,
    ];

    /// Returns the word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Category::Latency => "latency",
            Category::Incoherence => "incoherence",
            Category::IncorrectResponse => "incorrect_response",
            Category::Formatting => "formatting",
            Category::Billing => "billing",
            Category::ApiError => "api_error",
            Category::Other => "other",
        }
    }

    /// Reads the word on the wire.
    pub fn parse(word: &str) -> Option<Category> {
        Category::ALL.into_iter().find(|category| category.word() == word)
    }
}

impl Rating {
    /// Returns the word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Rating::Up => "up",
            Rating::Down => "down",
        }
    }

    /// Reads the word on the wire.
    pub fn parse(word: &str) -> Option<Rating> {
        [Rating::Up, Rating::Down].into_iter().find(|rating| rating.word() == word)
    }
}

/// Characters of a comment, at most. OpenRouter takes half as many.
pub const COMMENT_CHARS_MAX: usize = 2_000;

/// Returns a comment as it is kept: without what would act on a terminal or turn the direction of
/// what is beside it; `None` where nothing is left. Lines stay.
///
/// # Errors
/// The number of characters, where they are too many.
pub fn comment(text: &str) -> Result<Option<String>, usize> {
    let count = text.chars().count();
    if COMMENT_CHARS_MAX < count {
        return Err(count);
    }
    let acts = |letter: char| {
        let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{061c}');
        turns || letter == '\u{feff}' || (letter.is_control() && letter != '\n')
    };
    let clean: String = text.replace("\r\n", "\n").replace('\t', " ");
    let clean: String = clean.chars().filter(|letter| !acts(*letter)).collect();
    let clean = clean.trim();
    Ok((!clean.is_empty()).then(|| clean.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_and_ratings_are_read_as_they_are_written() {
        for category in Category::ALL {
            assert_eq!(Category::parse(category.word()), Some(category));
            assert_eq!(serde_json::to_value(category).unwrap(), category.word());
        }
        for rating in [Rating::Up, Rating::Down] {
            assert_eq!(Rating::parse(rating.word()), Some(rating));
            assert_eq!(serde_json::to_value(rating).unwrap(), rating.word());
        }
        assert_eq!(Category::parse("Latency"), None);
    }

    #[test]
    fn a_comment_keeps_its_lines_and_loses_what_acts_on_a_terminal() {
        let kept = |text: &str| comment(text).unwrap();
        assert_eq!(kept("a\r\nb\tc"), Some("a\nb c".to_owned()));
        assert_eq!(kept("\u{1b}[2Jx\0\u{9b}31m\u{202e}y\u{2066}"), Some("[2Jx31my".to_owned()));
        assert_eq!(kept("<script>alert(1)</script>"), Some("<script>alert(1)</script>".to_owned()));
        assert_eq!(kept(" \n\u{7}"), None);
        assert_eq!(comment(&"ü".repeat(2_000)).unwrap().map(|it| it.chars().count()), Some(2_000));
        assert_eq!(comment(&"ü".repeat(2_001)), Err(2_001));
    }
}
