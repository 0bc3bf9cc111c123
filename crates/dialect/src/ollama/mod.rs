//! Ollama's chat and completions, for local tools that know nothing else, and for hosts of its
//! kind.

mod answer;
mod ask;
mod body;
mod decoder;
mod encoder;
mod speaker;
mod usage;

pub(crate) use speaker::OLLAMA;
