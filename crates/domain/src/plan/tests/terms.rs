//! Terms of stealth models, which callers accept before they are used.

use std::collections::BTreeMap;

use crate::catalog::{Catalog, Model, ModelIx, Stealth};
use crate::failure::{AvailabilityCode, Failure};
use crate::health::EndpointHealth;
use crate::launch::AcceptedTerms;
use crate::plan::stage::{endpoint, facts, model, provider};
use crate::plan::{Defaults, Exclusion, Offers, Plan, Turn, Wanted, plan};
use crate::request::{Facts, Preferences};
use crate::time::Timestamp;

const HASH: &str = "0123456789abcdef";

/// A stealth model, and one that is none.
fn catalog() -> Catalog {
    let stealth = Stealth { terms: "A lab reads it.".to_owned(), terms_hash: HASH.to_owned() };
    let hidden = Model { stealth: Some(stealth), ..model("stealth/heron") };
    let endpoints = vec![endpoint(0, 0, "1"), endpoint(0, 1, "2")];
    Catalog::assemble(vec![hidden, model("x/one")], vec![provider("a")], endpoints, BTreeMap::new())
}

fn planned(facts: &Facts, models: &[u32]) -> Result<Plan, Failure> {
    let catalog = catalog();
    let wanted: Vec<Wanted> = models.iter().map(|it| Wanted::plain(ModelIx(*it))).collect();
    let offers = Offers {
        catalog: &catalog,
        callable: &|model| catalog.endpoints_of(model),
        health: &|_| EndpointHealth::default(),
        takes_all: &|_| true,
        takes: &|_, _| true,
        turn: &|_| Turn::House,
        defaults: &Defaults::default(),
        bond: None,
        now: Timestamp::default(),
        entropy: 7,
    };
    plan(facts, &wanted, &offers)
}

fn accepting(model: Option<&str>, hash: &str) -> Facts {
    let accepted = AcceptedTerms { model: model.map(str::to_owned), hash: hash.to_owned() };
    Facts { accepted_terms: vec![accepted], ..facts(Preferences::default()) }
}

#[test]
fn a_stealth_model_is_not_used_before_its_terms_are_accepted() {
    for facts in [
        facts(Preferences::default()),
        accepting(None, "fedcba9876543210"),
        accepting(Some("stealth/owl"), HASH),
    ] {
        let failure = planned(&facts, &[0]).unwrap_err();
        assert_eq!(failure.status(), 403);
        assert!(failure.detail.contains(HASH), "{}", failure.detail);
        let availability = failure.availability.unwrap();
        assert_eq!(availability.code, AvailabilityCode::TermsNotAccepted);
        assert_eq!(availability.excluded_by, ["terms"]);
        assert_eq!(availability.terms[0].terms, "A lab reads it.");
    }
    for model in [None, Some("stealth/heron")] {
        assert_eq!(planned(&accepting(model, HASH), &[0]).unwrap().candidates.len(), 1);
    }
}

#[test]
fn of_several_models_only_the_one_with_terms_is_left_out() {
    let found = planned(&facts(Preferences::default()), &[0, 1]).unwrap();
    assert_eq!(found.candidates.len(), 1);
    let left_out: Vec<bool> =
        found.considered.iter().map(|it| it.obstacles.holds(Exclusion::Terms)).collect();
    assert_eq!(left_out.iter().filter(|it| **it).count(), 1, "{left_out:?}");
    assert_eq!(planned(&accepting(None, HASH), &[0, 1]).unwrap().candidates.len(), 2);
}

#[test]
fn beside_another_rule_the_smallest_change_names_the_terms() {
    let wants = Preferences { ignore: vec!["a".to_owned()], ..Preferences::default() };
    let failure = planned(&facts(wants), &[0, 1]).unwrap_err();
    assert_eq!(failure.status(), 404);
    let availability = failure.availability.unwrap();
    assert_eq!(availability.excluded_by, ["ignored_providers", "terms"]);
}
