//! The official clients, at locked versions, in folders that a second run finds again.

use std::fs;
use std::path::{Path, PathBuf};

use super::task::Task;

const LIMIT_S: u64 = 300;

/// The Python of the environment that has the client.
pub(crate) fn python(root: &Path) -> PathBuf {
    root.join(".cache/venv/bin/python")
}

/// Installs both clients unless they are there at the locked versions.
///
/// # Errors
///
/// A sentence, when an installer fails.
pub(crate) fn install(root: &Path) -> Result<(), String> {
    install_python(root)?;
    install_node(root)
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

fn install_node(root: &Path) -> Result<(), String> {
    let folder = root.join("e2e/node");
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
    fn the_lock_of_the_node_client_names_no_other_registry() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let text = fs::read_to_string(root.join("e2e/node/package-lock.json"));
        let text = text.expect("the lock is part of the repository");
        let resolved = text.lines().filter(|line| line.contains("\"resolved\""));
        let mut strange = resolved.filter(|line| !line.contains("https://registry.npmjs.org/"));
        assert_eq!(strange.next(), None);
    }
}
