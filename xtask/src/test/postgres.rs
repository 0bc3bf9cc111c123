//! A PostgreSQL of our own, in a temporary folder, for as long as the tests need it.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{fs, io};

use super::child::{Launch, Server, free_port};
use super::task::find_program;
use super::temp::TempDir;

/// The user that runs the database when we are root, whom it refuses to serve.
const UNPRIVILEGED: &str = "postgres";

/// A running database. It ends, and its data with it, on drop.
pub(crate) struct Postgres {
    // The server before the folder, for fields are dropped in order.
    _server: Server,
    _folder: TempDir,
    port: u16,
}

/// What becomes of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commits {
    /// It reaches the disk before it is acknowledged, as in an installation.
    Durable,
    /// It need not: the data does not outlive the tests.
    Fleeting,
}

impl Postgres {
    /// Makes a new, empty database and starts it on a free port of the loopback.
    ///
    /// # Errors
    ///
    /// A sentence that says which step failed and what the program wrote.
    pub(crate) fn start(commits: Commits) -> Result<Postgres, String> {
        let folder = TempDir::new("postgres").map_err(|error| error.to_string())?;
        let data = folder.path().join("data");
        let port = free_port().map_err(|error| error.to_string())?;
        give_away(folder.path())?;
        initialise(&data)?;
        let mut command = vec![program("postgres")?];
        command.extend(settings(&data, folder.path(), port));
        if commits == Commits::Fleeting {
            for setting in ["fsync=off", "synchronous_commit=off", "full_page_writes=off"] {
                command.extend(["-c".to_owned(), setting.to_owned()]);
            }
        }
        let mut server = Server::start(Launch {
            name: "postgres",
            command,
            env: Vec::new(),
            log: folder.path().join("log"),
            user: is_root().then_some(UNPRIVILEGED),
            // The signal by which PostgreSQL drops its clients and shuts down in order.
            stop_signal: "INT",
        })?;
        let pg_isready = program("pg_isready")?;
        server.wait_until(Duration::from_secs(30), || is_ready(&pg_isready, port))?;
        Ok(Postgres { _server: server, _folder: folder, port })
    }

    /// Where tests reach the database: as its superuser, without a password.
    pub(crate) fn url(&self) -> String {
        format!("postgres://{UNPRIVILEGED}@127.0.0.1:{}/postgres", self.port)
    }
}

/// Where Debian keeps the programs of the server, newest version first.
pub(crate) fn folders() -> Vec<PathBuf> {
    let Ok(versions) = fs::read_dir("/usr/lib/postgresql") else { return Vec::new() };
    let mut folders: Vec<PathBuf> =
        versions.filter_map(Result::ok).map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.reverse();
    folders
}

fn program(name: &str) -> Result<String, String> {
    let found = find_program(name, &folders());
    let found = found.ok_or_else(|| format!("`{name}` of PostgreSQL is not installed"))?;
    Ok(found.to_string_lossy().into_owned())
}

fn settings(data: &Path, sockets: &Path, port: u16) -> Vec<String> {
    let mut args = vec!["-D".to_owned(), data.to_string_lossy().into_owned()];
    let sockets = sockets.to_string_lossy();
    for setting in [
        &format!("port={port}"),
        "listen_addresses=127.0.0.1",
        &format!("unix_socket_directories={sockets}"),
        "max_connections=200",
        "shared_buffers=32MB",
    ] {
        args.extend(["-c".to_owned(), setting.to_owned()]);
    }
    args
}

fn initialise(data: &Path) -> Result<(), String> {
    let mut command = as_unprivileged();
    command.push(program("initdb")?);
    command.extend(["-D".to_owned(), data.to_string_lossy().into_owned()]);
    let rest = ["-U", UNPRIVILEGED, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
    command.extend(rest.map(str::to_owned));
    quietly(&command)
}

/// Gives the folder to the unprivileged user, if we are root.
fn give_away(folder: &Path) -> Result<(), String> {
    if !is_root() {
        return Ok(());
    }
    let path = folder.to_string_lossy().into_owned();
    quietly(&["chown".to_owned(), UNPRIVILEGED.to_owned(), path])
}

fn as_unprivileged() -> Vec<String> {
    if !is_root() {
        return Vec::new();
    }
    let prefix = ["setpriv", "--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED, "--init-groups"];
    prefix.map(str::to_owned).to_vec()
}

/// Whether this process may do anything.
pub(crate) fn is_root() -> bool {
    let own = fs::metadata("/proc/self");
    own.is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

fn is_ready(pg_isready: &str, port: u16) -> bool {
    if TcpStream::connect(("127.0.0.1", port)).is_err() {
        return false;
    }
    let mut command = Command::new(pg_isready);
    command.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]).stdin(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn quietly(command: &[String]) -> Result<(), String> {
    let (program, args) = command.split_first().ok_or("no program")?;
    let mut quiet = Command::new(program);
    quiet.args(args).stdin(Stdio::null()).current_dir("/");
    let output = quiet.output().map_err(|error: io::Error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{} ended with {}: {said}", command.join(" "), output.status))
}
