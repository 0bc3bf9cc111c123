//! The network to the providers: the one place where bytes and credentials leave the house.

mod authorities;
mod body;
mod clients;
mod connector;
mod credential;
mod guard;
mod media;
mod names;
mod network;
mod proof;
mod quota;
mod route;

pub use authorities::authorities;
pub use clients::Clients;
pub use credential::Credential;
pub use network::Network;
pub use proof::{Proof, places};
pub use route::Route;
