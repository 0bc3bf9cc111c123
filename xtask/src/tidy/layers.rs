//! Which crate may depend on which: the arrows between the rooms point down.

use super::tree::Tree;
use super::violation::Violation;

/// What a crate may list under `[dependencies]`.
enum May {
    Only(&'static [&'static str]),
    AnyBut(&'static [&'static str]),
}

/// Every crate by its folder. A name that ends in `-*` stands for a family.
const LAYERS: [(&str, May); 13] = [
    ("crates/domain", May::Only(&["jiff", "serde", "serde_json", "thiserror"])),
    (
        "crates/dialect",
        May::Only(&[
            "domain",
            "base64",
            "bpe-openai",
            "bytes",
            "crc32fast",
            "memchr",
            "serde",
            "serde_json",
        ]),
    ),
    (
        "crates/catalog",
        May::Only(&[
            "domain",
            "include_dir",
            "serde",
            "serde_json",
            "sha2",
            "toml",
            "jiff",
            "thiserror",
        ]),
    ),
    ("crates/classify", May::Only(&["aho-corasick", "whatlang"])),
    ("crates/ledger", May::Only(&["domain", "crc32c", "serde", "serde_json", "thiserror"])),
    ("crates/rankings", May::Only(&["statrs"])),
    (
        "crates/relay",
        May::Only(&[
            "domain",
            "dialect",
            "bytes",
            "serde_json",
            "tokio",
            "tokio-util",
            "tracing",
            "futures-*",
        ]),
    ),
    (
        "crates/store",
        May::Only(&[
            "domain",
            "redis",
            "sha2",
            "sqlx",
            "jiff",
            "serde_json",
            "thiserror",
            "tokio",
            "tracing",
        ]),
    ),
    (
        "crates/traffic",
        May::Only(&[
            "domain",
            "classify",
            "rankings",
            "form_urlencoded",
            "http-body-util",
            "hyper",
            "hyper-util",
            "jiff",
            "serde_json",
            "sqlx",
            "thiserror",
            "tokio",
        ]),
    ),
    ("crates/site", May::Only(&["domain", "maud", "pulldown-cmark"])),
    ("crates/server", May::AnyBut(&["sqlx"])),
    ("crates/simulator", May::AnyBut(&["interline", "sqlx", "store", "relay", "ledger"])),
    ("xtask", May::AnyBut(&["interline", "sqlx"])),
];

/// Checks the dependencies of every crate. Those for tests are free.
pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (path, text) in &tree.manifests {
        let Some(folder) = path.strip_suffix("/Cargo.toml").filter(|name| *name != "fuzz") else {
            continue;
        };
        let Some((_, may)) = LAYERS.iter().find(|(name, _)| *name == folder) else {
            let mend = "say in tidy's table of layers what this crate may depend on";
            found.push(Violation::new(path, 0, "layers", mend));
            continue;
        };
        match dependencies(text) {
            Err(error) => found.push(Violation::new(path, 0, "layers", error)),
            Ok(names) => {
                let upward = names.iter().filter(|name| !may.list(name));
                found.extend(upward.map(|name| {
                    let mend = format!(
                        "`{folder}` may not depend on `{name}`; ask for what you need through a \
                         port of `domain`, or do it in the shell"
                    );
                    Violation::new(path, line_of(text, name), "layers", mend)
                }));
            }
        }
    }
    found
}

impl May {
    fn list(&self, name: &str) -> bool {
        let fits = |entry: &&str| match entry.strip_suffix('*') {
            Some(family) => name.starts_with(family),
            None => *entry == name,
        };
        match self {
            May::Only(allowed) => allowed.iter().any(fits),
            May::AnyBut(banned) => !banned.iter().any(fits),
        }
    }
}

/// Names under `[dependencies]` and `[build-dependencies]`, those of single targets included.
fn dependencies(text: &str) -> Result<Vec<String>, String> {
    let manifest: toml::Table = text.parse().map_err(|error| format!("not TOML: {error}"))?;
    let mut names = section_names(&manifest);
    if let Some(targets) = manifest.get("target").and_then(toml::Value::as_table) {
        let tables = targets.values().filter_map(toml::Value::as_table);
        names.extend(tables.flat_map(section_names));
    }
    Ok(names)
}

fn section_names(table: &toml::Table) -> Vec<String> {
    let sections = ["dependencies", "build-dependencies"];
    let tables = sections.iter().filter_map(|section| table.get(*section)?.as_table());
    tables.flat_map(|section| section.keys().cloned()).collect()
}

fn line_of(text: &str, name: &str) -> usize {
    let names =
        |line: &str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '.', '=']));
    text.lines().position(names).map_or(0, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of([(path, text)])).into_iter().map(|found| found.line).collect()
    }

    #[test]
    fn a_crate_depends_only_on_what_its_layer_allows() {
        let domain = "[dependencies]\nserde.workspace = true\ntokio = \"1\"\n";
        assert_eq!(lines("crates/domain/Cargo.toml", domain), [3]);
        let relay = "[dependencies]\nstore.workspace = true\nfutures-util = \"0.3\"\n";
        assert_eq!(lines("crates/relay/Cargo.toml", relay), [2]);
        assert_eq!(lines("crates/server/Cargo.toml", "[dependencies]\nsqlx = \"0.9\"\n"), [2]);
    }

    #[test]
    fn what_only_tests_need_is_free() {
        let text = "[dev-dependencies]\ntokio = \"1\"\n";
        assert!(lines("crates/domain/Cargo.toml", text).is_empty());
    }

    #[test]
    fn a_dependency_of_one_target_counts() {
        let text = "[target.'cfg(unix)'.dependencies]\ntokio = \"1\"\n";
        assert_eq!(lines("crates/domain/Cargo.toml", text), [2]);
    }

    #[test]
    fn a_new_crate_must_be_given_its_layer() {
        assert_eq!(lines("crates/attic/Cargo.toml", "[dependencies]\n"), [0]);
    }
}
