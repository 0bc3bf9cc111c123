//! Every path that a file's code names: its `use` trees, spread out, and its inline paths.

use super::tokens::{Token, tokens};

/// One path of two or more names, or one leaf of a `use` tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// The names, as written; `std::{env, fs}` gives two imports of two names.
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
    pub(crate) kind: Kind,
    /// The name under which a `use` makes the path known; `*` for a glob.
    pub(crate) name: String,
}

/// How a path came to be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Use,
    /// `pub use`, in any visibility.
    Reexport,
    Inline,
}

impl Import {
    /// Whether `names` stand one after another anywhere in the path.
    pub(crate) fn names(&self, names: &[&str]) -> bool {
        self.path.windows(names.len()).any(|window| window == names)
    }

    /// Whether the path begins with `names`.
    pub(crate) fn begins_with(&self, names: &[&str]) -> bool {
        self.path.len() >= names.len() && self.path[..names.len()] == *names
    }
}

/// Lists the paths in blanked `code`, in order.
pub(crate) fn imports(code: &str) -> Vec<Import> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        at = match tokens[at].text {
            "use" if begins_item(&tokens, at) => {
                let kind = if is_public(&tokens, at) { Kind::Reexport } else { Kind::Use };
                let mut tree = UseTree { tokens: &tokens, kind, found: &mut found };
                tree.read(at + 1, &[])
            }
            _ => inline(&tokens, at, &mut found),
        };
    }
    found
}

fn begins_item(tokens: &[Token<'_>], at: usize) -> bool {
    // `use<'a>` in a return type captures a lifetime and imports nothing.
    let captures = tokens.get(at + 1).is_some_and(|next| next.text == "<");
    let before = at.checked_sub(1).map_or(";", |before| tokens[before].text);
    !captures && matches!(before, ";" | "{" | "}" | "]" | ")" | "pub")
}

fn is_public(tokens: &[Token<'_>], at: usize) -> bool {
    at > 0 && matches!(tokens[at - 1].text, "pub" | ")")
}

fn inline(tokens: &[Token<'_>], at: usize, found: &mut Vec<Import>) -> usize {
    let mut path = Vec::new();
    let mut next = at;
    while tokens.get(next).is_some_and(Token::is_name) {
        path.push(tokens[next].text.to_owned());
        next += 1;
        if tokens.get(next).is_none_or(|token| token.text != "::") {
            break;
        }
        next += 1;
    }
    if path.len() >= 2 {
        let name = path[path.len() - 1].clone();
        found.push(Import { path, line: tokens[at].line, kind: Kind::Inline, name });
    }
    next.max(at + 1)
}

struct UseTree<'a> {
    tokens: &'a [Token<'a>],
    kind: Kind,
    found: &'a mut Vec<Import>,
}

impl UseTree<'_> {
    /// Reads one tree at `at` below `prefix`; returns the index after it.
    fn read(&mut self, mut at: usize, prefix: &[String]) -> usize {
        let mut path = prefix.to_vec();
        while let Some(token) = self.tokens.get(at) {
            match token.text {
                "::" => at += 1,
                "{" => return self.group(at + 1, &path),
                "*" => {
                    self.leaf(path, token.line, "*");
                    return at + 1;
                }
                _ if token.is_name() => {
                    path.push(token.text.to_owned());
                    at += 1;
                    if self.text(at) != "::" {
                        return self.end(at, path, token.line);
                    }
                }
                _ => return at + 1,
            }
        }
        at
    }

    fn group(&mut self, mut at: usize, prefix: &[String]) -> usize {
        while at < self.tokens.len() && self.text(at) != "}" {
            at = if self.text(at) == "," { at + 1 } else { self.read(at, prefix) };
        }
        at + 1
    }

    fn end(&mut self, at: usize, mut path: Vec<String>, line: usize) -> usize {
        if path.len() > 1 && path.last().is_some_and(|name| name == "self") {
            path.pop();
        }
        if self.text(at) == "as" {
            let alias = self.text(at + 1).to_owned();
            self.leaf(path, line, &alias);
            return at + 2;
        }
        let name = path.last().cloned().unwrap_or_default();
        self.leaf(path, line, &name);
        at
    }

    fn leaf(&mut self, path: Vec<String>, line: usize, name: &str) {
        self.found.push(Import { path, line, kind: self.kind, name: name.to_owned() });
    }

    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, expected: &[&str]) {
        let found = imports(code);
        let paths: Vec<String> = found.iter().map(|import| import.path.join("::")).collect();
        assert_eq!(paths, expected, "{code}");
    }

    #[test]
    fn a_use_tree_is_spread_out() {
        check(
            "use std::{env, fs::{self, File}, io as i};",
            &["std::env", "std::fs", "std::fs::File", "std::io"],
        );
        check("use crate::a::*;\nuse tokio;", &["crate::a", "tokio"]);
    }

    #[test]
    fn inline_paths_are_found_where_they_stand() {
        check(
            "fn a() -> b::C { super::d::e(); x.f::<G>(); crate::H }",
            &["b::C", "super::d::e", "crate::H"],
        );
        check("fn a<'b>() -> impl C + use<'b> { d }", &[]);
    }

    #[test]
    fn a_reexport_is_told_from_an_import() {
        let kinds: Vec<Kind> = imports("pub use a::B;\npub(crate) use c::D;\nuse e::F;\ng::h();")
            .into_iter()
            .map(|import| import.kind)
            .collect();
        assert_eq!(kinds, [Kind::Reexport, Kind::Reexport, Kind::Use, Kind::Inline]);
    }
}
