//! No loop between the files of a crate: they can be read in an order.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Edge, edges};
use super::tree::Tree;
use super::violation::Violation;

/// Checks that the files of every crate form no loop; each loop is reported once.
pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let edges: Vec<Edge> = edges(tree).into_iter().filter(|edge| !edge.is_face).collect();
    let reach = reachable(&edges);
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for edge in &edges {
        if told.contains(&edge.from) || !reaches(&reach, &edge.to, &edge.from) {
            continue;
        }
        let mut members: BTreeSet<&str> = BTreeSet::from([edge.from.as_str()]);
        for file in reach.keys() {
            if reaches(&reach, &edge.from, file) && reaches(&reach, file, &edge.from) {
                members.insert(file);
            }
        }
        told.extend(members.iter().map(|member| (*member).to_owned()));
        found.push(Violation::new(&edge.from, edge.line, "loop", mend(&edges, &members)));
    }
    found
}

fn mend(edges: &[Edge], members: &BTreeSet<&str>) -> String {
    let inside = edges
        .iter()
        .filter(|edge| members.contains(edge.from.as_str()) && members.contains(edge.to.as_str()));
    let arrows: Vec<String> =
        inside.map(|edge| format!("{}:{} -> {}", edge.from, edge.line, name(&edge.to))).collect();
    format!("move what both need into a file of its own below them: {}", arrows.join(", "))
}

fn name(path: &str) -> &str {
    path.split_once("/src/").map_or(path, |(_, rest)| rest)
}

type Reach = BTreeMap<String, BTreeSet<String>>;

fn reaches(reach: &Reach, from: &str, to: &str) -> bool {
    reach.get(from).is_some_and(|files| files.contains(to))
}

/// Every file that can be come to from each file, over one edge or more.
fn reachable(edges: &[Edge]) -> Reach {
    let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for edge in edges {
        next.entry(&edge.from).or_default().push(&edge.to);
    }
    let mut reach = Reach::new();
    for start in next.keys() {
        let mut seen = BTreeSet::new();
        let mut open = vec![*start];
        while let Some(file) = open.pop() {
            for to in next.get(file).into_iter().flatten() {
                if seen.insert((*to).to_owned()) {
                    open.push(to);
                }
            }
        }
        reach.insert((*start).to_owned(), seen);
    }
    reach
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loops(files: &[(&str, &str)]) -> Vec<String> {
        let tree = Tree::of(files.iter().copied());
        check(&tree).into_iter().map(|found| format!("{}:{}", found.path, found.line)).collect()
    }

    #[test]
    fn files_that_name_each_other_in_a_circle_are_found_once() {
        let files = [
            ("crates/a/src/lib.rs", "mod a;\nmod b;\nmod c;\n"),
            ("crates/a/src/a.rs", "use crate::b::B;\n"),
            ("crates/a/src/b.rs", "use crate::c::C;\n"),
            ("crates/a/src/c.rs", "\nuse super::a::A;\n"),
        ];
        assert_eq!(loops(&files), ["crates/a/src/a.rs:1"]);
    }

    #[test]
    fn a_part_that_needs_its_whole_is_a_loop() {
        let files = [
            ("crates/a/src/b/mod.rs", "mod c;\npub struct B;\nfn f() { c::g() }\n"),
            ("crates/a/src/b/c.rs", "use super::B;\n"),
        ];
        assert_eq!(loops(&files).len(), 1);
    }

    #[test]
    fn a_face_that_shows_its_parts_is_no_loop() {
        let files = [
            ("crates/a/src/lib.rs", "mod a;\nmod b;\npub use a::A;\nconst C: u8 = 1;\n"),
            ("crates/a/src/a.rs", "use crate::C;\npub struct A;\n"),
            ("crates/a/src/b.rs", "pub struct B;\n"),
        ];
        assert_eq!(loops(&files), Vec::<String>::new());
    }
}
