//! All rules, one line each.

use super::tree::Tree;
use super::violation::Violation;
use super::{calls, docs, layers, leftovers, loops, names, size, walls};

/// Every rule of the house that tidy holds.
const RULES: [fn(&Tree) -> Vec<Violation>; 8] = [
    size::check,
    names::check,
    leftovers::check,
    layers::check,
    calls::check,
    walls::check,
    loops::check,
    docs::check,
];

/// Returns every violation in the tree, ordered by file and line.
pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found: Vec<Violation> = RULES.iter().flat_map(|rule| rule(tree)).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn this_repository_is_tidy() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let tree = Tree::load(&root).expect("the repository can be read");
        let found: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
        assert!(found.is_empty(), "{} rules broken:\n{}", found.len(), found.join("\n"));
    }
}
