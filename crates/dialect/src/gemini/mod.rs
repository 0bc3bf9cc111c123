//! Gemini's content generation, at AI Studio and under Vertex's paths.

mod answer;
mod ask;
mod body;
mod cited;
mod decoder;
mod encoder;
mod failing;
mod parts;
mod passing;
mod plain;
mod schema;
mod speaker;
mod usage;
mod whole;

pub(crate) use speaker::{GEMINI, VERTEX};
