//! `/models` and `/endpoints`: what can be called, what it can do, and what it costs.

mod abroad;
mod detail;
mod images;
mod list;
mod rss;

pub use abroad::{geminis, geminis_one, ollamas, ollamas_one, ollamas_version};
pub use detail::{endpoints, one, retrieved, retrieved_whole, zdr};
pub use images::{image_endpoints, image_models};
pub use list::{count, embeddings, list};
