//! A server that runs beside the tests and ends with them.

use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::clock;

const POLL: Duration = Duration::from_millis(20);
const GRACE: Duration = Duration::from_secs(10);

/// A running server. Dropping it asks it to end, and ends it after a grace of ten seconds.
pub(crate) struct Server {
    name: String,
    child: Child,
    log: PathBuf,
    stop_signal: &'static str,
}

/// What to start, and how.
pub(crate) struct Launch<'a> {
    pub(crate) name: &'a str,
    pub(crate) command: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    /// Where its output goes.
    pub(crate) log: PathBuf,
    /// Who it runs as, if not as we do.
    pub(crate) user: Option<&'a str>,
    /// The signal by which it ends in order.
    pub(crate) stop_signal: &'static str,
}

impl Server {
    /// Starts a server that dies with this process.
    ///
    /// # Errors
    ///
    /// A sentence, when the log cannot be written or the program not started.
    pub(crate) fn start(launch: Launch<'_>) -> Result<Server, String> {
        let Launch { name, command, env, log, user, stop_signal } = launch;
        let started = || -> io::Result<Child> {
            let output = File::create(&log)?;
            let mut setpriv = Command::new("setpriv");
            setpriv.args(["--pdeathsig", stop_signal]);
            if let Some(user) = user {
                // Unlike `su`, this leaves no process between ours and the server.
                setpriv.args(["--reuid", user, "--regid", user, "--init-groups"]);
            }
            setpriv.args(&command).envs(env).stdin(Stdio::null());
            setpriv.stdout(output.try_clone()?).stderr(output).spawn()
        };
        let child = started().map_err(|error| format!("{name}: {error}"))?;
        Ok(Server { name: name.to_owned(), child, log, stop_signal })
    }

    /// Waits until `is_ready` says so.
    ///
    /// # Errors
    ///
    /// A sentence with the end of the log, when the server ends or `limit` passes before.
    pub(crate) fn wait_until(
        &mut self,
        limit: Duration,
        is_ready: impl Fn() -> bool,
    ) -> Result<(), String> {
        let start = clock::now();
        while !is_ready() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("{} ended with {status}:\n{}", self.name, self.log_tail()));
            }
            if start.elapsed() > limit {
                let seconds = limit.as_secs();
                let tail = self.log_tail();
                return Err(format!("{} was not ready after {seconds} s:\n{tail}", self.name));
            }
            sleep(POLL);
        }
        Ok(())
    }

    /// The last lines that the server wrote.
    pub(crate) fn log_tail(&self) -> String {
        const LINES: usize = 40;
        let log = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = self.child.id().to_string();
        // If it ended by itself, the signal finds nobody, for the child is not yet waited for.
        let _ = Command::new("kill").args(["-s", self.stop_signal, &pid]).status();
        let start = clock::now();
        while start.elapsed() < GRACE {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            sleep(POLL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of the loopback that was free a moment ago.
///
/// # Errors
///
/// When no port is free.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::temp::TempDir;

    fn start(script: &str, folder: &TempDir) -> Server {
        let command = ["sh", "-c", script].map(str::to_owned).to_vec();
        let log = folder.path().join("log");
        let (env, user) = (Vec::new(), None);
        let launch = Launch { name: "a shell", command, env, log, user, stop_signal: "TERM" };
        Server::start(launch).expect("sh is there")
    }

    #[test]
    fn a_server_ends_with_its_owner() {
        let folder = TempDir::new("server").expect("the temporary folder can be written");
        let server = start("exec sleep 60", &folder);
        let process = PathBuf::from(format!("/proc/{}", server.child.id()));
        assert!(process.exists());
        drop(server);
        assert!(!process.exists());
    }

    #[test]
    fn a_server_that_ends_too_soon_says_what_it_wrote() {
        let folder = TempDir::new("server").expect("the temporary folder can be written");
        let mut server = start("echo no port; exit 3", &folder);
        let error = server.wait_until(GRACE, || false).expect_err("it ended");
        assert_eq!(error, "a shell ended with exit status: 3:\nno port");
    }
}
