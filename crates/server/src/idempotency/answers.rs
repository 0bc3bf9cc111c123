//! Answers that are being given, and the bounds of what is kept.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::failure::{Failure, FailureKind, Fault, Retry};
use domain::id::KeyId;
use domain::time::Timestamp;
use store::answers::Place;

use super::tape::Tape;

/// Answers that are being given, and the bounds of what is kept.
pub struct Answers {
    /// How much is kept, and for how long.
    pub(super) bounds: Bounds,
    /// Names this process among those that share the database.
    pub(super) owner: String,
    live: Mutex<HashMap<Place, Arc<Tape>>>,
    purged_ms: AtomicI64,
}

/// How much is kept, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How long a request is known, in milliseconds.
    pub window_ms: u64,
    /// The largest answer that is kept.
    pub answer_bytes: usize,
    /// All answers that are kept for one caller.
    pub caller_bytes: u64,
    /// Requests that are known of one caller.
    pub caller_requests: u32,
}

/// Answers that are given at one time.
const LIVE_MAX: usize = 4096;
/// How often what has expired is forgotten.
const PURGE_EVERY_MS: i64 = 60_000;

impl Answers {
    /// Takes the bounds, and a name of this process that no other has.
    pub fn new(bounds: Bounds, owner: String) -> Answers {
        Answers { bounds, owner, live: Mutex::default(), purged_ms: AtomicI64::new(0) }
    }

    /// Finds the answer that is being given to the same request, or begins one; returns which.
    ///
    /// # Errors
    /// `Conflict`, where another body goes by the same name.
    pub(super) fn join(
        &self,
        place: &Place,
        fingerprint: &KeyId,
    ) -> Result<(Arc<Tape>, bool), Failure> {
        let mut live = self.live();
        if let Some(tape) = live.get(place) {
            if tape.fingerprint != *fingerprint {
                return Err(another_body());
            }
            return Ok((tape.clone(), false));
        }
        if LIVE_MAX <= live.len() {
            return Err(busy("Too many requests with an Idempotency-Key are being answered."));
        }
        let tape = Arc::new(Tape::new(fingerprint.clone()));
        live.insert(place.clone(), tape.clone());
        Ok((tape, true))
    }

    /// Forgets an answer that has been given. Whoever reads it goes on.
    pub(super) fn leave(&self, place: &Place) {
        self.live().remove(place);
    }

    /// Returns whether it is time to forget what has expired; of those who ask, one is told so.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        let last = self.purged_ms.load(Ordering::Relaxed);
        let order = Ordering::Relaxed;
        PURGE_EVERY_MS < now.ms() - last
            && self.purged_ms.compare_exchange(last, now.ms(), order, order).is_ok()
    }

    fn live(&self) -> MutexGuard<'_, HashMap<Place, Arc<Tape>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The failure of a name that goes with two bodies.
pub(super) fn another_body() -> Failure {
    conflict(
        "This Idempotency-Key was sent before with another request. A key belongs to one body.",
    )
}

/// The failure of a request that contradicts an earlier one of its name.
pub(super) fn conflict(detail: impl Into<String>) -> Failure {
    Failure::caller(FailureKind::Conflict, detail).at("Idempotency-Key")
}

/// The failure of a house that cannot remember now.
pub(super) fn busy(detail: &str) -> Failure {
    let failure = Failure::new(FailureKind::ProviderOverloaded, Fault::House, Retry::Never, detail);
    Failure { retry_after_ms: Some(1_000), ..failure }
}
