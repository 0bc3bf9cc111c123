//! What words mean, whatever language they are in: the lexicon of `texts/concepts.txt`.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// How many concepts there may be; their names do not matter, their places do.
pub(crate) const CONCEPTS: usize = 64;
/// How often a concept counts at most.
pub(crate) const TIMES: usize = 3;

static LEXICON: LazyLock<Lexicon> =
    LazyLock::new(|| Lexicon::read(include_str!("../texts/concepts.txt")));

/// Calls `take` with the place of each concept of a text, in small letters, and how often it was
/// seen before.
pub(crate) fn concepts(text: &str, mut take: impl FnMut(usize, usize)) {
    let Some(finder) = &LEXICON.finder else { return };
    let mut seen = [0_usize; CONCEPTS];
    let mut used: Vec<(usize, usize)> = Vec::new();
    for found in finder.find_overlapping_iter(text) {
        let stem = &LEXICON.stems[found.pattern().as_usize()];
        // One word may carry a concept only once, by whichever of its stems.
        let is_new = !used.contains(&(stem.concept, found.start()));
        if is_new && stem.fits(text, found.start(), found.end()) && seen[stem.concept] < TIMES {
            used.push((stem.concept, found.start()));
            take(stem.concept, seen[stem.concept]);
            seen[stem.concept] += 1;
        }
    }
}

struct Lexicon {
    finder: Option<AhoCorasick>,
    stems: Vec<Stem>,
}

struct Stem {
    concept: usize,
    place: Place,
}

/// Where a stem counts.
enum Place {
    /// At the beginning of a word.
    Beginning,
    /// As a word.
    Word,
    /// Anywhere.
    Anywhere,
}

/// Up to this many letters a stem has to be the whole word.
const SHORT: usize = 3;

impl Lexicon {
    fn read(text: &str) -> Lexicon {
        let (mut patterns, mut stems) = (Vec::new(), Vec::new());
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        for (concept, line) in lines.take(CONCEPTS).enumerate() {
            for (stem, is_quoted) in words(line).into_iter().skip(1) {
                let is_wordlike = stem.chars().next().is_some_and(|first| first.is_alphanumeric());
                let is_wide = stem.chars().any(|letter| '\u{2e80}' <= letter);
                let place = if is_quoted || is_wide || !is_wordlike {
                    Place::Anywhere
                } else if stem.chars().count() <= SHORT {
                    Place::Word
                } else {
                    Place::Beginning
                };
                patterns.push(stem.to_lowercase());
                stems.push(Stem { concept, place });
            }
        }
        Lexicon { finder: AhoCorasick::new(&patterns).ok(), stems }
    }
}

impl Stem {
    fn fits(&self, text: &str, start: usize, end: usize) -> bool {
        let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        let begins = || !is_letter(text[..start].chars().next_back());
        let ends = || !is_letter(text[end..].chars().next());
        match self.place {
            Place::Anywhere => true,
            Place::Beginning => begins(),
            Place::Word => begins() && ends(),
        }
    }
}

/// The words of a line, those in quotes as they stand.
fn words(line: &str) -> Vec<(&str, bool)> {
    let mut found = Vec::new();
    for (place, part) in line.split('"').enumerate() {
        if place % 2 == 1 {
            found.push((part, true));
        } else {
            found.extend(part.split_whitespace().map(|word| (word, false)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        concepts(text, |concept, times| found.push((concept, times)));
        found
    }

    #[test]
    fn the_lexicon_fits_and_every_line_has_stems() {
        assert!(LEXICON.finder.is_some());
        let last = LEXICON.stems.iter().map(|stem| stem.concept).max().expect("a stem");
        let lines = include_str!("../texts/concepts.txt")
            .lines()
            .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        assert_eq!(lines.count(), last + 1);
    }

    #[test]
    fn words_of_all_languages_share_a_concept() {
        let first = |text: &str| of(text).first().copied();
        assert_eq!(first("translate"), first("\u{fc}bersetzen"));
        assert_eq!(first("translate"), first("\u{7ffb}\u{8bd1}"));
        assert_eq!(first("mistranslated"), None);
    }

    #[test]
    fn a_concept_counts_three_times_at_most() {
        assert_eq!(of(&"translate ".repeat(50)).len(), TIMES);
    }
}
