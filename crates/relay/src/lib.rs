//! One request, from admission to settlement. Read `relay.rs` first.
//!
//! This crate waits (it has tokio) but knows no HTTP library and no SQL: the network, the books,
//! the clock and randomness come in through [`World`] and [`Snapshot`], so that a simulator can
//! stand in for all of them.

mod admit;
mod attempt;
mod bonds;
mod call;
mod collect;
mod documents;
mod drain;
mod errand;
mod gate;
mod hash;
mod health;
mod hedge;
mod journey;
mod judging;
mod leg;
mod line;
mod media;
mod metadata;
pub mod mutant;
mod outcome;
mod planning;
mod prepare;
mod pump;
mod relay;
mod resume;
mod route;
mod settle;
mod sorting;
mod tries;
mod world;

pub use bonds::Bonds;
pub use call::{Broken, Call, Heading, Refusal, Reply, ReplyBody, Seat};
pub use drain::Drains;
pub use health::{Health, Shown, ShownCredential, Watch};
pub use relay::relay;
pub use world::{Body, ContentType, Offer, Response, Snapshot, Timeouts, Upstream, World};
