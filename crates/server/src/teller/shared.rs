//! What requests, flusher and courier share, and how they wake one another.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::books::Books;
use domain::port::Mark;
use ledger::desk::Desk;
use tokio::sync::{Notify, watch};

/// After so long without anything to write the journal is sealed.
const QUIET: Duration = Duration::from_millis(20);

/// What requests, flusher and courier share.
pub(super) struct Shared {
    desk: Mutex<Desk>,
    pub(super) bell: Bell,
    pub(super) books: Arc<dyn Books>,
    /// Something is wanted from the books.
    pub(super) wanted: Notify,
    /// Something is to be settled.
    pub(super) to_settle: Notify,
    pub(super) durable: watch::Sender<Mark>,
    /// Counts the books' answers about purses.
    pub(super) answers: watch::Sender<u64>,
}

impl Shared {
    pub(super) fn new(desk: Desk, books: Arc<dyn Books>) -> Shared {
        Shared {
            desk: Mutex::new(desk),
            bell: Bell::default(),
            books,
            wanted: Notify::new(),
            to_settle: Notify::new(),
            durable: watch::Sender::new(0),
            answers: watch::Sender::new(0),
        }
    }

    /// No section of the desk's panics half-way.
    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn written(&self, mark: Mark) {
        self.desk().synced(mark);
        self.durable.send_replace(mark);
        self.to_settle.notify_one();
    }
}

/// Wakes the flusher.
#[derive(Default)]
pub(super) struct Bell {
    state: Mutex<State>,
    rung: Condvar,
}

#[derive(Clone, Copy, Default)]
pub(super) struct State {
    pub(super) is_rung: bool,
    pub(super) is_over: bool,
}

impl Bell {
    /// Says that there is something to write.
    pub(super) fn ring(&self) {
        self.change(|state| state.is_rung = true);
    }

    /// Lets the flusher end once everything is written.
    pub(super) fn end(&self) {
        self.change(|state| state.is_over = true);
    }

    fn change(&self, change: impl Fn(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.rung.notify_one();
    }

    /// Waits for the bell, but not for ever.
    pub(super) fn wait(&self) -> State {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |state: &mut State| !state.is_rung && !state.is_over;
        let waited = self.rung.wait_timeout_while(state, QUIET, idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let seen = *state;
        state.is_rung = false;
        seen
    }
}
