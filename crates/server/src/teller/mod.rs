//! The ledger at work: the desk of `ledger` between requests, a journal on disk and the books.

mod admission;
mod courier;
mod disk;
mod flusher;
mod journals;
mod refusal;
mod shared;
mod spends;

pub use admission::{Meter, Teller, Terms};
pub use journals::{JournalError, Journals};
