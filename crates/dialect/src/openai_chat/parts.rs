//! Content that comes as a list of parts, as some hosts send it.

use serde_json::Value;

use crate::think::Piece;

/// Reads one part of a content that is a list.
pub(super) fn part_piece(part: &Value) -> Option<Piece> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    };
    match part["type"].as_str()? {
        "text" | "output_text" => Some(Piece::Text(text(&part["text"]))),
        "thinking" => Some(Piece::Thought(text(&part["thinking"]))),
        "reasoning" => {
            let place =
                ["summary", "text", "reasoning"].into_iter().find(|it| !part[*it].is_null());
            Some(Piece::Thought(text(&part[place?])))
        }
        _ => None,
    }
}

/// Returns what a content that is a list says, and what it thinks.
pub(super) fn told_apart(list: &[u8]) -> (String, String) {
    let parts: Vec<Value> = serde_json::from_slice(list).unwrap_or_default();
    let (mut said, mut thought) = (String::new(), String::new());
    for piece in parts.iter().filter_map(part_piece) {
        match piece {
            Piece::Text(text) => said.push_str(&text),
            Piece::Thought(text) => thought.push_str(&text),
        }
    }
    (said, thought)
}
