//! Limits of requests, tokens and spend: one arithmetic for all of them.
//!
//! A limit is a bucket that takes `limit` at once and empties evenly over its interval, or at
//! midnight UTC where the interval is the calendar's day. So in any stretch as long as the interval
//! at most twice the limit is used, in n of them one after the other at most (n + 1) times the
//! limit; and whoever stays below the rate is never refused. Amounts are whole, and so is the
//! arithmetic: nothing is rounded in the caller's favour.
//!
//! What a request will use is held at admission by an estimate and settled at what it did use. What
//! is held does not leak: an estimate that was too high delays others only while its request runs.

mod form;
mod lease;
mod level;
mod pool;
mod port;
mod rate;
mod rules;

pub(crate) use form::as_rows;
pub use form::{RateFault, RateForm, read_rates, shown_rates};
pub use lease::{Hold, Lease, Telling};
pub use level::{Level, Refused, Standing};
pub use pool::{Exchanged, Pool, Told};
pub use port::{Asked, Limits, Permit, Unlimited, Used};
pub use rate::{Interval, Measure, Rate};
pub use rules::{Bucket, FreeRules, FreeTier, Reached, Rules, Scope};
