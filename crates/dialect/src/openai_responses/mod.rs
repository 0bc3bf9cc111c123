//! OpenAI's responses: items in, items out. The dialect of Codex, and of OpenAI's newest models.

mod answer;
mod ask;
mod body;
mod decoder;
mod encoder;
mod items;
mod passing;
mod speaker;
mod usage;
mod whole;

pub(crate) use speaker::OPENAI_RESPONSES;
