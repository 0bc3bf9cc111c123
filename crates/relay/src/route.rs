//! How a request was routed.

use std::sync::Arc;

use domain::catalog::ModelIx;
use domain::models::Strategy;
use domain::plan::{Bond, Receipt};

/// How a request was routed: what its settlement and its receipt need of that.
pub(crate) struct Route {
    /// The models that it may be served by, in order.
    pub(crate) models: Vec<ModelIx>,
    pub(crate) strategy: Strategy,
    /// The router that chose its model, and what the request is about.
    pub(crate) router: Option<(String, Option<String>)>,
    pub(crate) receipt: Option<Arc<Receipt>>,
    /// What tells its conversation apart, under the key that pays.
    pub(crate) conversation: Option<u64>,
    /// Where that has its prompt cache.
    pub(crate) bond: Option<Bond>,
}
