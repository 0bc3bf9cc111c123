//! The calls of tools in an answer, kept while it passes so that they can be judged at its end.

use std::borrow::Cow;

use crate::json::unescape;

/// Calls of one answer that are kept, at most.
const CALLS_MAX: usize = 64;
/// Bytes of names and arguments that are kept of one answer, at most.
const BYTES_MAX: usize = 256 << 10;

/// The calls of tools in an answer, in the order in which they began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Called {
    calls: Vec<Heard>,
    bytes: usize,
    /// Calls beyond those that are kept.
    left_out: u16,
}

/// A call as far as it was kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    choice: u32,
    index: u32,
    /// The tool that it names.
    pub(crate) name: String,
    /// Its arguments; `None` where they are longer than what is kept.
    pub(crate) arguments: Option<String>,
}

impl Called {
    /// Returns the calls that were kept.
    pub(crate) fn calls(&self) -> &[Heard] {
        &self.calls
    }

    /// Returns how many calls were made.
    pub fn count(&self) -> u16 {
        u16::try_from(self.calls.len()).unwrap_or(u16::MAX).saturating_add(self.left_out)
    }

    /// Returns how many bytes of names and arguments are kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets what was heard.
    pub(crate) fn clear(&mut self) {
        *self = Called::default();
    }

    /// Takes note that a choice begins a call.
    pub(crate) fn begin(&mut self, choice: u32, index: u32, name: &str) {
        if self.calls.len() == CALLS_MAX || BYTES_MAX < self.bytes + name.len() {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        self.bytes += name.len();
        let (name, arguments) = (name.to_owned(), Some(String::new()));
        self.calls.push(Heard { choice, index, name, arguments });
    }

    /// Takes a piece of the arguments of a call of a choice.
    pub(crate) fn grow(&mut self, choice: u32, index: u32, piece: &str) {
        let is_it = |call: &Heard| call.choice == choice && call.index == index;
        if let Some(place) = self.calls.iter().rposition(is_it) {
            self.extend(place, piece);
        }
    }

    /// The same, of a piece that is the text of a JSON string, quotes included.
    pub(crate) fn grow_json(&mut self, choice: u32, index: u32, piece: &[u8]) {
        self.grow(choice, index, &text(piece));
    }

    /// The same, of the call that began last.
    pub(crate) fn grow_last_json(&mut self, piece: &[u8]) {
        if let Some(last) = self.calls.len().checked_sub(1) {
            self.extend(last, &text(piece));
        }
    }

    /// Takes note that no piece follows: a dialect that sends arguments as an object sends none of
    /// an empty one.
    pub(crate) fn fill(&mut self) {
        for call in &mut self.calls {
            if let Some(arguments) = call.arguments.as_mut().filter(|it| it.is_empty()) {
                arguments.push_str("{}");
                self.bytes += arguments.len();
            }
        }
    }

    fn extend(&mut self, place: usize, piece: &str) {
        let Some(arguments) = &mut self.calls[place].arguments else { return };
        if BYTES_MAX < self.bytes + piece.len() {
            self.bytes -= arguments.len();
            self.calls[place].arguments = None;
            return;
        }
        self.bytes += piece.len();
        arguments.push_str(piece);
    }
}

/// Returns the text of a JSON string as it stands in an event; nothing where it is none.
fn text(string: &[u8]) -> Cow<'_, str> {
    let [b'"', inner @ .., b'"'] = string else { return Cow::Borrowed("") };
    unescape(inner).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_go_to_their_calls() {
        let mut called = Called::default();
        called.begin(0, 0, "a");
        called.begin(0, 1, "b");
        called.grow(0, 0, "{\"x\"");
        called.grow_json(0, 1, br#""{\"y\":1}""#);
        called.grow(0, 0, ":2}");
        called.grow(1, 0, "of no call");
        let told = called.calls.iter().map(|it| it.arguments.as_deref());
        assert_eq!(told.collect::<Vec<_>>(), [Some(r#"{"x":2}"#), Some(r#"{"y":1}"#)]);
        assert_eq!(called.count(), 2);
    }

    #[test]
    fn an_answer_without_end_is_not_kept() {
        let mut called = Called::default();
        for index in 0..1_000 {
            called.begin(0, index, "tool");
            called.grow(0, index, &"x".repeat(BYTES_MAX / 8));
        }
        assert_eq!(called.count(), 1_000);
        let kept: usize =
            called.calls.iter().filter_map(|it| Some(it.arguments.as_ref()?.len())).sum();
        assert!(kept <= BYTES_MAX && called.bytes() <= BYTES_MAX, "{kept}");
        assert!(called.calls.iter().any(|it| it.arguments.is_none()));
    }
}
