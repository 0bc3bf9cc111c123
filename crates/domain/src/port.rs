//! What the core asks of the world, apart from the network, which `relay` asks for itself.
//!
//! Ports that may wait return a boxed future, so that this crate needs no runtime.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::books::Amounts;
use crate::failure::Failure;
use crate::generation::{Generation, Traits};
use crate::id::{AccountId, GenerationId};
use crate::key::ApiKey;
use crate::money::Money;
use crate::price::Price;
use crate::time::Timestamp;
use crate::usage::Usage;
pub use crate::waiting::Waiting;

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

/// Tells what requests are for, from their words, which it forgets.
pub trait Sorter: Send + Sync {
    /// Returns whether it has time for one more now.
    fn has_time(&self) -> bool;

    /// Tells what a text is for, and in which language it is.
    fn sort(&self, text: &str) -> Traits;
}

/// A reservation to be made before anything is sent to a provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// The key that asks.
    pub key: Arc<ApiKey>,
    /// Whose credits pay.
    pub account: AccountId,
    /// The most that the generation can cost.
    pub ceiling: Money,
    /// The least that is worth beginning with, where the answer can be cut to what fits; else the
    /// ceiling.
    pub floor: Money,
    /// The record as it will stand should the house not live to write a better one.
    pub draft: Generation,
}

/// A reservation that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// How much is reserved: between the floor and the ceiling.
    pub amount: Money,
    /// Until this mark is durable nothing may reach the caller.
    pub mark: Mark,
}

/// A place in what the ledger has written down. What comes later is greater; zero is durable.
pub type Mark = u64;

/// How far an answer has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Whose answer it is.
    pub generation: GenerationId,
    /// What it costs by now.
    pub charge: Money,
    /// What was counted by now.
    pub usage: Usage,
    /// Who serves it; told once.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub served: Option<Served>,
}

/// Who serves an answer, and on what terms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Served {
    /// The model, by its catalog id.
    pub model: String,
    /// The endpoint.
    pub endpoint: String,
    /// The provider, by its slug.
    pub provider: String,
    /// The provider's name.
    pub provider_name: String,
    /// The rates.
    pub price: Price,
}

/// A generation that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// The record. Its cost is what is charged.
    pub generation: Generation,
    /// The rates by which it was charged.
    pub price: Option<Price>,
    /// What it cost, by who bears it.
    pub amounts: Amounts,
}

/// The books. Credits are held before the first attempt and settled whatever happens after.
///
/// What is held and settled is written down at once and durable a little later. The two run side by
/// side with the request; whoever shows something to a caller waits for what must be durable first.
pub trait Ledger: Send + Sync {
    /// Reserves what a generation may cost at most, or less where its floor allows that.
    ///
    /// # Errors
    /// `PaymentRequired`, with the numbers, when its floor does not fit.
    fn hold<'a>(&'a self, intent: Intent) -> Waiting<'a, Result<Held, Failure>>;

    /// Writes down how far an answer has come: what is charged should the house not live to see
    /// its end.
    fn progress(&self, progress: Progress) -> Mark;

    /// Returns whether everything up to `mark` would survive a crash.
    fn is_durable(&self, mark: Mark) -> bool;

    /// Waits until it would.
    fn durable<'a>(&'a self, mark: Mark) -> Waiting<'a, ()>;

    /// Returns what of `cost` can be charged: all of what was reserved, and what is free beside it.
    /// What is added is reserved from now on. The rest is the house's.
    fn cover(&self, generation: &GenerationId, cost: Money) -> Money;

    /// Returns whether the house bears `cost` of a generation whose answer came to nothing, and
    /// takes note that it does. What it bears for an account in a day has an end: beyond that the
    /// account pays what was made, and with a cost of zero this tells whether that is so.
    fn insure(&self, generation: &GenerationId, cost: Money) -> bool;

    /// Ends the reservation of a generation and books its cost, exactly once: settling again
    /// changes nothing. A charge of zero voids the reservation. Waits until that is durable.
    fn settle<'a>(&'a self, ended: Ended) -> Waiting<'a, Result<(), Failure>>;
}
