//! Messages and tools, changed for endpoints that do not take them as they came.
//!
//! Most requests need none of this and pass as bytes; [`Edits::of`] finds out without looking into
//! them.

use std::borrow::Cow;

use domain::catalog::{Dialect, Endpoint, Modality};
use domain::quirk::{MessageOrder, PrefillMark, ReasoningOut, SystemRole, ToolCallId};
use serde_json::{Map, Value, json};

use super::mistral;
use super::rules::{follows_openai, is_listed};
use crate::request::Request;

/// What has to be changed in the messages of one request for one endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Edits {
    developer_to_system: bool,
    echo: Option<Echo>,
    strip_cache: bool,
    short_ids: bool,
    order: Option<MessageOrder>,
    thinking: Option<Thinking>,
    prefill: Option<PrefillMark>,
    /// Files and recordings go in the form of Mistral's dialect.
    mistral_media: bool,
}

/// What becomes of the fields of an earlier answer that only answers have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Echo {
    /// OpenAI takes a refusal back, and no other of them.
    KeepRefusal,
    /// None of them is taken back.
    Strip,
}

/// What becomes of the thinking of earlier answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thinking {
    /// It is left out.
    Strip,
    /// It goes back under this name, in messages that call tools.
    As(&'static str),
    /// It goes back as a part of the content, ahead of what was said.
    AsParts,
}

impl Edits {
    /// Returns what has to be changed, given what the messages hold.
    pub(super) fn of(request: &Request, endpoint: &Endpoint) -> Edits {
        let (marks, quirks) = (request.marks, &endpoint.quirks);
        let is_media = |it: &Modality| matches!(it, Modality::File | Modality::Audio);
        Edits {
            developer_to_system: marks.developer
                && quirks.system_role != Some(SystemRole::Developer),
            echo: marks.echoed.then(|| match follows_openai(endpoint) {
                true => Echo::KeepRefusal,
                false => Echo::Strip,
            }),
            strip_cache: marks.cache && !is_listed("cache_control", endpoint),
            short_ids: marks.tool_calls
                && quirks.tool_call_id == Some(ToolCallId::NineAlphanumerics),
            order: quirks.message_order.filter(|order| match order {
                MessageOrder::Free => false,
                MessageOrder::Alternate => true,
                MessageOrder::NoUserAfterTool => marks.tool_calls,
            }),
            thinking: marks.thinking.then(|| thinking(endpoint)).flatten(),
            prefill: quirks.prefill_mark.filter(|_| marks.prefill),
            mistral_media: endpoint.dialect == Dialect::Mistral
                && request.facts.modalities.iter().any(is_media),
        }
    }

    /// Returns whether nothing has to be changed.
    pub(super) fn is_none(&self) -> bool {
        *self == Edits::default()
    }

    /// Changes the messages.
    pub(super) fn apply(&self, messages: &mut Vec<Value>) {
        for message in messages.iter_mut().filter_map(Value::as_object_mut) {
            if self.developer_to_system && message.get("role") == Some(&json!("developer")) {
                message.insert("role".to_owned(), json!("system"));
            }
            if let Some(echo) = self.echo {
                strip_echo(message, echo);
            }
            if self.strip_cache {
                strip_cache(message);
            }
            if self.short_ids {
                shorten_ids(message);
            }
            if let Some(thinking) = self.thinking {
                put_thinking(message, thinking);
            }
            if self.mistral_media {
                mistral::rewrite(message);
            }
        }
        if let (Some(mark), Some(last)) = (self.prefill, messages.last_mut()) {
            last[mark.word()] = json!(true);
        }
        match self.order {
            Some(MessageOrder::Alternate) => alternate(messages),
            Some(MessageOrder::NoUserAfterTool) => part_user_from_tool(messages),
            Some(MessageOrder::Free) | None => (),
        }
    }

    /// Returns whether tools have to lose their marks of where to cache.
    pub(super) fn strips_cache(&self) -> bool {
        self.strip_cache
    }
}

fn thinking(endpoint: &Endpoint) -> Option<Thinking> {
    if !endpoint.reasoning {
        return Some(Thinking::Strip);
    }
    let field = endpoint.reasoning_controls.field.as_deref();
    match (field, endpoint.quirks.reasoning_out) {
        (Some("reasoning_details"), _) => None,
        (Some("reasoning_content"), _) | (None, Some(ReasoningOut::ReasoningContent)) => {
            Some(Thinking::As("reasoning_content"))
        }
        (Some("reasoning"), _) | (None, Some(ReasoningOut::Reasoning)) => {
            Some(Thinking::As("reasoning"))
        }
        (None, Some(ReasoningOut::ContentParts)) => Some(Thinking::AsParts),
        _ => Some(Thinking::Strip),
    }
}

/// Takes thinking out of a message, and puts it back under the endpoint's name where the message
/// calls tools: hosts that want it back want it there, also when it is empty.
fn put_thinking(message: &mut Map<String, Value>, thinking: Thinking) {
    let details = message.shift_remove("reasoning_details");
    let own = message.shift_remove("reasoning");
    let native = message.shift_remove("reasoning_content");
    let text = [own, native]
        .into_iter()
        .flatten()
        .find_map(|value| value.as_str().map(str::to_owned))
        .or_else(|| details.as_ref().map(detail_text));
    let calls_tools = message.get("tool_calls").is_some_and(|calls| !calls.is_null());
    match (thinking, text) {
        (Thinking::As(name), Some(text)) if calls_tools => {
            message.insert(name.to_owned(), Value::String(text));
        }
        (Thinking::AsParts, Some(text)) if !text.is_empty() => {
            let thought = json!([{"type": "text", "text": text}]);
            let mut content = vec![json!({"type": "thinking", "thinking": thought})];
            content.extend(match message.get("content").cloned() {
                None | Some(Value::Null) => Vec::new(),
                Some(Value::String(text)) if text.is_empty() => Vec::new(),
                Some(said) => parts(said),
            });
            message.insert("content".to_owned(), Value::Array(content));
        }
        _ => (),
    }
}

/// Returns what a list of reasoning details says in words.
pub(super) fn detail_text(details: &Value) -> String {
    let details = details.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts = details.iter().filter_map(|detail| {
        let text = detail.get("text").or_else(|| detail.get("summary"));
        text.and_then(Value::as_str)
    });
    texts.collect()
}

fn strip_echo(message: &mut Map<String, Value>, echo: Echo) {
    for name in ["annotations", "images", "model"] {
        message.shift_remove(name);
    }
    let refused = message.get("refusal").is_some_and(|refusal| !refusal.is_null());
    if echo == Echo::Strip || !refused {
        message.shift_remove("refusal");
    }
}

fn strip_cache(message: &mut Map<String, Value>) {
    message.shift_remove("cache_control");
    let parts = message.get_mut("content").and_then(Value::as_array_mut);
    for part in parts.into_iter().flatten().filter_map(Value::as_object_mut) {
        part.shift_remove("cache_control");
        part.shift_remove("prompt_cache_breakpoint");
    }
}

fn shorten_ids(message: &mut Map<String, Value>) {
    let shorten = |id: &mut Value| {
        if let Value::String(long) = id
            && let Cow::Owned(short) = nine_alphanumerics(long)
        {
            *long = short;
        }
    };
    message.get_mut("tool_call_id").map(shorten);
    let calls = message.get_mut("tool_calls").and_then(Value::as_array_mut);
    for call in calls.into_iter().flatten() {
        call.get_mut("id").map(shorten);
    }
}

/// Returns an id of nine letters and digits: the same one for the same id, always.
fn nine_alphanumerics(id: &str) -> Cow<'_, str> {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const FNV_PRIME: u64 = 0x0100_0000_01b3;
    if id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Cow::Borrowed(id);
    }
    let mut hash =
        id.bytes().fold(FNV_OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME));
    let letters = (0..9).map(|_| {
        let letter = LETTERS[(hash % 62) as usize];
        hash /= 62;
        char::from(letter)
    });
    Cow::Owned(letters.collect())
}

/// Merges neighbours of one role, as long as both are of words alone.
fn alternate(messages: &mut Vec<Value>) {
    let mut merged: Vec<Value> = Vec::with_capacity(messages.len());
    for message in messages.drain(..) {
        match merged.last_mut() {
            Some(last) if joins(last, &message) => join(last, message),
            _ => merged.push(message),
        }
    }
    *messages = merged;
}

fn joins(last: &Value, next: &Value) -> bool {
    let plain = |message: &Value| {
        matches!(message["role"].as_str(), Some("user" | "assistant"))
            && message.get("tool_calls").is_none_or(Value::is_null)
    };
    last["role"] == next["role"] && plain(last) && plain(next)
}

fn join(last: &mut Value, next: Value) {
    let held = last["content"].take();
    last["content"] = match (held, next["content"].clone()) {
        (Value::String(first), Value::String(second)) => json!(format!("{first}\n\n{second}")),
        (Value::Null, other) | (other, Value::Null) => other,
        (first, second) => {
            let mut parts = parts(first);
            parts.extend(self::parts(second));
            Value::Array(parts)
        }
    };
}

fn parts(content: Value) -> Vec<Value> {
    match content {
        Value::Array(parts) => parts,
        text => vec![json!({"type": "text", "text": text})],
    }
}

/// Puts the shortest word of an assistant between a tool's result and a user.
fn part_user_from_tool(messages: &mut Vec<Value>) {
    let mut parted: Vec<Value> = Vec::with_capacity(messages.len() + 1);
    for message in messages.drain(..) {
        let after_tool = parted.last().is_some_and(|last| last["role"] == "tool");
        if after_tool && message["role"] == "user" {
            parted.push(json!({"role": "assistant", "content": "."}));
        }
        parted.push(message);
    }
    *messages = parted;
}

/// Changes tools: those that a server would run go, as do marks of where to cache. Returns the
/// types of those that went.
pub(super) fn edit_tools(
    tools: &mut Vec<Value>,
    endpoint: &Endpoint,
    strip_cache: bool,
) -> Vec<String> {
    let mut gone = Vec::new();
    tools.retain(|tool| {
        let kind = tool["type"].as_str().unwrap_or_default();
        let custom = kind == "custom" && follows_openai(endpoint);
        let stays = kind == "function" || custom;
        if !stays {
            gone.push(kind.to_owned());
        }
        stays
    });
    if strip_cache {
        for tool in tools.iter_mut().filter_map(Value::as_object_mut) {
            tool.shift_remove("cache_control");
        }
    }
    gone
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a caller appends to its history as it came goes back without what only answers hold.
    #[test]
    fn an_echoed_answer_loses_what_only_answers_have() {
        let after = |echo: Echo, refusal: Value| {
            let message = json!({
                "role": "assistant", "content": "So.", "refusal": refusal, "annotations": [],
                "images": [], "model": "acme/tiny",
            });
            let mut messages = vec![message];
            Edits { echo: Some(echo), ..Edits::default() }.apply(&mut messages);
            messages.remove(0)
        };
        let plain = json!({"role": "assistant", "content": "So."});
        assert_eq!(after(Echo::Strip, Value::Null), plain);
        assert_eq!(after(Echo::KeepRefusal, Value::Null), plain);
        assert_eq!(after(Echo::Strip, json!("No.")), plain);
        let refused = json!({"role": "assistant", "content": "So.", "refusal": "No."});
        assert_eq!(after(Echo::KeepRefusal, json!("No.")), refused);
    }
}
