//! What both directions of an answer in the verbatim lane need to know, and the pieces of JSON that
//! they write the same way.

use domain::event::FinishReason;

use super::found::{Found, Member, What};
use super::parts::told_apart;
use super::usage;
use crate::dialect::{Face, Host};
use crate::exchange::{Observed, Receipt};
use crate::finish::meaning;
use crate::json::{push_member, push_string, push_value, unescape};

/// One attempt's knowledge of caller and endpoint.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    pub(super) face: Face,
    pub(super) host: Host,
}

impl Lane {
    /// Returns what a choice's native finish reason means. It stands between quotes.
    pub(super) fn finish(&self, quoted: &[u8], calls_tools: bool) -> (FinishReason, String) {
        let inside = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
        let native = unescape(inside).unwrap_or_default().into_owned();
        (meaning(&native, calls_tools, &self.host.quirks), native)
    }

    /// Appends the thinking in OpenRouter's two fields. `text` stands between quotes.
    pub(super) fn push_reasoning(&self, out: &mut Vec<u8>, text: &[u8], has_details: bool) {
        push_member(out, "reasoning");
        out.extend_from_slice(text);
        let is_text = text.first() == Some(&b'"');
        if is_text && !has_details && !self.face.is_legacy {
            push_member(out, "reasoning_details");
            out.extend_from_slice(br#"[{"type":"reasoning.text","text":"#);
            out.extend_from_slice(text);
            out.extend_from_slice(br#","format":"unknown","index":0}]"#);
        }
    }

    /// Appends the content of a message. One that is a list where a string was expected is told
    /// apart into what is said and what is thought.
    pub(super) fn push_content(&self, out: &mut Vec<u8>, value: &[u8]) {
        push_member(out, "content");
        if value.first() != Some(&b'[') {
            out.extend_from_slice(value);
            return;
        }
        let (said, thought) = told_apart(value);
        push_string(out, &said);
        if !thought.is_empty() && !self.face.hides_thinking {
            let mut quoted = Vec::with_capacity(thought.len() + 2);
            push_string(&mut quoted, &thought);
            self.push_reasoning(out, &quoted, false);
        }
    }
}

/// Appends the fields that every object of an answer begins with, its brace included.
pub(super) fn push_head(face: &Face, out: &mut Vec<u8>, object: &str) {
    let stamp = &face.stamp;
    out.extend_from_slice(b"{\"id\":");
    push_string(out, &stamp.id);
    out.extend_from_slice(b",\"provider\":");
    push_string(out, &stamp.provider);
    out.extend_from_slice(b",\"model\":");
    push_string(out, &stamp.model);
    out.extend_from_slice(b",\"object\":");
    push_string(out, object);
    out.extend_from_slice(b",\"created\":");
    push_value(out, &stamp.created);
}

/// Appends the usage of an answer and what else belongs beside it.
pub(super) fn push_receipt(out: &mut Vec<u8>, receipt: &Receipt) {
    push_member(out, "usage");
    push_value(out, &usage::shown(receipt));
    if let Some(metadata) = &receipt.metadata {
        push_member(out, "openrouter_metadata");
        push_value(out, metadata);
    }
}

/// Appends the members beside the choices that are passed on.
pub(super) fn push_kept(out: &mut Vec<u8>, text: &[u8], found: &Found) {
    for (name, value) in &found.kept {
        out.push(b',');
        out.extend_from_slice(name.of(text));
        out.push(b':');
        out.extend_from_slice(value.of(text));
    }
}

/// Returns the member that carries the thinking: the first of them that says something.
pub(super) fn reasoning(members: &[Member]) -> Option<&Member> {
    members.iter().find(|member| member.what == What::Reasoning && !member.is_empty)
}

/// Takes note of what a member of a message shows.
pub(super) fn observe(observed: &mut Observed, member: &Member, text: &[u8]) {
    observed.content_bytes += match member.value.of(text) {
        list @ [b'[', ..] if member.what == What::Content => {
            let (said, thought) = told_apart(list);
            observed.said.hear(&thought);
            observed.said.hear(&said);
            (said.len() + thought.len()) as u64
        }
        value => {
            let bytes = member.text_bytes(text);
            if bytes != 0 {
                observed.said.hear_json(value);
            }
            bytes
        }
    };
    if member.what == What::Images && !member.is_empty {
        observed.images = observed.images.saturating_add(1);
    }
}
