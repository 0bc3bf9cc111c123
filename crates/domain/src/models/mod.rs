//! Which models a request means by the names that it gives.
//!
//! A name is a model's id or alias, with variants behind it (`:floor`), or stands for the newest
//! of a family (`~author/family-latest`), or leaves the choice to the house (`interline/auto`).
//! What that needs of the catalog is indexed once, when the catalog is loaded.

mod family;
mod index;
mod name;
mod resolve;
mod router;
mod task;
mod unknown;

#[cfg(test)]
mod tests;

pub use index::{Index, Scored};
pub use resolve::{Resolved, Strategy, resolve};
pub use router::Routed;
pub use task::Task;
pub use unknown::retired;
