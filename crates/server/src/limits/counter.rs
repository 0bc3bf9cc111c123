//! One limit, and how full it is.

use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::limit::{Hold, Lease, Level, Rate, Standing};
use domain::port::Clock;
use domain::time::Timestamp;

/// One limit, and how full it is.
#[derive(Debug)]
pub(super) enum Counter {
    /// This process alone counts.
    Own(Mutex<Level>),
    /// Several share it.
    Shared(Box<Shared>),
}

/// A limit that several processes share.
#[derive(Debug)]
pub(super) struct Shared {
    /// Its name, as the others have it.
    pub(super) name: String,
    lease: Mutex<Lease>,
    /// Held by whoever asks for more: the rest waits for what comes of that.
    pub(super) asking: tokio::sync::Mutex<()>,
}

impl Counter {
    pub(super) fn own() -> Counter {
        Counter::Own(Mutex::default())
    }

    pub(super) fn shared(name: String) -> Counter {
        Counter::Shared(Box::new(Shared {
            name,
            lease: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        }))
    }

    /// Holds `amount`, where the limit allows it. The clock is read by whoever has the level, so
    /// that time never goes backwards for it.
    pub(super) fn hold(&self, rate: Rate, amount: u64, chunk: u64, clock: &dyn Clock) -> Hold {
        match self {
            Counter::Own(level) => {
                let mut level = locked(level);
                match level.ask(rate, amount, clock.now()) {
                    Ok(standing) => Hold::Held { standing, is_low: false },
                    Err(refused) => Hold::Refused(refused),
                }
            }
            Counter::Shared(shared) => {
                let mut lease = shared.lease();
                lease.hold(rate, amount, chunk, clock.now())
            }
        }
    }

    /// Settles what was held at what was used.
    pub(super) fn settle(&self, rate: Rate, held: u64, used: u64, clock: &dyn Clock) {
        match self {
            Counter::Own(level) => {
                let mut level = locked(level);
                level.settle(rate, held, used, clock.now());
            }
            Counter::Shared(shared) => shared.lease().settle(held, used),
        }
    }

    /// Returns how the limit stands, as far as is known here.
    pub(super) fn standing(&self, rate: Rate, now: Timestamp) -> Standing {
        match self {
            Counter::Own(level) => locked(level).standing(rate, now),
            Counter::Shared(shared) => shared.lease().standing(rate, now),
        }
    }

    /// Returns whether it need not be remembered.
    pub(super) fn is_empty(&self, rate: Rate, now: Timestamp) -> bool {
        match self {
            Counter::Own(level) => locked(level).is_empty(rate, now),
            Counter::Shared(shared) => shared.lease().is_empty(),
        }
    }

    /// Returns whether others are to be told something.
    pub(super) fn has_news(&self) -> bool {
        self.as_shared().is_some_and(|shared| shared.lease().has_news())
    }

    /// Returns what it shares, where it does.
    pub(super) fn as_shared(&self) -> Option<&Shared> {
        match self {
            Counter::Own(_) => None,
            Counter::Shared(shared) => Some(shared),
        }
    }
}

impl Shared {
    pub(super) fn lease(&self) -> MutexGuard<'_, Lease> {
        locked(&self.lease)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
