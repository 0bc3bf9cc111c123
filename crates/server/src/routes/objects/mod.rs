//! What the API's bodies look like, a file for each noun.
//!
//! Objects of ours are closed: a field that an answer has and its schema has not fails the test
//! that holds real answers against them (`tests/e2e/reference`). What goes on as its sender wrote
//! it, as requests and answers of chats, is open.

pub(super) mod chat;
pub(super) mod doors;
pub(super) mod errors;
pub(super) mod figures;
pub(super) mod gemini;
pub(super) mod generations;
pub(super) mod images;
pub(super) mod keys;
pub(super) mod lab;
pub(super) mod models;
pub(super) mod offers;
pub(super) mod ollama;
pub(super) mod preferences;
pub(super) mod rankings;
pub(super) mod tasks;
pub(super) mod watch;

use crate::reference::{Schema, list, number, object, open, text, whole};

/// What most answers are wrapped in.
pub(super) fn data(of: Schema) -> Schema {
    object("The answer.", vec![("data", of)])
}

/// A list of all there is.
pub(super) fn all(of: Schema, said: &str) -> Schema {
    data(list(of, said))
}

/// Dollars.
pub(super) fn dollars(said: &str) -> Schema {
    number(&format!("{said} In dollars."))
}

/// A share of something.
pub(super) fn share(said: &str) -> Schema {
    number(&format!("{said} From 0 to 1."))
}

/// A part of a hundred.
pub(super) fn percent(said: &str) -> Schema {
    number(&format!("{said} In percent."))
}

/// A day of the calendar.
pub(super) fn day(said: &str) -> Schema {
    text(&format!("{said} As `2026-11-25`."))
}

/// Points of a distribution.
pub(super) fn percentiles(unit: &str) -> Schema {
    let point = |share: &str| whole(&format!("{share} in a hundred are at most this. {unit}"));
    let points = vec![
        ("p50", point("50")),
        ("p75", point("75")),
        ("p90", point("90")),
        ("p99", point("99")),
    ];
    object("Points of a distribution.", points)
}

/// How a request was routed, where `X-OpenRouter-Metadata: enabled` asks for it.
pub(super) fn metadata() -> Schema {
    open(
        "How the request was routed; there where `X-OpenRouter-Metadata: enabled` asks for it.",
        Vec::new(),
    )
    .maybe()
}

/// The words in which values are written.
pub(super) fn spelled<T: serde::Serialize>(all: &[T]) -> Vec<String> {
    let written = all.iter().filter_map(|it| serde_json::to_value(it).ok());
    written.filter_map(|it| it.as_str().map(str::to_owned)).collect()
}

/// One of some values of ours, in the words in which they are written.
pub(super) fn one_of<T: serde::Serialize>(said: &str, all: &[T]) -> Schema {
    let words = spelled(all);
    crate::reference::word(said, words.iter().map(String::as_str))
}
