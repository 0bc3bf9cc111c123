//! The chores of this repository: `cargo xtask tidy`, `cargo xtask test`.
#![expect(clippy::print_stdout, reason = "a chore speaks to whoever ran it")]

mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
}

fn main() -> ExitCode {
    match Cli::parse().chore {
        Chore::Tidy => run_tidy(),
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

/// The root of the repository: the folder above this crate.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
