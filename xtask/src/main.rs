//! The chores of this repository: `cargo xtask tidy`, `cargo xtask test`, `cargo xtask bench`.
#![expect(clippy::print_stdout, reason = "a chore speaks to whoever ran it")]

mod bench;
mod clock;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

#[derive(Parser)]
#[command(about = "The chores of this repository", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Check the rules of the house that the compiler does not know
    Tidy,
    /// Check everything: format, lints, tests, and the official clients against the binary
    Test {
        /// Run only these steps and what they need; `e2e` stands for all that begin so
        #[arg(long, value_delimiter = ',', value_name = "STEP")]
        only: Vec<String>,
        /// List the steps
        #[arg(long)]
        list: bool,
    },
    /// Part of `test`: tests of programs, in a network that `test` has secluded
    #[command(hide = true)]
    Secluded {
        /// Which programs
        guests: test::Guests,
        /// The gateway
        binary: PathBuf,
    },
    /// Measure Interline beside nginx and beside no gateway at all; see docs/benchmarks.md
    Bench {
        /// See in less than a minute that it works; the figures mean little
        #[arg(long)]
        smoke: bool,
        /// How often everything is measured [default: 5, with --smoke 1]
        #[arg(long)]
        rounds: Option<u32>,
        /// Also write the figures to this file
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        /// Measure instead how fast generations are settled, in SQLite and in PostgreSQL
        #[arg(long, conflicts_with_all = ["smoke", "json"])]
        settle: bool,
        /// Measure instead how long the site's pages take
        #[arg(long, conflicts_with_all = ["settle", "json", "rounds"])]
        pages: bool,
    },
}

fn main() -> ExitCode {
    match Cli::parse().chore {
        Chore::Tidy => run_tidy(),
        Chore::Test { list: true, .. } => {
            test::list();
            ExitCode::SUCCESS
        }
        Chore::Test { only, .. } => run_test(only),
        Chore::Secluded { guests, binary } => match test::run_secluded(guests, &root(), &binary) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                println!("{error}");
                ExitCode::FAILURE
            }
        },
        Chore::Bench { settle: true, rounds, .. } => {
            told(bench::run_settle(&root(), rounds.unwrap_or(5).max(1)))
        }
        Chore::Bench { pages: true, smoke, .. } => told(bench::run_pages(&root(), smoke)),
        Chore::Bench { smoke, rounds, json, .. } => {
            told(bench::run(&root(), &bench::Wish { is_smoke: smoke, rounds, json }))
        }
    }
}

fn run_tidy() -> ExitCode {
    let tree = match tidy::Tree::load(&root()) {
        Ok(tree) => tree,
        Err(error) => {
            println!("the repository cannot be read: {error}");
            return ExitCode::FAILURE;
        }
    };
    let found = tidy::check(&tree);
    for violation in &found {
        println!("{violation}");
    }
    println!("{} files, {} rules broken", tree.sources.len(), found.len());
    if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run_test(only: Vec<String>) -> ExitCode {
    let has_bench = Cli::command().find_subcommand("bench").is_some();
    match test::run(&root(), &test::Wish { only, has_bench }) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn told(outcome: Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository: the folder above this crate.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
