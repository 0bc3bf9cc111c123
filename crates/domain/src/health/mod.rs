//! How endpoints fare.
//!
//! State machines without a clock: what happens and when it happened come in, and what planning may
//! know of an endpoint comes out. `relay` holds one [`EndpointState`] for each endpoint.

mod blame;
mod breaker;
mod budget;
mod counts;
mod credential;
mod lane;
mod outlier;
mod pace;
mod sketch;
mod state;
mod view;
mod witness;

#[cfg(test)]
mod tests;

pub use blame::{Blame, Cause};
pub use breaker::{Admission, Breaker};
pub use counts::{Counts, Tally};
pub use credential::Credential;
pub use lane::{Lane, Quota};
pub use outlier::outliers;
pub use pace::PromptSize;
pub use state::{EndpointState, Figures, Verdict};
pub use view::{EndpointHealth, Gate, Load, Percentiles};

/// The longest time for which a provider may ask to be left alone (milliseconds).
pub const HELD_MAX_MS: u64 = 300_000;
