//! The documents keep up with the code.

use super::tree::Tree;
use super::violation::Violation;

/// The two commands that a newcomer is promised.
const README_COMMANDS: [&str; 2] = ["cargo run --release -- serve --demo", "cargo xtask test"];

/// Checks that the documents exist and name what they must.
pub(crate) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    found.extend(architecture(tree));
    found.extend(readme(tree));
    found.extend(changelog(tree));
    found
}

fn architecture(tree: &Tree) -> Vec<Violation> {
    let path = "ARCHITECTURE.md";
    let Some(text) = tree.documents.get(path) else { return missing(path) };
    let mut found = Vec::new();
    for manifest in tree.manifests.keys() {
        let Some(folder) = manifest.strip_suffix("/Cargo.toml") else { continue };
        let krate = folder.strip_prefix("crates/").unwrap_or(folder);
        let names = [format!("`{krate}`"), folder.to_owned(), format!("{krate}/")];
        if !names.iter().any(|name| text.contains(name.as_str())) {
            let mend = format!("say in the code map what `{krate}` is for");
            found.push(Violation::new(path, 0, "documents", mend));
        }
    }
    found
}

fn readme(tree: &Tree) -> Vec<Violation> {
    let path = "README.md";
    let Some(text) = tree.documents.get(path) else { return missing(path) };
    let absent = README_COMMANDS.iter().filter(|command| !text.contains(**command));
    let mend = |command: &&str| format!("show the command `{command}`");
    absent.map(|command| Violation::new(path, 0, "documents", mend(command))).collect()
}

fn changelog(tree: &Tree) -> Vec<Violation> {
    let path = "CHANGELOG.md";
    let Some(text) = tree.documents.get(path) else { return missing(path) };
    let is_release = |line: &str| {
        let title = line.trim_start_matches("## ").trim_start_matches(['[', 'v']);
        let dated = title.starts_with(|first: char| first.is_ascii_digit());
        line.starts_with("## ") && (dated || title.to_lowercase().starts_with("unreleased"))
    };
    let mend = "begin with a heading `## Unreleased` or `## <version>`";
    let headed = text.lines().any(is_release);
    if headed { Vec::new() } else { vec![Violation::new(path, 0, "documents", mend)] }
}

fn missing(path: &str) -> Vec<Violation> {
    vec![Violation::new(path, 0, "documents", "write the document; it is part of the product")]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARCHITECTURE: (&str, &str) = ("ARCHITECTURE.md", "- `crates/domain`: the words\n");
    const README: (&str, &str) =
        ("README.md", "    cargo run --release -- serve --demo\n    cargo xtask test\n");
    const CHANGELOG: (&str, &str) = ("CHANGELOG.md", "# Changes\n\n## Unreleased\n");

    fn paths(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files.iter().copied())).into_iter().map(|found| found.path).collect()
    }

    #[test]
    fn documents_that_are_missing_are_named_once_each() {
        assert_eq!(paths(&[]), ["ARCHITECTURE.md", "README.md", "CHANGELOG.md"]);
        assert_eq!(paths(&[ARCHITECTURE, README, CHANGELOG]), Vec::<String>::new());
    }

    #[test]
    fn the_map_names_every_crate() {
        let manifest = |path| (path, "[dependencies]\n");
        let known = manifest("crates/domain/Cargo.toml");
        let unknown = manifest("crates/attic/Cargo.toml");
        assert_eq!(paths(&[ARCHITECTURE, README, CHANGELOG, known]), Vec::<String>::new());
        assert_eq!(paths(&[ARCHITECTURE, README, CHANGELOG, unknown]), ["ARCHITECTURE.md"]);
    }

    #[test]
    fn the_readme_shows_both_commands() {
        let readme = ("README.md", "cargo xtask test\n");
        assert_eq!(paths(&[ARCHITECTURE, readme, CHANGELOG]), ["README.md"]);
    }

    #[test]
    fn the_changelog_has_a_heading_for_what_is_new() {
        for heading in ["## Unreleased", "## [Unreleased]", "## 0.1.0 (2026-01-01)", "## [0.1.0]"] {
            assert_eq!(paths(&[ARCHITECTURE, README, ("CHANGELOG.md", heading)]), [""; 0]);
        }
        let empty = ("CHANGELOG.md", "# Changes\n");
        assert_eq!(paths(&[ARCHITECTURE, README, empty]), ["CHANGELOG.md"]);
    }
}
