//! What the pure crates and the core may not call: the world reaches them as parameters.

use super::imports::{Import, imports};
use super::tree::Tree;
use super::violation::Violation;

/// A path that may not be named, anywhere in another path or only at its beginning.
enum Banned {
    Anywhere(&'static [&'static str]),
    AtStart(&'static [&'static str]),
}

use Banned::{Anywhere, AtStart};

/// `domain`, `catalog` and `dialect` know neither time nor chance nor the machine they run on.
const PURE: [Banned; 11] = [
    Anywhere(&["Instant", "now"]),
    Anywhere(&["SystemTime", "now"]),
    Anywhere(&["Timestamp", "now"]),
    Anywhere(&["Zoned", "now"]),
    AtStart(&["tokio"]),
    AtStart(&["rand"]),
    AtStart(&["getrandom"]),
    AtStart(&["std", "env"]),
    AtStart(&["std", "fs"]),
    AtStart(&["std", "net"]),
    AtStart(&["std", "process"]),
];

/// `relay` and `ledger` wait and count, but see no clock, socket or table of their own.
const CORE: [Banned; 11] = [
    Anywhere(&["Instant", "now"]),
    Anywhere(&["SystemTime", "now"]),
    Anywhere(&["Timestamp", "now"]),
    Anywhere(&["Zoned", "now"]),
    AtStart(&["std", "env"]),
    AtStart(&["reqwest"]),
    AtStart(&["hyper"]),
    AtStart(&["hyper_util"]),
    AtStart(&["hyper_rustls"]),
    AtStart(&["axum"]),
    AtStart(&["sqlx"]),
];

/// Checks that the pure crates and the core name nothing of the outside world.
pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in &tree.sources {
        let banned = match source.krate() {
            "domain" | "catalog" | "dialect" => &PURE,
            "relay" | "ledger" => &CORE,
            _ => continue,
        };
        for import in imports(&source.product) {
            if let Some(call) = banned.iter().find_map(|banned| banned.names(&import)) {
                let mend = format!("`{call}` belongs to the shell; take its answer as a parameter");
                found.push(Violation::new(&source.path, import.line, "pure", mend));
            }
        }
    }
    found
}

impl Banned {
    fn names(&self, import: &Import) -> Option<String> {
        let (names, hit) = match self {
            Anywhere(names) => (names, import.names(names)),
            AtStart(names) => (names, import.begins_with(names)),
        };
        hit.then(|| names.join("::"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of([(path, text)])).into_iter().map(|found| found.line).collect()
    }

    #[test]
    fn the_pure_crates_call_nothing_of_the_outside_world() {
        for call in [
            "std::time::Instant::now()",
            "SystemTime::now()",
            "jiff::Timestamp::now()",
            "tokio::spawn(a)",
            "rand::random()",
            "getrandom::fill(a)",
            "std::env::args()",
            "std::fs::read(a)",
            "std::net::TcpStream::connect(a)",
        ] {
            for krate in ["domain", "catalog", "dialect"] {
                let path = format!("crates/{krate}/src/a.rs");
                assert_eq!(lines(&path, &format!("\nfn a() {{ {call}; }}\n")), [2], "{call}");
            }
        }
    }

    #[test]
    fn an_import_in_a_group_is_seen() {
        assert_eq!(lines("crates/domain/src/a.rs", "use std::{cmp, env};\n"), [1]);
    }

    #[test]
    fn the_core_may_wait_but_sees_no_clock_socket_or_table() {
        let path = "crates/relay/src/a.rs";
        assert!(lines(path, "use tokio::time::sleep_until;\n").is_empty());
        for call in ["Instant::now()", "std::env::args()", "hyper_util::a()", "sqlx::query(a)"] {
            assert_eq!(lines(path, &format!("fn a() {{ {call}; }}\n")), [1], "{call}");
        }
    }

    #[test]
    fn tests_comments_and_longer_words_are_free() {
        let path = "crates/domain/src/a.rs";
        assert!(lines(path, "// tokio::spawn\nfn a() { operand::b(); }\n").is_empty());
        assert!(lines(path, "#[cfg(test)]\nmod tests {\nuse std::fs;\n}\n").is_empty());
    }
}
