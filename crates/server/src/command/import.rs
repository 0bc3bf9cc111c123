//! `interline catalog import`: the catalog's files, refreshed from models.dev.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use catalog::SourceFile;
use catalog::import::{DecisionKind, import};

use super::trouble::Trouble;
use crate::snapshot::{read_base, read_folder};
use crate::upstream::Clients;

/// How an import is done.
#[derive(Clone, Copy)]
pub(super) struct Mode {
    /// Write nothing.
    pub(super) dry_run: bool,
    /// Fail where a person must decide something.
    pub(super) strict: bool,
}

/// The largest source that is read.
const SOURCE_BYTES_MAX: usize = 64 << 20;
/// How long the source may take to arrive.
const FETCH: Duration = Duration::from_secs(60);

/// Refreshes the files below `into`, and tells what changed and what a person must decide.
///
/// # Errors
/// When the source cannot be read or is no such document, or files cannot be read or written.
pub(super) fn run(source: &str, into: &Path, mode: Mode) -> Result<ExitCode, Trouble> {
    let text = read_source(source)?;
    let current = read_base(into)?;
    let curated = read_folder(&into.join("curated"))?;
    let outcome = import(&text, &current, &curated)?;
    let mut out = std::io::stdout();
    writeln!(out, "{outcome}")?;
    if outcome.decisions.iter().any(|decision| decision.kind == DecisionKind::DoesNotLoad) {
        return Err("what came of it does not load, and nothing was written".into());
    }
    if !mode.dry_run {
        write_files(into, &current, &outcome.files)?;
    }
    let undecided = mode.strict && !outcome.decisions.is_empty();
    Ok(if undecided { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn read_source(source: &str) -> Result<String, Trouble> {
    if !(source.starts_with("http://") || source.starts_with("https://")) {
        return std::fs::read_to_string(source)
            .map_err(|error| format!("{source}: {error}").into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let clients = Clients::new(Duration::from_secs(10), &[])?;
    let fetched = runtime.block_on(async {
        tokio::time::timeout(FETCH, clients.fetch(source, SOURCE_BYTES_MAX)).await
    });
    let bytes = fetched.map_err(|_| format!("{source}: no answer within {FETCH:?}"))??;
    Ok(String::from_utf8(bytes)?)
}

/// Writes what differs. A file is replaced whole, so that a reader never sees half of it.
fn write_files(into: &Path, current: &[SourceFile], files: &[SourceFile]) -> Result<(), Trouble> {
    for file in files {
        if current.iter().any(|old| old.path == file.path && old.text == file.text) {
            continue;
        }
        let path = into.join(&file.path);
        let fresh = path.with_extension("toml.new");
        std::fs::write(&fresh, &file.text)?;
        std::fs::rename(&fresh, &path)?;
    }
    for old in current.iter().filter(|old| files.iter().all(|file| file.path != old.path)) {
        std::fs::remove_file(into.join(&old.path))?;
    }
    Ok(())
}
