//! Bedrock's Converse: on the side of providers.

mod answer;
mod body;
mod config;
mod decoder;
mod frames;
mod messages;
mod speaker;
mod usage;

pub(crate) use speaker::BEDROCK;
