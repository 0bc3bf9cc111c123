//! What is asked for, what there is to choose from, and what the house insists on.

use serde::{Deserialize, Serialize};

use super::bond::Bond;
use crate::catalog::{Catalog, Endpoint, EndpointIx, ModelIx, Provider};
use crate::health::EndpointHealth;
use crate::request::Sort;
use crate::time::Timestamp;

/// A model that is asked for, and what its name says beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The model.
    pub model: ModelIx,
    /// What the variants of its name ask for.
    pub lane: Lane,
}

impl Wanted {
    /// Returns a model of whose endpoints any will do.
    pub const fn plain(model: ModelIx) -> Wanted {
        Wanted { model, lane: Lane { free: false, sort: None, thinking: false, extended: false } }
    }
}

/// What the variants of a model's name ask for, such as `:floor`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lane {
    /// `:free`: only endpoints that charge nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub free: bool,
    /// `:nitro` is by throughput and admits the priority tier, `:floor` by price and admits the
    /// flex tier, `:exacto` by quality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<Sort>,
    /// `:thinking`: only endpoints that think before they answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub thinking: bool,
    /// `:extended`: only the endpoints with the longest context.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub extended: bool,
}

/// What the house or an account insists on, whatever a request says: allow-lists intersect,
/// deny-lists unite, and of two policies for data the stricter holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Defaults {
    /// Only these providers, unless empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Never these providers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// Endpoints may not keep or train on prompts.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deny_data_collection: bool,
    /// Endpoints must keep nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub zero_retention: bool,
    /// What endpoints are sorted by where a request does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<Sort>,
}

/// Whose credential an endpoint would be called with: that decides before any preference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// The caller's own, which it wants used first.
    OwnKey,
    /// The house's.
    #[default]
    House,
    /// The caller's own, which it wants used last.
    OwnKeyLast,
}

/// Everything that may be called at this moment.
#[derive(Clone, Copy)]
pub struct Offers<'a> {
    /// What is known.
    pub catalog: &'a Catalog,
    /// The callable endpoints of a model: credentials are there, and the dialect is spoken.
    pub callable: &'a dyn Fn(ModelIx) -> &'a [EndpointIx],
    /// How an endpoint fares.
    pub health: &'a dyn Fn(EndpointIx) -> EndpointHealth,
    /// Whether an endpoint takes every parameter of the request.
    pub takes_all: &'a dyn Fn(&Endpoint) -> bool,
    /// Whether it takes this one.
    pub takes: &'a dyn Fn(&Endpoint, &str) -> bool,
    /// Whose credential an endpoint would be called with.
    pub turn: &'a dyn Fn(EndpointIx) -> Turn,
    /// What the house insists on.
    pub defaults: &'a Defaults,
    /// Where the conversation's prompt cache is.
    pub bond: Option<&'a Bond>,
    /// The present.
    pub now: Timestamp,
    /// The lots that this decision draws.
    pub entropy: u128,
}

impl<'a> Offers<'a> {
    /// Returns an endpoint and who offers it.
    pub(super) fn look_up(&self, place: EndpointIx) -> (&'a Provider, &'a Endpoint) {
        let endpoint = self.catalog.endpoint(place);
        (self.catalog.provider(endpoint.provider), endpoint)
    }
}
