//! The model that is compiled in, and what it says.

use crate::concepts::{CONCEPTS, TIMES, concepts};
use crate::features::{FEATURES, features, view};
use crate::tag::Tag;

/// What a text is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// The task; `other` where nothing sure can be said.
    pub tag: Tag,
    /// How sure that is, 0 to 1.
    pub confidence: f32,
}

/// By feature: a weight for each class, in 32 bytes, so that a feature is one line of the cache.
static WEIGHTS: &[u8] = include_bytes!("../model.bin");

/// Weights that stand side by side for one feature; those past the classes are zero.
pub(crate) const LANES: usize = 32;
/// Rows of the model: one for each feature, then one for each time that a concept is seen.
pub(crate) const ROWS: usize = FEATURES + CONCEPTS * TIMES;
/// What a concept counts beside all features of its text.
pub(crate) const CONCEPT_SHARE: f32 = 0.3;
/// What the model file begins with: what a step of a weight is worth, and the classes' biases, as
/// little-endian 32-bit floats.
pub(crate) const HEAD: usize = 4 * (1 + LANES);

/// Below this the verdict is `other`.
const CONFIDENCE_MIN: f32 = 0.10;

/// Says what a text is for. Its length does not matter: the beginning and the end are looked at.
pub fn classify(text: &str) -> Verdict {
    evaluate(text, WEIGHTS)
}

/// The same with another model, as [`crate::train`] makes it; `other` where it is none.
pub fn evaluate(text: &str, model: &[u8]) -> Verdict {
    let nothing = Verdict { tag: Tag::OTHER, confidence: 0.0 };
    if model.len() != HEAD + ROWS * LANES {
        return nothing;
    }
    let (head, rows) = model.split_at(HEAD);
    let seen = Seen::of(text);
    if seen.features.is_empty() {
        return nothing;
    }
    let float = |place: usize| {
        let bytes = &head[4 * place..4 * place + 4];
        f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
    };
    let (words, meanings) = (sums(rows, &seen.features), sums(rows, &seen.concepts));
    let (step, share) = (float(0), seen.share());
    let score = |class: usize| {
        let sum = words[class] as f32 * share + meanings[class] as f32 * CONCEPT_SHARE;
        sum * step + float(1 + class)
    };
    let scores: Vec<f32> = (0..Tag::CLASSES).map(score).collect();
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = scores.iter().map(|score| (score - most).exp()).sum();
    let place = scores.iter().position(|score| most <= *score).unwrap_or(Tag::CLASSES);
    let confidence = 1.0 / sum;
    let tag = if confidence < CONFIDENCE_MIN { Tag::OTHER } else { Tag::at(place) };
    Verdict { tag, confidence }
}

/// What is seen of a text, as rows of the model.
pub(crate) struct Seen {
    pub(crate) features: Vec<usize>,
    pub(crate) concepts: Vec<usize>,
}

impl Seen {
    pub(crate) fn of(text: &str) -> Seen {
        let letters = view(text);
        let mut seen = Seen { features: Vec::with_capacity(512), concepts: Vec::new() };
        features(&letters, |feature| seen.features.push(feature));
        let small: String = letters.into_iter().collect();
        concepts(&small, |concept, times| {
            seen.concepts.push(FEATURES + concept * TIMES + times);
        });
        seen
    }

    /// What one feature counts. Long texts have more; the square root keeps scores comparable.
    pub(crate) fn share(&self) -> f32 {
        1.0 / (self.features.len().max(1) as f32).sqrt()
    }
}

fn sums(rows: &[u8], places: &[usize]) -> [i32; LANES] {
    let mut sums = [0_i32; LANES];
    for place in places {
        let row = &rows[place * LANES..(place + 1) * LANES];
        for (sum, weight) in sums.iter_mut().zip(row) {
            *sum += i32::from(*weight as i8);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_something_else() {
        for text in ["", " ", "\u{0}\u{1}"] {
            assert_eq!(classify(text).tag, Tag::OTHER);
        }
        assert_eq!(evaluate("hello", b"no model").tag, Tag::OTHER);
    }

    #[test]
    fn plain_cases_are_plain() {
        let said = |text: &str| classify(text).tag.key();
        assert_eq!(said("Translate this paragraph into Italian."), "translation");
        assert_eq!(said("Write a SQL query that joins orders and customers"), "code:sql_database");
        assert_eq!(said("Summarize the article below in two sentences"), "summarization");
    }
}
