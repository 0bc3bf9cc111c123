//! Which endpoints may serve a request, and in what order they are tried.
//!
//! The decision is a pure function of what it is given, randomness included, so a receipt replays
//! it. `docs/routing.md` tells callers the rules.

mod bond;
mod candidate;
mod change;
mod draw;
mod filter;
mod naming;
mod offers;
mod order;
mod quality;
mod rank;
mod receipt;
mod refusal;
mod sticky;

#[cfg(test)]
pub(crate) mod stage;
#[cfg(test)]
mod tests;

pub use bond::{Bond, Stay};
pub use candidate::{ATTEMPTS_MAX, Candidate, Considered, Plan};
pub(crate) use draw::Lots;
pub use filter::{ACCEPT_TERMS, Exclusion, Obstacles};
pub use offers::{Defaults, Lane, Offers, Turn, Wanted};
pub use order::{admits, plan};
pub use receipt::{Receipt, Seen, Unrepeatable};
