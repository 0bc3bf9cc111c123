//! One Rust file as the rules see it: its text, its code, and its code without the tests.

use super::lex::{self, Class};
use super::tokens::{item_end, tokens};

/// One Rust file. `code`, `comments` and `product` have the length and the lines of `text`; what
/// does not belong to them is blank.
pub(crate) struct Source {
    /// From the root of the repository, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) classes: Vec<Class>,
    /// Without comments and literals.
    pub(crate) code: String,
    pub(crate) comments: String,
    /// `code` without the items under `#[cfg(test)]`; all blank for a file of tests.
    pub(crate) product: String,
    pub(crate) product_lines: usize,
    pub(crate) is_test: bool,
    /// Modules that are declared under `#[cfg(test)]` and live in a file of their own.
    pub(crate) test_modules: Vec<String>,
}

impl Source {
    /// Reads the text of the file at `path`.
    pub(crate) fn new(path: &str, text: &str) -> Source {
        let classes = lex::classify(text);
        let code = lex::keep(text, &classes, Class::Code);
        let comments = lex::keep(text, &classes, Class::Comment);
        let (product, product_lines, test_modules) = without_tests(&code);
        let mut source = Source {
            path: path.to_owned(),
            text: text.to_owned(),
            classes,
            code,
            comments,
            product,
            product_lines,
            is_test: false,
            test_modules,
        };
        if path.split('/').any(|part| matches!(part, "tests" | "benches" | "tests.rs")) {
            source.become_test();
        }
        source
    }

    /// Marks a file that holds nothing but tests; its lines are counted whole.
    pub(crate) fn become_test(&mut self) {
        self.is_test = true;
        self.product_lines = self.text.lines().count();
        self.product = blank(&self.code, 0, self.code.len());
    }

    /// The folder of the crate: `domain` for `crates/domain/src/money.rs`.
    pub(crate) fn krate(&self) -> &str {
        self.path.strip_prefix("crates/").unwrap_or(&self.path).split('/').next().unwrap_or("")
    }

    /// The path inside `src/`, None for files outside of it.
    pub(crate) fn in_src(&self) -> Option<&str> {
        self.path.split_once("/src/").map(|(_, rest)| rest)
    }

    /// The name of the file without its folders.
    pub(crate) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// Blanks every item under `#[cfg(test)]`. Also returns the number of lines outside of them and
/// the modules among them that are declared with a semicolon.
fn without_tests(code: &str) -> (String, usize, Vec<String>) {
    let tokens = tokens(code);
    let marker = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut product, mut lines) = (code.to_owned(), code.lines().count());
    let (mut modules, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        let marked = tokens[at..].iter().map(|token| token.text).take(7).eq(marker);
        let mut body = at + marker.len();
        while marked && tokens.get(body).is_some_and(|token| token.text == "#") {
            body = item_attribute_end(&tokens, body);
        }
        let end = if marked { item_end(&tokens, body) } else { None };
        let Some(end) = end else {
            at += 1;
            continue;
        };
        product = blank(&product, tokens[at].start, tokens[end].end());
        lines -= tokens[end].line - tokens[at].line + 1;
        if tokens[body].text == "mod" && tokens[end].text == ";" {
            modules.push(tokens[body + 1].text.to_owned());
        }
        at = end + 1;
    }
    (product, lines, modules)
}

fn item_attribute_end(tokens: &[super::tokens::Token<'_>], from: usize) -> usize {
    let mut depth = 0_i32;
    for (index, token) in tokens.iter().enumerate().skip(from + 1) {
        match token.text {
            "[" => depth += 1,
            "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

fn blank(code: &str, start: usize, end: usize) -> String {
    let middle = code[start..end].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' });
    let mut blanked = String::with_capacity(code.len());
    blanked.push_str(&code[..start]);
    blanked.extend(middle);
    blanked.push_str(&code[end..]);
    blanked
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "//! A.\nfn a() {}\n\n#[cfg(test)]\n#[expect(dead_code)]\nmod tests {\n    fn b() {}\n}\n";

    #[test]
    fn the_product_ends_where_the_tests_begin() {
        let source = Source::new("crates/domain/src/a.rs", FILE);
        assert_eq!(source.product_lines, 3);
        assert!(source.product.contains("fn a") && !source.product.contains("fn b"));
        assert_eq!(source.product.len(), FILE.len());
    }

    #[test]
    fn a_file_of_tests_has_no_product_but_all_its_lines() {
        let source = Source::new("crates/relay/tests/sim/main.rs", FILE);
        assert!(source.is_test && source.product.trim().is_empty());
        assert_eq!(source.product_lines, 8);
    }

    #[test]
    fn a_test_module_in_its_own_file_is_named() {
        let source = Source::new("crates/relay/src/a.rs", "//! A.\n#[cfg(test)]\nmod world;\n");
        assert_eq!(source.test_modules, ["world"]);
    }
}
