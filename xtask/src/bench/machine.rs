//! The machine: which core is whose, how many files may be open, and what it is.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Serialize;

/// Who runs where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cores {
    /// For the gateway that is measured.
    pub(crate) gateway: Option<String>,
    /// For the simulator and the load.
    pub(crate) load: Option<String>,
}

/// What the machine is, for whoever reads the figures later.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    /// Whether the gateway had a core of its own.
    pub(crate) is_pinned: bool,
    pub(crate) date: String,
    pub(crate) commit: String,
}

/// Gives this process and all that it will start the load's cores, and all files it may open.
///
/// # Errors
///
/// A sentence, when a tool that is there refuses to.
pub(crate) fn settle() -> Result<Cores, String> {
    let own = std::process::id().to_string();
    let status = read("/proc/self/status");
    let allowed = field(&status, "Cpus_allowed_list:").map(core_numbers).unwrap_or_default();
    let has_taskset = run("taskset", &["--version"]).is_ok();
    let cores = if has_taskset { shared_out(&allowed) } else { shared_out(&[]) };
    if let Some(load) = &cores.load {
        run("taskset", &["--all-tasks", "--cpu-list", "--pid", load, &own])?;
    }
    let limits = read("/proc/self/limits");
    let files = field(&limits, "Max open files").unwrap_or_default();
    if let Some(most) = files.split_whitespace().nth(1) {
        run("prlimit", &["--pid", &own, &format!("--nofile={most}:{most}")])?;
    }
    Ok(cores)
}

/// Describes the machine.
pub(crate) fn describe(root: &Path, cores: &Cores) -> Machine {
    let processors = read("/proc/cpuinfo");
    let names: Vec<&str> = processors
        .lines()
        .filter_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map(|(_, name)| name)
        .collect();
    Machine {
        processor: names.first().copied().unwrap_or("unknown").to_owned(),
        cores: names.len(),
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        is_pinned: cores.gateway.is_some(),
        date: told(root, "date", &["--utc", "+%F"]),
        commit: told(root, "git", &["rev-parse", "--short", "HEAD"]),
    }
}

/// The first core is the gateway's, the others are the load's.
fn shared_out(allowed: &[usize]) -> Cores {
    let [first, others @ ..] = allowed else { return Cores { gateway: None, load: None } };
    if others.is_empty() {
        return Cores { gateway: None, load: None };
    }
    let others: Vec<String> = others.iter().map(usize::to_string).collect();
    Cores { gateway: Some(first.to_string()), load: Some(others.join(",")) }
}

/// Spreads a list such as `0-2,5`.
fn core_numbers(list: &str) -> Vec<usize> {
    let mut numbers = Vec::new();
    for range in list.trim().split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        if let (Ok(first), Ok(last)) = (first.parse::<usize>(), last.parse::<usize>()) {
            numbers.extend(first..=last);
        }
    }
    numbers
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name))
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null());
    let status = command.status().map_err(|error| format!("{program}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{program} {}: {status}", args.join(" "))) }
}

/// What a program says, or nothing.
fn told(root: &Path, program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(root).stderr(Stdio::null()).output();
    let said = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&said).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_has_a_core_of_its_own_where_there_are_two() {
        let two = shared_out(&core_numbers("\t0-1\n"));
        assert_eq!((two.gateway.as_deref(), two.load.as_deref()), (Some("0"), Some("1")));
        let four = shared_out(&core_numbers("2,4-6"));
        assert_eq!((four.gateway.as_deref(), four.load.as_deref()), (Some("2"), Some("4,5,6")));
        assert_eq!(shared_out(&[3]), Cores { gateway: None, load: None });
    }
}
