//! Walls inside the crates: what one file may not know of another.

use super::graph::{Edge, edges};
use super::imports::imports;
use super::source::Source;
use super::tokens::tokens;
use super::tree::Tree;
use super::violation::Violation;

/// Where a secret may be read: where it is checked, made or sent. Whole paths, so that a file of
/// the same name elsewhere is not meant; one that ends in `/` stands for a folder.
const SECRET_READERS: [&str; 8] = [
    "crates/server/src/api/keys.rs",
    "crates/server/src/command/banner.rs",
    "crates/server/src/command/root_key.rs",
    "crates/server/src/database.rs",
    "crates/server/src/limits/cluster.rs",
    "crates/server/src/payments/stripe.rs",
    "crates/server/src/upstream/",
    "crates/traffic/src/store/clickhouse/",
];

/// Where connections to providers may be opened.
const CONNECTORS: [&str; 1] = ["crates/server/src/upstream/"];

/// This file, which is where the lists are mended.
const WALLS: &str = "xtask/src/tidy/walls.rs";

/// Checks the walls between files.
pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for edge in edges(tree) {
        found.extend(dialects_apart(&edge));
        found.extend(nouns_apart(&edge));
        found.extend(api_and_web_apart(&edge));
    }
    for source in &tree.sources {
        found.extend(dialects_from_outside(tree, source));
        found.extend(connections(source));
        found.extend(secrets(source));
        found.extend(behind_the_veil(source));
    }
    found.extend(stale(tree));
    found
}

/// A list that names what is gone would allow whatever comes there next.
fn stale(tree: &Tree) -> Vec<Violation> {
    if !tree.sources.iter().any(|source| source.path == WALLS) {
        return Vec::new();
    }
    let is_gone = |name: &&str| !tree.sources.iter().any(|source| listed(&source.path, &[name]));
    let gone = SECRET_READERS.into_iter().chain(CONNECTORS).filter(is_gone);
    let told = gone.map(|name| {
        Violation::new(WALLS, 1, "walls", format!("there is no `{name}`; take it off the list"))
    });
    told.collect()
}

/// A dialect's folder is named by the registry alone, so that adding one is one line.
fn dialects_apart(edge: &Edge) -> Option<Violation> {
    let from = edge.from.strip_prefix("crates/dialect/src/")?;
    let dialect = edge.to.strip_prefix("crates/dialect/src/").and_then(folder)?;
    let allowed = from == "registry.rs" || folder(from) == Some(dialect);
    let mend = format!("only registry.rs names `{dialect}`; ask the registry, or share a file");
    (!allowed).then(|| Violation::new(&edge.from, edge.line, "dialects-apart", mend))
}

fn dialects_from_outside(tree: &Tree, source: &Source) -> Vec<Violation> {
    if source.krate() == "dialect" {
        return Vec::new();
    }
    let mut found = Vec::new();
    for import in imports(&source.product) {
        let [root, name, ..] = import.path.as_slice() else { continue };
        let face = format!("crates/dialect/src/{name}/mod.rs");
        if root == "dialect" && tree.sources.iter().any(|source| source.path == face) {
            let mend = format!("only dialect's registry.rs names `{name}`; ask the registry");
            found.push(Violation::new(&source.path, import.line, "dialects-apart", mend));
        }
    }
    found
}

/// A file of the store knows its own tables; what two nouns do together is the caller's business.
fn nouns_apart(edge: &Edge) -> Option<Violation> {
    let from = edge.from.strip_prefix("crates/store/src/")?;
    let to = edge.to.strip_prefix("crates/store/src/")?;
    let noun = |path: &str| path.split(['/', '.']).next().unwrap_or("").to_owned();
    let allowed = noun(to) == "db" || noun(from) == noun(to) || from == "lib.rs";
    let mend = format!("a store file imports no other but db.rs, not `{to}`");
    (!allowed).then(|| Violation::new(&edge.from, edge.line, "nouns-apart", mend))
}

/// The API and the pages are two faces of the same house and do not lean on each other.
fn api_and_web_apart(edge: &Edge) -> Option<Violation> {
    let from = edge.from.strip_prefix("crates/server/src/").and_then(folder)?;
    let to = edge.to.strip_prefix("crates/server/src/").and_then(folder)?;
    let leans = matches!((from, to), ("api", "web") | ("web", "api"));
    let mend = format!("`{from}` does not import `{to}`; move what both need below them");
    leans.then(|| Violation::new(&edge.from, edge.line, "api-web-apart", mend))
}

/// Bytes leave the house in one place.
fn connections(source: &Source) -> Vec<Violation> {
    if source.krate() != "server" || listed(&source.path, &CONNECTORS) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for import in imports(&source.product) {
        let opens = import.begins_with(&["hyper_util", "client"])
            || import.begins_with(&["hyper", "client"])
            || import.begins_with(&["hyper_rustls"]);
        if opens {
            let mend = "only upstream opens connections; send through it";
            found.push(Violation::new(&source.path, import.line, "connections", mend));
        }
    }
    found
}

fn secrets(source: &Source) -> Vec<Violation> {
    if source.in_src().is_none_or(|path| path == "secret.rs") || source.krate() == "simulator" {
        return Vec::new();
    }
    if listed(&source.path, &SECRET_READERS) {
        return Vec::new();
    }
    let mend = "a secret is read only where it is checked or sent (the list in walls.rs); pass it on \
                unread";
    let tokens = tokens(&source.product);
    let reads = tokens.windows(3).filter(|window| {
        window[0].text == "." && window[1].text == "expose" && window[2].text == "("
    });
    reads.map(|window| Violation::new(&source.path, window[1].line, "secrets", mend)).collect()
}

/// Where what stands behind the veil over a provider that is not told is looked at: to call it.
const BEHIND: [&str; 3] =
    ["crates/relay/src/leg.rs", "crates/relay/src/resume.rs", "crates/server/src/snapshot.rs"];

/// What is shown of a provider that is not told is its veil.
fn behind_the_veil(source: &Source) -> Vec<Violation> {
    if source.in_src().is_none() || BEHIND.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let mend = "what stands behind the veil is read only to call it; use what is told";
    let tokens = tokens(&source.product);
    let reads = tokens.windows(3).filter(|window| {
        window[0].text == "." && window[1].text == "behind" && window[2].text == "("
    });
    reads.map(|window| Violation::new(&source.path, window[1].line, "veil", mend)).collect()
}

fn listed(path: &str, names: &[&str]) -> bool {
    names.iter().any(|name| match name.ends_with('/') {
        true => path.starts_with(name),
        false => path == *name,
    })
}

/// The first folder of a path, None for a file that lies in none.
fn folder(path: &str) -> Option<&str> {
    path.split_once('/').map(|(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(files: &[(&str, &str)]) -> Vec<String> {
        let found = check(&Tree::of(files.iter().copied()));
        found.into_iter().map(|found| format!("{} {}", found.rule, found.path)).collect()
    }

    const NONE: [String; 0] = [];

    #[test]
    fn a_dialect_is_named_by_the_registry_alone() {
        let face = ("crates/dialect/src/gemini/mod.rs", "pub struct Gemini;\n");
        let lib = ("crates/dialect/src/lib.rs", "mod gemini;\nmod registry;\nmod sse;\n");
        let name = "use crate::gemini::Gemini;\n";
        assert_eq!(rules(&[face, lib, ("crates/dialect/src/registry.rs", name)]), NONE);
        assert_eq!(rules(&[face, lib, ("crates/dialect/src/gemini/wire.rs", name)]), NONE);
        assert_eq!(
            rules(&[face, lib, ("crates/dialect/src/sse.rs", name)]),
            ["dialects-apart crates/dialect/src/sse.rs"]
        );
        assert_eq!(
            rules(&[face, lib, ("crates/dialect/src/bedrock/mod.rs", name)]),
            ["dialects-apart crates/dialect/src/bedrock/mod.rs"]
        );
        let outside = ("crates/relay/src/relay.rs", "use dialect::gemini::Gemini;\n");
        assert_eq!(rules(&[face, outside]), ["dialects-apart crates/relay/src/relay.rs"]);
    }

    #[test]
    fn a_store_file_imports_no_other_but_db() {
        let files = [
            ("crates/store/src/db.rs", "pub struct Db;\n"),
            ("crates/store/src/keys.rs", "use crate::db::Db;\n"),
            ("crates/store/src/accounts.rs", "use crate::keys::Key;\n"),
        ];
        assert_eq!(rules(&files), ["nouns-apart crates/store/src/accounts.rs"]);
    }

    #[test]
    fn the_api_and_the_pages_do_not_import_each_other() {
        let files = [
            ("crates/server/src/api/chat.rs", "use crate::web::page;\n"),
            ("crates/server/src/web/page.rs", "use crate::app::App;\n"),
            ("crates/server/src/app.rs", "pub struct App;\n"),
        ];
        assert_eq!(rules(&files), ["api-web-apart crates/server/src/api/chat.rs"]);
    }

    #[test]
    fn only_upstream_opens_connections() {
        let code = "use hyper_util::client::legacy::Client;\n";
        assert_eq!(rules(&[("crates/server/src/upstream/pool.rs", code)]), NONE);
        assert_eq!(
            rules(&[("crates/server/src/probe.rs", code)]),
            ["connections crates/server/src/probe.rs"]
        );
    }

    #[test]
    fn what_is_not_told_is_read_where_it_is_called() {
        let code = "fn a(catalog: &Catalog) { b(catalog.behind().endpoint(c)); }\n";
        assert_eq!(rules(&[("crates/relay/src/leg.rs", code)]), NONE);
        for path in ["crates/relay/src/metadata.rs", "crates/server/src/web/offer.rs"] {
            assert_eq!(rules(&[(path, code)]), [format!("veil {path}")]);
        }
    }

    #[test]
    fn a_secret_is_read_in_few_places() {
        let code = "fn a(secret: &Secret) { b(secret.expose()); }\n";
        for reader in ["server/src/database.rs", "traffic/src/store/clickhouse/http.rs"] {
            assert_eq!(rules(&[(&format!("crates/{reader}"), code)]), NONE);
        }
        for stranger in ["server/src/web/keys.rs", "traffic/src/store/http.rs"] {
            let path = format!("crates/{stranger}");
            assert_eq!(rules(&[(&path, code)]), [format!("secrets {path}")]);
        }
        assert_eq!(
            rules(&[("crates/server/src/app.rs", code)]),
            ["secrets crates/server/src/app.rs"]
        );
        assert_eq!(
            rules(&[("crates/relay/src/auth.rs", code)]),
            ["secrets crates/relay/src/auth.rs"]
        );
    }

    #[test]
    fn a_list_that_names_what_is_gone_is_told() {
        let names = || SECRET_READERS.into_iter().chain(CONNECTORS).chain([WALLS]);
        let path = |name: &str| match name.ends_with('/') {
            true => format!("{name}a.rs"),
            false => name.to_owned(),
        };
        let all: Vec<String> = names().map(path).collect();
        let files: Vec<(&str, &str)> = all.iter().map(|path| (path.as_str(), "")).collect();
        assert_eq!(rules(&files), NONE);
        assert_eq!(rules(&files[1..]), [format!("walls {WALLS}")]);
    }
}
