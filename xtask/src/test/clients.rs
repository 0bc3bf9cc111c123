//! The official clients, at locked versions, in folders that a second run finds again.

use std::fs;
use std::path::{Path, PathBuf};

use super::task::Task;

const LIMIT_S: u64 = 300;

/// The Python of the environment that has the clients.
pub(crate) fn python(root: &Path) -> PathBuf {
    root.join(".cache/venv/bin/python")
}

/// The Node that came with the clients: they demand a newer one than systems have.
pub(crate) fn node(root: &Path) -> PathBuf {
    root.join(format!("e2e/node/node_modules/node-linux-{}/bin/node", Machine::here().word))
}

/// Where the programs of the coding agents are, under the names by which their tests know them.
pub(crate) fn agents(root: &Path) -> Vec<(String, String)> {
    let Machine { word, triple } = Machine::here();
    let folder = root.join("e2e/agents/node_modules");
    let claude_code = folder.join(format!("@anthropic-ai/claude-code-linux-{word}/claude"));
    let codex = folder.join(format!("@openai/codex-linux-{word}/vendor/{triple}/bin/codex"));
    vec![("CLAUDE_CODE".to_owned(), path(&claude_code)), ("CODEX".to_owned(), path(&codex))]
}

/// What packages call this kind of machine.
struct Machine {
    word: &'static str,
    triple: &'static str,
}

impl Machine {
    fn here() -> Machine {
        match std::env::consts::ARCH {
            "aarch64" => Machine { word: "arm64", triple: "aarch64-unknown-linux-musl" },
            _ => Machine { word: "x64", triple: "x86_64-unknown-linux-musl" },
        }
    }
}

/// Installs the clients of both languages, and what drives a browser, unless they are there at the
/// locked versions.
///
/// # Errors
///
/// A sentence, when an installer fails.
pub(crate) fn install(root: &Path) -> Result<(), String> {
    install_python(root)?;
    install_node(root, "e2e/node")?;
    install_node(root, "e2e/browser")
}

/// Installs the coding agents unless they are there at the locked versions.
///
/// # Errors
///
/// A sentence, when the installer fails or brings no program for this kind of machine.
pub(crate) fn install_agents(root: &Path) -> Result<(), String> {
    install_node(root, "e2e/agents")?;
    match agents(root).into_iter().find(|(_, program)| !Path::new(program).is_file()) {
        None => Ok(()),
        Some((name, program)) => Err(format!("{name} is not there: {program}")),
    }
}

fn install_python(root: &Path) -> Result<(), String> {
    let lock = root.join("e2e/python/requirements.txt");
    let venv = root.join(".cache/venv");
    let stamp = venv.join("stamp");
    let version = version_of("python3", root)?;
    if is_current(&stamp, &lock, &version) {
        return Ok(());
    }
    let venv_path = path(&venv);
    run("python3", &["-m", "venv", "--clear", &venv_path], root)?;
    let (python, lock_path) = (path(&python(root)), path(&lock));
    let install = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--quiet"];
    // The lock names everything, so nothing else may come along.
    let locked = ["--no-deps", "-r", &lock_path];
    run(&python, &[&install[..], &locked[..]].concat(), root)?;
    run(&python, &["-m", "pip", "check", "--disable-pip-version-check"], root)?;
    set_stamp(&stamp, &lock, &version)
}

fn install_node(root: &Path, folder: &str) -> Result<(), String> {
    let folder = root.join(folder);
    let lock = folder.join("package-lock.json");
    let stamp = folder.join("node_modules/.stamp");
    let version = version_of("node", root)?;
    if is_current(&stamp, &lock, &version) {
        return Ok(());
    }
    run("npm", &["ci", "--no-audit", "--no-fund", "--ignore-scripts"], &folder)?;
    set_stamp(&stamp, &lock, &version)
}

fn is_current(stamp: &Path, lock: &Path, version: &str) -> bool {
    let stamped = fs::read_to_string(stamp).ok();
    stamped.is_some_and(|stamped| content(lock, version).is_ok_and(|content| content == stamped))
}

fn set_stamp(stamp: &Path, lock: &Path, version: &str) -> Result<(), String> {
    let content = content(lock, version)?;
    fs::write(stamp, content).map_err(|error| format!("{}: {error}", stamp.display()))
}

/// What a stamp says: the interpreter's version and the whole lock.
fn content(lock: &Path, version: &str) -> Result<String, String> {
    let text = fs::read_to_string(lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    Ok(format!("{version}\n{text}"))
}

fn version_of(program: &str, folder: &Path) -> Result<String, String> {
    let args = vec!["--version".to_owned()];
    let task = Task { program, args, folder, env: Vec::new(), limit_s: LIMIT_S };
    let (lines, verdict) = task.run();
    verdict.map(|()| lines.join(" "))
}

fn run(program: &str, args: &[&str], folder: &Path) -> Result<(), String> {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    Task { program, args, folder, env: Vec::new(), limit_s: LIMIT_S }.run().1
}

fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::temp::TempDir;

    #[test]
    fn a_stamp_holds_until_the_lock_or_the_interpreter_changes() {
        let folder = TempDir::new("stamp").expect("the temporary folder can be written");
        let (stamp, lock) = (folder.path().join("stamp"), folder.path().join("lock"));
        fs::write(&lock, "openai==1").expect("the folder is there");
        assert!(!is_current(&stamp, &lock, "3.11"));
        set_stamp(&stamp, &lock, "3.11").expect("the folder can be written");
        assert!(is_current(&stamp, &lock, "3.11") && !is_current(&stamp, &lock, "3.12"));
        fs::write(&lock, "openai==2").expect("the folder is there");
        assert!(!is_current(&stamp, &lock, "3.11"));
    }

    #[test]
    fn the_locks_for_node_name_no_other_registry() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for folder in ["node", "agents"] {
            let lock = root.join("e2e").join(folder).join("package-lock.json");
            let text = fs::read_to_string(lock).expect("the lock is part of the repository");
            let resolved = text.lines().filter(|line| line.contains("\"resolved\""));
            let mut strange = resolved.filter(|line| !line.contains("https://registry.npmjs.org/"));
            assert_eq!(strange.next(), None, "{folder}");
        }
    }
}
