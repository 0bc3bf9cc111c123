//! Wire formats, both ways, as pure functions on bytes.
//!
//! A dialect is a folder and a line in `registry.rs`. HTTP, credentials, timing and retries are not
//! in here, which is what lets every rule be tested from recorded bytes.

mod anthropic;
mod calls;
pub mod contract;
mod cursor;
mod decoding;
mod dialect;
pub mod door;
mod emulate;
mod envelope;
mod error;
pub mod exchange;
mod facts;
mod finish;
mod gather;
mod gemini;
mod heal;
mod house;
mod json;
#[cfg(test)]
mod laws;
pub mod media;
mod ollama;
mod openai_chat;
mod openai_responses;
mod preferences;
pub mod registry;
pub mod request;
mod sealed;
mod sse;
mod text;
mod think;
mod thought;
pub mod tokens;
mod translated;
mod write;
