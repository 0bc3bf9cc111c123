//! Thinking that stands between tags in the text, taken out of it.
//!
//! Tags are cut anywhere by the network (`<thi`, `nk>`). Some models leave the opening tag out,
//! because their template has put it into the prompt already.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// A piece of text, told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// It was said.
    Text(String),
    /// It was thought.
    Thought(String),
}

/// Splits a stream of text.
#[derive(Debug)]
pub(crate) struct Splitter {
    state: State,
    /// What may be the beginning of a tag.
    held: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing but blanks has come yet.
    Start,
    /// The same, of a thought: its tag has come, or is not needed.
    Opening,
    Thinking,
    /// The blanks after the closing tag.
    Between,
    Speaking,
}

impl Splitter {
    /// Returns a splitter. With `begins_thinking`, the text begins with a thought though no tag
    /// says so.
    pub(crate) fn new(begins_thinking: bool) -> Splitter {
        let state = if begins_thinking { State::Opening } else { State::Start };
        Splitter { state, held: String::new() }
    }

    /// Takes text and appends what it is known to be to `pieces`.
    pub(crate) fn push(&mut self, text: &str, pieces: &mut Vec<Piece>) {
        let mut text = std::mem::take(&mut self.held) + text;
        while !text.is_empty() {
            let Some(rest) = self.step(&text, pieces) else {
                self.held = text;
                return;
            };
            text = rest;
        }
    }

    /// Appends what was held back: no tag will come of it any more.
    pub(crate) fn end(&mut self, pieces: &mut Vec<Piece>) {
        let held = std::mem::take(&mut self.held);
        match self.state {
            State::Opening | State::Thinking => give(pieces, Piece::Thought(held)),
            State::Start | State::Between | State::Speaking => give(pieces, Piece::Text(held)),
        }
    }

    /// Moves on by one decision. Returns what is left, or `None` where more has to come first.
    fn step(&mut self, text: &str, pieces: &mut Vec<Piece>) -> Option<String> {
        match self.state {
            State::Start => {
                let seen = text.trim_start();
                if let Some(rest) = seen.strip_prefix(OPEN) {
                    self.state = State::Opening;
                    return Some(rest.to_owned());
                }
                // A closing tag alone: the opening one stood in the prompt.
                if let Some(rest) = seen.strip_prefix(CLOSE) {
                    self.state = State::Between;
                    return Some(rest.to_owned());
                }
                if OPEN.starts_with(seen) || CLOSE.starts_with(seen) {
                    return None;
                }
                self.state = State::Speaking;
                Some(text.to_owned())
            }
            State::Opening => {
                let seen = text.trim_start();
                if OPEN != seen && OPEN.starts_with(seen) {
                    return None;
                }
                self.state = State::Thinking;
                Some(seen.strip_prefix(OPEN).unwrap_or(seen).to_owned())
            }
            State::Thinking => match text.split_once(CLOSE) {
                Some((thought, rest)) => {
                    give(pieces, Piece::Thought(thought.trim_end().to_owned()));
                    self.state = State::Between;
                    Some(rest.to_owned())
                }
                None => {
                    let keep = tail(text);
                    let (thought, held) = text.split_at(text.len() - keep);
                    give(pieces, Piece::Thought(thought.to_owned()));
                    self.held = held.to_owned();
                    Some(String::new())
                }
            },
            State::Between => {
                let rest = text.trim_start();
                if !rest.is_empty() {
                    self.state = State::Speaking;
                }
                Some(rest.to_owned())
            }
            State::Speaking => {
                give(pieces, Piece::Text(text.to_owned()));
                Some(String::new())
            }
        }
    }
}

/// Returns the bytes at the end of `text` that may be the beginning of a closing tag, with the
/// blanks in front of it: where the tag follows, they belong to neither.
fn tail(text: &str) -> usize {
    let longest = (1..CLOSE.len()).rev().find(|length| text.ends_with(&CLOSE[..*length]));
    let before = &text[..text.len() - longest.unwrap_or(0)];
    text.len() - before.trim_end().len()
}

fn give(pieces: &mut Vec<Piece>, piece: Piece) {
    let (Piece::Text(text) | Piece::Thought(text)) = &piece;
    if !text.is_empty() {
        pieces.push(piece);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns what was thought and what was said.
    fn split<'a>(begins: bool, parts: impl IntoIterator<Item = &'a str>) -> (String, String) {
        let mut splitter = Splitter::new(begins);
        let mut pieces = Vec::new();
        for part in parts {
            splitter.push(part, &mut pieces);
        }
        splitter.end(&mut pieces);
        let (mut thought, mut said) = (String::new(), String::new());
        for piece in pieces {
            match piece {
                Piece::Thought(text) => thought.push_str(&text),
                Piece::Text(text) => said.push_str(&text),
            }
        }
        (thought, said)
    }

    fn check(begins: bool, text: &str, thought: &str, said: &str) {
        let whole = split(begins, [text]);
        assert_eq!(whole, (thought.to_owned(), said.to_owned()), "{text}");
        for (cut, _) in text.char_indices() {
            let (head, tail) = text.split_at(cut);
            assert_eq!(split(begins, [head, tail]), whole, "{text} cut at {cut}");
        }
        let letters: Vec<String> = text.chars().map(String::from).collect();
        assert_eq!(split(begins, letters.iter().map(String::as_str)), whole, "{text} in letters");
    }

    #[test]
    fn thinking_is_taken_out_wherever_the_tags_are_cut() {
        check(false, "<think>hm, ü</think>\n\nHi <b>!", "hm, ü", "Hi <b>!");
        check(false, "\n<think>\na </thin b\n</think>c", "a </thin b", "c");
        check(false, "no tags </think> here", "", "no tags </think> here");
        check(false, "<think>never closed", "never closed", "");
        check(false, "<think></think>plain", "", "plain");
        check(false, "<thin", "", "<thin");
    }

    #[test]
    fn the_opening_tag_may_be_missing() {
        check(true, "hm</think>Hi", "hm", "Hi");
        check(true, "<think>hm</think>Hi", "hm", "Hi");
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(text in "(<think>)?[a</thinkü> ]{0,20}(</think>)?[ab< ]{0,9}", begins: bool) {
            let whole = split(begins, [text.as_str()]);
            let letters: Vec<String> = text.chars().map(String::from).collect();
            prop_assert_eq!(split(begins, letters.iter().map(String::as_str)), whole);
        }
    }
}
