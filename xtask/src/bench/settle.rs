//! How many generations a second the books take: settled in batches of 500, as a node sends them,
//! in SQLite and in a PostgreSQL whose commits reach the disk, in turn.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::test::{Commits, Postgres, TempDir};

const BATCH: &str = "500";
const BATCHES: &str = "40";

/// Measures, and prints what came of it.
///
/// # Errors
///
/// A sentence, when something is missing, does not start, or a batch is not taken.
pub(crate) fn run(root: &Path, rounds: u32) -> Result<(), String> {
    let program = build(root)?;
    let folder = TempDir::new("settle").map_err(|error| error.to_string())?;
    let postgres = Postgres::start(Commits::Durable)?;
    let sqlite = format!("sqlite:{}", folder.path().join("a.db").display());
    let mut engines = [("SQLite", sqlite, Vec::new()), ("PostgreSQL", postgres.url(), Vec::new())];
    for number in 1..=rounds {
        println!("round {number} of {rounds}");
        for (name, url, rates) in &mut engines {
            let (rate, line) = measure(&program, url)?;
            println!("  {name}: {line}");
            rates.push(rate);
        }
    }
    for (name, _, mut rates) in engines {
        rates.sort_unstable();
        let (least, most) = (rates[0], rates[rates.len() - 1]);
        let median = rates[rates.len() / 2];
        println!("{name}: {median} settled a second ({least} to {most})");
    }
    Ok(())
}

/// Settles a run of batches, and returns how many a second that were, with all that was said.
fn measure(program: &Path, url: &str) -> Result<(u64, String), String> {
    let output = Command::new(program)
        .args([url, BATCH, BATCHES])
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let rate = said.split(": ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
    match rate.filter(|_| output.status.success()) {
        Some(rate) => Ok((rate, said)),
        None => Err(format!("{said}{}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// Builds what settles, optimised as the tests' binary is, and returns where it is.
fn build(root: &Path) -> Result<PathBuf, String> {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--profile", "ci", "--package", "store", "--example", "settle_rate"]);
    cargo.args(["--message-format", "json"]).current_dir(root);
    let output = cargo.stderr(std::process::Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cargo: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let made = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    let mut program = made.filter_map(|line: serde_json::Value| {
        let is_it = line["target"]["name"] == "settle_rate";
        line["executable"].as_str().filter(|_| is_it).map(PathBuf::from)
    });
    program.next().ok_or_else(|| "settle_rate was not built".to_owned())
}
