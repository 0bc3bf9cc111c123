//! What has to be durable before a caller sees something: the reservation, and how far its answer
//! has come.

use std::sync::Arc;

use domain::gate::Gate as Notes;
use domain::port::{Held, Ledger, Progress};

/// Holds back what must not be seen yet.
pub(crate) struct Gate {
    ledger: Arc<dyn Ledger>,
    held: Held,
    is_open: bool,
    notes: Notes,
}

impl Gate {
    /// Takes a reservation that may not be durable yet; an open gate does not wait for it.
    pub(crate) fn new(ledger: Arc<dyn Ledger>, held: Held, is_open: bool) -> Gate {
        Gate { ledger, held, is_open, notes: Notes::default() }
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

    /// Returns whether an answer of `tokens` has to be noted.
    pub(crate) fn is_due(&self, tokens: u32) -> bool {
        self.notes.is_due(tokens)
    }

    /// Returns whether nothing was noted yet.
    pub(crate) fn is_new(&self) -> bool {
        self.notes.is_new()
    }

    /// Notes that an answer has come to `tokens`.
    pub(crate) fn note(&mut self, tokens: u32, progress: Progress) {
        let mark = self.ledger.progress(progress);
        self.notes.note(tokens, mark);
    }

    /// Waits until an answer may be shown up to `tokens`.
    pub(crate) async fn pass(&mut self, tokens: u32) {
        while let Some(mark) = self.notes.waits_for(tokens, |mark| self.ledger.is_durable(mark)) {
            self.ledger.durable(mark).await;
        }
    }
}
