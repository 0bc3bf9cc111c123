//! `Idempotency-Key`: a request that is sent again is answered again, and not served again.
//!
//! The first of any number of equal requests is served, in a task of its own that goes on when its
//! caller leaves; the others are told what it is told, while it is told or afterwards. Answers are
//! kept for the configured time, sealed under the caller's own key, so that nobody who holds the
//! database can read them.

mod answers;
mod head;
mod layer;
mod seal;
mod serve;
mod tape;

pub use answers::{Answers, Bounds};
pub use layer::Idempotency;
pub(crate) use tape::REPLAYED;
