//! Planning, told as tables: offers and preferences in, the order or the refusal out.

use std::collections::BTreeMap;

use serde_json::Map;

use super::{Offers, plan};
use crate::catalog::{
    Auth, Billing, Catalog, DataPolicy, Dialect, Endpoint, EndpointIx, EndpointStatus, Modality,
    Model, ModelIx, ModelKind, Provider, ProviderClass, ProviderIx, ReasoningControls, Training,
};
use crate::failure::{AvailabilityCode, Failure};
use crate::health::EndpointHealth;
use crate::price::{Price, PriceCard, Rate};
use crate::quirk::Quirks;
use crate::request::{Facts, MaxPrice, Preferences, Sort};
use crate::time::Timestamp;

fn model(id: &str) -> Model {
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
        description: String::new(),
    }
}

fn provider(slug: &str) -> Provider {
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

fn endpoint(provider: u32, model: u32, dollars: &str) -> Endpoint {
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
    }
}

/// Three providers of one model, at 1, 2 and 3 dollars, changed by `change`.
fn three(change: impl Fn(usize, &mut Provider, &mut Endpoint)) -> Catalog {
    let mut providers: Vec<Provider> = ["a", "b", "c"].map(provider).into();
    let mut endpoints: Vec<Endpoint> =
        [endpoint(0, 0, "1"), endpoint(1, 0, "2"), endpoint(2, 0, "3")].into();
    for place in 0..3 {
        change(place, &mut providers[place], &mut endpoints[place]);
    }
    Catalog::assemble(vec![model("x/one")], providers, endpoints, BTreeMap::new())
}

fn facts(preferences: Preferences) -> Facts {
    Facts { prompt_bytes: 4_000, preferences, ..Facts::default() }
}

/// Plans, and returns the letters of the providers in the order of the plan.
fn order(catalog: &Catalog, facts: &Facts, unwell: &[u32]) -> Result<String, Failure> {
    let models: Vec<ModelIx> = (0..catalog.models().len() as u32).map(ModelIx).collect();
    let offers = Offers {
        catalog,
        callable: &|model| catalog.endpoints_of(model),
        health: &|EndpointIx(place)| EndpointHealth {
            had_outage_lately: unwell.contains(&place),
            ..EndpointHealth::default()
        },
        takes_all: &|endpoint, parameters| endpoint.temperature || parameters.is_empty(),
        now: Timestamp::default(),
    };
    let plan = plan(facts, &models, &offers)?;
    let slug = |candidate: &super::Candidate| {
        let endpoint = catalog.endpoint(candidate.endpoint);
        catalog.provider(endpoint.provider).slug.clone()
    };
    Ok(plan.candidates.iter().map(slug).collect())
}

fn check(catalog: &Catalog, preferences: Preferences, unwell: &[u32], expected: &str) {
    let order = order(catalog, &facts(preferences.clone()), unwell);
    assert_eq!(order.as_deref(), Ok(expected), "{preferences:?}");
}

fn refused(catalog: &Catalog, facts: &Facts) -> (AvailabilityCode, Vec<&'static str>, String) {
    let failure = order(catalog, facts, &[]).unwrap_err();
    let availability = failure.availability.expect("a refusal says why");
    let constraint = availability.constraint.map(|it| format!("{}: {}", it.field, it.detail));
    (availability.code, availability.excluded_by, constraint.unwrap_or_default())
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_cheap_go_first_and_the_sick_last() {
    let catalog = three(|_, _, _| ());
    check(&catalog, Preferences::default(), &[], "abc");
    check(&catalog, Preferences::default(), &[0], "bca");
    check(&catalog, Preferences::default(), &[0, 1, 2], "abc");
}

#[test]
fn an_order_goes_before_price_and_health() {
    let catalog = three(|_, _, _| ());
    let wants = Preferences { order: names(&["C", "b"]), ..Preferences::default() };
    check(&catalog, wants.clone(), &[2], "cba");
    check(&catalog, Preferences { allow_fallbacks: false, ..wants }, &[], "cb");
    check(&catalog, Preferences { allow_fallbacks: false, ..Preferences::default() }, &[], "a");
}

#[test]
fn only_and_ignore_leave_out() {
    let catalog = three(|_, _, _| ());
    check(&catalog, Preferences { only: names(&["b", "p2"]), ..Preferences::default() }, &[], "bc");
    check(&catalog, Preferences { ignore: names(&["A"]), ..Preferences::default() }, &[], "bc");
    let nobody = Preferences { only: names(&["z"]), ..Preferences::default() };
    let (code, rules, hint) = refused(&catalog, &facts(nobody));
    assert_eq!((code, rules), (AvailabilityCode::ConstraintFiltered, vec!["allowed_providers"]));
    assert_eq!(hint, "provider.only: it is served by a, b, c");
}

#[test]
fn a_price_that_is_too_high_is_told_with_the_lowest() {
    let catalog = three(|_, _, _| ());
    let at_most = |dollars: &str| Preferences {
        max_price: MaxPrice { prompt: Rate::parse(dollars, 1_000_000), ..MaxPrice::default() },
        ..Preferences::default()
    };
    check(&catalog, at_most("2"), &[], "ab");
    let (code, rules, hint) = refused(&catalog, &facts(at_most("0.5")));
    assert_eq!((code, rules), (AvailabilityCode::ConstraintFiltered, vec!["max_price"]));
    assert!(hint.contains("cheapest prompt price is 1 "), "{hint}");
}

#[test]
fn what_is_unknown_of_a_policy_counts_against_it() {
    let catalog = three(|place, provider, _| match place {
        0 => provider.data.train = Training::Unknown,
        1 => provider.data.retention_days = None,
        _ => (),
    });
    let deny = Preferences { allow_data_collection: false, ..Preferences::default() };
    check(&catalog, deny, &[], "c");
    let nothing_kept = Preferences { zero_retention: true, ..Preferences::default() };
    check(&catalog, nothing_kept.clone(), &[], "ac");
    let keeps = three(|_, provider, _| provider.data.retention_days = Some(30));
    let (code, ..) = refused(&keeps, &facts(nothing_kept));
    assert_eq!(code, AvailabilityCode::PrivacyRestricted);
}

#[test]
fn precisions_include_their_microscaled_kin() {
    let catalog = three(|place, _, endpoint| {
        endpoint.quantization = [Some("mxfp4"), Some("fp8"), None][place].map(str::to_owned);
    });
    let wants =
        |list: &[&str]| Preferences { quantizations: names(list), ..Preferences::default() };
    check(&catalog, wants(&["fp4"]), &[], "a");
    check(&catalog, wants(&["fp8", "unknown"]), &[], "bc");
}

#[test]
fn a_request_goes_where_it_fits() {
    let catalog = three(|place, _, endpoint| {
        endpoint.max_output = Some([100, 1_000, 10_000][place]);
        endpoint.tools = place != 1;
    });
    let mut wants = facts(Preferences::default());
    wants.output_tokens_max = Some(1_000);
    assert_eq!(order(&catalog, &wants, &[]).as_deref(), Ok("bc"));
    wants.tools = true;
    assert_eq!(order(&catalog, &wants, &[]).as_deref(), Ok("c"));
    wants.modalities = vec![Modality::Image];
    let (_, rules, _) = refused(&catalog, &wants);
    assert_eq!(rules, ["context_length", "tools", "input_modalities"]);
}

#[test]
fn a_prompt_that_nobody_can_read_is_the_callers() {
    let catalog = three(|_, _, endpoint| endpoint.context = Some(400));
    let failure = order(&catalog, &facts(Preferences::default()), &[]).unwrap_err();
    assert_eq!((failure.status(), failure.kind.wire().1), (400, "context_length_exceeded"));
    assert!(failure.detail.contains("at most 400 tokens"), "{}", failure.detail);
}

#[test]
fn schemas_are_preferred_and_parameters_required_on_demand() {
    let catalog = three(|place, _, endpoint| {
        endpoint.structured_output = place == 2;
        endpoint.temperature = place != 0;
    });
    let mut wants = facts(Preferences::default());
    wants.schema = true;
    assert_eq!(order(&catalog, &wants, &[]).as_deref(), Ok("cab"));
    wants.parameters = names(&["temperature"]);
    wants.preferences.require_parameters = true;
    assert_eq!(order(&catalog, &wants, &[]).as_deref(), Ok("cb"));
}

#[test]
fn models_follow_each_other_unless_pooled_by_price() {
    let providers: Vec<Provider> = ["a", "b", "c", "d"].map(provider).into();
    let endpoints =
        vec![endpoint(0, 0, "5"), endpoint(1, 0, "6"), endpoint(2, 1, "1"), endpoint(3, 1, "9")];
    let models = vec![model("x/one"), model("x/two")];
    let catalog = Catalog::assemble(models, providers, endpoints, BTreeMap::new());
    check(&catalog, Preferences::default(), &[], "abcd");
    let pooled =
        Preferences { sort: Some(Sort::Price), sort_across_models: true, ..Preferences::default() };
    check(&catalog, pooled, &[], "cabd");
}

#[test]
fn a_model_that_nobody_offers_names_the_keys_that_would_help() {
    let catalog = Catalog::assemble(
        vec![model("x/one"), model("x/none")],
        vec![provider("a")],
        vec![endpoint(0, 1, "1")],
        BTreeMap::new(),
    );
    let offers = Offers {
        catalog: &catalog,
        callable: &|_| &[],
        health: &|_| EndpointHealth::default(),
        takes_all: &|_, _| true,
        now: Timestamp::default(),
    };
    let failure = plan(&facts(Preferences::default()), &[ModelIx(1)], &offers).unwrap_err();
    assert_eq!(failure.status(), 404);
    assert!(failure.detail.contains("A_API_KEY"), "{}", failure.detail);
    let availability = failure.availability.unwrap();
    assert_eq!(availability.code, AvailabilityCode::NoEndpoints);
    assert_eq!(availability.affected_providers, ["a"]);
}
