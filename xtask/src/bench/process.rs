//! A server under measurement: on its own core, timed from its start, ended with its owner.

use std::fs::{self, File};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::connection::call;
use crate::clock;

/// A running server. Dropping it asks it to end, and ends it after ten seconds.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
    started: Instant,
}

/// What to start, and how.
pub(crate) struct Launch<'a> {
    pub(crate) name: &'static str,
    pub(crate) program: &'a Path,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    /// Where its output goes.
    pub(crate) log: PathBuf,
    /// The cores it may use, as `taskset` takes them. Without: all.
    pub(crate) cores: Option<String>,
}

const POLL: Duration = Duration::from_micros(500);
const READY_LIMIT: Duration = Duration::from_secs(30);
const END_LIMIT: Duration = Duration::from_secs(10);

impl Process {
    /// Starts a server that dies with this process.
    ///
    /// # Errors
    ///
    /// A sentence, when the log cannot be written or the program not started.
    pub(crate) fn start(launch: Launch<'_>) -> Result<Process, String> {
        let Launch { name, program, args, env, log, cores } = launch;
        // `setpriv` and `taskset` become the program itself, and keep the number of the process.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM"]);
        if let Some(cores) = cores {
            command.args(["taskset", "--cpu-list", &cores]);
        }
        command.arg(program).args(args).envs(env).stdin(Stdio::null());
        let started = clock::now();
        let mut spawn = || -> io::Result<Child> {
            let output = File::create(&log)?;
            command.stdout(output.try_clone()?).stderr(output).spawn()
        };
        let child = spawn().map_err(|error| format!("{name}: {error}"))?;
        Ok(Process { name, child, log, started })
    }

    /// The number of the process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `GET path` succeeds, and returns how long that took from the start.
    ///
    /// # Errors
    ///
    /// A sentence with what the server wrote, when it ends or half a minute passes before.
    pub(crate) fn wait_until_ready(
        &mut self,
        address: SocketAddr,
        path: &str,
    ) -> Result<Duration, String> {
        loop {
            let answered = call(address, "GET", path, None, "");
            let took = self.started.elapsed();
            let Err(error) = answered else { return Ok(took) };
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(self.told(&format!("ended with {status}")));
            }
            if took > READY_LIMIT {
                return Err(self.told(&format!("was not ready: {error}")));
            }
            sleep(POLL);
        }
    }

    /// An error with the server's name and the last that it wrote.
    pub(crate) fn told(&self, error: &str) -> String {
        const LINES: usize = 20;
        let log = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = text.lines().collect();
        let last = lines[lines.len().saturating_sub(LINES)..].join("\n");
        format!("{}: {error}\n{last}", self.name)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A number whose process has been waited for may be another's by now.
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let _ = Command::new("kill").args(["-s", "TERM", &self.pid().to_string()]).status();
        let asked = clock::now();
        while asked.elapsed() < END_LIMIT {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            sleep(POLL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address of the loopback that was free a moment ago.
///
/// # Errors
///
/// A sentence, when no port is free.
pub(crate) fn free_address() -> Result<SocketAddr, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0));
    let address = listener.and_then(|listener| listener.local_addr());
    address.map_err(|error| format!("no port is free: {error}"))
}

/// A temporary folder, removed with all it holds on drop.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes an empty folder under the system's temporary one.
    ///
    /// # Errors
    ///
    /// A sentence, when it cannot be made or is there already.
    pub(crate) fn new() -> Result<Scratch, String> {
        let path = std::env::temp_dir().join(format!("interline-bench-{}", std::process::id()));
        fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Scratch(path))
    }

    /// A path in the folder.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing is lost but disk space if this fails, and a drop has nobody to tell.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_ends_too_soon_says_what_it_wrote_and_ends_with_its_owner() {
        let scratch = Scratch::new().expect("the temporary folder can be written");
        let start = |script: &str| {
            let args = vec!["-c".to_owned(), script.to_owned()];
            let (program, log) = (Path::new("sh"), scratch.join("log"));
            let launch = Launch { name: "a shell", program, args, env: vec![], log, cores: None };
            Process::start(launch).expect("sh is there")
        };
        let address = free_address().expect("a port is free");
        let mut short = start("echo no port; exit 3");
        let error = short.wait_until_ready(address, "/").expect_err("it ended");
        assert_eq!(error, "a shell: ended with exit status: 3\nno port");
        let long = start("exec sleep 60");
        let process = PathBuf::from(format!("/proc/{}", long.pid()));
        assert!(process.exists());
        drop(long);
        assert!(!process.exists());
    }
}
