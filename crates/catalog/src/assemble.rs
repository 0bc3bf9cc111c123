//! Puts rows together: inheritance is resolved, names are looked up, and the whole is checked.

use std::collections::{BTreeMap, HashMap, HashSet};

use domain::catalog::{Billing, Catalog, Endpoint, Model, ModelIx, Provider, ProviderIx, STEALTH};
use domain::launch::Reveal;
use domain::nearest::nearest;

use crate::base_url::{self, Reach};
use crate::endpoint::EndpointRow;
use crate::fault::{FaultKind, Place, Sink};
use crate::files::{AliasRow, Rows};
use crate::model::ModelRow;
use crate::overlay;
use crate::provider::ProviderRow;

/// A catalog that was read without a fault.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The catalog.
    pub catalog: Catalog,
    /// The names of authors, by the first part of a model's id.
    pub authors: BTreeMap<String, String>,
    /// How much there is.
    pub counts: Counts,
}

/// How much a catalog holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Companies that serve models.
    pub providers: usize,
    /// Models.
    pub models: usize,
    /// Endpoints, whether requests may go there or not.
    pub endpoints: usize,
    /// Endpoints to which requests may go, given a credential.
    pub routable: usize,
}

/// Makes a catalog of rows. What it returns is whole only where no fault was told.
pub(crate) fn assemble(rows: Rows, reveals: &[Reveal], sink: &Sink) -> Loaded {
    let models = models(rows.models, sink);
    let providers = providers(rows.providers, sink);
    check_served(&models, &rows.endpoints, sink);
    let endpoints = endpoints(rows.endpoints, &models, &providers, sink);
    let models: Vec<Model> = models.into_iter().map(|row| row.model).collect();
    let aliases = aliases(rows.aliases, &models, sink);
    let counts = Counts {
        providers: providers.len(),
        models: models.len(),
        endpoints: endpoints.len(),
        routable: endpoints.iter().filter(|endpoint| endpoint.is_routable()).count(),
    };
    let catalog = Catalog::revealing(models, providers, endpoints, aliases, reveals);
    let mut authors: BTreeMap<String, String> = rows.authors.into_iter().collect();
    if catalog.models().iter().any(|model| model.stealth.is_some()) {
        authors.insert(STEALTH.to_owned(), "Stealth".to_owned());
    }
    Loaded { catalog, authors, counts }
}

/// Returns the models, newest first, as lists show them.
fn models(rows: Vec<ModelRow>, sink: &Sink) -> Vec<ModelRow> {
    let mut seen: HashSet<String> = HashSet::new();
    let mut models: Vec<ModelRow> = Vec::with_capacity(rows.len());
    for row in rows {
        if seen.insert(row.model.id.clone()) {
            models.push(row);
        } else {
            sink.push(row.place.fault_at("id", FaultKind::Duplicate, "there already is one"));
        }
    }
    models.sort_by(|a, b| (&b.model.released, &a.model.id).cmp(&(&a.model.released, &b.model.id)));
    models
}

/// Returns the providers in the order of their slugs.
fn providers(rows: Vec<ProviderRow>, sink: &Sink) -> Vec<Provider> {
    let mut providers: Vec<Provider> = Vec::with_capacity(rows.len());
    let mut slugs: HashSet<String> = HashSet::new();
    for row in rows {
        let place = row.place.clone();
        if !slugs.insert(row.slug.clone()) {
            sink.push(place.fault_at("slug", FaultKind::Duplicate, "there already is one"));
            continue;
        }
        let Some(provider) = row.finish(sink) else { continue };
        let surfaces = provider.also.values().chain([&provider.base_url]);
        for url in surfaces {
            check_placeholders(url, &provider, &place, sink);
        }
        providers.push(provider);
    }
    providers.sort_by(|a, b| a.slug.cmp(&b.slug));
    providers
}

fn check_placeholders(url: &str, provider: &Provider, place: &Place, sink: &Sink) {
    // The shape was checked where the address was read.
    for name in base_url::check(url, Reach::Anywhere).unwrap_or_default() {
        if !provider.placeholder_env.contains_key(name) {
            let message = format!("`{{{name}}}` is not in `placeholder_env`");
            sink.push(place.fault_at("base_url", FaultKind::BadUrl, message));
        }
    }
}

fn endpoints(
    rows: Vec<(String, EndpointRow)>,
    models: &[ModelRow],
    providers: &[Provider],
    sink: &Sink,
) -> Vec<Endpoint> {
    let model_by_id: HashMap<&str, ModelIx> =
        (0..).zip(models).map(|(place, row)| (row.model.id.as_str(), ModelIx(place))).collect();
    let provider_by_slug: HashMap<&str, ProviderIx> =
        (0..).zip(providers).map(|(place, it)| (it.slug.as_str(), ProviderIx(place))).collect();
    let mut ids: HashSet<String> = HashSet::new();
    let mut sent: HashMap<(ProviderIx, String, String), ModelIx> = HashMap::new();
    let mut endpoints: Vec<Endpoint> = Vec::with_capacity(rows.len());
    for (slug, row) in rows {
        // A provider that is missing here was told already.
        let Some(provider_ix) = provider_by_slug.get(slug.as_str()).copied() else { continue };
        let provider = &providers[provider_ix.0 as usize];
        let Some(model_ix) = model_by_id.get(row.slot.model.as_str()).copied() else {
            let near = nearest(&row.slot.model, model_by_id.keys().copied(), 3);
            let message = format!("there is no such model{}", overlay::hint(&near));
            sink.push(row.place.fault_at("model", FaultKind::UnknownModel, message));
            continue;
        };
        let place = row.place.clone();
        let model = &models[model_ix.0 as usize].model;
        let endpoint = row.finish((provider_ix, provider), (model_ix, model));
        check_endpoint(&endpoint, provider, &place, sink);
        check_sent(&endpoint, models, &mut sent, &place, sink);
        if ids.insert(endpoint.id.clone()) {
            endpoints.push(endpoint);
        } else {
            let message = format!("`{}` is there already", endpoint.id);
            sink.push(place.fault(FaultKind::Duplicate, message));
        }
    }
    endpoints.sort_by_key(|endpoint| endpoint.provider);
    endpoints
}

fn check_endpoint(endpoint: &Endpoint, provider: &Provider, place: &Place, sink: &Sink) {
    if endpoint.upstream_model.is_empty() {
        sink.push(place.fault_at("id", FaultKind::MissingKey, "is missing"));
    }
    if endpoint.billing == Billing::Token && endpoint.price.is_none() {
        let message = "is billed by token and has no `price`; an unknown price is no price of zero";
        sink.push(place.fault_at("price", FaultKind::Unpriced, message));
    }
    check_placeholders(&endpoint.base_url, provider, place, sink);
}

/// What is sent as the model means one model, unless a field beside it says which.
fn check_sent(
    endpoint: &Endpoint,
    models: &[ModelRow],
    sent: &mut HashMap<(ProviderIx, String, String), ModelIx>,
    place: &Place,
    sink: &Sink,
) {
    if endpoint.mode.is_some() || endpoint.variant.is_some() {
        return;
    }
    for name in endpoint.aliases.iter().chain([&endpoint.upstream_model]) {
        let door = (endpoint.provider, endpoint.base_url.clone(), name.clone());
        let other = *sent.entry(door).or_insert(endpoint.model);
        if other != endpoint.model {
            let other = &models[other.0 as usize].model.id;
            let message = format!("`{name}` already means {other} at this provider");
            sink.push(place.fault_at("id", FaultKind::Duplicate, message));
        }
    }
}

fn check_served(models: &[ModelRow], endpoints: &[(String, EndpointRow)], sink: &Sink) {
    let served: HashSet<&str> = endpoints.iter().map(|(_, row)| row.slot.model.as_str()).collect();
    for row in models {
        if !served.contains(row.model.id.as_str()) {
            let message = format!("no endpoint offers {}", row.model.id);
            sink.push(row.place.fault(FaultKind::Unserved, message));
        }
    }
}

/// Returns the aliases by name; of two for one name the later counts.
fn aliases(rows: Vec<AliasRow>, models: &[Model], sink: &Sink) -> BTreeMap<String, String> {
    let ids: HashSet<&str> = models.iter().map(|model| model.id.as_str()).collect();
    let mut aliases = BTreeMap::new();
    for row in rows {
        if ids.contains(row.from.as_str()) {
            let message = format!("`{}` is a model of its own", row.from);
            sink.push(row.place.fault_at("from", FaultKind::Duplicate, message));
        }
        if !is_alias(&row.from) {
            let message = "must be 1 to 200 visible ASCII characters";
            sink.push(row.place.fault_at("from", FaultKind::BadName, message));
        }
        if !ids.contains(row.to.as_str()) {
            let near = nearest(&row.to, ids.iter().copied(), 3);
            let message = format!("there is no such model{}", overlay::hint(&near));
            sink.push(row.place.fault_at("to", FaultKind::UnknownModel, message));
        }
        let hidden = format!("{STEALTH}/");
        if row.to.starts_with(&hidden) && !row.from.starts_with(&hidden) {
            let message = format!("must begin with `{hidden}`, where `to` does");
            sink.push(row.place.fault_at("from", FaultKind::BadName, message));
        }
        aliases.insert(row.from, row.to);
    }
    aliases
}

fn is_alias(text: &str) -> bool {
    !text.is_empty() && text.len() <= 200 && text.bytes().all(|byte| byte.is_ascii_graphic())
}
