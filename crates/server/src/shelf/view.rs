//! What listings are made from.

use domain::catalog::{Catalog, Endpoint, EndpointIx, EndpointStatus, ModelIx, Provider};
use domain::health::Figures;
use domain::time::Timestamp;

/// A catalog at one instant, and which of its endpoints can be called.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// What is known.
    pub catalog: &'a Catalog,
    /// The endpoints of a model that can be called.
    pub callable: &'a dyn Fn(ModelIx) -> &'a [EndpointIx],
    /// How an endpoint has fared, where it can be called.
    pub figures: &'a dyn Fn(EndpointIx) -> Option<Figures>,
    /// The present, which decides on prices by the hour.
    pub now: Timestamp,
}

impl<'a> View<'a> {
    /// Returns an endpoint and who offers it.
    pub(crate) fn look_up(&self, place: EndpointIx) -> (&'a Provider, &'a Endpoint) {
        let endpoint = self.catalog.endpoint(place);
        (self.catalog.provider(endpoint.provider), endpoint)
    }

    /// Returns whether an endpoint can be called.
    pub(crate) fn is_callable(&self, place: EndpointIx) -> bool {
        (self.callable)(self.catalog.endpoint(place).model).contains(&place)
    }

    /// Returns the endpoints that speak for a model: those that can be called; where there are
    /// none, those that a credential would make callable; and else all that are not switched off.
    pub(crate) fn offered(&self, model: ModelIx) -> Vec<EndpointIx> {
        let callable = (self.callable)(model);
        if !callable.is_empty() {
            return callable.to_vec();
        }
        let all = self.catalog.endpoints_of(model);
        let known = |rule: &dyn Fn(&Endpoint) -> bool| -> Vec<EndpointIx> {
            all.iter().copied().filter(|place| rule(self.catalog.endpoint(*place))).collect()
        };
        let routable = known(&Endpoint::is_routable);
        if routable.is_empty() { known(&|endpoint| !endpoint.disabled) } else { routable }
    }
}

/// Returns OpenRouter's number for how settled an endpoint is: 0 where it is in service, -3 where
/// the operator has switched it off, -5 where its provider is about to.
pub(crate) fn status(provider: &Provider, endpoint: &Endpoint) -> i8 {
    if endpoint.disabled || provider.disabled {
        -3
    } else if endpoint.status == EndpointStatus::Deprecated {
        -5
    } else {
        0
    }
}

/// Returns whether a provider keeps no prompt. One that does not say may keep them.
pub(crate) fn keeps_nothing(provider: &Provider) -> bool {
    provider.data.retention_days == Some(0)
}
