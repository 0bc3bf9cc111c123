//! Requests read field by field, for dialects that are read from JSON at large.
use crate::ask::{Ask, Refusal};
use serde_json::Value;

/// Reads a body as JSON.
///
/// # Errors
/// 400 when it is none.
pub(super) fn json(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::new(400, error.to_string()))
}

/// Returns the members of a list, none where there is no list.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Returns a text, empty where there is none.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Returns a whole number, if it is one.
pub(super) fn whole(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|number| u32::try_from(number).ok())
}

/// Returns the texts of a list.
pub(super) fn texts(value: &Value) -> Vec<String> {
    list(value).iter().map(|item| text(item).to_owned()).collect()
}

/// Refuses fields that the dialect does not have.
///
/// # Errors
/// 400, naming the first of them.
pub(super) fn only(object: &Value, known: &[&str]) -> Result<(), Refusal> {
    let mut names = object.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    match names.find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(name) => Err(Refusal::new(400, format!("{name}: extra inputs are not permitted"))),
    }
}

/// Takes note of a turn of the conversation, oldest first: its text, and whether it is a tool's.
pub(super) fn hear(ask: &mut Ask, said: &str, is_user: bool, is_result: bool) {
    ask.prompt_bytes += said.len();
    if is_user {
        ask.user_text = said.to_owned();
    }
    ask.results += usize::from(is_result);
    ask.tool_result = is_result.then(|| said.to_owned());
}
