//! Anthropic's messages: the dialect of Claude, at Anthropic, under Vertex's paths and at hosts
//! that offer it beside OpenAI's.

mod answer;
mod ask;
mod blocks;
mod body;
mod decoder;
mod encoder;
mod failing;
mod outgoing;
mod passing;
mod speaker;
mod usage;

pub(crate) use speaker::{ANTHROPIC, VERTEX_ANTHROPIC};
