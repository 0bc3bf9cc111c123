//! What tells what a request is for: the words that were said last to the model.

use domain::chat::{Message, Part, Role};

use crate::registry::canonical;
use crate::request::Request;

/// What tells what a request is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// What a person, or else anybody, said last to the model, cut where it is long.
    pub text: String,
    /// How many tools are offered.
    pub tools: u16,
}

/// Bytes of text that are looked at, at most: half from the beginning and half from the end.
const TEXT_BYTES_MAX: usize = 8 << 10;
/// Bytes of a prompt that is looked at, at most: what is longer would take too long to read.
const PROMPT_BYTES_MAX: u32 = 4 << 20;

/// Returns what tells what a request is for; `None` where it is no chat, or cannot be read.
pub fn seen(request: &Request) -> Option<Seen> {
    if request.task.is_some() || PROMPT_BYTES_MAX < request.facts.prompt_bytes {
        return None;
    }
    let chat = canonical(request).ok()?;
    let is_persons = |message: &&Message| message.role == Role::User && !said(message).is_empty();
    let last = chat.messages.iter().rev().find(is_persons).or(chat.messages.last());
    Some(Seen {
        text: last.map(|message| cut(&said(message))).unwrap_or_default(),
        tools: u16::try_from(chat.tools.len()).unwrap_or(u16::MAX),
    })
}

fn said(message: &Message) -> String {
    let texts = message.parts.iter().filter_map(|part| match part {
        Part::Text { text, .. } => Some(text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

fn cut(text: &str) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text.to_owned();
    }
    let half = TEXT_BYTES_MAX / 2;
    let head = &text[..text.floor_char_boundary(half)];
    let tail = &text[text.ceil_char_boundary(text.len() - half)..];
    format!("{head}\n{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_keeps_its_beginning_and_its_end() {
        let long = format!("begin {} end", "ä".repeat(TEXT_BYTES_MAX));
        let cut = cut(&long);
        assert!(cut.starts_with("begin ") && cut.ends_with(" end"));
        assert!(cut.len() <= TEXT_BYTES_MAX + 1);
    }
}
