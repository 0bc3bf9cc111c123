//! A file of the catalog as text that can be edited: what is not touched keeps its every byte.
//!
//! A file is a head and blocks, and a block (`[[endpoint]]`, `[[model]]`) is a table of entries
//! with sections (`[[endpoint.price_over]]`, `[endpoint.quirks]`) behind it. Comments go with what
//! follows them.

use toml::{Table, Value};

/// A file: everything before its first block, the blocks, and what stands behind the last.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    pub(super) head: String,
    pub(super) blocks: Vec<Block>,
    tail: String,
}

/// One `[[…]]` with everything that belongs to it.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Blank lines and comments in front of it.
    lead: String,
    header: String,
    entries: Vec<Entry>,
    sections: Vec<Section>,
    /// What the whole block says.
    pub(super) table: Table,
}

#[derive(Clone, Debug)]
struct Entry {
    key: String,
    text: String,
}

#[derive(Clone, Debug)]
struct Section {
    header: String,
    text: String,
}

impl Document {
    /// A file of a head alone.
    pub(super) fn of_head(head: String) -> Document {
        Document { head, ..Document::default() }
    }

    /// Reads a file whose blocks begin with `[[name]]`.
    ///
    /// # Errors
    /// What is wrong with the file, in words.
    pub(super) fn read(text: &str, name: &str) -> Result<Document, String> {
        let header = format!("[[{name}]]");
        let mut document = Document::default();
        let mut open: Option<Unread> = None;
        let mut pending = String::new();
        for line in text.split_inclusive('\n') {
            if line.trim() == header {
                if let Some(block) = open.take() {
                    document.blocks.push(block.read(name)?);
                }
                open = Some(Unread { lead: std::mem::take(&mut pending), lines: vec![line] });
            } else if line.trim().is_empty() || line.starts_with('#') {
                pending.push_str(line);
                continue;
            } else if let Some(block) = &mut open {
                block.lines.extend(pending_lines(text, &mut pending, line));
                block.lines.push(line);
            } else {
                document.head.push_str(&std::mem::take(&mut pending));
                document.head.push_str(line);
            }
        }
        match open {
            Some(block) => {
                document.blocks.push(block.read(name)?);
                document.tail = pending;
            }
            None => document.head.push_str(&pending),
        }
        Ok(document)
    }

    /// The text of the file.
    pub(super) fn text(&self) -> String {
        let blocks: String = self.blocks.iter().map(Block::text).collect();
        format!("{}{blocks}{}", self.head, self.tail)
    }
}

/// A block whose lines are not told apart yet.
struct Unread<'a> {
    lead: String,
    lines: Vec<&'a str>,
}

/// The lines of `pending`, as slices of the `text` they came from: they stand right before `line`.
fn pending_lines<'a>(text: &'a str, pending: &mut String, line: &str) -> Vec<&'a str> {
    let end = line.as_ptr() as usize - text.as_ptr() as usize;
    let lines = text[end - pending.len()..end].split_inclusive('\n').collect();
    pending.clear();
    lines
}

impl Unread<'_> {
    fn read(self, name: &str) -> Result<Block, String> {
        let text: String = self.lines.concat();
        let whole: Table = toml::from_str(&text).map_err(|error| error.message().to_owned())?;
        let blocks = whole.get(name).and_then(Value::as_array);
        let table = blocks.and_then(|blocks| blocks.first()).and_then(Value::as_table);
        let mut lines = self.lines.into_iter().peekable();
        let header = lines.next().unwrap_or("").to_owned();
        let mut entries = Vec::new();
        let mut open = String::new();
        while let Some(line) = lines.next_if(|line| !opens_section(&open, line)) {
            open.push_str(line);
            if let Some(key) = complete_key(&open) {
                entries.push(Entry { key, text: std::mem::take(&mut open) });
            }
        }
        let mut sections: Vec<Section> = Vec::new();
        for line in lines {
            match sections.last_mut() {
                Some(section) if !line.starts_with('[') => section.text.push_str(line),
                _ => sections.push(Section {
                    header: line.trim().to_owned(),
                    text: std::mem::take(&mut open) + line,
                }),
            }
        }
        Ok(Block {
            lead: self.lead,
            header,
            entries,
            sections,
            table: table.cloned().unwrap_or_default(),
        })
    }
}

/// Whether a line begins a section, and is not part of a list that runs over several lines.
fn opens_section(open: &str, line: &str) -> bool {
    let inside = open.lines().any(|line| !line.trim().is_empty() && !line.starts_with('#'));
    line.starts_with('[') && !inside
}

/// The key of an entry, once its value is whole.
fn complete_key(text: &str) -> Option<String> {
    let table: Table = toml::from_str(text).ok()?;
    table.into_iter().next().map(|(key, _)| key)
}

impl Block {
    /// A block without entries, set off by a blank line.
    pub(super) fn new(name: &str) -> Block {
        Block {
            lead: "\n".to_owned(),
            header: format!("[[{name}]]\n"),
            entries: Vec::new(),
            sections: Vec::new(),
            table: Table::new(),
        }
    }

    /// A text that the block says under `key`.
    pub(super) fn str(&self, key: &str) -> Option<&str> {
        self.table.get(key).and_then(Value::as_str)
    }

    /// Writes `key = value`, in its place in `order` if it is new.
    pub(super) fn set(&mut self, key: &str, value: &str, order: &[&str]) {
        let text = format!("{key} = {value}\n");
        if let Ok(said) = toml::from_str::<Table>(&text) {
            self.table.extend(said);
        }
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.key == key) {
            let comment: String =
                entry.text.split_inclusive('\n').take_while(|line| line.starts_with('#')).collect();
            entry.text = comment + &text;
            return;
        }
        let place = |key: &str| order.iter().position(|name| *name == key);
        let before = |entry: &Entry| place(&entry.key).is_some_and(|at| Some(at) < place(key));
        let at = self.entries.iter().rposition(before).map_or(0, |at| at + 1);
        self.entries.insert(at, Entry { key: key.to_owned(), text });
    }

    /// Takes `key` out.
    pub(super) fn remove(&mut self, key: &str) {
        self.entries.retain(|entry| entry.key != key);
        self.table.remove(key);
    }

    /// Puts sections `[[name]]` with these bodies where such sections stood, or behind all others.
    pub(super) fn set_sections(&mut self, name: &str, bodies: &[String]) {
        let header = format!("[[{name}]]");
        let old = self.sections.iter().position(|section| section.header == header);
        self.sections.retain(|section| section.header != header);
        let at = old.unwrap_or(self.sections.len()).min(self.sections.len());
        let new = bodies
            .iter()
            .map(|body| Section { header: header.clone(), text: format!("{header}\n{body}") });
        self.sections.splice(at..at, new);
    }

    fn text(&self) -> String {
        let entries: String = self.entries.iter().map(|entry| entry.text.as_str()).collect();
        let sections: String = self.sections.iter().map(|section| section.text.as_str()).collect();
        format!("{}{}{entries}{sections}", self.lead, self.header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# a head
[provider]
slug = \"p\"

# of the first
[[endpoint]]
model = \"a/b\"
# why
price = { input = \"1\" }
aliases = [
  \"x\",

  # last
  \"y\",
]
[endpoint.quirks]
stream_only = true
[[endpoint.price_over]]
min_prompt_tokens = 1

[[endpoint]]
model = \"c/d\"
# the end
";

    #[test]
    fn what_is_read_is_written_again() {
        let document = Document::read(TEXT, "endpoint").unwrap();
        assert_eq!(document.text(), TEXT);
        assert_eq!(document.blocks.len(), 2);
        assert_eq!(document.blocks[0].table["aliases"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn an_edit_leaves_the_rest_alone() {
        let mut document = Document::read(TEXT, "endpoint").unwrap();
        let block = &mut document.blocks[0];
        block.set("price", "{ input = \"2\" }", &["model", "id", "price"]);
        block.set("id", "\"b\"", &["model", "id", "price"]);
        block.remove("aliases");
        block.set_sections("endpoint.price_over", &["min_prompt_tokens = 2\n".to_owned()]);
        let edited = TEXT
            .replace("\"1\"", "\"2\"")
            .replace("tokens = 1", "tokens = 2")
            .replace("\"a/b\"\n", "\"a/b\"\nid = \"b\"\n")
            .replace("aliases = [\n  \"x\",\n\n  # last\n  \"y\",\n]\n", "");
        assert_eq!(document.text(), edited);
        assert_eq!(document.blocks[0].str("id"), Some("b"));
    }

    #[test]
    fn a_broken_block_is_a_fault() {
        assert!(Document::read("[[endpoint]]\nmodel = \n", "endpoint").is_err());
    }
}
