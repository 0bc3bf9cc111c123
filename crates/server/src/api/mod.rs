//! The API, a file for each noun.

pub mod chat;
pub mod count;
pub mod credits;
pub mod feedback;
pub mod generation;
pub mod keys;
pub mod metrics;
pub mod models;
pub mod openapi;
pub mod operations;
pub mod providers;
pub mod rankings;
mod rates;
pub mod receipt;
pub mod report;
pub mod routing;
pub mod terms;

pub mod workspaces;

mod amount;
mod caller;
mod successor;

pub(crate) use caller::caller_id;
pub(crate) use successor::DEPRECATION;
