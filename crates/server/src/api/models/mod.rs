//! `/models` and `/endpoints`: what can be called, what it can do, and what it costs.

mod abroad;
mod detail;
mod endpoint;
mod filter;
mod images;
mod list;
mod model;
mod name;
mod order;
mod page;
mod pricing;
mod query;
mod reasoning;
mod row;
mod rss;
mod shelf;
mod view;
mod wanted;

#[cfg(test)]
mod samples;

pub use abroad::{geminis, geminis_one, ollamas, ollamas_one, ollamas_version};
pub use detail::{endpoints, one, retrieved, retrieved_whole, zdr};
pub(crate) use endpoint::percent;
pub use images::{image_endpoints, image_models};
pub use list::{count, embeddings, list};
pub(super) use name::named;
