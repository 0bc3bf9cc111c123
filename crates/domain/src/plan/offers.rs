//! What there is to choose from.

use super::filter::Exclusion;
use crate::catalog::{Catalog, Endpoint, EndpointIx, ModelIx, Provider};
use crate::health::EndpointHealth;
use crate::time::Timestamp;

/// Everything that may be called at this moment.
#[derive(Clone, Copy)]
pub struct Offers<'a> {
    /// What is known.
    pub catalog: &'a Catalog,
    /// The callable endpoints of a model: credentials are there, and the dialect is spoken.
    pub callable: &'a dyn Fn(ModelIx) -> &'a [EndpointIx],
    /// How an endpoint fares.
    pub health: &'a dyn Fn(EndpointIx) -> EndpointHealth,
    /// Whether an endpoint takes all of these parameters.
    pub takes_all: &'a dyn Fn(&Endpoint, &[String]) -> bool,
    /// The present.
    pub now: Timestamp,
}

/// An endpoint that was left out, and why.
pub(super) type Excluded = (EndpointIx, Exclusion);

impl<'a> Offers<'a> {
    /// Returns an endpoint and who offers it.
    pub(super) fn look_up(&self, place: EndpointIx) -> (&'a Provider, &'a Endpoint) {
        let endpoint = self.catalog.endpoint(place);
        (self.catalog.provider(endpoint.provider), endpoint)
    }
}
