//! The API, a file for each noun.

pub mod chat;
pub mod count;
pub mod credits;
pub mod feedback;
pub mod generation;
pub mod keys;
pub mod metrics;
pub mod models;
pub mod operations;
pub mod providers;
pub mod rankings;
mod rates;
pub mod receipt;
pub mod routing;

pub mod workspaces;

mod amount;
mod caller;

pub(crate) use caller::caller_id;
