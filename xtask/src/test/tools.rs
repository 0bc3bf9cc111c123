//! Brings the programs that the tests need, from Debian's own archive.

use std::path::Path;
use std::process::{Command, Stdio};

use super::task::{Task, find_program};
use super::{browser, postgres};

const APT_LIMIT_S: u64 = 600;

/// A package, and how to tell that it need not be installed.
struct Package {
    name: &'static str,
    is_there: fn() -> bool,
}

const PACKAGES: [Package; 9] = [
    Package { name: "postgresql", is_there: has_postgres },
    Package { name: "redis-server", is_there: || find_program("redis-server", &[]).is_some() },
    Package { name: "clickhouse-server", is_there: has_clickhouse },
    Package { name: "python3-venv", is_there: has_venv },
    Package { name: "nodejs", is_there: || find_program("node", &[]).is_some() },
    Package { name: "npm", is_there: || find_program("npm", &[]).is_some() },
    Package { name: "iproute2", is_there: has_ip },
    Package { name: "nginx-light", is_there: has_nginx },
    Package { name: "chromium", is_there: || browser::program().is_some() },
];

/// Installs what is missing.
///
/// # Errors
///
/// A sentence that names the packages, when one of them is still missing afterwards.
pub(crate) fn install(root: &Path) -> Result<(), String> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!("install by hand: apt-get install {}", missing.join(" "));
    if find_program("apt-get", &[]).is_none() {
        return Err(format!("this system has no apt-get; {by_hand}"));
    }
    if !postgres::is_root() {
        return Err(format!("only root can install packages; {by_hand}"));
    }
    apt_get(root, &["update", "--quiet"])?;
    let mut args = vec!["install", "--quiet", "--yes", "--no-install-recommends"];
    args.extend(missing.iter().copied());
    apt_get(root, &args)?;
    let still = self::missing();
    if still.is_empty() { Ok(()) } else { Err(format!("still missing: {}", still.join(" "))) }
}

fn missing() -> Vec<&'static str> {
    let absent = PACKAGES.iter().filter(|package| !(package.is_there)());
    absent.map(|package| package.name).collect()
}

fn apt_get(root: &Path, args: &[&str]) -> Result<(), String> {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    let env = vec![("DEBIAN_FRONTEND".to_owned(), "noninteractive".to_owned())];
    Task { program: "apt-get", args, folder: root, env, limit_s: APT_LIMIT_S }.run().1
}

fn has_postgres() -> bool {
    let folders = postgres::folders();
    ["postgres", "initdb", "pg_isready"].iter().all(|name| find_program(name, &folders).is_some())
}

fn has_clickhouse() -> bool {
    find_program("clickhouse-server", &["/usr/sbin".into()]).is_some()
}

/// Debian's `python3` comes without the parts that make a virtual environment.
fn has_venv() -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", "import venv, ensurepip"]);
    python.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

fn has_ip() -> bool {
    find_program("ip", &["/usr/sbin".into(), "/sbin".into()]).is_some()
}

fn has_nginx() -> bool {
    find_program("nginx", &["/usr/sbin".into(), "/usr/local/sbin".into()]).is_some()
}
