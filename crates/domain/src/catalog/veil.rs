//! The veil over endpoints whose provider is not told: what is known of them, and what stands
//! behind it.
//!
//! Whatever shows an endpoint or a provider gets it from the catalog, and so gets the veil. What is
//! behind it is for those alone who call the provider or judge whom it may be sent.

use std::collections::HashMap;

use serde_json::Map;

use super::endpoint::{Billing, Endpoint, EndpointStatus, ReasoningControls};
use super::model::{Model, STEALTH};
use super::place::{EndpointIx, ModelIx, ProviderIx};
use super::provider::{Auth, DataPolicy, Dialect, Provider, ProviderClass};
use crate::quirk::Quirks;

/// The name that answers carry in `provider` where the provider is not told.
pub const STEALTH_NAME: &str = "Stealth";

/// The optional parameters that an endpoint takes whose provider is not told, by their names in
/// OpenRouter's API: those that nearly every wire format has, so that none of them tells which it
/// is.
pub const VEILED_PARAMETERS: [&str; 12] = [
    "include_reasoning",
    "max_completion_tokens",
    "max_tokens",
    "reasoning",
    "reasoning_effort",
    "response_format",
    "stop",
    "structured_outputs",
    "temperature",
    "tool_choice",
    "tools",
    "top_p",
];

/// Providers and endpoints, with the veil over some.
#[derive(Default)]
pub(super) struct Veiled {
    /// Those that are told, then those behind the veil, then the veils.
    pub(super) providers: Vec<Provider>,
    /// How many are told.
    pub(super) told: usize,
    /// How many are no veils.
    pub(super) real: usize,
    /// As they are told: veiled ones last, in the order of their models.
    pub(super) endpoints: Vec<Endpoint>,
    /// What stands behind those that are veiled.
    pub(super) behind: HashMap<EndpointIx, Endpoint>,
}

/// Puts the veil over the endpoints of models whose maker is not told.
pub(super) fn veil(
    models: &[Model],
    providers: Vec<Provider>,
    mut endpoints: Vec<Endpoint>,
) -> Veiled {
    let is_stealth = |endpoint: &Endpoint| models[endpoint.model.0 as usize].stealth.is_some();
    if !endpoints.iter().any(is_stealth) {
        let count = providers.len();
        return Veiled { providers, told: count, real: count, endpoints, behind: HashMap::new() };
    }
    let (mut providers, told) = told_first(providers, &mut endpoints, &is_stealth);
    let real = providers.len();
    // Among others an endpoint would tell by its place where its provider stands in the alphabet.
    endpoints.sort_by_key(|it| (is_stealth(it).then_some(it.model), it.provider));
    let mut behind = HashMap::new();
    let mut number = (ModelIx(0), 0);
    for (place, endpoint) in (0..).map(EndpointIx).zip(&mut endpoints) {
        if !is_stealth(endpoint) {
            continue;
        }
        let before = if number.0 == endpoint.model { number.1 } else { 0 };
        number = (endpoint.model, before + 1);
        let model = &models[endpoint.model.0 as usize];
        let provider = veil_of(&mut providers, real, endpoint.provider);
        let veiled = veiled(endpoint, model, provider, number.1);
        let own = std::mem::replace(endpoint, veiled);
        behind.insert(place, Endpoint { veiled: true, ..own });
    }
    Veiled { providers, told, real, endpoints, behind }
}

/// Moves the providers to the end that serve nothing else. Returns how many are told.
fn told_first(
    providers: Vec<Provider>,
    endpoints: &mut [Endpoint],
    is_stealth: &impl Fn(&Endpoint) -> bool,
) -> (Vec<Provider>, usize) {
    let mut serves = vec![(false, false); providers.len()];
    for endpoint in &*endpoints {
        let (stealth, other) = &mut serves[endpoint.provider.0 as usize];
        *stealth |= is_stealth(endpoint);
        *other |= !is_stealth(endpoint);
    }
    let mut order: Vec<usize> = (0..providers.len()).collect();
    let is_hidden = |place: &usize| serves[*place] == (true, false);
    order.sort_by_key(is_hidden);
    let told = order.iter().filter(|place| !is_hidden(place)).count();
    let mut moved = vec![ProviderIx(0); providers.len()];
    for (to, from) in (0..).zip(&order) {
        moved[*from] = ProviderIx(to);
    }
    for endpoint in endpoints {
        endpoint.provider = moved[endpoint.provider.0 as usize];
    }
    let mut providers: Vec<Option<Provider>> = providers.into_iter().map(Some).collect();
    (order.into_iter().filter_map(|place| providers[place].take()).collect(), told)
}

/// Returns the veil over a provider: one for each way of treating prompts, which decides who may
/// be sent there.
fn veil_of(providers: &mut Vec<Provider>, real: usize, behind: ProviderIx) -> ProviderIx {
    let own = providers[behind.0 as usize].data.clone();
    let data = DataPolicy { confidence: None, note: None, ..own };
    let known = providers[real..].iter().position(|veil| veil.data == data);
    let place = known.map_or(providers.len(), |place| real + place);
    if known.is_none() {
        providers.push(Provider {
            slug: STEALTH.to_owned(),
            name: STEALTH_NAME.to_owned(),
            display_name: STEALTH_NAME.to_owned(),
            class: ProviderClass::Lab,
            operator: STEALTH_NAME.to_owned(),
            hq: None,
            datacenters: Vec::new(),
            base_url: String::new(),
            dialect: Dialect::OpenaiChat,
            also: std::collections::BTreeMap::new(),
            auth: Auth::None,
            key_env: Vec::new(),
            placeholder_env: std::collections::BTreeMap::new(),
            docs: None,
            status_page: None,
            privacy_policy: None,
            terms_of_service: None,
            data,
            quirks: Quirks::default(),
            cancellable: false,
            private_network: false,
            disabled: false,
            notes: Vec::new(),
        });
    }
    ProviderIx(u32::try_from(place).unwrap_or(u32::MAX))
}

/// Returns what is told of an endpoint, the `number`th of its model.
fn veiled(own: &Endpoint, model: &Model, provider: ProviderIx, number: u32) -> Endpoint {
    let tag = if number == 1 { STEALTH.to_owned() } else { format!("{STEALTH}/{number}") };
    Endpoint {
        id: format!("{tag}:{}", model.id),
        tag,
        provider,
        model: own.model,
        upstream_model: model.id.clone(),
        aliases: Vec::new(),
        variant: None,
        mode: None,
        region: None,
        quantization: None,
        tee: false,
        dialect: Dialect::OpenaiChat,
        base_url: String::new(),
        price: own.price.clone(),
        billing: Billing::Token,
        status: EndpointStatus::Active,
        context: own.context,
        max_input: own.max_input,
        max_output: own.max_output,
        input_modalities: own.input_modalities.clone(),
        output_modalities: own.output_modalities.clone(),
        tools: own.tools && own.quirks.no_tools != Some(true),
        structured_output: own.structured_output,
        temperature: own.temperature && own.quirks.fixed_temperature != Some(true),
        reasoning: own.reasoning && own.mode.as_deref() != Some("non-reasoning"),
        reasoning_controls: ReasoningControls::default(),
        body: Map::new(),
        headers: Vec::new(),
        quirks: Quirks::default(),
        resold: false,
        floating: false,
        private_network: false,
        disabled: !own.is_routable(),
        accepted: true,
        note: None,
        veiled: true,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::catalog::{Catalog, Stealth, Training};
    use crate::plan::stage::{endpoint, model, provider};

    const CANARY: &str = "canary";

    fn hidden(id: &str) -> Model {
        let stealth = Some(Stealth { terms: "Read.".to_owned(), terms_hash: "00".to_owned() });
        Model { stealth, ..model(id) }
    }

    /// A provider that says a canary wherever it can.
    fn lab(slug: &str, train: Training) -> Provider {
        let text = || Some(CANARY.to_owned());
        let plain = provider(slug);
        Provider {
            hq: text(),
            datacenters: vec![CANARY.to_owned()],
            also: BTreeMap::from([(Dialect::Cohere, CANARY.to_owned())]),
            docs: text(),
            status_page: text(),
            privacy_policy: text(),
            terms_of_service: text(),
            data: DataPolicy { train, confidence: text(), note: text(), ..plain.data },
            notes: vec![CANARY.to_owned()],
            ..plain
        }
    }

    /// An endpoint that says a canary wherever it can.
    fn speaking(provider: u32, model: u32, name: &str) -> Endpoint {
        let text = || Some(CANARY.to_owned());
        Endpoint {
            id: format!("{CANARY}:{name}"),
            tag: CANARY.to_owned(),
            upstream_model: format!("{CANARY}-{name}"),
            aliases: vec![format!("{CANARY}-alias")],
            variant: text(),
            mode: text(),
            region: text(),
            quantization: text(),
            base_url: format!("https://{CANARY}.example"),
            body: Map::from_iter([(CANARY.to_owned(), CANARY.into())]),
            headers: vec![(CANARY.to_owned(), CANARY.to_owned())],
            quirks: Quirks { extra_fields: Some(vec![CANARY.to_owned()]), ..Quirks::default() },
            reasoning_controls: ReasoningControls {
                efforts: vec![CANARY.to_owned()],
                field: text(),
                ..ReasoningControls::default()
            },
            note: text(),
            ..endpoint(provider, model, "1")
        }
    }

    /// `canary-a` serves only what is hidden, `mixed` something else too; `canary-b` trains.
    fn catalog() -> Catalog {
        let models = vec![hidden("stealth/x"), model("open/y"), hidden("stealth/z")];
        let providers = vec![
            lab("canary-a", Training::No),
            lab("canary-b", Training::Yes),
            lab("mixed", Training::No),
        ];
        let mut open = endpoint(2, 1, "1");
        open.id = "mixed:open/y".to_owned();
        let endpoints = vec![
            speaking(0, 2, "z"),
            speaking(0, 0, "x1"),
            speaking(1, 0, "x2"),
            open,
            speaking(2, 0, "x3"),
        ];
        let aliases = BTreeMap::from([("stealth/old".to_owned(), "stealth/x".to_owned())]);
        Catalog::assemble(models, providers, endpoints, aliases)
    }

    #[test]
    fn nothing_that_is_told_of_a_veiled_endpoint_is_its_own() {
        let catalog = catalog();
        let veiled: Vec<&Endpoint> = catalog.endpoints().iter().filter(|it| it.veiled).collect();
        assert_eq!(veiled.len(), 4);
        for endpoint in veiled {
            let told = format!("{endpoint:?} {:?}", catalog.provider(endpoint.provider));
            assert!(!told.contains(CANARY), "{told}");
        }
        // And of those that are not veiled it is.
        let behind = format!("{:?}", catalog.behind().endpoint(EndpointIx(1)));
        assert!(behind.contains(CANARY));
    }

    #[test]
    fn veiled_endpoints_stand_last_by_their_models_and_have_numbers() {
        let catalog = catalog();
        let ids: Vec<&str> = catalog.endpoints().iter().map(|it| it.id.as_str()).collect();
        let expected = [
            "mixed:open/y",
            "stealth:stealth/x",
            "stealth/2:stealth/x",
            "stealth/3:stealth/x",
            "stealth:stealth/z",
        ];
        assert_eq!(ids, expected);
        assert_eq!(catalog.endpoints_of(ModelIx(0)), [EndpointIx(1), EndpointIx(2), EndpointIx(3)]);
    }

    #[test]
    fn a_provider_of_nothing_else_is_in_no_list_and_known_behind_the_veil() {
        let catalog = catalog();
        let told: Vec<&str> = catalog.providers().iter().map(|it| it.slug.as_str()).collect();
        assert_eq!(told, ["mixed"]);
        assert_eq!(catalog.find_provider("canary-a"), None);
        assert_eq!(catalog.find_provider("stealth"), None);
        let behind = catalog.behind();
        assert!(behind.has_provider("canary-a") && !behind.has_provider("stealth"));
        let real: Vec<&str> = behind.providers().iter().map(|it| it.slug.as_str()).collect();
        assert_eq!(real, ["mixed", "canary-a", "canary-b"]);
        assert!(behind.is_told(ProviderIx(0)) && !behind.is_told(ProviderIx(1)));
        let called = |place| behind.provider_of(EndpointIx(place)).slug.as_str();
        let all: Vec<&str> = (0..5).map(called).collect();
        assert_eq!(all, ["mixed", "mixed", "canary-a", "canary-b", "canary-a"]);
    }

    #[test]
    fn the_veil_treats_prompts_as_whoever_is_behind_it() {
        let catalog = catalog();
        let trains = |place: u32| {
            let endpoint = catalog.endpoint(EndpointIx(place));
            let veil = catalog.provider(endpoint.provider);
            assert_eq!(veil.slug, "stealth");
            veil.data.train
        };
        assert_eq!([1, 2, 3, 4].map(trains), {
            [Training::No, Training::No, Training::Yes, Training::No]
        });
    }

    #[test]
    fn no_name_without_an_author_means_a_veiled_model() {
        let catalog = catalog();
        for name in ["x", "z", "canary-x1", "canary-alias"] {
            assert_eq!(catalog.find_bare(name), None, "{name}");
        }
        assert_eq!(catalog.find_model("stealth/old"), Some(ModelIx(0)));
    }
}
