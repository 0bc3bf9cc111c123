//! Wire formats, both ways, as pure functions on bytes.
//!
//! A dialect is a folder and a line in `registry.rs`. HTTP, credentials, timing and retries are not
//! in here, which is what lets every rule be tested from recorded bytes.

mod address;
mod anthropic;
mod bedrock;
mod calls;
mod cohere;
pub mod compress;
pub mod contract;
mod cursor;
mod decoding;
mod dialect;
pub mod documents;
pub mod door;
mod embeddings;
mod emulate;
mod envelope;
mod error;
pub mod estimate;
pub mod exchange;
mod facts;
mod finish;
mod gather;
mod gemini;
mod heal;
mod house;
mod images;
mod joint;
mod json;
#[cfg(test)]
mod laws;
mod logprobs;
pub mod media;
mod moderation;
mod multipart;
mod named;
mod ollama;
mod once;
mod openai_chat;
mod openai_responses;
mod opened;
mod preferences;
mod recording;
pub mod registry;
pub mod request;
mod rerank;
mod resume;
mod resuming;
pub mod said;
mod sap_orchestration;
mod sealed;
pub mod seen;
mod speech;
mod sse;
mod stream_decoder;
mod task;
mod text;
mod think;
mod thought;
pub mod tokens;
mod transcription;
mod translated;
mod veil;
mod write;
