//! The repository as the rules see it: Rust files, manifests and documents.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use super::source::Source;

/// What the rules look at. Paths are from the root of the repository, with `/`.
#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) sources: Vec<Source>,
    /// `Cargo.toml` of every crate: path and text.
    pub(crate) manifests: BTreeMap<String, String>,
    /// Markdown files: path and text.
    pub(crate) documents: BTreeMap<String, String>,
}

const SKIPPED: [&str; 3] = ["target", "node_modules", "interline-data"];

impl Tree {
    /// Reads the repository at `root`.
    ///
    /// # Errors
    ///
    /// Any folder or file that cannot be read.
    pub(crate) fn load(root: &Path) -> io::Result<Tree> {
        let mut files = Vec::new();
        for folder in ["crates", "xtask", "fuzz"] {
            if root.join(folder).is_dir() {
                collect(root, &root.join(folder), &mut files)?;
            }
        }
        for entry in fs::read_dir(root)? {
            let path = entry?.path();
            if path.is_file() {
                push(root, &path, &mut files)?;
            }
        }
        files.sort();
        Ok(Tree::of(files.iter().map(|(path, text)| (path.as_str(), text.as_str()))))
    }

    /// Builds a tree from paths and texts.
    pub(crate) fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Tree {
        let mut tree = Tree::default();
        for (path, text) in files {
            if path.ends_with(".rs") {
                tree.sources.push(Source::new(path, text));
            } else if path.ends_with("Cargo.toml") {
                tree.manifests.insert(path.to_owned(), text.to_owned());
            } else if path.ends_with(".md") {
                tree.documents.insert(path.to_owned(), text.to_owned());
            }
        }
        tree.mark_test_modules();
        tree
    }

    fn mark_test_modules(&mut self) {
        let mut test_paths = Vec::new();
        for source in &self.sources {
            let stem = source.path.trim_end_matches(".rs");
            let folder = match source.file_name() {
                "lib.rs" | "main.rs" | "mod.rs" => stem.rsplit_once('/').map_or("", |(f, _)| f),
                _ => stem,
            };
            for module in &source.test_modules {
                test_paths.push(format!("{folder}/{module}.rs"));
                test_paths.push(format!("{folder}/{module}/mod.rs"));
            }
        }
        for source in self.sources.iter_mut().filter(|source| test_paths.contains(&source.path)) {
            source.become_test();
        }
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) {
                collect(root, &path, files)?;
            }
        } else {
            push(root, &path, files)?;
        }
    }
    Ok(())
}

fn push(root: &Path, path: &Path, files: &mut Vec<(String, String)>) -> io::Result<()> {
    let wanted = path.extension().is_some_and(|end| ["rs", "toml", "md"].iter().any(|e| end == *e));
    if wanted {
        let relative = path.strip_prefix(root).unwrap_or(path);
        let relative = relative.to_string_lossy().replace('\\', "/");
        files.push((relative, fs::read_to_string(path)?));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_declared_for_tests_only_is_a_file_of_tests() {
        let tree = Tree::of([
            ("crates/a/src/lib.rs", "//! A.\n#[cfg(test)]\nmod world;\nmod b;\n"),
            ("crates/a/src/world.rs", "//! W.\n"),
            ("crates/a/src/b.rs", "//! B.\n"),
        ]);
        let tests: Vec<bool> = tree.sources.iter().map(|source| source.is_test).collect();
        assert_eq!(tests, [false, true, false]);
    }
}
