//! The dialects in which simulated providers speak, one file or folder each.
mod anthropic;
mod asked;
mod aws;
mod azure_openai;
mod bedrock;
mod cohere;
mod dialect;
mod embeddings;
mod gemini;
mod images;
mod media;
mod mistral;
mod moderation;
mod ollama;
mod openai;
mod openai_chat;
mod openai_completions;
mod openai_responses;
mod rerank;
mod routes;
mod sap_orchestration;
mod speech;
mod transcription;

pub(crate) use dialect::{StreamWriter, Wire};
pub(crate) use routes::{Route, default_wire, route};
