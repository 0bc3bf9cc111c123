//! `/models` and `/endpoints`: what can be called, what it can do, and what it costs.

mod detail;
mod endpoint;
mod filter;
mod list;
mod model;
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

pub use detail::{endpoints, one, zdr};
pub use list::{count, list};
