//! The shipped catalog comes out of a source that says the same.

use std::fs;
use std::path::Path;

use catalog::SourceFile;
use catalog::import::{Outcome, import};

use crate::inverse::source_of;

/// The hand-kept tables of the repository.
pub(crate) fn shipped_tables() -> Vec<SourceFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalog/curated");
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| SourceFile {
        path: format!("catalog/curated/{}", path.file_name().unwrap().to_str().unwrap()),
        text: fs::read_to_string(path).unwrap(),
    };
    paths.iter().map(read).collect()
}

fn round_trip() -> Outcome {
    let (current, curated) = (catalog::shipped(), shipped_tables());
    import(&source_of(&current, &curated), &current, &curated).unwrap()
}

#[test]
fn a_source_that_says_the_same_changes_no_byte() {
    let outcome = round_trip();
    assert_eq!(outcome.to_string(), "nothing changes\nnothing to decide\n");
    let shipped = catalog::shipped();
    assert_eq!(outcome.files.len(), shipped.len());
    for file in &outcome.files {
        let before = shipped.iter().find(|shipped| shipped.path == file.path).unwrap();
        assert_eq!(file.text, before.text, "{}", file.path);
    }
}
