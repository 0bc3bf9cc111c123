//! Runs the wished steps with all that they need, goes on where one fails, and sums up.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::step::{House, Report, STEPS, Step};
use super::tally::Tally;
use crate::clock;

/// What to run.
pub(crate) struct Wish {
    /// Names of steps, or what stands before the dash in them. Empty means all.
    pub(crate) only: Vec<String>,
    /// Whether this build knows the chore `bench`.
    pub(crate) has_bench: bool,
}

/// One line of the summary.
struct Line {
    step: &'static str,
    report: Report,
    seconds: f64,
}

/// Prints the steps, one a line.
pub(crate) fn list() {
    for step in &STEPS {
        println!("{:12} {}", step.name, step.about);
    }
}

/// Runs the wished steps. Returns whether all went well.
///
/// # Errors
///
/// A sentence, when a wish names no step or cargo does not say where it builds.
pub(crate) fn run(root: &Path, wish: &Wish) -> Result<bool, String> {
    let chosen = choose(wish)?;
    let house = House { root: root.to_path_buf(), target: target_folder(root)? };
    let mut lines: Vec<Line> = Vec::new();
    for step in chosen {
        println!("\n== {}: {}", step.name, step.about);
        let start = clock::now();
        let failed: Vec<&str> =
            lines.iter().filter(|line| line.report.error.is_some()).map(|line| line.step).collect();
        let report = match step.needs.iter().find(|need| failed.contains(*need)) {
            Some(need) => Report { error: Some(format!("needs {need}")), ..Report::default() },
            None => (step.run)(&house),
        };
        if let Some(error) = &report.error {
            println!("{} failed: {error}", step.name);
        }
        lines.push(Line { step: step.name, report, seconds: start.elapsed().as_secs_f64() });
    }
    Ok(summarise(&lines))
}

/// The wished steps and those they need, in order.
fn choose(wish: &Wish) -> Result<Vec<&'static Step>, String> {
    let known: Vec<&Step> =
        STEPS.iter().filter(|step| step.name != "bench" || wish.has_bench).collect();
    let mut wanted: BTreeMap<&str, bool> = BTreeMap::new();
    for name in &wish.only {
        let is_meant =
            |step: &&&Step| step.name == name || step.name.split('-').next() == Some(name.as_str());
        let before = wanted.len();
        wanted.extend(known.iter().filter(is_meant).map(|step| (step.name, true)));
        if wanted.len() == before && !known.iter().any(|step| is_meant(&step)) {
            return Err(format!("there is no step `{name}`; `--list` shows them all"));
        }
    }
    // Steps only need earlier ones, so one pass from the end finds all that are needed.
    for step in known.iter().rev() {
        if wish.only.is_empty() || wanted.contains_key(step.name) {
            wanted.insert(step.name, true);
            wanted.extend(step.needs.iter().map(|need| (*need, true)));
        }
    }
    Ok(known.into_iter().filter(|step| wanted.contains_key(step.name)).collect())
}

fn summarise(lines: &[Line]) -> bool {
    let mut total = Tally::default();
    println!();
    for line in lines {
        let ok = line.report.error.is_none();
        let tally = checks(&line.report);
        total += tally;
        let word = if ok { "ok" } else { "FAILED" };
        let Tally { passed, failed } = tally;
        let seconds = line.seconds;
        println!("{:12} {word:6} {seconds:7.1} s  {passed} passed, {failed} failed", line.step);
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    total.failed == 0
}

/// A step without tests is a check of its own, and so is a failure that no test accounts for.
fn checks(report: &Report) -> Tally {
    match (&report.error, report.tally) {
        (None, Tally { passed: 0, failed: 0 }) => Tally { passed: 1, failed: 0 },
        (Some(_), Tally { passed, failed: 0 }) => Tally { passed, failed: 1 },
        (_, tally) => tally,
    }
}

fn target_folder(root: &Path) -> Result<PathBuf, String> {
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root);
    cargo.stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = cargo.output().map_err(|error| format!("cargo: {error}"))?;
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let folder = metadata["target_directory"].as_str();
    folder.map(PathBuf::from).ok_or_else(|| "cargo does not say where it builds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(only: &[&str]) -> Result<Vec<&'static str>, String> {
        let only = only.iter().map(|name| (*name).to_owned()).collect();
        let steps = choose(&Wish { only, has_bench: true })?;
        Ok(steps.into_iter().map(|step| step.name).collect())
    }

    #[test]
    fn a_wish_brings_what_it_needs_in_order() {
        let expected = ["tools", "build", "clients", "e2e-python", "e2e-node"];
        assert_eq!(chosen(&["e2e-python", "e2e-node"]).expect("the steps are known"), expected);
        assert_eq!(chosen(&["tidy", "fmt"]).expect("the steps are known"), ["fmt", "tidy"]);
        assert_eq!(chosen(&[]).expect("no wish is all").len(), STEPS.len());
    }

    #[test]
    fn a_wish_for_no_step_is_an_error() {
        assert!(chosen(&["tidier"]).is_err());
    }

    #[test]
    fn a_step_needs_only_earlier_steps() {
        for (index, step) in STEPS.iter().enumerate() {
            let earlier = |need: &&str| STEPS[..index].iter().any(|step| step.name == *need);
            assert!(step.needs.iter().all(earlier), "{}", step.name);
        }
    }

    #[test]
    fn every_step_counts_for_something() {
        let report = |passed, failed, error: Option<&str>| {
            let tally = Tally { passed, failed };
            checks(&Report { tally, error: error.map(str::to_owned) })
        };
        assert_eq!(report(0, 0, None), Tally { passed: 1, failed: 0 });
        assert_eq!(report(0, 0, Some("no")), Tally { passed: 0, failed: 1 });
        assert_eq!(report(7, 0, Some("no")), Tally { passed: 7, failed: 1 });
        assert_eq!(report(7, 2, Some("no")), Tally { passed: 7, failed: 2 });
    }
}
