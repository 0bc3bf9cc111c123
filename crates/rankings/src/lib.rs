//! What traffic tells, as statistics: pure functions from counts to figures with their uncertainty.
//!
//! The rules are numbered by [`METHODOLOGY`], which is published with every figure. Nothing in here
//! knows a clock, a database or a model; names are whatever the caller counts by. The same counts
//! and the same seed give the same figures, always.

pub mod board;
pub mod cap;
pub mod change;
pub mod correct;
pub mod disclose;
pub mod hours;
mod lots;
mod mix;
pub mod rising;
pub mod share;
pub mod sketch;
pub mod stability;
mod test;
pub mod value;

/// The version of the rules. It changes when a figure would.
pub const METHODOLOGY: &str = "rk-1";
