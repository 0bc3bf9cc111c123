//! The plugin `response-healing`: an answer that was to be JSON, and is it nearly, made JSON.
//!
//! Models put fences and words around an object, leave a comma behind the last member, quote with
//! single quotes, write Python's words, or stop short of the last brackets. What is JSON already
//! stays as it is, and what has nothing of it, too.

use domain::answer::Answer;
use serde_json::{Map, Number, Value};

/// Objects and lists inside each other that are mended, at most.
const DEPTH_MAX: u32 = 64;
/// Bytes of an answer that is mended, at most.
const BYTES_MAX: usize = 4 << 20;

/// Mends the text of every choice of an answer, where it needs it and can be mended.
pub(crate) fn heal(answer: &mut Answer) {
    for choice in &mut answer.choices {
        if let Some(mended) = mended(&choice.text) {
            choice.text = mended;
        }
    }
}

/// Returns what a text becomes; `None` where it is JSON, or nothing of it is.
fn mended(text: &str) -> Option<String> {
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if is_json || BYTES_MAX < text.len() {
        return None;
    }
    let begins = text.find(['{', '['])?;
    let mut reader = Reader { rest: &text[begins..], depth: 0 };
    let value = reader.value()?;
    let is_whole = matches!(&value, Value::Object(_) | Value::Array(_));
    is_whole.then(|| value.to_string())
}

/// Reads JSON leniently: what is missing at the end is taken for said.
struct Reader<'a> {
    rest: &'a str,
    depth: u32,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<char> {
        loop {
            self.rest = self.rest.trim_start();
            if let Some(comment) = self.rest.strip_prefix("//") {
                self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
            } else if let Some(comment) = self.rest.strip_prefix("/*") {
                self.rest = comment.split_once("*/").map_or("", |(_, rest)| rest);
            } else {
                return self.rest.chars().next();
            }
        }
    }

    fn take(&mut self, letter: char) -> bool {
        let is_next = self.peek() == Some(letter);
        if is_next {
            self.rest = &self.rest[letter.len_utf8()..];
        }
        is_next
    }

    fn value(&mut self) -> Option<Value> {
        match self.peek()? {
            '{' | '[' if self.depth == DEPTH_MAX => None,
            '{' => self.nested(Self::object),
            '[' => self.nested(Self::list),
            quote @ ('"' | '\'' | '“') => Some(Value::String(self.string(quote))),
            _ => self.word(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Value) -> Option<Value> {
        let opening = self.peek()?;
        self.take(opening);
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        Some(value)
    }

    fn object(&mut self) -> Value {
        let mut members = Map::new();
        loop {
            while self.take(',') {}
            let name = match self.peek() {
                None => break,
                Some('}' | ']') => {
                    self.take('}');
                    break;
                }
                Some(quote @ ('"' | '\'' | '“')) => self.string(quote),
                Some(_) => self.name(),
            };
            if !self.take(':') {
                break;
            }
            match self.value() {
                Some(value) => members.insert(name, value),
                // The answer ends before the member does.
                None => break,
            };
        }
        Value::Object(members)
    }

    fn list(&mut self) -> Value {
        let mut items = Vec::new();
        loop {
            while self.take(',') {}
            match self.peek() {
                None => break,
                Some(']' | '}') => {
                    self.take(']');
                    break;
                }
                Some(_) => match self.value() {
                    Some(item) => items.push(item),
                    None => break,
                },
            }
        }
        Value::Array(items)
    }

    /// Reads a member's name without quotes. It takes one letter at least, so that reading ends.
    fn name(&mut self) -> String {
        let is_of_name = |letter: char| letter.is_alphanumeric() || "_-$.".contains(letter);
        let end = self.rest.find(|letter| !is_of_name(letter)).unwrap_or(self.rest.len());
        let first = self.rest.chars().next().map_or(0, char::len_utf8);
        let (name, rest) = self.rest.split_at(end.max(first));
        self.rest = rest;
        name.to_owned()
    }

    fn string(&mut self, quote: char) -> String {
        let closing = if quote == '“' { '”' } else { quote };
        self.rest = &self.rest[quote.len_utf8()..];
        let mut text = String::new();
        let mut letters = self.rest.char_indices();
        let mut end = self.rest.len();
        while let Some((place, letter)) = letters.next() {
            match letter {
                '\\' => match letters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, 'b')) => text.push('\u{8}'),
                    Some((_, 'f')) => text.push('\u{c}'),
                    Some((_, 'u')) => text.push(unit(&mut letters)),
                    Some((_, other)) => text.push(other),
                    None => break,
                },
                letter if letter == closing => {
                    end = place + letter.len_utf8();
                    break;
                }
                letter => text.push(letter),
            }
        }
        self.rest = &self.rest[end..];
        text
    }

    /// Reads a number, or a word in the spelling of JSON or Python.
    fn word(&mut self) -> Option<Value> {
        let is_end = |letter: char| letter.is_whitespace() || ",]}:".contains(letter);
        let end = self.rest.find(is_end).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word {
            "" => None,
            "true" | "True" | "TRUE" => Some(Value::Bool(true)),
            "false" | "False" | "FALSE" => Some(Value::Bool(false)),
            "null" | "None" | "NULL" | "undefined" | "NaN" => Some(Value::Null),
            number => Some(match number.parse::<Number>() {
                Ok(number) => Value::Number(number),
                Err(_) => Value::String(number.to_owned()),
            }),
        }
    }
}

/// Reads the four digits of an escape; half a surrogate pair means nothing.
fn unit(letters: &mut std::str::CharIndices<'_>) -> char {
    let mut digits =
        || (0..4).try_fold(0, |sum, _| Some(sum * 16 + letters.next()?.1.to_digit(16)?));
    let Some(first) = digits() else { return char::REPLACEMENT_CHARACTER };
    char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Option<Value> {
        mended(text).map(|text| serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn what_models_get_wrong_is_mended() {
        let whole = Some(json!({"a": 1, "b": ["x", true]}));
        for text in [
            "```json\n{\"a\": 1, \"b\": [\"x\", true]}\n```",
            "Here you are: {\"a\": 1, \"b\": [\"x\", true]} – anything else?",
            "{\"a\": 1, \"b\": [\"x\", true,],}",
            "{'a': 1, 'b': ['x', True]}",
            "{a: 1, b: [\"x\", true]}",
            "{\"a\": 1, /* so */ \"b\": [\"x\", true] // and so\n}",
            "{\"a\": 1, \"b\": [\"x\", true",
            "{\"a\": 1 \"b\": [\"x\" true]}",
        ] {
            assert_eq!(read(text), whole, "{text}");
        }
        assert_eq!(read("{\"a\": \"cut of"), Some(json!({"a": "cut of"})));
        assert_eq!(read("{\"a\": \"line\nfeed\"}"), Some(json!({"a": "line\nfeed"})));
    }

    #[test]
    fn json_stays_as_it_is_and_words_stay_words() {
        for text in ["{\"a\": 1.0}", "[1, 2]", "\"text\"", "Sorry, no.", ""] {
            assert_eq!(mended(text), None, "{text}");
        }
    }

    proptest! {
        /// Whatever a model says, mending ends, and what comes of it is JSON.
        #[test]
        fn whatever_is_mended_is_json(text in "[\\[{\"'a:,1 \\\\u}\\]/*\n]{0,40}") {
            if let Some(mended) = mended(&text) {
                prop_assert!(serde_json::from_str::<Value>(&mended).is_ok(), "{}", mended);
            }
        }
    }
}
