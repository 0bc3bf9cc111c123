//! On what terms figures are made.

use traffic::figures::Cloaked;
use traffic::figures::make::{KnownEndpoint, Terms};

use crate::app::Current;

fn cloaked(reveal: &domain::launch::Reveal) -> Cloaked {
    let domain::launch::Reveal { stealth, model, at } = reveal;
    Cloaked { stealth: stealth.clone(), model: model.clone(), until: at.day() }
}

/// Returns what the catalog and the operator say.
pub(super) fn terms(current: &Current) -> Terms {
    let catalog = &current.snapshot.catalog;
    let known = |endpoint: &domain::catalog::Endpoint| KnownEndpoint {
        id: endpoint.id.clone(),
        model: catalog.model(endpoint.model).id.clone(),
        provider: catalog.provider(endpoint.provider).slug.clone(),
        price: endpoint.price.clone(),
    };
    let public = &current.config.public;
    Terms {
        endpoints: catalog.endpoints().iter().filter(|it| !it.veiled).map(known).collect(),
        is_public: public.enabled,
        verified_apps: public.verified_apps.iter().cloned().collect(),
        excluded_accounts: public.excluded_accounts.iter().cloned().collect(),
        cloaked: catalog.reveals().map(cloaked).collect(),
    }
}
