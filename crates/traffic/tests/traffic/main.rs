//! Figures against a recount of the events that they were made from, by a plain second
//! implementation, and what a store does when it is interrupted.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod figures;
mod folder;
mod plain;
mod public;
mod recount;
mod stored;
mod world;
