//! Tests in a network of their own, which has a loopback and no way out: of programs that would
//! like to tell the world about themselves.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::postgres::is_root;
use super::stack::{Demo, Stack};
use super::task::Task;
use super::{browser, clients};

/// How pytest is run.
pub(crate) const PYTEST: [&str; 6] = ["-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"];

/// Who is let into a network without a way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Guests {
    /// Coding agents.
    Agents,
    /// A browser.
    Browser,
}

impl Guests {
    /// How long all of their tests may take.
    pub(crate) const fn limit_s(self) -> u64 {
        match self {
            Guests::Agents => 300,
            Guests::Browser => 600,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Guests::Agents => "agents",
            Guests::Browser => "browser",
        }
    }
}

/// What is run for guests.
struct Visit {
    program: PathBuf,
    args: Vec<String>,
    folder: PathBuf,
    /// What their tests must know beside the gateway's address.
    env: Vec<(String, String)>,
    /// Further rows of the catalog.
    rows: Option<String>,
}

impl Visit {
    fn of(guests: Guests, root: &Path) -> Result<Visit, String> {
        match guests {
            Guests::Agents => Ok(Visit {
                program: clients::python(root),
                args: PYTEST.iter().chain(&["agents"]).map(|arg| (*arg).to_owned()).collect(),
                folder: root.join("e2e/python"),
                env: clients::agents(root),
                rows: None,
            }),
            Guests::Browser => {
                let chromium = browser::program().ok_or("there is no chromium")?;
                Ok(Visit {
                    program: clients::node(root),
                    args: browser::NODE.iter().map(|arg| (*arg).to_owned()).collect(),
                    folder: root.join(browser::FOLDER),
                    env: vec![("CHROMIUM".to_owned(), text(&chromium))],
                    rows: Some(browser::hostile_models(root)?),
                })
            }
        }
    }
}

/// What `unshare` is told, so that it runs this program again, secluded.
///
/// # Errors
///
/// When the system does not say where this program is.
pub(crate) fn args(guests: Guests, binary: &Path) -> Result<Vec<String>, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut args = vec!["--net".to_owned()];
    if !is_root() {
        // Only who is root in a namespace of users may make one of networks.
        args.push("--map-root-user".to_owned());
    }
    let word = guests.word().to_owned();
    args.extend(["--".to_owned(), text(&own), "secluded".to_owned(), word, text(binary)]);
    Ok(args)
}

/// Puts the guests before the binary. To be called within the network of their own: it brings up
/// the loopback there.
///
/// # Errors
///
/// A sentence, when something cannot be started or a test fails.
pub(crate) fn run(guests: Guests, root: &Path, binary: &Path) -> Result<(), String> {
    // What is started here ends before whoever waits for it gives up.
    let limit_s = guests.limit_s() - 20;
    let loopback = ["link", "set", "lo", "up"].map(str::to_owned).to_vec();
    Task { program: "ip", args: loopback, folder: root, env: Vec::new(), limit_s }.run().1?;
    let visit = Visit::of(guests, root)?;
    let stack = Stack::start(root, binary, visit.rows.as_deref())?;
    let demo = (guests == Guests::Browser).then(|| Demo::start(binary)).transpose()?;
    let demo_env = demo.as_ref().map(Demo::env).unwrap_or_default();
    let env = [stack.env(), visit.env, demo_env].concat();
    let (program, folder) = (visit.program.to_string_lossy(), visit.folder.as_path());
    let verdict = Task { program: &program, args: visit.args, folder, env, limit_s }.run().1;
    if verdict.is_err() {
        println!("the gateway's last lines:\n{}", stack.log_tail());
    }
    verdict
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
