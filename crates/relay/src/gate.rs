//! What has to be durable before a caller sees something.
//!
//! Nothing is shown before the reservation is durable, and nothing of an answer that lies more than
//! [`TOKENS_AHEAD_MAX`] tokens past what was durably noted of its progress: after a crash what a
//! caller saw is charged, but for so much.

use std::collections::VecDeque;
use std::sync::Arc;

use domain::port::{Held, Ledger, Mark, Progress};

/// Tokens between two notes of progress, and the most that is shown beyond the last durable one.
pub(crate) const TOKENS_AHEAD_MAX: u32 = 64;

/// Holds back what must not be seen yet.
pub(crate) struct Gate {
    ledger: Arc<dyn Ledger>,
    held: Held,
    is_open: bool,
    /// The tokens of the last note that is durable, once there is one.
    durable: Option<u32>,
    /// Notes that may not be durable yet: their tokens and marks.
    noted: VecDeque<(u32, Mark)>,
}

impl Gate {
    /// Takes a reservation that may not be durable yet.
    pub(crate) fn new(ledger: Arc<dyn Ledger>, held: Held) -> Gate {
        Gate { ledger, held, is_open: false, durable: None, noted: VecDeque::new() }
    }

    /// Returns what was reserved.
    pub(crate) fn held(&self) -> Held {
        self.held
    }

    /// Waits until something may be shown at all.
    pub(crate) async fn open(&mut self) {
        if !self.is_open {
            if !self.ledger.is_durable(self.held.mark) {
                self.ledger.durable(self.held.mark).await;
            }
            self.is_open = true;
        }
    }

    /// Returns whether an answer of `tokens` has gone so far that it has to be noted: at its first
    /// content, for then its prompt is to be paid, and as often as [`TOKENS_AHEAD_MAX`] says.
    pub(crate) fn is_due(&self, tokens: u32) -> bool {
        let last = self.noted.back().map(|note| note.0).or(self.durable);
        last.is_none_or(|last| last.saturating_add(TOKENS_AHEAD_MAX) <= tokens)
    }

    /// Returns whether nothing was noted yet.
    pub(crate) fn is_new(&self) -> bool {
        self.noted.is_empty() && self.durable.is_none()
    }

    /// Notes that an answer has come to `tokens`.
    pub(crate) fn note(&mut self, tokens: u32, progress: Progress) {
        let mark = self.ledger.progress(progress);
        self.noted.push_back((tokens, mark));
    }

    /// Waits until an answer may be shown up to `tokens`.
    pub(crate) async fn pass(&mut self, tokens: u32) {
        while let Some(&(noted, mark)) = self.noted.front() {
            if !self.ledger.is_durable(mark) {
                let ahead = |durable: u32| durable.saturating_add(TOKENS_AHEAD_MAX);
                if self.durable.is_some_and(|durable| tokens < ahead(durable)) {
                    return;
                }
                self.ledger.durable(mark).await;
            }
            self.durable = Some(noted);
            self.noted.pop_front();
        }
    }
}
