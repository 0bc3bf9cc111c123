//! What the core asks of the world, apart from the network, which `relay` asks for itself.
//!
//! Ports that may wait return a boxed future, so that this crate needs no runtime.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::failure::Failure;
use crate::generation::Generation;
use crate::id::GenerationId;
use crate::key::ApiKey;
use crate::money::Money;
use crate::time::Timestamp;

/// A future that can be sent between threads.
pub type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The time.
pub trait Clock: Send + Sync {
    /// Returns the present instant in UTC.
    fn now(&self) -> Timestamp;
}

/// Randomness.
pub trait Entropy: Send + Sync {
    /// Returns 128 bits that nobody can guess.
    fn draw(&self) -> u128;
}

/// A reservation to be made before anything is sent to a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The generation that it is for.
    pub generation: GenerationId,
    /// The key that pays.
    pub key: Arc<ApiKey>,
    /// The most that the generation can cost.
    pub ceiling: Money,
    /// When it was admitted.
    pub now: Timestamp,
}

/// The books. Credits are held before the first attempt and settled whatever happens after.
pub trait Ledger: Send + Sync {
    /// Reserves what a generation may cost at most.
    ///
    /// # Errors
    /// `PaymentRequired`, with the numbers, when it does not fit.
    fn hold<'a>(&'a self, intent: Intent) -> Waiting<'a, Result<(), Failure>>;

    /// Ends the reservation of a generation and books its cost, exactly once: settling again
    /// changes nothing. A cost of zero voids the reservation.
    fn settle<'a>(&'a self, generation: Generation) -> Waiting<'a, Result<(), Failure>>;
}

/// Where settled generations are kept for good.
pub trait Archive: Send + Sync {
    /// Takes a settled generation. Waits only while the archive is behind by more than it can hold.
    fn record<'a>(&'a self, generation: Generation) -> Waiting<'a, ()>;
}
