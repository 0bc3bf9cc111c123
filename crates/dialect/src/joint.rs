//! Where a continued text meets what was delivered: nothing is to be repeated, and nothing lost.

/// How the continuation was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// The delivered text is the beginning of the endpoint's own answer.
    Prefill,
    /// The endpoint was asked in words to go on.
    Words,
}

/// Repetitions shorter than this many bytes may be meant.
const OVERLAP_MIN: usize = 12;
/// Repetitions longer than this are looked for only from the very beginning.
const OVERLAP_MAX: usize = 512;
/// An answer that begins like the delivered one, over so many bytes, was begun anew.
const RESTART_MIN: usize = 8;

/// The joint of one text.
#[derive(Clone, Debug)]
pub(crate) struct Joint {
    delivered: String,
    manner: Manner,
    /// What came and is not decided on.
    held: String,
    is_closed: bool,
}

impl Joint {
    pub(crate) fn new(delivered: String, manner: Manner) -> Joint {
        let is_closed = delivered.is_empty();
        Joint { delivered, manner, held: String::new(), is_closed }
    }

    /// Takes a piece of the continuation. Returns what is to be shown of it.
    pub(crate) fn push(&mut self, piece: &str) -> String {
        if self.is_closed {
            return piece.to_owned();
        }
        self.held.push_str(piece);
        match self.repeated() {
            Some(length) => self.close(length),
            None => String::new(),
        }
    }

    /// Takes note that the continuation has ended. Returns what is still to be shown.
    pub(crate) fn end(&mut self) -> String {
        if self.is_closed {
            return String::new();
        }
        let restarted =
            RESTART_MIN <= self.held.len() && self.delivered.starts_with(self.held.as_str());
        let length = if restarted { self.held.len() } else { self.overlap() };
        self.close(length)
    }

    fn close(&mut self, repeated: usize) -> String {
        self.is_closed = true;
        let held = std::mem::take(&mut self.held);
        held[repeated..].to_owned()
    }

    /// Returns how many bytes of what came are a repetition; none while that may still grow.
    fn repeated(&self) -> Option<usize> {
        let least = match self.manner {
            Manner::Prefill => RESTART_MIN,
            Manner::Words => 1,
        };
        if least <= self.delivered.len() {
            if self.held.starts_with(self.delivered.as_str()) {
                return Some(self.delivered.len());
            }
            if self.delivered.starts_with(self.held.as_str()) {
                return None;
            }
        }
        if self.manner == Manner::Prefill {
            let blank = self.blank();
            let may_grow = self.held.len() < blank.len() && blank.starts_with(self.held.as_str());
            return (!may_grow).then(|| self.overlap());
        }
        let may_grow = self
            .tails()
            .any(|tail| self.held.len() < tail.len() && tail.starts_with(self.held.as_str()));
        if may_grow { None } else { Some(self.overlap()) }
    }

    /// Returns the longest beginning of what came that is an end of what was delivered.
    fn overlap(&self) -> usize {
        if self.manner == Manner::Prefill {
            let same =
                self.blank().chars().zip(self.held.chars()).take_while(|(own, it)| own == it);
            return same.map(|(letter, _)| letter.len_utf8()).sum();
        }
        let repeats = |tail: &&str| self.held.starts_with(*tail);
        self.tails().filter(repeats).map(str::len).max().unwrap_or(0)
    }

    /// Returns the blank at the end of what was delivered, which a beginning is sent without.
    fn blank(&self) -> &str {
        &self.delivered[self.delivered.trim_end().len()..]
    }

    /// Returns the ends of what was delivered that are long enough to be repetitions.
    fn tails(&self) -> impl Iterator<Item = &str> {
        let longest = self.delivered.len().saturating_sub(OVERLAP_MAX);
        let starts = self.delivered.char_indices().map(|(at, _)| at);
        starts
            .filter(move |at| longest <= *at)
            .map(|at| &self.delivered[at..])
            .filter(|tail| OVERLAP_MIN <= tail.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "Der Fluß fließt durch die Stadt, und die Stadt liegt am Fluß.";

    /// Continues after `cut` bytes with `continuation`, which comes `by` characters at a time.
    fn joined(cut: usize, continuation: &str, manner: Manner, by: usize) -> String {
        let mut joint = Joint::new(WHOLE[..cut].to_owned(), manner);
        let mut text = WHOLE[..cut].to_owned();
        let letters: Vec<char> = continuation.chars().collect();
        for piece in letters.chunks(by) {
            text += &joint.push(&piece.iter().collect::<String>());
        }
        text + &joint.end()
    }

    fn cuts() -> impl Iterator<Item = usize> {
        (0..=WHOLE.len()).filter(|at| WHOLE.is_char_boundary(*at))
    }

    #[test]
    fn what_goes_on_exactly_is_joined_at_every_cut() {
        for cut in cuts() {
            for by in [1, 3, 100] {
                for manner in [Manner::Prefill, Manner::Words] {
                    assert_eq!(joined(cut, &WHOLE[cut..], manner, by), WHOLE, "{cut} {by}");
                }
            }
        }
    }

    #[test]
    fn an_answer_that_begins_anew_is_not_repeated() {
        for cut in cuts() {
            for by in [1, 7] {
                assert_eq!(joined(cut, WHOLE, Manner::Words, by), WHOLE, "{cut} {by}");
                if cut == 0 || RESTART_MIN <= cut {
                    assert_eq!(joined(cut, WHOLE, Manner::Prefill, by), WHOLE, "{cut} {by}");
                }
            }
        }
    }

    #[test]
    fn the_last_words_may_be_repeated_where_words_asked_for_more() {
        for cut in cuts().filter(|cut| 24 <= *cut) {
            let from = (0..=cut - OVERLAP_MIN).rev().find(|at| WHOLE.is_char_boundary(*at));
            let continuation = &WHOLE[from.unwrap()..];
            assert_eq!(joined(cut, continuation, Manner::Words, 2), WHOLE, "{cut}");
        }
    }

    #[test]
    fn a_blank_that_was_left_out_of_the_beginning_is_not_shown_twice() {
        for (delivered, continuation, whole) in [
            ("One ", " two", "One two"),
            ("One ", "two", "One two"),
            ("One\n\n", "\n\nTwo", "One\n\nTwo"),
            ("One\n\n", "\nTwo", "One\n\nTwo"),
            ("A long one. \n", " \n  - two", "A long one. \n  - two"),
        ] {
            for by in [1, 2, 100] {
                let mut joint = Joint::new(delivered.to_owned(), Manner::Prefill);
                let mut text = delivered.to_owned();
                let letters: Vec<char> = continuation.chars().collect();
                for piece in letters.chunks(by) {
                    text += &joint.push(&piece.iter().collect::<String>());
                }
                assert_eq!(text + &joint.end(), whole, "{delivered:?} {by}");
            }
        }
    }

    #[test]
    fn short_repetitions_are_meant() {
        let mut joint = Joint::new("ha".to_owned(), Manner::Prefill);
        assert_eq!(joint.push("ha") + &joint.push("!"), "ha!");
    }
}
