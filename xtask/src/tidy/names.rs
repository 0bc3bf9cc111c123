//! File names that say nothing.

use super::tree::Tree;
use super::violation::Violation;

const EMPTY: [&str; 13] = [
    "util", "utils", "helper", "helpers", "common", "misc", "types", "manager", "managers",
    "service", "services", "handler", "handlers",
];

/// Checks that no file and no folder has a name that would fit any other.
pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in &tree.sources {
        for part in source.path.split('/') {
            let stem = part.trim_end_matches(".rs");
            if EMPTY.contains(&stem) {
                let mend = format!("`{stem}` fits anything; name what it is or does");
                found.push(Violation::new(&source.path, 0, "file-name", mend));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_for_what_it_is() {
        let tree = Tree::of([
            ("crates/a/src/utils.rs", "//! A.\n"),
            ("crates/a/src/handlers/chat.rs", "//! A.\n"),
            ("crates/a/src/price.rs", "//! A.\n"),
        ]);
        let paths: Vec<String> = check(&tree).into_iter().map(|found| found.path).collect();
        assert_eq!(paths, ["crates/a/src/utils.rs", "crates/a/src/handlers/chat.rs"]);
    }
}
