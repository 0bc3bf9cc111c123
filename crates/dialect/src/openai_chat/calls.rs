//! Tool calls as hosts stream them, put in order: numbered from zero, each with an id.
//!
//! Hosts leave the index out, give every call the index 0, repeat the id in every fragment, send it
//! empty, or send the arguments as an object.

use domain::answer::ToolCall;
use serde_json::{Value, json};

use crate::json::{Cursor, Kind, Span, char_bytes};

/// The tool calls of a stream so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    open: Vec<Call>,
}

#[derive(Clone, Debug)]
struct Call {
    choice: u32,
    /// Its number among the choice's calls.
    number: u32,
    /// The index that the host gives it.
    native: Option<u64>,
    id: String,
    has_args: bool,
}

/// One fragment of a tool call, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fragment {
    /// The call's number.
    pub(super) index: u32,
    /// Its id and the function's name, where it begins.
    pub(super) start: Option<(String, String)>,
    /// A piece of its arguments.
    pub(super) args: String,
}

/// Calls of one answer that are told apart; the host that makes more is broken.
const CALLS_MAX: usize = 1024;

impl Calls {
    /// Takes a fragment as the host sent it. `seed`: what ids are made from where the host gives
    /// none. Returns `None` for what is no fragment.
    pub(super) fn take(&mut self, choice: u32, item: &Value, seed: &str) -> Option<Fragment> {
        let function = item.get("function")?;
        let text = |value: &Value, name: &str| {
            value.get(name).and_then(Value::as_str).filter(|it| !it.is_empty()).map(str::to_owned)
        };
        let (id, name) = (text(item, "id"), text(function, "name"));
        let args = match function.get("arguments") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(args)) => args.clone(),
            Some(object) => object.to_string(),
        };
        let native = item.get("index").and_then(Value::as_u64);
        let found = self.find(choice, native, id.as_deref(), name.is_some());
        if let Some(call) = found.map(|place| &mut self.open[place]) {
            call.has_args |= !args.is_empty();
            return Some(Fragment { index: call.number, start: None, args });
        }
        if self.open.len() == CALLS_MAX {
            return None;
        }
        let number = self.open.iter().filter(|call| call.choice == choice).count() as u32;
        let id = id.unwrap_or_else(|| made_id(seed, choice, number));
        let has_args = !args.is_empty();
        self.open.push(Call { choice, number, native, id: id.clone(), has_args });
        Some(Fragment { index: number, start: Some((id, name.unwrap_or_default())), args })
    }

    /// Returns the place of the call that a fragment continues.
    fn find(
        &self,
        choice: u32,
        native: Option<u64>,
        id: Option<&str>,
        has_name: bool,
    ) -> Option<usize> {
        let own = |call: &&Call| call.choice == choice;
        let last = self.open.iter().rposition(|call| {
            own(&call) && (native.is_none() || call.native.is_none() || call.native == native)
        });
        match (id, has_name) {
            // A new id with a name begins a call, whatever the index says.
            (Some(id), true) => self.open.iter().rposition(|call| own(&call) && call.id == id),
            (Some(id), false) => {
                self.open.iter().rposition(|call| own(&call) && call.id == id).or(last)
            }
            // A name without id or index begins a call, once the last one has its arguments.
            (None, true) => last.filter(|place| native.is_some() || !self.open[*place].has_args),
            (None, false) => last,
        }
    }

    /// Returns the bytes of arguments in a list of fragments that may pass as it stands: each
    /// continues a call under its number, and holds nothing else.
    /// `pieces` is filled with the calls' numbers and where their arguments stand.
    pub(super) fn passes(
        &self,
        choice: u32,
        list: &[u8],
        pieces: &mut Vec<(u32, Span)>,
    ) -> Option<u64> {
        pieces.clear();
        let mut cursor = Cursor::new(list).ok()?;
        let mut bytes = 0;
        if cursor.kind().ok()? != Kind::List {
            return None;
        }
        cursor.enter().ok()?;
        let mut first = true;
        while cursor.item(&mut first).ok()? {
            let (number, arguments) = self.passes_item(choice, list, &mut cursor)?;
            if let Some(arguments) = arguments {
                bytes += char_bytes(arguments.inside().of(list)) as u64;
                pieces.push((number, arguments));
            }
        }
        Some(bytes)
    }

    fn passes_item(
        &self,
        choice: u32,
        list: &[u8],
        cursor: &mut Cursor<'_>,
    ) -> Option<(u32, Option<Span>)> {
        if cursor.kind().ok()? != Kind::Object {
            return None;
        }
        cursor.enter().ok()?;
        let (mut index, mut given, mut first) = (None, None, true);
        while let Some(name) = cursor.member(&mut first).ok()? {
            match name.inside().of(list) {
                b"index" => index = std::str::from_utf8(cursor.skip().ok()?.of(list)).ok(),
                b"type" => {
                    cursor.skip().ok()?;
                }
                b"id" if cursor.skip().ok()?.of(list) == b"null" => (),
                b"function" => given = arguments(list, cursor),
                _ => return None,
            }
        }
        let number: u32 = index?.parse().ok()?;
        let native = Some(u64::from(number));
        let is_open =
            |call: &Call| call.choice == choice && call.number == number && call.native == native;
        self.open.iter().any(is_open).then_some(())?;
        Some((number, given?))
    }
}

/// Returns the arguments of a `function` object that holds no more than them, if it holds any.
fn arguments(list: &[u8], cursor: &mut Cursor<'_>) -> Option<Option<Span>> {
    if cursor.kind().ok()? != Kind::Object {
        return None;
    }
    cursor.enter().ok()?;
    let (mut given, mut first) = (None, true);
    while let Some(name) = cursor.member(&mut first).ok()? {
        let is_text = cursor.kind().ok()? == Kind::String;
        let value: Span = cursor.skip().ok()?;
        match name.inside().of(list) {
            b"arguments" if is_text => given = Some(value),
            b"name" if value.of(list) == b"null" => (),
            _ => return None,
        }
    }
    Some(given)
}

impl Fragment {
    /// Returns the bytes of name and arguments that it holds.
    pub(super) fn bytes(&self) -> u64 {
        let name = self.start.as_ref().map_or(0, |(_, name)| name.len());
        (name + self.args.len()) as u64
    }

    /// Returns the fragment as OpenAI writes it.
    pub(super) fn shown(&self) -> Value {
        match &self.start {
            Some((id, name)) => json!({
                "index": self.index,
                "id": id,
                "type": "function",
                "function": {"name": name, "arguments": self.args},
            }),
            None => json!({"index": self.index, "function": {"arguments": self.args}}),
        }
    }
}

/// Returns the calls of a whole message, each with an id of its own.
pub(super) fn whole(list: &[Value], choice: u32, seed: &str) -> Vec<ToolCall> {
    let mut calls: Vec<ToolCall> = Vec::new();
    for item in list {
        // Each on its own: what looks like a fragment of another is a call all the same.
        let Some(fragment) = Calls::default().take(choice, item, seed) else { continue };
        let (id, name) = fragment.start.unwrap_or_default();
        let is_taken = item["id"] != id.as_str() || calls.iter().any(|call| call.id == id);
        let number = calls.len() as u32;
        let id = if is_taken { made_id(seed, choice, number) } else { id };
        calls.push(ToolCall { id, name, arguments: fragment.args });
    }
    calls
}

/// Makes an id for a call that has none: the same one for the same answer and number.
fn made_id(seed: &str, choice: u32, number: u32) -> String {
    const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const FNV_PRIME: u64 = 0x0100_0000_01b3;
    let bytes = seed.bytes().chain(choice.to_le_bytes()).chain(number.to_le_bytes());
    let hash =
        bytes.fold(FNV_OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME));
    format!("call_{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(calls: &mut Calls, item: Value) -> (u32, bool, String) {
        let fragment = calls.take(0, &item, "seed").unwrap();
        (fragment.index, fragment.start.is_some(), fragment.args)
    }

    #[test]
    fn a_new_id_begins_a_call_even_under_an_old_index() {
        let mut calls = Calls::default();
        let item = |id: &str, args: &str| json!({"index": 0, "id": id, "function": {"name": "f", "arguments": args}});
        assert_eq!(take(&mut calls, item("a", "{}")), (0, true, "{}".to_owned()));
        assert_eq!(take(&mut calls, item("b", "{}")), (1, true, "{}".to_owned()));
        let more = json!({"index": 0, "function": {"arguments": "x"}});
        assert_eq!(take(&mut calls, more), (1, false, "x".to_owned()));
    }

    #[test]
    fn a_repeated_id_does_not_begin_a_call_again() {
        let mut calls = Calls::default();
        let item = json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}});
        assert!(take(&mut calls, item.clone()).1);
        assert!(!take(&mut calls, item).1);
    }

    #[test]
    fn a_call_without_index_and_id_gets_both_and_objects_become_text() {
        let mut calls = Calls::default();
        let item = json!({"function": {"name": "f", "arguments": {"city": "Zürich"}}});
        let first = calls.take(0, &item, "seed").unwrap();
        assert_eq!(first.args, r#"{"city":"Zürich"}"#);
        let second = calls.take(0, &item, "seed").unwrap();
        assert_eq!((first.index, second.index), (0, 1));
        let id = |fragment: Fragment| fragment.start.unwrap().0;
        assert_ne!(id(first), id(second));
    }

    #[test]
    fn interleaved_calls_are_told_apart_by_index() {
        let mut calls = Calls::default();
        for (index, id) in [(0, "a"), (1, "b")] {
            let item = json!({"index": index, "id": id, "function": {"name": "f"}});
            assert_eq!(take(&mut calls, item), (index, true, String::new()));
        }
        for index in [1, 0, 1] {
            let item = json!({"index": index, "function": {"arguments": "x"}});
            assert_eq!(take(&mut calls, item), (index, false, "x".to_owned()));
        }
        let passes = |list: &[u8]| calls.passes(0, list, &mut Vec::new());
        assert_eq!(passes(br#"[{"index":1,"function":{"arguments":"\u00fc"}}]"#), Some(2));
        assert_eq!(passes(br#"[{"index":2,"function":{"arguments":""}}]"#), None);
        assert_eq!(passes(br#"[{"index":1,"id":"b","function":{}}]"#), None);
    }
}
