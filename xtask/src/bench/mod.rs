//! `cargo xtask bench`: what a request costs, side by side with nginx and with nothing in between.
//!
//! A simulated provider answers, Interline and nginx stand before it in turn, and this process is
//! all their callers. `docs/benchmarks.md` says what the figures mean.

mod answer;
mod ask;
mod connection;
mod effort;
mod load;
mod machine;
mod noise;
mod pace;
mod pages;
mod process;
mod procfs;
mod round;
mod run;
mod settle;
mod sheet;
mod streams;
mod subject;
mod table;

pub(crate) use run::{Wish, run, run_pages};
pub(crate) use settle::run as run_settle;
