//! One limit, and how full it is.

use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::limit::{Level, Rate, Refused, Standing};
use domain::time::Timestamp;

/// One limit, and how full it is.
#[derive(Debug, Default)]
pub(super) struct Counter(Mutex<Level>);

impl Counter {
    /// Holds `amount`, where the limit allows it.
    pub(super) fn hold(
        &self,
        rate: Rate,
        amount: u64,
        now: Timestamp,
    ) -> Result<Standing, Refused> {
        self.level().ask(rate, amount, now)
    }

    /// Settles what was held at what was used.
    pub(super) fn settle(&self, rate: Rate, held: u64, used: u64, now: Timestamp) {
        self.level().settle(rate, held, used, now);
    }

    /// Returns how the limit stands.
    pub(super) fn standing(&self, rate: Rate, now: Timestamp) -> Standing {
        self.level().standing(rate, now)
    }

    /// Returns whether it need not be remembered.
    pub(super) fn is_empty(&self, rate: Rate, now: Timestamp) -> bool {
        self.level().is_empty(rate, now)
    }

    fn level(&self) -> MutexGuard<'_, Level> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
