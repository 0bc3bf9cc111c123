//! Wire formats, both ways, as pure functions on bytes.
//!
//! A dialect is a folder and a line in `registry.rs`. HTTP, credentials, timing and retries are not
//! in here, which is what lets every rule be tested from recorded bytes.

pub mod exchange;
pub mod request;
