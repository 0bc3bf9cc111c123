//! Images: a description in, images out.
//!
//! Endpoints are asked in OpenAI's form, or by a chat request where their model draws in its
//! answers.

mod answer;
mod ask;
mod chat;
mod decode;
mod form;

pub(crate) use decode::decode;
pub(crate) use form::{is_spoken, parameters};
