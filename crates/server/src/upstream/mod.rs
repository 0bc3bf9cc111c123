//! The network to the providers: the one place where bytes and credentials leave the house.

mod body;
mod client;
mod guard;
mod media;
mod route;

pub use client::{Clients, Network};
pub use route::{Credential, Route};
