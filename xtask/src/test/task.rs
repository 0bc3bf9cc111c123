//! One program run to its end: shown while it runs, kept for counting, stopped when it hangs.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;

/// A program to run to its end. It reads nothing from its caller.
pub(crate) struct Task<'a> {
    pub(crate) program: &'a str,
    pub(crate) args: Vec<String>,
    pub(crate) folder: &'a Path,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) limit_s: u64,
}

impl Task<'_> {
    /// Runs the program and returns its lines, standard output and errors together.
    ///
    /// # Errors
    ///
    /// A sentence when the program cannot be started, fails, or takes longer than `limit_s`.
    /// The lines are returned beside it.
    pub(crate) fn run(&self) -> (Vec<String>, Result<(), String>) {
        println!("$ {} {}", self.program, self.args.join(" "));
        let spawned = self.command().spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => return (Vec::new(), Err(format!("{}: {error}", self.program))),
        };
        let (sender, receiver) = channel();
        let readers = [
            child.stdout.take().map(|pipe| read_lines(pipe, sender.clone())),
            child.stderr.take().map(|pipe| read_lines(pipe, sender)),
        ];
        let mut lines = Vec::new();
        for line in receiver {
            println!("{line}");
            lines.push(line);
        }
        for reader in readers.into_iter().flatten() {
            // A reader only ends by the end of its pipe; there is nothing to hear from it.
            let _ = reader.join();
        }
        let verdict = match child.wait() {
            Ok(status) if status.success() => Ok(()),
            // What `timeout` answers when it had to stop the program.
            Ok(status) if matches!(status.code(), Some(124 | 137)) => {
                Err(format!("{} was stopped after {} s", self.program, self.limit_s))
            }
            Ok(status) => Err(format!("{} ended with {status}", self.program)),
            Err(error) => Err(format!("{}: {error}", self.program)),
        };
        (lines, verdict)
    }

    /// `timeout` gives the program a process group of its own and stops it whole; `setpriv` ends
    /// `timeout`, and through it the group, when this process dies first.
    fn command(&self) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "timeout", "--kill-after=10"]);
        command.arg(self.limit_s.to_string()).arg(self.program).args(&self.args);
        command.current_dir(self.folder).envs(self.env.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

fn read_lines(pipe: impl Read + Send + 'static, lines: Sender<String>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            if lines.send(line).is_err() {
                return;
            }
        }
    })
}

/// Finds a program by its name, in `PATH` and then in `more` folders.
pub(crate) fn find_program(name: &str, more: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(more.iter().cloned());
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit_s: u64) -> (Vec<String>, Result<(), String>) {
        let args = vec!["-c".to_owned(), script.to_owned()];
        let env = Vec::new();
        Task { program: "sh", args, folder: Path::new("/"), env, limit_s }.run()
    }

    #[test]
    fn a_task_returns_what_it_said_and_how_it_ended() {
        let (lines, verdict) = shell("echo one; echo two >&2; exit 3", 10);
        assert_eq!((lines.len(), verdict.is_err()), (2, true));
        assert_eq!(shell("exit 0", 10), (vec![], Ok(())));
    }

    #[test]
    fn a_task_that_hangs_is_stopped() {
        let (_, verdict) = shell("sleep 60", 1);
        assert_eq!(verdict, Err("sh was stopped after 1 s".to_owned()));
    }

    #[test]
    fn a_program_that_is_missing_is_not_found() {
        assert!(find_program("sh", &[]).is_some());
        assert_eq!(find_program("no-such-program", &[PathBuf::from("/")]), None);
    }
}
