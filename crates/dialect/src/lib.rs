//! Wire formats, both ways, as pure functions on bytes.
//!
//! A dialect is a folder and a line in `registry.rs`. HTTP, credentials, timing and retries are not
//! in here, which is what lets every rule be tested from recorded bytes.

mod cursor;
mod dialect;
mod envelope;
pub mod exchange;
mod finish;
mod gather;
mod json;
mod openai_chat;
pub mod registry;
pub mod request;
mod sse;
mod text;
mod think;
mod translated;
mod write;
