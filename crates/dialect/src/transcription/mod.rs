//! Transcription: a recording in, what is said in it out.
//!
//! Callers send a form, as at OpenAI, or JSON, as at OpenRouter; endpoints get a form.

mod answer;
mod ask;
mod decode;
mod form;
mod subtitles;

pub(crate) use ask::formats;
pub(crate) use decode::decode;
pub(crate) use form::is_spoken;
