//! Reads one table of a file key by key, so that every fault has its line and none hides another.

use std::cell::RefCell;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::fault::{Fault, FaultKind, Place, Sink};

/// A file that is being read.
pub(crate) struct Page<'a> {
    pub path: Arc<str>,
    /// The offsets at which lines begin.
    line_starts: Vec<usize>,
    pub sink: &'a Sink,
    /// The file belongs to the operator, who may say more than the shipped files may.
    pub overlay: bool,
}

/// A table that is being read. Keys that nobody asked for are faults once it is finished.
pub(crate) struct Row<'a> {
    pub page: &'a Page<'a>,
    pub name: String,
    offset: usize,
    cells: DeTable<'a>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Page<'a> {
    pub(crate) fn new(path: &str, text: &str, sink: &'a Sink, overlay: bool) -> Page<'a> {
        let after_breaks = text.match_indices('\n').map(|(offset, _)| offset + 1);
        Page {
            path: path.into(),
            line_starts: std::iter::once(0).chain(after_breaks).collect(),
            sink,
            overlay,
        }
    }

    pub(crate) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    /// Reads the text; `None`, and one fault for each break of the syntax, where it is no TOML.
    pub(crate) fn parse(&'a self, text: &'a str) -> Option<Row<'a>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            self.sink.push(Fault {
                file: self.path.to_string(),
                line: error.span().map(|span| self.line(span.start)),
                key: String::new(),
                kind: FaultKind::Syntax,
                message: error.message().to_owned(),
            });
        }
        let row = Row::new(self, String::new(), table.span().start, table.into_inner());
        errors.is_empty().then_some(row)
    }
}

impl<'a> Row<'a> {
    fn new(page: &'a Page<'a>, name: String, offset: usize, cells: DeTable<'a>) -> Row<'a> {
        Row { page, name, offset, cells, asked: RefCell::default() }
    }

    pub(crate) fn place(&self) -> Place {
        Place {
            file: self.page.path.clone(),
            line: self.page.line(self.offset),
            key: self.name.clone(),
        }
    }

    /// Tells a fault of a key, at the line of its value, or of the table where it has none.
    pub(crate) fn fault(&self, key: &str, kind: FaultKind, message: impl Into<String>) {
        let offset = self.cells.get(key).map_or(self.offset, |value| value.span().start);
        self.page.sink.push(Fault {
            file: self.page.path.to_string(),
            line: Some(self.page.line(offset)),
            key: self.path(key),
            kind,
            message: message.into(),
        });
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn look(&self, key: &'static str) -> Option<&Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().push(key);
        self.cells.get(key)
    }

    fn typed<T>(
        &self,
        key: &'static str,
        wanted: &str,
        read: impl FnOnce(&DeValue<'a>) -> Option<T>,
    ) -> Option<T> {
        let value = self.look(key)?;
        let read = read(value.get_ref());
        if read.is_none() {
            let given = value.get_ref().type_str();
            self.fault(key, FaultKind::WrongType, format!("must be {wanted}, and is: {given}"));
        }
        read
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.cells.contains_key(key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Returns a text, if it is one, without counting as having been asked.
    pub(crate) fn peek(&self, key: &str) -> Option<&str> {
        self.cells.get(key)?.get_ref().as_str()
    }

    pub(crate) fn text(&self, key: &'static str) -> Option<String> {
        self.typed(key, "a text", |value| value.as_str().map(str::to_owned))
    }

    /// Reads a text that has to be there and to say something.
    pub(crate) fn required(&self, key: &'static str) -> Option<String> {
        if !self.has(key) {
            self.asked.borrow_mut().push(key);
            self.fault(key, FaultKind::MissingKey, "is missing");
            return None;
        }
        let text = self.text(key)?;
        if text.is_empty() {
            self.fault(key, FaultKind::MissingKey, "is empty");
            return None;
        }
        Some(text)
    }

    pub(crate) fn flag(&self, key: &'static str) -> Option<bool> {
        self.typed(key, "true or false", DeValue::as_bool)
    }

    pub(crate) fn count(&self, key: &'static str) -> Option<u32> {
        self.typed(key, "a whole number from 0 to 4294967295", count)
    }

    pub(crate) fn texts(&self, key: &'static str) -> Option<Vec<String>> {
        self.typed(key, "a list of texts", |value| {
            value.as_array()?.iter().map(|it| it.get_ref().as_str().map(str::to_owned)).collect()
        })
    }

    pub(crate) fn counts(&self, key: &'static str) -> Option<Vec<u32>> {
        self.typed(key, "a list of whole numbers", |value| {
            value.as_array()?.iter().map(|it| count(it.get_ref())).collect()
        })
    }

    /// Reads pairs of texts.
    pub(crate) fn pairs(&self, key: &'static str) -> Option<Vec<(String, String)>> {
        self.typed(key, "a list of pairs of texts", |value| {
            let pair = |it: &Spanned<DeValue<'a>>| match &it.get_ref().as_array()?[..] {
                [a, b] => Some((a.get_ref().as_str()?.into(), b.get_ref().as_str()?.into())),
                _ => None,
            };
            value.as_array()?.iter().map(pair).collect()
        })
    }

    /// Reads a word of a closed set.
    pub(crate) fn word<T: DeserializeOwned>(&self, key: &'static str) -> Option<T> {
        let text = self.text(key)?;
        self.parse_word(key, &text)
    }

    pub(crate) fn words<T: DeserializeOwned>(&self, key: &'static str) -> Option<Vec<T>> {
        let texts = self.texts(key)?;
        texts.iter().map(|text| self.parse_word(key, text)).collect()
    }

    pub(crate) fn parse_word<T: DeserializeOwned>(&self, key: &str, text: &str) -> Option<T> {
        match T::deserialize(StrDeserializer::<WordError>::new(text)) {
            Ok(word) => Some(word),
            Err(error) => {
                self.fault(key, FaultKind::BadValue, error.to_string());
                None
            }
        }
    }

    /// Reads a table as JSON.
    pub(crate) fn json(&self, key: &'static str) -> Option<Map<String, Value>> {
        self.typed(key, "a table", |value| match json(value) {
            Value::Object(map) => Some(map),
            _ => None,
        })
    }

    /// Reads any value as JSON.
    pub(crate) fn value(&self, key: &'static str) -> Option<Value> {
        self.look(key).map(|value| json(value.get_ref()))
    }

    /// Reads a table of texts.
    pub(crate) fn text_table(&self, key: &'static str) -> Option<Vec<(String, String)>> {
        self.typed(key, "a table of texts", |value| {
            let table = value.as_table()?.iter();
            let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
                let key: &std::borrow::Cow<'_, str> = key.get_ref();
                Some((key.to_string(), value.get_ref().as_str()?.to_owned()))
            };
            table.map(entry).collect()
        })
    }

    /// Opens a table within this one.
    pub(crate) fn table(&self, key: &'static str) -> Option<Row<'a>> {
        let cells = self.typed(key, "a table", |value| value.as_table().cloned())?;
        let offset = self.cells.get(key).map_or(self.offset, |value| value.span().start);
        Some(Row::new(self.page, self.path(key), offset, cells))
    }

    /// Opens every table of a table of tables, with its key.
    pub(crate) fn tables(&self, key: &'static str) -> Vec<(String, Row<'a>)> {
        let Some(outer) = self.table(key) else { return Vec::new() };
        let mut rows = Vec::new();
        for (name, value) in outer.cells.iter() {
            let name: &str = name.get_ref();
            match value.get_ref().as_table() {
                Some(cells) => {
                    let path = format!("{key}.{name}");
                    let row = Row::new(self.page, path, value.span().start, cells.clone());
                    rows.push((name.to_owned(), row));
                }
                None => outer.fault(name, FaultKind::WrongType, "must be a table"),
            }
        }
        rows
    }

    /// Opens every table of an array of tables; `label` is the key that tells them apart.
    pub(crate) fn rows(&self, key: &'static str, label: &str) -> Vec<Row<'a>> {
        let array = self.typed(key, "tables written [[so]]", |value| value.as_array().cloned());
        let mut rows = Vec::new();
        for (place, value) in array.into_iter().flat_map(|array| array.into_iter()).enumerate() {
            let offset = value.span().start;
            let DeValue::Table(cells) = value.into_inner() else {
                self.fault(key, FaultKind::WrongType, "must be tables written [[so]]");
                continue;
            };
            let name = match cells.get(label).and_then(|value| value.get_ref().as_str()) {
                Some(text) => format!("{key}[{text}]"),
                None => format!("{key}[{}]", place + 1),
            };
            rows.push(Row::new(self.page, self.path(&name), offset, cells));
        }
        rows
    }

    /// Tells every key that nobody asked for.
    pub(crate) fn finish(self) {
        let asked = self.asked.borrow();
        for key in self.cells.keys() {
            let key: &str = key.get_ref();
            if asked.contains(&key) {
                continue;
            }
            let near = domain::nearest::nearest(key, asked.iter().copied(), 1);
            let hint = near.first().map(|near| format!("; `{near}` is near")).unwrap_or_default();
            let key: String = key.chars().take(80).collect();
            self.fault(&key, FaultKind::UnknownKey, format!("is no key of the format{hint}"));
        }
    }
}

fn count(value: &DeValue<'_>) -> Option<u32> {
    let integer = value.as_integer()?;
    u32::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(integer) => {
            i64::from_str_radix(integer.as_str(), integer.radix()).map_or(Value::Null, Value::from)
        }
        DeValue::Float(float) => float.as_str().parse::<f64>().map_or(Value::Null, Value::from),
        DeValue::Boolean(flag) => Value::from(*flag),
        DeValue::Datetime(instant) => Value::from(instant.to_string()),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => {
            let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
                let key: &std::borrow::Cow<'_, str> = key.get_ref();
                (key.to_string(), json(value.get_ref()))
            };
            Value::Object(table.iter().map(entry).collect())
        }
    }
}
