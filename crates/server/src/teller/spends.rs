//! What keys have spent, as this process knows it: what the database said when a key was first
//! seen, and what ended here since.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::generation::Generation;
use domain::id::KeyId;
use domain::key::Spend;
use domain::time::Timestamp;

/// What keys have spent.
#[derive(Default)]
pub(super) struct Spends(Mutex<HashMap<KeyId, Spend>>);

impl Spends {
    fn spends(&self) -> MutexGuard<'_, HashMap<KeyId, Spend>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings in what a key had spent. A key that is open stays as it is.
    pub(super) fn open(&self, key: &KeyId, spend: Spend) {
        self.spends().entry(key.clone()).or_insert(spend);
    }

    /// Returns what a key has spent as it stands at `now`, or `None` while it is not open.
    pub(super) fn of(&self, key: &KeyId, now: Timestamp) -> Option<Spend> {
        self.spends().get(key).map(|spend| spend.at(now))
    }

    /// Counts a generation.
    pub(super) fn add(&self, generation: &Generation) {
        let mut spends = self.spends();
        let spend = spends.entry(generation.key.clone()).or_default();
        *spend = spend.plus(generation.cost, generation.created);
    }
}
