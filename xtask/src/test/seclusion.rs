//! Tests in a network of their own, which has a loopback and no way out: of programs that would
//! like to tell the world about themselves.

use std::path::Path;

use super::clients;
use super::postgres::is_root;
use super::stack::Stack;
use super::task::Task;

const LIMIT_S: u64 = 280;

/// How pytest is run.
pub(crate) const PYTEST: [&str; 6] = ["-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"];

/// What `unshare` is told, so that it runs this program again, secluded.
///
/// # Errors
///
/// When the system does not say where this program is.
pub(crate) fn args(binary: &Path) -> Result<Vec<String>, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut args = vec!["--net".to_owned()];
    if !is_root() {
        // Only who is root in a namespace of users may make one of networks.
        args.push("--map-root-user".to_owned());
    }
    let text = |path: &Path| path.to_string_lossy().into_owned();
    args.extend(["--".to_owned(), text(&own), "agents".to_owned(), text(binary)]);
    Ok(args)
}

/// Puts the coding agents before the binary. To be called within the network of their own: it
/// brings up the loopback there.
///
/// # Errors
///
/// A sentence, when something cannot be started or a test fails.
pub(crate) fn run(root: &Path, binary: &Path) -> Result<(), String> {
    let loopback = ["link", "set", "lo", "up"].map(str::to_owned).to_vec();
    Task { program: "ip", args: loopback, folder: root, env: Vec::new(), limit_s: LIMIT_S }
        .run()
        .1?;
    let stack = Stack::start(root, binary)?;
    let env = [stack.env(), clients::agents(root)].concat();
    let args = PYTEST.iter().chain(&["agents"]).map(|arg| (*arg).to_owned()).collect();
    let (python, folder) = (clients::python(root), root.join("e2e/python"));
    let program = &python.to_string_lossy();
    let verdict = Task { program, args, folder: &folder, env, limit_s: LIMIT_S }.run().1;
    if verdict.is_err() {
        println!("the gateway's last lines:\n{}", stack.log_tail());
    }
    verdict
}
