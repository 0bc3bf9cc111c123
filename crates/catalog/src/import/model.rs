//! A model as its author's file writes it.

use toml::{Table, Value};

use super::document::Block;
use super::row::Caps;

/// The keys of a model in the order in which they are written.
pub(super) const ORDER: [&str; 20] = [
    "id",
    "name",
    "kind",
    "released",
    "knowledge",
    "context",
    "max_output",
    "dimensions",
    "input_modalities",
    "output_modalities",
    "open_weights",
    "reasoning",
    "tools",
    "structured_output",
    "temperature",
    "tokenizer",
    "hf",
    "license",
    "permaslug",
    "named_by",
];

/// The facts of a model that an import reads or sets. Others stay in the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) released: Option<String>,
    pub(super) knowledge: Option<String>,
    pub(super) dimensions: Option<u64>,
    pub(super) caps: Caps,
    pub(super) open_weights: Option<bool>,
    pub(super) hf: Option<String>,
    pub(super) permaslug: Option<String>,
    pub(super) named_by_catalog: bool,
}

impl Model {
    /// Reads a `[[model]]`; `None` if it has no id.
    pub(super) fn of_block(block: &Block) -> Option<Model> {
        let text = |key: &str| block.str(key).map(str::to_owned);
        Some(Model {
            id: text("id")?,
            name: text("name").unwrap_or_default(),
            kind: text("kind").unwrap_or_else(|| "chat".to_owned()),
            released: text("released"),
            knowledge: text("knowledge"),
            dimensions: count(&block.table, "dimensions"),
            caps: caps_of(&block.table),
            open_weights: flag(&block.table, "open_weights"),
            hf: text("hf"),
            permaslug: text("permaslug"),
            named_by_catalog: block.str("named_by") == Some("catalog"),
        })
    }

    /// The author's part of the id.
    pub(super) fn author(&self) -> &str {
        self.id.split('/').next().unwrap_or("")
    }

    /// What an import writes: a value, or `None` for nothing.
    pub(super) fn entries(&self) -> Vec<(&'static str, Option<String>)> {
        let text = |text: &Option<String>| text.as_deref().map(quoted);
        let flag = |flag: Option<bool>| flag.map(|flag| flag.to_string());
        let count = |count: Option<u64>| count.map(|count| count.to_string());
        let caps = &self.caps;
        vec![
            ("id", Some(quoted(&self.id))),
            ("name", Some(quoted(&self.name))),
            ("kind", (self.kind != "chat").then(|| quoted(&self.kind))),
            ("released", text(&self.released)),
            ("knowledge", text(&self.knowledge)),
            ("context", count(caps.context)),
            ("max_output", count(caps.max_output)),
            ("dimensions", count(self.dimensions)),
            ("input_modalities", listed(&caps.input)),
            ("output_modalities", listed(&caps.output)),
            ("open_weights", flag(self.open_weights)),
            ("reasoning", flag(caps.reasoning)),
            ("tools", flag(caps.tools)),
            ("structured_output", flag(caps.structured_output)),
            ("temperature", flag(caps.temperature)),
            ("hf", text(&self.hf)),
            ("permaslug", text(&self.permaslug)),
            ("named_by", self.named_by_catalog.then(|| quoted("catalog"))),
        ]
    }
}

/// What a block of the catalog says that a model or endpoint can do.
pub(super) fn caps_of(table: &Table) -> Caps {
    Caps {
        input: words(table, "input_modalities"),
        output: words(table, "output_modalities"),
        context: count(table, "context"),
        max_input: count(table, "max_input"),
        max_output: count(table, "max_output"),
        tools: flag(table, "tools"),
        structured_output: flag(table, "structured_output"),
        temperature: flag(table, "temperature"),
        reasoning: flag(table, "reasoning"),
    }
}

/// The list of texts under `key`.
pub(super) fn words(table: &Table, key: &str) -> Vec<String> {
    let listed = table.get(key).and_then(Value::as_array).into_iter().flatten();
    listed.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The yes or no under `key`.
pub(super) fn flag(table: &Table, key: &str) -> Option<bool> {
    table.get(key).and_then(Value::as_bool)
}

/// Writes a text as TOML.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            char if char.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(char))),
            char => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

/// Writes a list of texts as TOML; nothing if it is empty.
pub(super) fn listed<S: AsRef<str>>(texts: &[S]) -> Option<String> {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
    (!texts.is_empty()).then(|| format!("[{}]", texts.join(", ")))
}

/// Writes a key as TOML.
pub(super) fn bare_key(key: &str) -> String {
    let is_bare = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    if !key.is_empty() && key.chars().all(is_bare) { key.to_owned() } else { quoted(key) }
}

/// Writes a value as TOML on one line.
pub(super) fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(inline).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Table(table) if table.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let entry =
                |(key, value): (&String, &Value)| format!("{} = {}", bare_key(key), inline(value));
            let entries: Vec<String> = table.iter().map(entry).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        plain => plain.to_string(),
    }
}

fn count(table: &Table, key: &str) -> Option<u64> {
    table.get(key).and_then(Value::as_integer).and_then(|count| u64::try_from(count).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_so_that_they_read_the_same() {
        for text in ["plain", "a \"b\" \\ c", "tab\tline\n", "日本\u{7f}"] {
            let table: Table = toml::from_str(&format!("x = {}", quoted(text))).unwrap();
            assert_eq!(table["x"].as_str(), Some(text));
        }
    }

    #[test]
    fn values_are_written_on_one_line() {
        let table: Table =
            toml::from_str("x = { \"a b\" = [1, [true]], c = \"d\", e = {} }").unwrap();
        assert_eq!(inline(&table["x"]), "{ \"a b\" = [1, [true]], c = \"d\", e = {} }");
    }
}
