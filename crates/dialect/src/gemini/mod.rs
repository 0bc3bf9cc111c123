//! Gemini's content generation, at AI Studio and under Vertex's paths.

mod answer;
mod ask;
mod body;
mod decoder;
mod encoder;
mod parts;
mod passing;
mod schema;
mod speaker;
mod usage;

pub(crate) use speaker::{GEMINI, VERTEX};
