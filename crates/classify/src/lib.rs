//! What a request is for, and in which language: told from its words, in microseconds, and then
//! the words are forgotten.
//!
//! A linear model over hashed pieces of text and the concepts of a small lexicon. It was trained on
//! the texts in `texts/` by
//! `cargo run -p classify --example train`, and is compiled in; `docs/classifier.md` says how well
//! it does on the third of them that it never saw. Nothing in here keeps or sends text.

mod concepts;
mod features;
mod language;
mod model;
mod tag;
pub mod train;

pub use language::{Language, language};
pub use model::{Verdict, classify, evaluate};
pub use tag::{Macro, Tag};
