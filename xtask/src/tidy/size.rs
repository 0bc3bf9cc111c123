//! The numbers of the house: lines per file and function, columns, and the opening sentence.

use super::lex::Class;
use super::source::Source;
use super::tokens::{item_end, tokens};
use super::tree::Tree;
use super::violation::Violation;

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const COLUMNS_MAX: usize = 100;

/// Checks the size of every file, function and line, and that each file says what it is.
pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in &tree.sources {
        found.extend(file_lines(source));
        found.extend(opening(source));
        found.extend(function_lines(source));
        found.extend(columns(source));
        found.extend(doc_sentences(source));
    }
    found
}

fn file_lines(source: &Source) -> Option<Violation> {
    let lines = source.product_lines;
    let mend = format!("{lines} lines, {FILE_LINES_MAX} at most; give a part of it its own file");
    (lines > FILE_LINES_MAX).then(|| Violation::new(&source.path, 0, "file-length", mend))
}

fn opening(source: &Source) -> Option<Violation> {
    let mend = "open the file with `//!` and a sentence that says what it is";
    let silent = !source.text.starts_with("//! ");
    silent.then(|| Violation::new(&source.path, 1, "opening", mend))
}

fn function_lines(source: &Source) -> Vec<Violation> {
    let tokens = tokens(&source.product);
    let mut found = Vec::new();
    for (index, pair) in tokens.windows(2).enumerate() {
        if pair[0].text != "fn" || !pair[1].is_name() {
            continue;
        }
        let first = pair[0].line;
        let last = item_end(&tokens, index).map_or(first, |end| tokens[end].line);
        let lines = last - first + 1;
        if lines > FUNCTION_LINES_MAX {
            let name = pair[1].text;
            let mend = format!(
                "`{name}` has {lines} lines, {FUNCTION_LINES_MAX} at most; name its steps and \
                 make each a function"
            );
            found.push(Violation::new(&source.path, first, "function-length", mend));
        }
    }
    found
}

/// A line may run over where a literal or an address cannot be broken.
fn columns(source: &Source) -> Vec<Violation> {
    let mut start = 0;
    let mut found = Vec::new();
    for (index, line) in source.text.split_inclusive('\n').enumerate() {
        let classes = &source.classes[start..start + line.len()];
        start += line.len();
        let line = line.trim_end();
        let wide = line.chars().count() > COLUMNS_MAX && !line.contains("://");
        let columns = line.char_indices().filter(|(at, _)| classes[*at] != Class::Literal).count();
        if wide && columns > COLUMNS_MAX {
            let mend = format!("break the line before column {COLUMNS_MAX}");
            found.push(Violation::new(&source.path, index + 1, "columns", mend));
        }
    }
    found
}

/// Every `pub` function and type carries a doc comment above its attributes.
fn doc_sentences(source: &Source) -> Vec<Violation> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in source.product.lines().enumerate() {
        let Some(item) = public_item(line) else { continue };
        if !has_doc(&lines[..index]) {
            let mend = format!("say in a `///` sentence what `{item}` is or does");
            found.push(Violation::new(&source.path, index + 1, "doc-sentence", mend));
        }
    }
    found
}

fn public_item(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    if words.next() != Some("pub") {
        return None;
    }
    let mut word = words.next()?;
    while matches!(word, "async" | "const") {
        let next = words.next()?;
        if word == "const" && next != "fn" {
            return None;
        }
        word = next;
    }
    let named = matches!(word, "fn" | "struct" | "enum" | "trait" | "type");
    named.then(|| words.next().unwrap_or("it").split(['(', '<', ':', ';']).next().unwrap_or("it"))
}

fn has_doc(above: &[&str]) -> bool {
    for line in above.iter().rev() {
        let line = line.trim();
        if line.starts_with("///") {
            return true;
        }
        // Attributes may take several lines; only an end of something else is an end.
        if line.is_empty() || line == "}" || line.ends_with(';') || line.ends_with('{') {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<(&'static str, usize)> {
        let tree = Tree::of([("crates/domain/src/a.rs", text)]);
        check(&tree).into_iter().map(|violation| (violation.rule, violation.line)).collect()
    }

    #[test]
    fn a_file_has_at_most_five_hundred_product_lines() {
        let at_limit = format!("//! A.\n{}", "const A: u8 = 1;\n".repeat(499));
        assert_eq!(rules(&at_limit), []);
        assert_eq!(rules(&format!("{at_limit}static B: u8 = 1;\n")), [("file-length", 0)]);
        let tests = format!("{at_limit}#[cfg(test)]\nmod tests {{\n{}}}\n", "// a\n".repeat(90));
        assert_eq!(rules(&tests), []);
    }

    #[test]
    fn a_file_of_tests_is_counted_whole() {
        let text = format!("//! A.\n#[cfg(test)]\nmod a {{\n{}}}\n", "// a\n".repeat(500));
        let tree = Tree::of([("crates/domain/tests/a.rs", text.as_str())]);
        assert_eq!(check(&tree)[0].rule, "file-length");
    }

    #[test]
    fn a_file_opens_with_its_sentence() {
        assert_eq!(rules("use std::fs;\n"), [("opening", 1)]);
    }

    #[test]
    fn a_function_has_at_most_seventy_lines() {
        let function = |lines: usize| format!("//! A.\nfn a() {{\n{}}}\n", "x();\n".repeat(lines));
        assert_eq!(rules(&function(68)), []);
        assert_eq!(rules(&function(69)), [("function-length", 2)]);
    }

    #[test]
    fn a_brace_in_a_string_does_not_end_a_function() {
        let body = format!("let a = \"}}\";\n{}", "x();\n".repeat(70));
        assert_eq!(rules(&format!("//! A.\nfn a() {{\n{body}}}\n")), [("function-length", 2)]);
    }

    #[test]
    fn a_line_has_at_most_a_hundred_columns_unless_a_literal_or_an_address_needs_more() {
        let wide = "x".repeat(101);
        assert_eq!(rules(&format!("//! A.\n// {wide}\n")), [("columns", 2)]);
        assert_eq!(rules(&format!("//! A.\nconst A: &str = \"{wide}\";\n")), []);
        assert_eq!(rules(&format!("//! A.\n// https://a.example/{wide}\n")), []);
    }

    #[test]
    fn a_public_function_or_type_has_its_sentence() {
        assert_eq!(rules("//! A.\npub fn a() {}\n"), [("doc-sentence", 2)]);
        assert_eq!(rules("//! A.\n/// Does.\n#[must_use]\npub const fn a() {}\n"), []);
        assert_eq!(
            rules("//! A.\n/// A.\npub struct A;\n\npub enum B {}\n"),
            [("doc-sentence", 5)]
        );
        assert_eq!(rules("//! A.\npub const A: u8 = 1;\n"), []);
    }
}
