//! Cohere's chat, version 2: on the side of providers.

mod answer;
mod body;
mod decoder;
mod messages;
mod speaker;
mod usage;

pub(crate) use speaker::COHERE;
