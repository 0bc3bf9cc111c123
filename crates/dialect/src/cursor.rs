//! A place in a JSON text, and the ways to move on from it.
//!
//! The grammar is that of RFC 8259, kept strictly. Nesting and the number of names are bounded, so
//! that a hostile text costs no more than an honest one of its length.

use memchr::memchr2;

/// Objects and lists inside each other, at most.
pub(crate) const DEPTH_MAX: u32 = 128;
/// Names in all objects of a text together, at most.
pub(crate) const NAMES_MAX: u32 = 100_000;

/// A piece of the text: from one byte up to, not including, another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    /// Returns the bytes of `text` that it covers.
    pub(crate) fn of(self, text: &[u8]) -> &[u8] {
        &text[self.start..self.end]
    }

    /// Returns the length in bytes.
    pub(crate) fn len(self) -> usize {
        self.end - self.start
    }

    /// Returns what is between the quotes, where it covers a string.
    pub(crate) fn inside(self) -> Span {
        Span { start: self.start + 1, end: self.end - 1 }
    }
}

/// Why a text is no JSON that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The byte at which that showed.
    pub(crate) at: usize,
    /// What was wrong, as the end of a sentence.
    pub(crate) why: &'static str,
}

/// What a value is, told from its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    List,
    String,
    Number,
    Bool,
    Null,
}

/// A place in a JSON text that is valid UTF-8.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
    depth: u32,
    names: u32,
}

impl<'a> Cursor<'a> {
    /// Returns the beginning of a text.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub(crate) fn new(text: &'a [u8]) -> Result<Cursor<'a>, Broken> {
        if let Err(error) = std::str::from_utf8(text) {
            return Err(Broken { at: error.valid_up_to(), why: "it is not UTF-8" });
        }
        Ok(Cursor { text, at: 0, depth: 0, names: 0 })
    }

    /// Returns what the next value is, without moving past it.
    pub(crate) fn kind(&mut self) -> Result<Kind, Broken> {
        self.blank();
        match self.byte() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::List),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(_) => self.broken("a value was expected"),
            None => self.broken("it ends too early"),
        }
    }

    /// Moves into an object or a list, whose opening bracket is next.
    pub(crate) fn enter(&mut self) -> Result<(), Broken> {
        if DEPTH_MAX <= self.depth {
            return self.broken("it is nested too deeply");
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// Moves to the value of the next member, or out of the object. Returns where the name stands,
    /// quotes included.
    pub(crate) fn member(&mut self, first: &mut bool) -> Result<Option<Span>, Broken> {
        self.blank();
        if self.byte() == Some(b'}') {
            self.leave();
            return Ok(None);
        }
        self.comma(first)?;
        if self.byte() != Some(b'"') {
            return self.broken("a name was expected");
        }
        self.names += 1;
        if NAMES_MAX < self.names {
            return self.broken("it has too many names");
        }
        let name = self.string()?;
        self.blank();
        if self.byte() != Some(b':') {
            return self.broken("a colon was expected");
        }
        self.at += 1;
        self.blank();
        Ok(Some(name))
    }

    /// Moves to the next item, or out of the list. Returns whether there is one.
    pub(crate) fn item(&mut self, first: &mut bool) -> Result<bool, Broken> {
        self.blank();
        if self.byte() == Some(b']') {
            self.leave();
            return Ok(false);
        }
        self.comma(first)?;
        Ok(true)
    }

    /// Moves past the next value, whatever it is.
    pub(crate) fn skip(&mut self) -> Result<Span, Broken> {
        self.blank();
        let start = self.at;
        match self.kind()? {
            Kind::String => return self.string(),
            Kind::Number => self.number()?,
            Kind::Bool | Kind::Null => self.word()?,
            Kind::Object | Kind::List => self.nested()?,
        }
        Ok(Span { start, end: self.at })
    }

    /// Moves past a string, whose opening quote is next. Returns where it stands, quotes included.
    pub(crate) fn string(&mut self) -> Result<Span, Broken> {
        let start = self.at;
        self.at += 1;
        loop {
            self.plain_run();
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Span { start, end: self.at });
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return self.broken("a string holds a control character"),
                None => return self.broken("a string does not end"),
            }
        }
    }

    /// Checks that nothing follows.
    pub(crate) fn end(mut self) -> Result<(), Broken> {
        self.blank();
        if self.at == self.text.len() { Ok(()) } else { self.broken("something follows its end") }
    }

    /// Returns the place: the byte that is next.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    fn byte(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn broken<T>(&self, why: &'static str) -> Result<T, Broken> {
        Err(Broken { at: self.at, why })
    }

    fn blank(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.byte() {
            self.at += 1;
        }
    }

    /// Moves past a closing bracket. [`Cursor::comma`] sees to it that none follows a comma.
    fn leave(&mut self) {
        self.depth -= 1;
        self.at += 1;
    }

    /// Moves past the comma in front of every member and item but the first.
    fn comma(&mut self, first: &mut bool) -> Result<(), Broken> {
        if std::mem::take(first) {
            return Ok(());
        }
        if self.byte() != Some(b',') {
            return self.broken("a comma was expected");
        }
        self.at += 1;
        self.blank();
        match self.byte() {
            Some(b'}' | b']') => self.broken("a comma is followed by nothing"),
            _ => Ok(()),
        }
    }

    /// Moves past bytes of a string that mean themselves.
    fn plain_run(&mut self) {
        const WORD: usize = 8;
        const SHORT: usize = 64;
        let text = self.text;
        let long = self.at + SHORT;
        while self.at < long {
            let Some(word) = text.get(self.at..self.at + WORD) else { break };
            let word = u64::from_le_bytes(word.try_into().expect("the slice has eight bytes"));
            let stop = special(word);
            if stop != 0 {
                self.at += (stop.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += WORD;
        }
        let rest = &text[self.at..];
        let run = memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
        // One pass without branches is quicker than looking for the first.
        let control = rest[..run].iter().fold(false, |found, byte| found | (*byte < 0x20));
        let plain = match control {
            false => run,
            true => rest.iter().position(|byte| *byte < 0x20).unwrap_or(run),
        };
        self.at += plain;
    }

    fn escape(&mut self) -> Result<(), Broken> {
        self.at += 1;
        match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                let digits = self.text.get(self.at + 1..self.at + 5);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return self.broken("an escape is malformed");
                }
                self.at += 5;
            }
            _ => return self.broken("an escape is malformed"),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Broken> {
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        match self.byte() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            _ => return self.broken("a number is malformed"),
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Broken> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if start == self.at { self.broken("a number is malformed") } else { Ok(()) }
    }

    fn word(&mut self) -> Result<(), Broken> {
        let rest = &self.text[self.at..];
        for word in [&b"true"[..], b"false", b"null"] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(());
            }
        }
        self.broken("a value was expected")
    }

    /// Moves past an object or a list, without recursion: a text decides how deep this goes.
    fn nested(&mut self) -> Result<(), Broken> {
        let outside = self.depth;
        // One bit for every level that is open here: whether it is an object.
        let mut objects: u128 = 0;
        let mut first = true;
        loop {
            match self.kind_after(&mut first, outside, objects)? {
                Next::Object => {
                    objects = objects << 1 | 1;
                    self.enter()?;
                    first = true;
                }
                Next::List => {
                    objects <<= 1;
                    self.enter()?;
                    first = true;
                }
                Next::Left => {
                    objects >>= 1;
                    first = false;
                    if self.depth == outside {
                        return Ok(());
                    }
                }
                Next::Scalar => first = false,
            }
        }
    }

    /// Moves past the next scalar or out of a level, or up to a bracket that opens one.
    fn kind_after(
        &mut self,
        first: &mut bool,
        outside: u32,
        objects: u128,
    ) -> Result<Next, Broken> {
        if self.depth != outside {
            let more = match objects & 1 {
                1 => self.member(first)?.is_some(),
                _ => self.item(first)?,
            };
            if !more {
                return Ok(Next::Left);
            }
        }
        match self.kind()? {
            Kind::Object => return Ok(Next::Object),
            Kind::List => return Ok(Next::List),
            Kind::String => {
                self.string()?;
            }
            Kind::Number => self.number()?,
            Kind::Bool | Kind::Null => self.word()?,
        }
        Ok(Next::Scalar)
    }
}

/// What [`Cursor::kind_after`] came to.
enum Next {
    Object,
    List,
    Scalar,
    Left,
}

/// Returns a word whose lowest set bit is in the first byte that ends a plain run.
fn special(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // Exact up to the first hit, which is all that is asked for.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let quotes = zeros(word ^ (ONES * b'"' as u64));
    let slashes = zeros(word ^ (ONES * b'\\' as u64));
    let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
    quotes | slashes | control
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;
    use serde_json::{Map, Value};

    use super::*;

    /// Returns the names and values of an object's members, as they stand in the text.
    fn found(text: &str) -> Result<Vec<(&str, &str)>, Broken> {
        let mut cursor = Cursor::new(text.as_bytes())?;
        if cursor.kind()? != Kind::Object {
            return cursor.broken("an object was expected");
        }
        cursor.enter()?;
        let (mut members, mut first) = (Vec::new(), true);
        while let Some(name) = cursor.member(&mut first)? {
            let value = cursor.skip()?;
            members.push((&text[name.start..name.end], &text[value.start..value.end]));
        }
        cursor.end().map(|()| members)
    }

    fn is_json(text: &[u8]) -> bool {
        let skipped = Cursor::new(text).and_then(|mut cursor| {
            cursor.skip()?;
            cursor.end()
        });
        skipped.is_ok()
    }

    #[test]
    fn the_grammar_is_kept_strictly() {
        for text in [
            "{}",
            "[]",
            " [ 1 , -0.5e+3 , 1E2 ] ",
            r#"{"a":{"b":[{}]},"":""}"#,
            "\"\\u12aF\\/\"",
            "null",
            "0",
            "-0",
            "\"\u{7f}ü😀\"",
        ] {
            assert!(is_json(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            " ",
            "{",
            "[1,]",
            "[,1]",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{a:1}",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "-",
            "NaN",
            "tru",
            "nulll",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\u{1}\"",
            "\"a",
            "\"\\",
            "[1 2]",
            "{}{}",
            "[}",
            "{]",
            "{\"a\"}",
            "{1:2}",
            "\u{feff}{}",
            "[1]]",
        ] {
            assert!(!is_json(text.as_bytes()), "{text}");
        }
        assert!(!is_json(b"\"\xff\""));
    }

    #[test]
    fn long_strings_end_where_they_end() {
        for length in 0..200 {
            let text = format!("\"{}\"", "x".repeat(length));
            assert!(is_json(text.as_bytes()), "{length}");
            for bad in ["\u{1}", "\"", "\\q"] {
                let text = format!("\"{}{bad}{}\"", "x".repeat(length), "ü".repeat(40));
                assert!(!is_json(text.as_bytes()), "{length} {bad:?}");
            }
        }
    }

    #[test]
    fn depth_and_names_are_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(is_json(nested(DEPTH_MAX as usize).as_bytes()));
        assert!(!is_json(nested(DEPTH_MAX as usize + 1).as_bytes()));
        assert!(!is_json("[".repeat(1 << 20).as_bytes()));
        assert!(!is_json("{\"a\":".repeat(1 << 18).as_bytes()));
        let names = |count: usize| format!("{{{}\"a\":1}}", "\"a\":1,".repeat(count - 1));
        assert!(is_json(names(NAMES_MAX as usize).as_bytes()));
        assert!(!is_json(names(NAMES_MAX as usize + 1).as_bytes()));
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| Value::Object(Map::from_iter(members))),
            ]
        })
    }

    /// Bytes that mean something in JSON, and none.
    const BYTE: &str = "[\\[\\]{}\",:0-9eE.\\\\ntu\\-+ \u{1}x]?";

    fn object() -> impl Strategy<Value = std::collections::BTreeMap<String, Value>> {
        prop::collection::btree_map("[^\u{0}]{0,9}", json(), 0..6)
    }

    proptest! {
        /// Members stand where serde_json finds them.
        #[test]
        fn spans_agree_with_serde_json(members in object(), pretty: bool) {
            let object = Value::Object(Map::from_iter(members));
            let text = if pretty { format!("{object:#}") } else { object.to_string() };
            let raw: in_order::Members<'_> = serde_json::from_str(&text).unwrap();
            let ours = found(&text).unwrap();
            let ours: Vec<(String, &str)> = ours
                .iter()
                .map(|(name, value)| (serde_json::from_str(name).unwrap(), *value))
                .collect();
            prop_assert_eq!(ours, raw.0);
        }

        /// Text that was damaged is JSON for both or for neither.
        #[test]
        fn validity_agrees_with_serde_json(
            value in json(),
            place: prop::sample::Index,
            byte in BYTE,
            cut: bool,
        ) {
            let mut text = value.to_string();
            let starts = text.char_indices().map(|(at, _)| at);
            let places: Vec<usize> = starts.chain([text.len()]).collect();
            let at = places[place.index(places.len())];
            if cut {
                text.truncate(at);
            }
            text.insert_str(at.min(text.len()), &byte);
            let theirs = serde_json::from_str::<&RawValue>(&text).is_ok();
            prop_assert_eq!(is_json(text.as_bytes()), theirs, "{}", text);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            is_json(&bytes);
        }
    }

    /// An object read by serde_json into its members' raw texts, in their order.
    mod in_order {
        use std::fmt;

        use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
        use serde_json::value::RawValue;

        pub(super) struct Members<'a>(pub(super) Vec<(String, &'a str)>);

        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    members.push((name, value.get()));
                }
                Ok(Members(members))
            }
        }

        impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_map(InOrder)
            }
        }
    }
}
