//! The catalog as a whole, with its indices. It is read-only: a reload makes another one.

use std::collections::{BTreeMap, HashMap};

use super::bare::{Bare, BareNames};
use super::endpoint::Endpoint;
use super::model::Model;
use super::place::{EndpointIx, ModelIx, ProviderIx};
use super::provider::Provider;
use super::veil::{Veiled, veil};
use crate::launch::Reveal;

/// Every model, provider and endpoint that the house knows.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    models: Vec<Model>,
    /// Those that are told, then those behind the veil, then the veils.
    providers: Vec<Provider>,
    /// How many providers are told.
    told: usize,
    /// How many providers are no veils.
    real: usize,
    /// As they are told.
    endpoints: Vec<Endpoint>,
    /// What stands behind those that are veiled.
    behind: HashMap<EndpointIx, Endpoint>,
    /// Ids, permaslugs and aliases.
    model_by_name: HashMap<String, ModelIx>,
    bare: BareNames,
    aliases: BTreeMap<String, String>,
    provider_by_slug: HashMap<String, ProviderIx>,
    endpoint_by_id: HashMap<String, EndpointIx>,
    endpoints_of_model: Vec<Vec<EndpointIx>>,
    /// By the names that stealth models had: what they turned out to be.
    reveals: BTreeMap<String, Reveal>,
}

impl Catalog {
    /// Puts checked parts together; `aliases` map a name that callers use to a model's id.
    ///
    /// Models and providers are expected in the order in which lists show them. An endpoint's
    /// indices must be places in the two lists, which the loader guarantees. Over the endpoints of
    /// models whose maker is not told the veil is put, and over providers that serve nothing else.
    pub fn assemble(
        models: Vec<Model>,
        providers: Vec<Provider>,
        endpoints: Vec<Endpoint>,
        aliases: BTreeMap<String, String>,
    ) -> Catalog {
        let mut model_by_name = HashMap::new();
        for (place, model) in (0..).zip(&models) {
            model_by_name.entry(model.permaslug.clone()).or_insert(ModelIx(place));
        }
        for (place, model) in (0..).zip(&models) {
            model_by_name.insert(model.id.clone(), ModelIx(place));
        }
        for (from, to) in &aliases {
            if let Some(model) = model_by_name.get(to).copied() {
                model_by_name.insert(from.clone(), model);
            }
        }
        let Veiled { providers, told, real, endpoints, behind } =
            veil(&models, providers, endpoints);
        let provider_by_slug = (0..)
            .zip(&providers[..told])
            .map(|(place, provider)| (provider.slug.clone(), ProviderIx(place)))
            .collect();
        let endpoint_by_id = (0..)
            .zip(&endpoints)
            .map(|(place, endpoint)| (endpoint.id.clone(), EndpointIx(place)))
            .collect();
        let mut endpoints_of_model = vec![Vec::new(); models.len()];
        for (place, endpoint) in (0..).zip(&endpoints) {
            endpoints_of_model[endpoint.model.0 as usize].push(EndpointIx(place));
        }
        let bare = BareNames::new(&models, &providers, &endpoints);
        Catalog {
            bare,
            models,
            providers,
            told,
            real,
            endpoints,
            behind,
            model_by_name,
            aliases,
            provider_by_slug,
            endpoint_by_id,
            endpoints_of_model,
            reveals: BTreeMap::new(),
        }
    }

    /// Puts checked parts together after stealth models were named: they are in it no longer, nor
    /// are their endpoints. One whose real model is not among the parts stays as it is.
    pub fn revealing(
        models: Vec<Model>,
        providers: Vec<Provider>,
        endpoints: Vec<Endpoint>,
        mut aliases: BTreeMap<String, String>,
        reveals: &[Reveal],
    ) -> Catalog {
        let is_real = |it: &&Reveal| {
            it.model != it.stealth && models.iter().any(|model| model.id == it.model)
        };
        let known: BTreeMap<String, Reveal> =
            reveals.iter().filter(is_real).map(|it| (it.stealth.clone(), it.clone())).collect();
        let mut places: Vec<Option<ModelIx>> = Vec::with_capacity(models.len());
        let mut kept: Vec<Model> = Vec::with_capacity(models.len());
        for model in models {
            let stays = !known.contains_key(&model.id);
            places.push(stays.then_some(ModelIx(kept.len() as u32)));
            kept.extend(stays.then_some(model));
        }
        let moved = |endpoint: Endpoint| {
            let model = places[endpoint.model.0 as usize]?;
            Some(Endpoint { model, ..endpoint })
        };
        let endpoints = endpoints.into_iter().filter_map(moved).collect();
        aliases.retain(|from, to| !known.contains_key(from) && !known.contains_key(to));
        let whole = Catalog::assemble(kept, providers, endpoints, aliases);
        Catalog { reveals: known, ..whole }
    }

    /// Returns every model.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// Returns every provider that is told.
    pub fn providers(&self) -> &[Provider] {
        &self.providers[..self.told]
    }

    /// Returns what stands behind the veil, for those who call it or judge whom it may be sent.
    pub fn behind(&self) -> Behind<'_> {
        Behind { catalog: self }
    }

    /// Returns every endpoint, as it is told.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Returns the names that stand for a model besides its own.
    pub fn aliases(&self) -> &BTreeMap<String, String> {
        &self.aliases
    }

    /// Returns the model that `name` (an id, a permaslug or an alias) stands for.
    pub fn find_model(&self, name: &str) -> Option<ModelIx> {
        self.model_by_name.get(name).copied()
    }

    /// Returns what the stealth model of that name turned out to be.
    pub fn revealed(&self, name: &str) -> Option<&Reveal> {
        self.reveals.get(name)
    }

    /// Returns what stealth models turned out to be, by the names that they had.
    pub fn reveals(&self) -> impl Iterator<Item = &Reveal> {
        self.reveals.values()
    }

    /// Returns the stealth models that a model was.
    pub fn was<'a>(&'a self, model: &'a str) -> impl Iterator<Item = &'a Reveal> {
        self.reveals.values().filter(move |it| it.model == model)
    }

    /// Returns what a name without an author stands for, as clients of the models' makers send it:
    /// `claude-sonnet-4-5-20250929`, `gpt-4o-mini`.
    pub fn find_bare(&self, name: &str) -> Option<Bare> {
        self.bare.find(name)
    }

    /// Returns the provider of that slug, where it is told.
    pub fn find_provider(&self, slug: &str) -> Option<ProviderIx> {
        self.provider_by_slug.get(slug).copied()
    }

    /// Returns the endpoint of that id.
    pub fn find_endpoint(&self, id: &str) -> Option<EndpointIx> {
        self.endpoint_by_id.get(id).copied()
    }

    /// Returns the model at a place.
    pub fn model(&self, place: ModelIx) -> &Model {
        &self.models[place.0 as usize]
    }

    /// Returns the provider at a place; for an endpoint that is veiled, the veil.
    pub fn provider(&self, place: ProviderIx) -> &Provider {
        &self.providers[place.0 as usize]
    }

    /// Returns the endpoint at a place, as it is told.
    pub fn endpoint(&self, place: EndpointIx) -> &Endpoint {
        &self.endpoints[place.0 as usize]
    }

    /// Returns the places of a model's endpoints.
    pub fn endpoints_of(&self, model: ModelIx) -> &[EndpointIx] {
        &self.endpoints_of_model[model.0 as usize]
    }
}

/// What stands behind the veil. Nothing of it may be shown: not in an answer, on a page, in a log,
/// in a metric or in the books.
#[derive(Clone, Copy)]
pub struct Behind<'a> {
    catalog: &'a Catalog,
}

impl<'a> Behind<'a> {
    /// Returns the endpoint at a place as it is called.
    pub fn endpoint(self, place: EndpointIx) -> &'a Endpoint {
        let told = self.catalog.endpoint(place);
        self.catalog.behind.get(&place).unwrap_or(told)
    }

    /// Returns who is called at an endpoint.
    pub fn provider_of(self, place: EndpointIx) -> &'a Provider {
        self.catalog.provider(self.endpoint(place).provider)
    }

    /// Returns every provider, whether it is told or not.
    pub fn providers(self) -> &'a [Provider] {
        &self.catalog.providers[..self.catalog.real]
    }

    /// Returns whether there is a provider of that slug, whether it is told or not.
    pub fn has_provider(self, slug: &str) -> bool {
        self.providers().iter().any(|provider| provider.slug == slug)
    }

    /// Returns whether a provider is told.
    pub fn is_told(self, place: ProviderIx) -> bool {
        (place.0 as usize) < self.catalog.told
    }
}
