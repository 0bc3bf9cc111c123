//! JSON appended to a buffer.

use serde::Serialize;

/// Appends `value`.
pub(crate) fn push_value(out: &mut Vec<u8>, value: &impl Serialize) {
    serde_json::to_writer(out, value).expect("a vector takes every byte, and names are strings");
}

/// Appends `text` as a string, quotes included.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    push_value(out, &text);
}

/// Appends `"name":`, after a comma unless an object was just opened.
pub(crate) fn push_member(out: &mut Vec<u8>, name: &str) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    push_string(out, name);
    out.push(b':');
}
