//! Which file of a crate names which other file of it.
//!
//! A path is followed through `pub use` to the file that defines what it names, so that a face
//! (`lib.rs`, `mod.rs`) neither hides an edge nor invents one.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{Import, Kind, imports};
use super::source::Source;
use super::tokens::tokens;
use super::tree::Tree;

const REEXPORT_DEPTH_MAX: usize = 8;

/// One file naming another of the same crate. The ends are paths from the root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) line: usize,
    /// A face that shows what lies below it: no dependence, but still a naming.
    pub(crate) is_face: bool,
}

/// Lists the edges between the product files of every crate, each pair of files once per kind.
pub(crate) fn edges(tree: &Tree) -> Vec<Edge> {
    let mut crates: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in &tree.sources {
        if !source.is_test && source.in_src().is_some() {
            crates.entry(source.krate()).or_default().push(source);
        }
    }
    crates.values().flat_map(|sources| Room::new(sources).edges()).collect()
}

/// One crate: its modules by path, and what each names.
struct Room<'a> {
    modules: BTreeMap<Vec<String>, Module<'a>>,
    /// The second root of a crate that has both `lib.rs` and `main.rs`.
    main: Option<Module<'a>>,
}

struct Module<'a> {
    source: &'a Source,
    imports: Vec<Import>,
    defines: BTreeSet<&'a str>,
}

impl<'a> Room<'a> {
    fn new(sources: &[&'a Source]) -> Room<'a> {
        let mut room = Room { modules: BTreeMap::new(), main: None };
        let has_lib = sources.iter().any(|source| source.in_src() == Some("lib.rs"));
        for source in sources {
            let module = Module::new(source);
            match source.in_src() {
                Some("main.rs") if has_lib => room.main = Some(module),
                // Each file in `bin/` is a crate of its own.
                Some(path) if !path.starts_with("bin/") => {
                    room.modules.insert(module_path(path), module);
                }
                _ => {}
            }
        }
        room
    }

    fn edges(&self) -> Vec<Edge> {
        let mut found = BTreeMap::new();
        let root = Vec::new();
        let mains = self.main.iter().map(|main| (&root, main));
        for (path, module) in self.modules.iter().chain(mains) {
            for import in &module.imports {
                let Some(target) = self.target(path, import, 0) else { continue };
                let Some(to) = self.modules.get(&target) else { continue };
                let is_face = import.kind == Kind::Reexport && target.starts_with(path);
                if to.source.path != module.source.path {
                    let key = (&module.source.path, &to.source.path, is_face);
                    found.entry(key).or_insert(import.line);
                }
            }
        }
        let edge = |((from, to, is_face), line): ((&String, &String, bool), usize)| Edge {
            from: from.clone(),
            to: to.clone(),
            line,
            is_face,
        };
        found.into_iter().map(edge).collect()
    }

    /// The module that `import`, written in the module `from`, leads to; None outside the crate.
    fn target(&self, from: &[String], import: &Import, depth: usize) -> Option<Vec<String>> {
        let path = self.absolute(from, &import.path)?;
        let length = (0..=path.len()).rev().find(|end| self.modules.contains_key(&path[..*end]))?;
        let (module, rest) = path.split_at(length);
        let Some(name) = rest.first().filter(|_| depth < REEXPORT_DEPTH_MAX) else {
            return Some(module.to_vec());
        };
        // A face must not send the search back to where it came from.
        let face = self.modules.get(module).filter(|_| module != from || depth == 0)?;
        let reexports = face.imports.iter().filter(|import| import.kind == Kind::Reexport);
        for reexport in reexports {
            if reexport.name == *name {
                return self.target(module, reexport, depth + 1);
            }
            let glob = (reexport.name == "*").then(|| self.target(module, reexport, depth + 1));
            if let Some(Some(below)) = glob
                && self.modules[&below].defines.contains(name.as_str())
            {
                return Some(below);
            }
        }
        Some(module.to_vec())
    }

    fn absolute(&self, from: &[String], path: &[String]) -> Option<Vec<String>> {
        let mut base = from.to_vec();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                base.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|name| name == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            child => {
                base.push(child.to_owned());
                if !self.modules.contains_key(&base) {
                    return None;
                }
                rest = &path[1..];
            }
        }
        base.extend_from_slice(rest);
        Some(base)
    }
}

impl<'a> Module<'a> {
    fn new(source: &'a Source) -> Module<'a> {
        const KEYWORDS: [&str; 8] =
            ["fn", "struct", "enum", "trait", "type", "const", "static", "union"];
        let tokens = tokens(&source.product);
        let named = tokens.windows(2).filter(|pair| KEYWORDS.contains(&pair[0].text));
        let defines = named.map(|pair| pair[1].text).collect();
        Module { source, imports: imports(&source.product), defines }
    }
}

/// `openai_chat/mod.rs` is `[openai_chat]`, `lib.rs` is the root.
fn module_path(in_src: &str) -> Vec<String> {
    let mut names: Vec<String> =
        in_src.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    let is_face = names.last().is_some_and(|name| name == "mod");
    let is_root = names.len() == 1 && matches!(names[0].as_str(), "lib" | "main");
    if is_face || is_root {
        names.pop();
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let paths: Vec<(String, &str)> =
            files.iter().map(|(path, text)| (format!("crates/a/src/{path}"), *text)).collect();
        let tree = Tree::of(paths.iter().map(|(path, text)| (path.as_str(), *text)));
        let short = |path: &str| path.trim_start_matches("crates/a/src/").to_owned();
        let arrow = |edge: &Edge| if edge.is_face { "shows" } else { "names" };
        let found: Vec<String> = edges(&tree)
            .iter()
            .map(|edge| format!("{} {} {}", short(&edge.from), arrow(edge), short(&edge.to)))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn imports_lead_from_file_to_file() {
        check(
            &[
                ("lib.rs", "mod a;\nmod b;\nmod c;\n"),
                ("a.rs", "use crate::b::B;\n"),
                ("b.rs", "fn f() { super::c::g() }\n"),
                ("c/mod.rs", "mod d;\nfn g() { d::h() }\n"),
                ("c/d.rs", "use std::fs;\n"),
            ],
            &["a.rs names b.rs", "b.rs names c/mod.rs", "c/mod.rs names c/d.rs"],
        );
    }

    #[test]
    fn a_path_is_followed_through_the_face_that_shows_it() {
        check(
            &[
                ("lib.rs", "mod a;\nmod b;\nmod c;\npub use b::B;\npub use c::*;\n"),
                ("a.rs", "use crate::{B, C};\n"),
                ("b.rs", "pub struct B;\n"),
                ("c.rs", "pub struct C;\n"),
            ],
            &["a.rs names b.rs", "a.rs names c.rs", "lib.rs shows b.rs", "lib.rs shows c.rs"],
        );
    }

    #[test]
    fn what_the_tests_import_is_no_edge() {
        let test = "#[cfg(test)]\nmod tests {\nuse crate::b::B;\n}\n";
        check(&[("lib.rs", "mod a;\nmod b;\n"), ("a.rs", test), ("b.rs", "")], &[]);
    }
}
