//! The whole run: build, settle on the machine, round after round, and tell.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::effort::{Effort, FULL, SMOKE};
use super::machine::{describe, settle};
use super::noise::Listening;
use super::process::Scratch;
use super::round::{CHUNKS, Round};
use super::sheet::Sheet;
use super::subject::{Ground, Script, Subject, Upstream};
use super::table::{Setting, document, table};
use crate::clock;

/// What is wished for.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// A quick run that shows that everything works, and no figure to rely on.
    pub(crate) is_smoke: bool,
    pub(crate) rounds: Option<u32>,
    /// Where to write the figures as JSON.
    pub(crate) json: Option<PathBuf>,
}

/// Names a binary that is already built.
const BINARY: &str = "INTERLINE_BINARY";

/// Measures, and prints what came of it.
///
/// # Errors
///
/// A sentence, when something is missing, does not start, or answers wrongly but once.
pub(crate) fn run(root: &Path, wish: &Wish) -> Result<(), String> {
    // Unoptimised, the load would take more of the machine than what it is put upon.
    if cfg!(debug_assertions) && !wish.is_smoke {
        return run_optimised(root);
    }
    let start = clock::now();
    let binary = binary(root)?;
    let standard = if wish.is_smoke { SMOKE } else { FULL };
    let effort = Effort { rounds: wish.rounds.unwrap_or(standard.rounds).max(1), ..standard };
    let cores = settle()?;
    let machine = describe(root, &cores);
    let scratch = Scratch::new()?;
    let ground = Ground { scratch: &scratch, binary: &binary, cores: &cores };
    let scripts = [
        Script::Whole,
        Script::Burst { chunks: CHUNKS },
        Script::Flow { chunks: CHUNKS },
        Script::Slow { chunks: effort.open_chunks },
    ];
    let upstream = Upstream::start(&ground, &scripts)?;
    let listening = Listening::start(upstream.process.pid())?;
    let sheet = measure(&ground, &upstream, &effort)?;
    let noise = listening.stop(machine.cores)?;
    let setting = Setting { machine, noise, rounds: effort.rounds };
    println!("{}", table(&setting, &sheet));
    if let Some(path) = &wish.json {
        let document = document(&setting, &sheet)?;
        fs::write(path, document).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    println!("every answer was right; {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// Measures pages, and prints what came of it.
///
/// # Errors
///
/// A sentence, when something does not start or a page is not there.
pub(crate) fn run_pages(root: &Path, is_smoke: bool) -> Result<(), String> {
    if cfg!(debug_assertions) && !is_smoke {
        return run_optimised(root);
    }
    super::pages::measure(binary(root)?, is_smoke)
}

/// Returns the binary that is named, or one that is built now.
fn binary(root: &Path) -> Result<PathBuf, String> {
    match std::env::var_os(BINARY) {
        Some(binary) => Ok(PathBuf::from(binary)),
        None => build(root),
    }
}

fn measure(ground: &Ground<'_>, upstream: &Upstream, effort: &Effort) -> Result<Sheet, String> {
    let mut sheet = Sheet::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    // The first start makes the database, which later ones do not.
    drop(Subject::interline(ground, upstream)?);
    for number in 1..=effort.rounds {
        println!("round {number} of {}", effort.rounds);
        let subjects = [
            Subject::direct(upstream),
            Subject::nginx(ground, upstream)?,
            Subject::interline(ground, upstream)?,
        ];
        let mut round = Round { effort, runtime: &runtime, upstream, sheet: &mut sheet };
        round.measure(&subjects)?;
        for subject in &subjects {
            // Without accounts the figures would be those of another product.
            if subject.spent()?.is_some_and(|spent| spent <= 0.0) {
                return Err(format!("{} has answered and charged nothing", subject.name));
            }
        }
    }
    Ok(sheet)
}

/// Hands over to an optimised build of this same chore.
fn run_optimised(root: &Path) -> Result<(), String> {
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--release", "--quiet", "--package", "xtask", "--manifest-path"]);
    cargo.arg(root.join("Cargo.toml")).arg("--").args(std::env::args_os().skip(1));
    let status = cargo.status().map_err(|error| format!("cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("the optimised run ended with {status}")) }
}

/// Builds the binary as it is released, and returns where cargo says that it is.
fn build(root: &Path) -> Result<PathBuf, String> {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--package", "interline"]).current_dir(root);
    let status = cargo.status().map_err(|error| format!("cargo: {error}"))?;
    if !status.success() {
        return Err("interline was not built".to_owned());
    }
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root);
    let output = cargo.output().map_err(|error| format!("cargo: {error}"))?;
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let target = metadata["target_directory"].as_str();
    let target = target.ok_or_else(|| "cargo does not say where it builds".to_owned())?;
    Ok(Path::new(target).join("release/interline"))
}
