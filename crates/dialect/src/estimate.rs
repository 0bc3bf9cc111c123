//! How many tokens a request's prompt has, where its provider does not tell.

use crate::registry::canonical;
use crate::request::Request;
use crate::tokens;

/// Returns about as many tokens as the prompt of a request has, for bounded work; `None` where it
/// is no chat, or cannot be read.
///
/// `tokenizer`: see [`tokens::of_text`].
pub fn prompt(request: &Request, tokenizer: Option<&str>) -> Option<u32> {
    if request.task.is_some() {
        return None;
    }
    let chat = canonical(request).ok()?;
    Some(tokens::about(&chat, tokenizer))
}
