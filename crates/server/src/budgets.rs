//! Budgets as this process last saw them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::time::Timestamp;
use store::budgets::Budget;

/// Budgets as this process last saw them. While there are none, looking costs next to nothing.
#[derive(Default)]
pub struct Budgets(Mutex<Option<(Arc<Vec<Budget>>, Timestamp)>>);

/// How long budgets are believed to be unused up.
const BELIEVED_MS: u64 = 1_000;
/// How long it is believed that there are none.
const NONE_BELIEVED_MS: u64 = 15_000;

impl Budgets {
    /// Returns the budgets, where they were seen lately.
    pub fn known(&self, now: Timestamp) -> Option<Arc<Vec<Budget>>> {
        let state = self.state();
        let (budgets, seen) = state.as_ref()?;
        let believed = if budgets.is_empty() { NONE_BELIEVED_MS } else { BELIEVED_MS };
        (now.ms_since(*seen) < believed && *seen <= now).then(|| budgets.clone())
    }

    /// Takes what was seen.
    pub fn remember(&self, budgets: Vec<Budget>, now: Timestamp) -> Arc<Vec<Budget>> {
        let budgets = Arc::new(budgets);
        *self.state() = Some((budgets.clone(), now));
        budgets
    }

    /// Forgets what was seen, because it was changed.
    pub fn forget(&self) {
        *self.state() = None;
    }

    fn state(&self) -> MutexGuard<'_, Option<(Arc<Vec<Budget>>, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
