//! The binary `interline`: parse what was asked for, and do it.

use std::process::ExitCode;

use clap::Parser;
use interline::{cli, command};

/// Many small objects die on another thread than the one that made them, which this allocator
/// handles without a lock.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match command::run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("interline: {error}");
            ExitCode::FAILURE
        }
    }
}
