//! Speech: a text in, sound out, as it comes.

mod ask;
mod decode;
mod form;
mod spoken;

pub(crate) use ask::formats;
pub(crate) use decode::decode;
pub(crate) use form::is_spoken;
