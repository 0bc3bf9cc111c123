//! A small world to plan in.

use std::collections::BTreeMap;

use serde_json::Map;

use crate::catalog::{
    Auth, Billing, Catalog, DataPolicy, Dialect, Endpoint, EndpointIx, EndpointStatus, Modality,
    Model, ModelIx, ModelKind, Provider, ProviderClass, ProviderIx, ReasoningControls, Training,
};
use crate::failure::{AvailabilityCode, Failure};
use crate::health::EndpointHealth;
use crate::plan::{Bond, Defaults, Offers, Plan, Turn, Wanted, plan};
use crate::price::{Price, PriceCard, Rate};
use crate::quirk::Quirks;
use crate::request::{Facts, Preferences};
use crate::time::Timestamp;

pub(crate) fn model(id: &str) -> Model {
    Model {
        id: id.to_owned(),
        name: id.to_owned(),
        kind: ModelKind::Chat,
        released: None,
        knowledge: None,
        context: Some(128_000),
        max_output: Some(8_192),
        dimensions: None,
        input_modalities: vec![Modality::Text],
        output_modalities: vec![Modality::Text],
        open_weights: None,
        reasoning: None,
        tools: None,
        structured_output: None,
        temperature: None,
        tokenizer: None,
        hugging_face_id: None,
        license: None,
        permaslug: id.to_owned(),
        quality: None,
        description: String::new(),
        stealth: None,
    }
}

pub(crate) fn provider(slug: &str) -> Provider {
    Provider {
        slug: slug.to_owned(),
        name: slug.to_owned(),
        display_name: slug.to_uppercase(),
        class: ProviderClass::Host,
        operator: slug.to_owned(),
        hq: None,
        datacenters: vec![],
        base_url: "https://example.com/v1".to_owned(),
        dialect: Dialect::OpenaiChat,
        also: BTreeMap::new(),
        auth: Auth::Bearer,
        key_env: vec![format!("{}_API_KEY", slug.to_uppercase())],
        placeholder_env: BTreeMap::new(),
        docs: None,
        status_page: None,
        privacy_policy: None,
        terms_of_service: None,
        data: DataPolicy {
            train: Training::No,
            retention_days: Some(0),
            confidence: None,
            note: None,
        },
        quirks: Quirks::default(),
        cancellable: true,
        private_network: false,
        disabled: false,
        notes: vec![],
    }
}

pub(crate) fn endpoint(provider: u32, model: u32, dollars: &str) -> Endpoint {
    let rate = Rate::parse(dollars, 1_000_000);
    Endpoint {
        id: format!("{provider}:{model}"),
        tag: format!("p{provider}"),
        provider: ProviderIx(provider),
        model: ModelIx(model),
        upstream_model: "m".to_owned(),
        aliases: vec![],
        variant: None,
        mode: None,
        region: None,
        quantization: None,
        tee: false,
        dialect: Dialect::OpenaiChat,
        base_url: "https://example.com/v1".to_owned(),
        price: Some(PriceCard::flat(Price { input: rate, output: rate, ..Price::default() })),
        billing: Billing::Token,
        status: EndpointStatus::Active,
        context: Some(128_000),
        max_input: None,
        max_output: Some(8_192),
        input_modalities: vec![Modality::Text],
        output_modalities: vec![Modality::Text],
        tools: true,
        structured_output: true,
        temperature: true,
        reasoning: false,
        reasoning_controls: ReasoningControls::default(),
        body: Map::new(),
        headers: vec![],
        quirks: Quirks::default(),
        resold: false,
        floating: false,
        private_network: false,
        disabled: false,
        accepted: false,
        note: None,
        veiled: false,
    }
}

/// Three providers of one model, at 1, 2 and 3 dollars, changed by `change`.
pub(crate) fn three(change: impl Fn(usize, &mut Provider, &mut Endpoint)) -> Catalog {
    let mut providers: Vec<Provider> = ["a", "b", "c"].map(provider).into();
    let mut endpoints: Vec<Endpoint> =
        [endpoint(0, 0, "1"), endpoint(1, 0, "2"), endpoint(2, 0, "3")].into();
    for place in 0..3 {
        change(place, &mut providers[place], &mut endpoints[place]);
    }
    Catalog::assemble(vec![model("x/one")], providers, endpoints, BTreeMap::new())
}

pub(crate) fn facts(preferences: Preferences) -> Facts {
    Facts { prompt_bytes: 4_000, preferences, ..Facts::default() }
}

pub(crate) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// How a world fares at one moment.
pub(crate) struct Moment<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) has_credentials: bool,
    pub(crate) health: &'a dyn Fn(u32) -> EndpointHealth,
    pub(crate) turn: &'a dyn Fn(u32) -> Turn,
    pub(crate) defaults: Defaults,
    pub(crate) bond: Option<&'a Bond>,
    pub(crate) now: Timestamp,
    pub(crate) entropy: u128,
}

impl<'a> Moment<'a> {
    pub(crate) fn of(catalog: &'a Catalog) -> Moment<'a> {
        Moment {
            catalog,
            has_credentials: true,
            health: &|_| EndpointHealth::default(),
            turn: &|_| Turn::House,
            defaults: Defaults::default(),
            bond: None,
            now: Timestamp::default(),
            entropy: 0,
        }
    }

    pub(crate) fn plan(&self, facts: &Facts, wanted: &[Wanted]) -> Result<Plan, Failure> {
        let catalog = self.catalog;
        let offers = Offers {
            catalog,
            callable: &|model| if self.has_credentials { catalog.endpoints_of(model) } else { &[] },
            health: &|EndpointIx(place)| (self.health)(place),
            takes_all: &|endpoint| endpoint.temperature || facts.parameters.is_empty(),
            takes: &|endpoint, _| endpoint.temperature,
            turn: &|EndpointIx(place)| (self.turn)(place),
            defaults: &self.defaults,
            bond: self.bond,
            now: self.now,
            entropy: self.entropy,
        };
        plan(facts, wanted, &offers)
    }

    /// Plans for every model in turn, and returns the providers in the order of the plan.
    pub(crate) fn order(&self, facts: &Facts) -> Result<String, Failure> {
        let models = 0..self.catalog.models().len() as u32;
        let wanted: Vec<Wanted> = models.map(|place| Wanted::plain(ModelIx(place))).collect();
        self.plan(facts, &wanted).map(|plan| self.letters(&plan))
    }

    /// Returns the providers of a plan, in its order.
    pub(crate) fn letters(&self, plan: &Plan) -> String {
        let slug = |candidate: &crate::plan::Candidate| {
            let endpoint = self.catalog.endpoint(candidate.endpoint);
            self.catalog.provider(endpoint.provider).slug.clone()
        };
        plan.candidates.iter().map(slug).collect()
    }
}

/// The code, the rules and the hint of a refusal.
pub(crate) fn refused(
    moment: &Moment<'_>,
    facts: &Facts,
) -> (AvailabilityCode, Vec<&'static str>, String) {
    let failure = moment.order(facts).unwrap_err();
    let availability = failure.availability.expect("a refusal says why");
    let constraint = availability.constraint.map(|it| format!("{}: {}", it.field, it.detail));
    (availability.code, availability.excluded_by, constraint.unwrap_or_default())
}
