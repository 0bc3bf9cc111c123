//! The steps of the test command, in order, and what each needs.

use std::path::{Path, PathBuf};

use super::clickhouse::ClickHouse;
use super::postgres::{Commits, Postgres};
use super::seclusion::Guests;
use super::stack::Stack;
use super::tally::{Tally, count};
use super::task::{Task, find_program};
use super::{clients, seclusion, tools};
use crate::tidy;

const CARGO_LIMIT_S: u64 = 1500;
const CLIENT_LIMIT_S: u64 = 300;
const BENCH_LIMIT_S: u64 = 300;

/// One thing that is checked.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Names of steps without which this one cannot begin.
    pub(crate) needs: &'static [&'static str],
    pub(crate) run: fn(&House) -> Report,
}

/// How a step went.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// The tests it ran; a step that counts none is one check itself.
    pub(crate) tally: Tally,
    pub(crate) error: Option<String>,
}

/// What the steps work on.
pub(crate) struct House {
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
}

pub(crate) const STEPS: [Step; 13] = [
    Step {
        name: "tools",
        about: "install the Debian packages that are missing",
        needs: &[],
        run: |house| Report::of(tools::install(&house.root)),
    },
    Step { name: "fmt", about: "cargo fmt --check", needs: &[], run: fmt },
    Step { name: "tidy", about: "the rules the compiler does not know", needs: &[], run: tidy },
    Step { name: "clippy", about: "clippy, warnings denied", needs: &[], run: clippy },
    Step {
        name: "unit",
        about: "every Rust test, on SQLite and on a PostgreSQL of its own",
        needs: &["tools"],
        run: unit,
    },
    Step { name: "build", about: "the binary, as the next steps use it", needs: &[], run: build },
    Step {
        name: "clients",
        about: "the official Python and Node clients, at locked versions",
        needs: &["tools"],
        run: |house| Report::of(clients::install(&house.root)),
    },
    Step {
        name: "agents",
        about: "Claude Code and Codex, at locked versions",
        needs: &["tools"],
        run: |house| Report::of(clients::install_agents(&house.root)),
    },
    Step {
        name: "e2e-python",
        about: "the Python clients against the binary",
        needs: &["build", "clients"],
        run: e2e_python,
    },
    Step {
        name: "e2e-node",
        about: "the Node clients against the binary",
        needs: &["build", "clients"],
        run: e2e_node,
    },
    Step {
        name: "e2e-agents",
        about: "coding agents against the binary, in a network without a way out",
        needs: &["build", "clients", "agents"],
        run: |house| secluded(house, Guests::Agents),
    },
    Step {
        name: "e2e-browser",
        about: "the pages in a browser, in a network without a way out",
        needs: &["build", "clients"],
        run: |house| secluded(house, Guests::Browser),
    },
    Step {
        name: "bench",
        about: "a short load test, to see that it runs",
        needs: &["tools", "build"],
        run: bench,
    },
];

impl Report {
    fn of(result: Result<(), String>) -> Report {
        Report { tally: Tally::default(), error: result.err() }
    }

    fn counted((lines, verdict): (Vec<String>, Result<(), String>)) -> Report {
        Report { tally: count(&lines), error: verdict.err() }
    }

    /// Fails it where no test ran.
    fn of_tests(self) -> Report {
        let is_idle = self.error.is_none() && self.tally == Tally::default();
        Report { error: if is_idle { Some("no test ran".to_owned()) } else { self.error }, ..self }
    }

    fn failed(error: String) -> Report {
        Report { tally: Tally::default(), error: Some(error) }
    }
}

impl House {
    /// The binary that the step `build` leaves.
    fn binary(&self) -> PathBuf {
        self.target.join("ci/interline")
    }

    fn cargo(&self, args: &[&str], env: Vec<(String, String)>) -> Task<'_> {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Task { program: "cargo", args, folder: &self.root, env, limit_s: CARGO_LIMIT_S }
    }
}

fn fmt(house: &House) -> Report {
    Report::of(house.cargo(&["fmt", "--all", "--check"], Vec::new()).run().1)
}

fn tidy(house: &House) -> Report {
    let tree = match tidy::Tree::load(&house.root) {
        Ok(tree) => tree,
        Err(error) => return Report::failed(error.to_string()),
    };
    let found = tidy::check(&tree);
    for violation in &found {
        println!("{violation}");
    }
    let broken = (!found.is_empty()).then(|| format!("{} rules broken", found.len()));
    Report { tally: Tally::default(), error: broken }
}

fn clippy(house: &House) -> Report {
    let args = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    Report::of(house.cargo(&args, Vec::new()).run().1)
}

fn unit(house: &House) -> Report {
    let postgres = match Postgres::start(Commits::Fleeting) {
        Ok(postgres) => postgres,
        Err(error) => return Report::failed(error),
    };
    let clickhouse = match ClickHouse::start() {
        Ok(clickhouse) => clickhouse,
        Err(error) => return Report::failed(error),
    };
    let env = vec![
        ("DATABASE_URL".to_owned(), postgres.url()),
        ("CLICKHOUSE_URL".to_owned(), clickhouse.url()),
    ];
    let args: &[&str] = if find_program("cargo-nextest", &[]).is_some() {
        &["nextest", "run", "--workspace", "--no-fail-fast"]
    } else {
        &["test", "--workspace", "--all-targets", "--no-fail-fast"]
    };
    Report::counted(house.cargo(args, env).run())
}

fn build(house: &House) -> Report {
    let args = ["build", "--profile", "ci", "--package", "interline"];
    Report::of(house.cargo(&args, Vec::new()).run().1)
}

fn e2e_python(house: &House) -> Report {
    let python = clients::python(&house.root);
    let args = [&seclusion::PYTEST[..], &["--ignore=agents", "."]].concat();
    let args = args.into_iter().map(str::to_owned).collect();
    against_the_binary(house, &python.to_string_lossy(), args, &house.root.join("e2e/python"))
}

fn e2e_node(house: &House) -> Report {
    let args = ["--test", "--test-reporter=tap"].map(str::to_owned).to_vec();
    let node = clients::node(&house.root);
    against_the_binary(house, &node.to_string_lossy(), args, &house.root.join("e2e/node"))
}

fn secluded(house: &House, guests: Guests) -> Report {
    let args = match seclusion::args(guests, &house.binary()) {
        Ok(args) => args,
        Err(error) => return Report::failed(error),
    };
    let (env, limit_s) = (Vec::new(), guests.limit_s());
    let task = Task { program: "unshare", args, folder: &house.root, env, limit_s };
    Report::counted(task.run()).of_tests()
}

/// Runs the tests of one client against a gateway of their own.
fn against_the_binary(house: &House, program: &str, args: Vec<String>, folder: &Path) -> Report {
    let stack = match Stack::start(&house.root, &house.binary(), None) {
        Ok(stack) => stack,
        Err(error) => return Report::failed(error),
    };
    let task = Task { program, args, folder, env: stack.env(), limit_s: CLIENT_LIMIT_S };
    let report = Report::counted(task.run()).of_tests();
    if report.error.is_some() {
        println!("the gateway's last lines:\n{}", stack.log_tail());
    }
    report
}

fn bench(house: &House) -> Report {
    let binary = house.binary().to_string_lossy().into_owned();
    let env = vec![("INTERLINE_BINARY".to_owned(), binary)];
    let own = match std::env::current_exe() {
        Ok(own) => own.to_string_lossy().into_owned(),
        Err(error) => return Report::failed(error.to_string()),
    };
    let run = |what: &[&str]| {
        let args = what.iter().map(|it| (*it).to_owned()).collect();
        let (env, folder) = (env.clone(), &house.root);
        Report::of(Task { program: &own, args, folder, env, limit_s: BENCH_LIMIT_S }.run().1)
    };
    let pages = run(&["bench", "--pages", "--smoke"]);
    if pages.error.is_some() {
        return pages;
    }
    run(&["bench", "--smoke"])
}
