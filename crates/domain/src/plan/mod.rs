//! Which endpoints may serve a request, and in what order they are tried.
//!
//! The decision is a pure function of what it is given, so a log line replays it.

mod filter;
mod offers;
mod order;
mod refusal;

#[cfg(test)]
mod tests;

pub use filter::Exclusion;
pub use offers::Offers;
pub use order::{ATTEMPTS_MAX, Candidate, Plan, plan};
