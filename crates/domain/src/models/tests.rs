//! What names mean.

use std::collections::BTreeMap;

use super::{Index, Resolved, Strategy, Task, resolve};
use crate::catalog::{Catalog, Endpoint, Modality, Model, Stealth};
use crate::failure::{AvailabilityCode, Failure};
use crate::health::EndpointHealth;
use crate::launch::Reveal;
use crate::plan::stage::{endpoint, model, names, provider};
use crate::plan::{Defaults, Lane, Offers, Turn};
use crate::price::{Price, PriceCard, Rate};
use crate::request::{Facts, Preferences, Sort};
use crate::time::Timestamp;

/// Id, release, dollars, how good, whether it calls tools and sees.
type Row = (&'static str, &'static str, &'static str, Option<u8>, bool, bool);

/// Models of two authors.
const MODELS: [Row; 6] = [
    ("x/sonnet-4.5", "2026-01-01", "3", Some(80), true, false),
    ("x/sonnet-4.6", "2026-05-01", "4", Some(90), true, true),
    ("x/opus-4.6", "2026-05-01", "20", Some(97), true, true),
    ("y/mini-2", "2026-04-01", "0.2", Some(40), false, false),
    ("y/free-1", "2025-01-01", "0", Some(30), true, false),
    ("y/free-2", "2025-06-01", "0", None, false, true),
];

fn catalog() -> Catalog {
    revealing(&[])
}

fn revealing(reveals: &[Reveal]) -> Catalog {
    let mut models: Vec<Model> = Vec::new();
    let mut endpoints = Vec::new();
    for (place, (id, released, dollars, quality, tools, sees)) in (0..).zip(MODELS) {
        let mut made = Model { released: Some(released.to_owned()), quality, ..model(id) };
        made.tools = Some(tools);
        let mut offer = endpoint(0, place, dollars);
        offer.tools = tools;
        if sees {
            made.input_modalities.push(Modality::Image);
            offer.input_modalities.push(Modality::Image);
        }
        if dollars == "0" {
            let free = Some(Rate::FREE);
            let price = Price { input: free, output: free, ..Price::default() };
            offer.price = Some(PriceCard::flat(price));
        }
        models.push(made);
        endpoints.push(offer);
    }
    let aliases = BTreeMap::from([("sonnet".to_owned(), "x/sonnet-4.6".to_owned())]);
    Catalog::revealing(models, vec![provider("a")], endpoints, aliases, reveals)
}

fn found(catalog: &Catalog, facts: &Facts, entropy: u128) -> Result<Resolved, Failure> {
    let index = Index::new(catalog, &|model| catalog.endpoints_of(model));
    let offers = Offers {
        catalog,
        callable: &|model| catalog.endpoints_of(model),
        health: &|_| EndpointHealth::default(),
        takes_all: &|_| true,
        takes: &|_, _| true,
        turn: &|_| Turn::House,
        defaults: &Defaults::default(),
        bond: None,
        now: Timestamp::default(),
        entropy,
    };
    resolve(facts, &offers, &index, None)
}

/// The same catalog after `y/free-1` turned out to be `y/mini-2`, so many milliseconds after 1970.
fn revealed(ms: i64) -> Catalog {
    let reveal = Reveal {
        stealth: "y/free-1".to_owned(),
        model: "y/mini-2".to_owned(),
        at: Timestamp::from_ms(ms),
    };
    revealing(&[reveal])
}

fn asked(models: &[&str]) -> Facts {
    Facts { models: names(models), ..Facts::default() }
}

/// The ids that names stand for.
fn ids(catalog: &Catalog, facts: &Facts) -> Vec<String> {
    let resolved = found(catalog, facts, 7).unwrap();
    resolved.wanted.iter().map(|it| catalog.model(it.model).id.clone()).collect()
}

#[test]
fn a_name_is_an_id_an_alias_or_the_newest_of_a_family() {
    let catalog = catalog();
    for (name, id, strategy) in [
        ("x/sonnet-4.5", "x/sonnet-4.5", Strategy::Direct),
        ("sonnet", "x/sonnet-4.6", Strategy::Alias),
        ("~x/sonnet-latest", "x/sonnet-4.6", Strategy::Latest),
        ("~y/free-latest", "y/free-2", Strategy::Latest),
    ] {
        let resolved = found(&catalog, &asked(&[name]), 0).unwrap();
        assert_eq!(catalog.model(resolved.wanted[0].model).id, id);
        assert_eq!((resolved.strategy, resolved.wanted[0].lane), (strategy, Lane::default()));
    }
    let failure = found(&catalog, &asked(&["~x/haiku-latest"]), 0).unwrap_err();
    assert!(failure.detail.starts_with("No model of the family x/haiku"), "{}", failure.detail);
}

#[test]
fn the_name_that_a_stealth_model_had_means_the_model_for_ninety_days() {
    let days = 86_400_000 * Reveal::ALIAS_DAYS;
    let fresh = revealed(1 - days);
    for name in ["y/free-1", "y/free-1:floor"] {
        let resolved = found(&fresh, &asked(&[name]), 0).unwrap();
        assert_eq!(fresh.model(resolved.wanted[0].model).id, "y/mini-2");
        assert_eq!(resolved.strategy, Strategy::Alias);
    }
    let old = revealed(-days);
    let failure = found(&old, &asked(&["y/free-1"]), 0).unwrap_err();
    assert_eq!(failure.status(), 404);
    insta::assert_snapshot!(failure.detail, @"y/free-1 is y/mini-2, as was told on 1969-10-03. Ask for y/mini-2.");
    let availability = failure.availability.unwrap();
    assert_eq!(availability.code, AvailabilityCode::ModelDeprecated);
    assert_eq!(availability.fallback_models, ["y/mini-2"]);
    // Beside another name it is passed over, as any name that nobody has.
    assert_eq!(ids(&old, &asked(&["y/free-1", "x/opus-4.6"])), ["x/opus-4.6"]);
}

#[test]
fn a_stealth_model_that_was_named_leaves_the_catalog_with_its_endpoints() {
    let (before, after) = (catalog(), revealed(0));
    assert_eq!(after.models().len() + 1, before.models().len());
    assert_eq!(after.endpoints().len() + 1, before.endpoints().len());
    assert_eq!(after.find_model("y/free-1"), None);
    for endpoint in after.endpoints() {
        let was = before.endpoints().iter().find(|it| it.id == endpoint.id).unwrap();
        assert_eq!(after.model(endpoint.model).id, before.model(was.model).id);
    }
    assert_eq!(after.revealed("y/free-1").unwrap().model, "y/mini-2");
    let nowhere = Reveal {
        stealth: "y/free-1".to_owned(),
        model: "y/nothing".to_owned(),
        at: Timestamp::default(),
    };
    let same = revealing(&[nowhere]);
    assert!(same.find_model("y/free-1").is_some() && same.revealed("y/free-1").is_none());
}

#[test]
fn variants_stack_and_some_are_refused() {
    let catalog = catalog();
    let lane = |name: &str| found(&catalog, &asked(&[name]), 0).unwrap().wanted[0].lane;
    assert_eq!(lane("x/sonnet-4.5:floor").sort, Some(Sort::Price));
    assert_eq!(lane("x/sonnet-4.5:nitro").sort, Some(Sort::Throughput));
    assert_eq!(lane("sonnet:exacto").sort, Some(Sort::Exacto));
    let both = Lane { free: true, sort: Some(Sort::Price), ..Lane::default() };
    assert_eq!(lane("y/free-1:free:floor"), both);
    assert!(lane("sonnet:thinking").thinking && lane("~x/opus-latest:extended").extended);
    for name in ["sonnet:online", "x/sonnet-4.5:free:online", "sonnet:batch"] {
        let failure = found(&catalog, &asked(&[name, "x/opus-4.6"]), 0).unwrap_err();
        assert_eq!(failure.status(), 400);
        assert!(failure.detail.contains("not offered here"), "{}", failure.detail);
    }
    let failure = found(&catalog, &asked(&["x/sonnet-4.5:turbo"]), 0).unwrap_err();
    assert_eq!(failure.availability.unwrap().code, AvailabilityCode::ModelNotFound);
}

#[test]
fn a_list_passes_over_names_that_nobody_has() {
    let catalog = catalog();
    let facts = asked(&["x/none", "sonnet", "x/sonnet-4.6", "x/opus-4.6"]);
    assert_eq!(ids(&catalog, &facts), ["x/sonnet-4.6", "x/opus-4.6"]);
    assert_eq!(found(&catalog, &facts, 0).unwrap().strategy, Strategy::Fallback);
    let failure = found(&catalog, &asked(&["x/sonnet-4.7"]), 0).unwrap_err();
    assert!(failure.detail.contains("The nearest names are x/sonnet-4."), "{}", failure.detail);
    let none = found(&catalog, &asked(&[]), 0).unwrap_err();
    assert_eq!(none.detail, "No model was named.");
}

#[test]
fn auto_weighs_quality_and_price_as_the_task_asks() {
    let catalog = catalog();
    let mut facts = asked(&["interline/auto"]);
    let resolved = found(&catalog, &facts, 0).unwrap();
    let routed = resolved.routed.unwrap();
    assert_eq!((routed.task, resolved.strategy), (Some(Task::Chat), Strategy::Auto));
    // Cheapness among six models from nothing to 20 dollars; quality counts for 55 in a hundred.
    insta::assert_debug_snapshot!(routed.chosen, @r#"
    [
        (
            "x/sonnet-4.5",
            80,
            40,
            62,
        ),
        (
            "y/free-1",
            30,
            100,
            61,
        ),
        (
            "y/free-2",
            28,
            100,
            60,
        ),
    ]
    "#);
    facts.tools = true;
    assert_eq!(Task::of(&facts), Task::Agent);
    assert_eq!(ids(&catalog, &facts), ["x/sonnet-4.6", "x/sonnet-4.5", "x/opus-4.6"]);
    facts.modalities = vec![Modality::Image];
    assert_eq!(Task::of(&facts), Task::Media);
    assert_eq!(ids(&catalog, &facts), ["x/sonnet-4.6", "x/opus-4.6"]);
}

#[test]
fn auto_proposes_only_what_may_serve() {
    let catalog = catalog();
    let cheap = Rate::parse("1", 1_000_000);
    let mut facts = asked(&["openrouter/auto"]);
    facts.preferences.max_price.prompt = cheap;
    assert_eq!(ids(&catalog, &facts), ["y/free-1", "y/free-2", "y/mini-2"]);
    facts.preferences = Preferences { only: names(&["z"]), ..Preferences::default() };
    let failure = found(&catalog, &facts, 0).unwrap_err();
    assert_eq!(failure.status(), 404);
    assert!(failure.detail.contains("no models match your request"), "{}", failure.detail);
}

#[test]
fn free_models_are_drawn_each_as_often() {
    let catalog = catalog();
    let facts = asked(&["interline/free"]);
    let mut firsts = BTreeMap::new();
    for entropy in 0..1_000 {
        let resolved = found(&catalog, &facts, entropy).unwrap();
        assert!(resolved.wanted.iter().all(|it| it.lane.free));
        *firsts.entry(catalog.model(resolved.wanted[0].model).id.clone()).or_insert(0) += 1;
    }
    assert_eq!(firsts.len(), 2);
    assert!(firsts.values().all(|count| (420..580).contains(count)), "{firsts:?}");
    let needs = Facts { tools: true, ..facts };
    assert_eq!(ids(&catalog, &needs), ["y/free-1"]);
}

#[test]
fn a_name_without_an_author_is_found_and_one_that_several_have_is_told_apart() {
    let catalog = catalog();
    assert_eq!(ids(&catalog, &asked(&["sonnet-4-5"])), ["x/sonnet-4.5"]);
    assert_eq!(ids(&catalog, &asked(&["sonnet-4.5-20260101:floor"])), ["x/sonnet-4.5"]);
    let resolved = found(&catalog, &asked(&["sonnet-4-5"]), 7).unwrap();
    assert_eq!(resolved.strategy, Strategy::Alias);
    // Every endpoint of this stage is sold under one name.
    let failure = found(&catalog, &asked(&["m"]), 7).unwrap_err();
    assert!(failure.detail.starts_with("m does not say which model is meant: "));
    let availability = failure.availability.unwrap();
    assert_eq!(availability.code, AvailabilityCode::ModelNotFound);
    assert_eq!(availability.fallback_models.len(), MODELS.len());
    // Another model of the list still serves.
    assert_eq!(ids(&catalog, &asked(&["m", "y/mini-2"])), ["y/mini-2"]);
}

#[test]
fn nobody_chooses_a_model_whose_maker_is_not_told_but_who_names_it() {
    let stealth = Stealth { terms: "Read.".to_owned(), terms_hash: "00".to_owned() };
    let best = Model { quality: Some(100), stealth: Some(stealth), ..model("stealth/best") };
    let plain = Model { quality: Some(10), ..model("x/plain") };
    let free = Price { input: Some(Rate::FREE), output: Some(Rate::FREE), ..Price::default() };
    let endpoints = [0, 1].map(|place| {
        let price = Some(PriceCard::flat(free));
        Endpoint { price, ..endpoint(0, place, "1") }
    });
    let providers = vec![provider("a")];
    let catalog =
        Catalog::assemble(vec![best, plain], providers, endpoints.to_vec(), BTreeMap::new());
    for name in ["interline/auto", "interline/free"] {
        assert_eq!(ids(&catalog, &asked(&[name])), ["x/plain"], "{name}");
    }
    assert_eq!(ids(&catalog, &asked(&["stealth/best"])), ["stealth/best"]);
    for name in ["best", "~stealth/best-latest"] {
        assert!(found(&catalog, &asked(&[name]), 0).is_err(), "{name}");
    }
}
