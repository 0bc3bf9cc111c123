//! What may be shown of an answer before a note of its progress is durable.
//!
//! An answer is noted at its first content, for then its prompt is to be paid, and as often as
//! [`TOKENS_AHEAD_MAX`] says. Nothing is shown that lies further than that past the last durable
//! note: after a crash what a caller saw is charged, but for so much.

use std::collections::VecDeque;

use crate::port::Mark;

/// Tokens between two notes of progress, and the most that is shown beyond the last durable one.
pub const TOKENS_AHEAD_MAX: u32 = 64;

/// The notes of one answer.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    /// The tokens of the last note that is durable, once there is one.
    durable: Option<u32>,
    /// Notes that may not be durable yet: their tokens and marks.
    noted: VecDeque<(u32, Mark)>,
}

impl Gate {
    /// Returns whether nothing was noted yet.
    pub fn is_new(&self) -> bool {
        self.noted.is_empty() && self.durable.is_none()
    }

    /// Returns whether an answer of `tokens` has to be noted.
    pub fn is_due(&self, tokens: u32) -> bool {
        let last = self.noted.back().map(|note| note.0).or(self.durable);
        last.is_none_or(|last| last.saturating_add(TOKENS_AHEAD_MAX) <= tokens)
    }

    /// Takes note that an answer of `tokens` is durable once `mark` is.
    pub fn note(&mut self, tokens: u32, mark: Mark) {
        self.noted.push_back((tokens, mark));
    }

    /// Returns the mark that has to become durable before an answer may be shown up to `tokens`;
    /// none where nothing has to.
    pub fn waits_for(&mut self, tokens: u32, is_durable: impl Fn(Mark) -> bool) -> Option<Mark> {
        while let Some(&(noted, mark)) = self.noted.front() {
            if !is_durable(mark) {
                let may_show = |durable: u32| tokens < durable.saturating_add(TOKENS_AHEAD_MAX);
                return (!self.durable.is_some_and(may_show)).then_some(mark);
            }
            self.durable = Some(noted);
            self.noted.pop_front();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_shown_far_past_what_is_durable() {
        let mut gate = Gate::default();
        assert!(gate.is_new() && gate.is_due(1));
        gate.note(1, 7);
        assert_eq!(gate.waits_for(1, |_| false), Some(7));
        assert_eq!(gate.waits_for(1, |mark| mark <= 7), None);
        assert!(!gate.is_due(64) && gate.is_due(65));
        gate.note(65, 9);
        assert_eq!(gate.waits_for(64, |_| false), None);
        assert_eq!(gate.waits_for(65, |_| false), Some(9));
        assert_eq!(gate.waits_for(128, |mark| mark <= 9), None);
    }
}
