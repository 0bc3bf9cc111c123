//! What can be called, made ready to be shown: the API and the site read the same rows, through the
//! same filters, at the same prices.

pub(crate) mod endpoint;
mod filter;
pub(crate) mod kept;
pub(crate) mod listing;
pub(crate) mod model;
pub(crate) mod name;
pub(crate) mod order;
pub(crate) mod page;
pub(crate) mod pricing;
pub(crate) mod provider;
pub(crate) mod query;
pub(crate) mod ranking;
pub(crate) mod reasoning;
pub(crate) mod row;
pub(crate) mod sheet;
pub(crate) mod traffic;
pub(crate) mod view;
pub(crate) mod wanted;

#[cfg(test)]
pub(crate) mod samples;
