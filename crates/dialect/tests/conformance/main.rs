//! Laws that hold for every dialect, tried on every recorded answer.
//!
//! A dialect is held to them by a row of `fixtures::ROWS` and a folder of recorded answers, and by
//! nothing else: the laws name no dialect.

mod callers;
mod chat;
#[path = "../endpoint/mod.rs"]
mod endpoint;
mod fixtures;
mod laws;
mod seen;
mod snapshots;
mod twice;
