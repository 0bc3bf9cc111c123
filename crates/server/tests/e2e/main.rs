//! The real binary in front of simulated providers, as its callers and its operator meet it.

#![expect(clippy::unwrap_used, unreachable_pub, reason = "a test that cannot go on has failed")]

mod admin;
mod books;
mod client;
mod cluster;
mod credentials;
mod documents;
mod failover;
mod faults;
mod idempotency;
mod ledger;
mod lifecycle;
mod limits;
mod matrix;
mod media;
mod operations;
mod pages;
mod payments;
mod plugins;
mod public;
mod rates;
mod reference;
mod routing;
mod shed;
mod stand;
mod stealth;
mod stealth_life;
mod streams;
mod traffic;
