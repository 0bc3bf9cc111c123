//! The pages in a browser: what is started for its tests, and what they are told.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::task::find_program;

/// Where the tests are, below the root.
pub(crate) const FOLDER: &str = "e2e/browser";

/// How Node runs them. A browser for each file at a time would be more than a small machine bears.
pub(crate) const NODE: [&str; 3] = ["--test", "--test-reporter=tap", "--test-concurrency=2"];

/// Who serves the models with hostile names: nobody else is disturbed when it is told to fail.
const PROVIDER: &str = "[provider.hostile]\nname = \"Hostile\"\ndialect = \"openai-chat\"\n\
                        base_url = \"http://simulator.invalid/hostile/v1\"\nauth = \"none\"\n\n";

/// Returns the browser's program.
pub(crate) fn program() -> Option<PathBuf> {
    find_program("chromium", &[])
}

/// Returns the catalog's rows for models whose names are hostile: one for each line of the corpus,
/// served by a provider of the simulator.
///
/// # Errors
///
/// A sentence, when the corpus cannot be read.
pub(crate) fn hostile_models(root: &Path) -> Result<String, String> {
    let corpus = root.join(FOLDER).join("hostile.txt");
    let text = fs::read_to_string(&corpus);
    let text = text.map_err(|error| format!("{}: {error}", corpus.display()))?;
    Ok(hostile_rows(&text))
}

fn hostile_rows(corpus: &str) -> String {
    let mut rows = PROVIDER.to_owned();
    for (number, line) in corpus.lines().enumerate() {
        // What JSON writes for a string, TOML reads as the same string.
        let name = json!(line);
        let _ = write!(
            rows,
            "[[model]]\nid = \"hostile/m{number}\"\nname = {name}\ndescription = {name}\n\
             context = 128000\nreleased = \"2026-01-05\"\n\n\
             [[endpoint]]\nprovider = \"hostile\"\nmodel = \"hostile/m{number}\"\nid = \
             \"m{number}\"\nprice = {{ input = \"0.1\", output = \"0.4\" }}\n\n",
        );
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_reaches_the_catalog_unchanged() {
        let rows = hostile_rows("\"><script>alert(1)</script>\n\\u0022\n");
        assert!(rows.contains(r#"name = "\"><script>alert(1)</script>""#), "{rows}");
        assert!(rows.contains(r#"name = "\\u0022""#), "{rows}");
    }
}
