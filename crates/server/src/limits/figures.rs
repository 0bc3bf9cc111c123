//! What became of requests that have limits, for the operator.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::limit::{Measure, Scope};

/// What became of requests that have limits, since the process began.
#[derive(Debug, Default)]
pub struct Figures {
    counted: AtomicU64,
    refused: [[AtomicU64; 3]; 3],
}

/// Requests that one kind of limit refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusals {
    /// Whose limits: `key`, `account` or `free`.
    pub scope: &'static str,
    /// Of what.
    pub measure: Measure,
    /// How many.
    pub count: u64,
}

const SCOPES: [&str; 3] = ["key", "account", "free"];

impl Figures {
    pub(super) fn count(&self) {
        self.counted.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refuse(&self, scope: &Scope, measure: Measure) {
        let scope = match scope {
            Scope::Key(_) => 0,
            Scope::Account(_) => 1,
            Scope::Free(_) => 2,
        };
        self.refused[scope][place(measure)].fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how many requests counted against a limit and were let in.
    pub fn counted(&self) -> u64 {
        self.counted.load(Ordering::Relaxed)
    }

    /// Returns how many were refused, by whose limit and of what.
    pub fn refusals(&self) -> Vec<Refusals> {
        let of = |scope: usize| {
            Measure::ALL.map(|measure| Refusals {
                scope: SCOPES[scope],
                measure,
                count: self.refused[scope][place(measure)].load(Ordering::Relaxed),
            })
        };
        (0..SCOPES.len()).flat_map(of).collect()
    }
}

const fn place(measure: Measure) -> usize {
    match measure {
        Measure::Requests => 0,
        Measure::Tokens => 1,
        Measure::Spend => 2,
    }
}
