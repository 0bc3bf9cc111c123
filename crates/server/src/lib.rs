//! The shell: HTTP both ways, configuration and the command line, around a core that knows of none.

mod address;
pub mod api;
pub mod app;
pub mod auth;
pub mod budgets;
pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod credentials;
pub mod database;
pub mod demo;
pub mod error;
pub mod idempotency;
pub mod intake;
pub mod key_text;
pub mod listener;
pub mod payments;
pub mod receipt;
pub mod reconcile;
pub mod routes;
pub mod routing;
pub(crate) mod shelf;
pub mod snapshot;
pub mod teller;
pub mod upstream;
mod web;
