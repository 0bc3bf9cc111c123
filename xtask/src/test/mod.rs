//! `cargo xtask test`: the one command that says whether this repository is sound.
//!
//! It brings what is missing, checks the code, runs every test, and puts the built binary before
//! the official clients. Whatever it starts ends with it.

mod browser;
mod child;
mod clickhouse;
mod clients;
mod http;
mod postgres;
mod seclusion;
mod stack;
mod step;
mod suite;
mod tally;
mod task;
mod temp;
mod tools;

pub(crate) use postgres::{Commits, Postgres};
pub(crate) use seclusion::{Guests, run as run_secluded};
pub(crate) use suite::{Wish, list, run};
pub(crate) use temp::TempDir;
