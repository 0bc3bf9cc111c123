//! What the binary can do, a file for each command.

mod banner;
mod books;
mod catalog;
mod credits;
mod explain;
mod house;
mod import;
mod ledger;
mod reload;
mod reveal;
mod root_key;
mod serve;
mod settings;
mod simulate;
mod statement;
mod stealth;
mod trouble;

use std::process::ExitCode;

pub use trouble::Trouble;

use crate::cli::{Cli, Command};

/// Does what was asked for.
///
/// # Errors
/// Whatever stopped it.
pub fn run(cli: Cli) -> Result<ExitCode, Trouble> {
    match cli.command {
        Command::Serve(serve) => serve::run(&serve),
        Command::Catalog(command) => catalog::run(command),
        Command::Credits(command) => credits::run(command),
        Command::Ledger(command) => ledger::run(command),
        Command::Explain(explain) => explain::run(&explain),
        Command::Reveal(reveal) => reveal::run(&reveal),
        Command::Stealth(command) => stealth::run(command),
        Command::Simulate(simulate) => simulate::run(&simulate),
        Command::ReadPdf => Ok(crate::documents::read_from_stdin()),
    }
}
