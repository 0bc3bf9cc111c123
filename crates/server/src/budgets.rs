//! Budgets as this process last saw them: which of them a request takes from. They are looked at
//! beside requests, so that no request waits for the database. What is left of one is not looked at
//! here: it is set aside in leases, as credits are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::id::AccountId;
use domain::port::Clock;
use domain::purse::Purse;
use domain::time::Timestamp;
use store::Db;
use store::budgets::{Budget, list};

/// Budgets as this process last saw them.
#[derive(Default)]
pub struct Budgets(Mutex<Arc<Vec<Budget>>>);

/// How often they are looked at.
const BEAT: Duration = Duration::from_secs(1);

impl Budgets {
    /// Returns the budgets.
    pub fn known(&self) -> Arc<Vec<Budget>> {
        self.state().clone()
    }

    /// Takes what was seen.
    pub fn remember(&self, budgets: Vec<Budget>) {
        *self.state() = Arc::new(budgets);
    }

    /// Returns what a request of an account takes from, one that is admitted at `now`.
    pub fn purses(&self, account: &AccountId, now: Timestamp) -> Vec<Purse> {
        let known = self.known();
        let own = known.iter().filter(|budget| budget.account == *account);
        own.map(|budget| budget.purse(now)).collect()
    }

    fn state(&self) -> MutexGuard<'_, Arc<Vec<Budget>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at the budgets for as long as the process lives. A database that does not answer changes
/// nothing: what was seen last stays in force.
pub async fn keep_looking(budgets: Arc<Budgets>, db: Db, clock: Arc<dyn Clock>) {
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        match list(&db, clock.now()).await {
            Ok(seen) => budgets.remember(seen),
            Err(error) => tracing::debug!("the budgets cannot be looked at: {error}"),
        }
    }
}
