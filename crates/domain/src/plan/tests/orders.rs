//! In what order endpoints are tried.

use std::collections::BTreeMap;

use crate::catalog::{Catalog, Endpoint, Modality, ModelIx, Provider};
use crate::health::{EndpointHealth, Gate, Load, Percentiles};
use crate::operation::Operation;
use crate::plan::stage::{Moment, endpoint, facts, model, names, provider, three};
use crate::plan::{Defaults, Lane, Turn, Wanted};
use crate::request::{Cutoffs, DocumentForm, Facts, Preferences, Sort};
use crate::time::Timestamp;

fn by_price() -> Preferences {
    Preferences { sort: Some(Sort::Price), ..Preferences::default() }
}

fn well() -> EndpointHealth {
    EndpointHealth::default()
}

fn outage() -> EndpointHealth {
    EndpointHealth { had_outage_lately: true, ..well() }
}

fn closed(until_ms: i64) -> EndpointHealth {
    EndpointHealth { gate: Gate::Closed { until: Timestamp::from_ms(until_ms) }, ..outage() }
}

fn measured(latency_ms: u32, tokens_per_second: u32) -> EndpointHealth {
    let flat = |p50| Percentiles { p50, p75: p50, p90: p50, p99: p50 };
    EndpointHealth {
        latency_ms: Some(flat(latency_ms)),
        throughput: Some(flat(tokens_per_second)),
        ..well()
    }
}

fn order(catalog: &Catalog, wants: Preferences, fares: &[EndpointHealth]) -> String {
    let health = |place: u32| fares.get(place as usize).copied().unwrap_or_default();
    let moment = Moment { health: &health, ..Moment::of(catalog) };
    moment.order(&facts(wants)).unwrap()
}

#[test]
fn the_cheap_go_first_and_the_sick_last() {
    let catalog = three(|_, _, _| ());
    assert_eq!(order(&catalog, by_price(), &[]), "abc");
    assert_eq!(order(&catalog, by_price(), &[outage()]), "bca");
    assert_eq!(order(&catalog, by_price(), &[outage(); 3]), "abc");
    let demoted = EndpointHealth { is_demoted: true, ..well() };
    assert_eq!(order(&catalog, by_price(), &[demoted, outage()]), "cab");
    // Of those that nobody may call, whoever opens first.
    assert_eq!(order(&catalog, by_price(), &[closed(9), closed(5), outage()]), "cba");
}

#[test]
fn an_order_goes_before_price_and_health_unless_the_door_is_closed() {
    let catalog = three(|_, _, _| ());
    let wants = Preferences { order: names(&["C", "b"]), ..Preferences::default() };
    assert_eq!(order(&catalog, wants.clone(), &[well(), well(), outage()]), "cba");
    assert_eq!(order(&catalog, wants.clone(), &[well(), well(), closed(5)]), "bac");
    assert_eq!(order(&catalog, Preferences { allow_fallbacks: false, ..wants }, &[]), "cb");
    assert_eq!(order(&catalog, Preferences { allow_fallbacks: false, ..by_price() }, &[]), "a");
}

#[test]
fn speed_sorts_by_what_was_measured_and_the_unknown_come_last() {
    let catalog = three(|_, _, _| ());
    let by = |sort| Preferences { sort: Some(sort), ..Preferences::default() };
    let fares = [well(), measured(300, 90), measured(200, 40)];
    assert_eq!(order(&catalog, by(Sort::Throughput), &fares), "bca");
    assert_eq!(order(&catalog, by(Sort::Latency), &fares), "cba");
}

#[test]
fn who_misses_a_threshold_goes_last_and_is_not_left_out() {
    let catalog = three(|_, _, _| ());
    let fares = [measured(900, 20), measured(300, 50), well()];
    let fast = |p90| Preferences {
        min_throughput: Cutoffs { p90: Some(p90), ..Cutoffs::default() },
        ..by_price()
    };
    assert_eq!(order(&catalog, fast(30), &fares), "bca");
    assert_eq!(order(&catalog, fast(10), &fares), "abc");
    let soon = Preferences {
        max_latency_ms: Cutoffs { p50: Some(500), ..Cutoffs::default() },
        ..by_price()
    };
    assert_eq!(order(&catalog, soon, &fares), "bca");
    // Nobody is within it: all are still there.
    let never = Preferences {
        max_latency_ms: Cutoffs { p50: Some(1), ..Cutoffs::default() },
        ..by_price()
    };
    assert_eq!(order(&catalog, never, &fares), "cab");
}

#[test]
fn the_requests_sort_beats_the_variants_and_that_the_houses() {
    let catalog = three(|_, _, _| ());
    let fares = [measured(900, 10), measured(300, 20), measured(100, 30)];
    let sorted = |request: Option<Sort>, variant: Option<Sort>, house: Option<Sort>| {
        let moment = Moment {
            health: &|place| fares[place as usize],
            defaults: Defaults { sort: house, ..Defaults::default() },
            ..Moment::of(&catalog)
        };
        let wanted = Wanted { model: ModelIx(0), lane: Lane { sort: variant, ..Lane::default() } };
        let wants = Preferences { sort: request, ..Preferences::default() };
        moment.letters(&moment.plan(&facts(wants), &[wanted]).unwrap())
    };
    let (price, fast) = (Some(Sort::Price), Some(Sort::Throughput));
    assert_eq!(sorted(price, fast, fast), "abc");
    assert_eq!(sorted(None, price, fast), "abc");
    assert_eq!(sorted(None, None, fast), "cba");
}

#[test]
fn ones_own_key_goes_before_everything() {
    let catalog = three(|_, _, _| ());
    let turn = |place: u32| [Turn::OwnKeyLast, Turn::House, Turn::OwnKey][place as usize];
    let moment = Moment { turn: &turn, ..Moment::of(&catalog) };
    assert_eq!(moment.order(&facts(by_price())).as_deref(), Ok("cba"));
    let ordered = Preferences { order: names(&["a"]), ..Preferences::default() };
    assert_eq!(moment.order(&facts(ordered)).as_deref(), Ok("cba"));
}

#[test]
fn what_changes_an_answers_form_is_better_not_dropped() {
    // In this world an endpoint takes parameters where it takes a temperature.
    let catalog = three(|place, _, endpoint| endpoint.temperature = place == 2);
    let mut wants = facts(by_price());
    wants.parameters = names(&["response_format", "seed"]);
    assert_eq!(Moment::of(&catalog).order(&wants).as_deref(), Ok("cab"));
    wants.preferences.require_parameters = true;
    assert_eq!(Moment::of(&catalog).order(&wants).as_deref(), Ok("c"));
}

#[test]
fn schemas_go_where_they_are_kept() {
    let catalog = three(|place, _, endpoint| endpoint.structured_output = place == 1);
    let mut wants = facts(by_price());
    wants.schema = true;
    assert_eq!(Moment::of(&catalog).order(&wants).as_deref(), Ok("bac"));
}

fn two_models() -> Catalog {
    let providers: Vec<Provider> = ["a", "b", "c", "d"].map(provider).into();
    let endpoints =
        vec![endpoint(0, 0, "5"), endpoint(1, 0, "6"), endpoint(2, 1, "1"), endpoint(3, 1, "9")];
    let models = vec![model("x/one"), model("x/two")];
    Catalog::assemble(models, providers, endpoints, BTreeMap::new())
}

#[test]
fn models_follow_each_other_unless_pooled() {
    let catalog = two_models();
    assert_eq!(order(&catalog, by_price(), &[]), "abcd");
    let pooled = Preferences { sort_across_models: true, ..by_price() };
    assert_eq!(order(&catalog, pooled, &[]), "cabd");
    // A model whose doors are all closed is no reason to wait.
    assert_eq!(order(&catalog, by_price(), &[closed(1), closed(2)]), "cdab");
}

#[test]
fn every_model_of_the_list_gets_a_try() {
    let many: Vec<Endpoint> = (0..9).map(|place| endpoint(place, 0, "1")).collect();
    let last = endpoint(9, 1, "1");
    let slugs = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "z"];
    let providers: Vec<Provider> = slugs.map(provider).into();
    let endpoints = many.into_iter().chain([last]).collect();
    let models = vec![model("x/one"), model("x/two")];
    let catalog = Catalog::assemble(models, providers, endpoints, BTreeMap::new());
    assert_eq!(order(&catalog, by_price(), &[]), "abcdz");
}

#[test]
fn a_trial_has_everybody_else_behind_it() {
    let catalog = three(|_, _, _| ());
    let trial = EndpointHealth { gate: Gate::Trial, ..outage() };
    assert_eq!(order(&catalog, by_price(), &[well(), well(), trial]), "cab");
    // Alone it is no trial but all there is.
    assert_eq!(order(&catalog, by_price(), &[outage(), outage(), trial]), "abc");
}

#[test]
fn tools_go_to_who_calls_them_well() {
    let providers: Vec<Provider> = ["a", "b", "c", "d", "e"].map(provider).into();
    let prices = ["1", "2", "3", "4", "5"];
    let endpoints = (0..5).map(|at| endpoint(at, 0, prices[at as usize])).collect();
    let catalog = Catalog::assemble(vec![model("x/m")], providers, endpoints, BTreeMap::new());
    let fares = [5, 60, 55, 52, 50].map(|rate| measured(100, rate));
    let moment = Moment { health: &|place| fares[place as usize], ..Moment::of(&catalog) };
    let mut wants = facts(Preferences::default());
    let slowest_place = |order: &str| order.find('a');
    wants.tools = true;
    let order = moment.order(&wants).unwrap();
    assert_eq!(slowest_place(&order), Some(4), "{order}");
    wants.preferences.sort = Some(Sort::Price);
    assert_eq!(moment.order(&wants).as_deref(), Ok("abcde"));
}

#[test]
fn of_two_equals_the_less_busy_goes_first() {
    let catalog =
        three(|_, _, endpoint| endpoint.price = crate::plan::stage::endpoint(0, 0, "1").price);
    let busy = |in_flight| EndpointHealth {
        load: Load { first_token_ms: 200, tokens_per_second: 100, in_flight },
        ..well()
    };
    let fares = [busy(50), busy(0), busy(50)];
    let mut firsts = [0; 3];
    for entropy in 0..600 {
        let moment = Moment { health: &|at| fares[at as usize], entropy, ..Moment::of(&catalog) };
        let order = moment.order(&facts(Preferences::default())).unwrap();
        firsts[usize::from(order.as_bytes()[0] - b'a')] += 1;
    }
    // It is drawn first, or second and then preferred: 1/3 + 2/3 · 1/2.
    assert!((350..450).contains(&firsts[1]), "{firsts:?}");
}

#[test]
fn documents_go_first_to_who_reads_them_and_then_as_text() {
    let catalog = three(|place, _, offer| {
        if place == 2 {
            offer.input_modalities.push(Modality::File);
        }
    });
    let moment = Moment::of(&catalog);
    let asked =
        |documents| Facts { modalities: vec![Modality::File], documents, ..facts(by_price()) };
    assert_eq!(moment.order(&asked(DocumentForm::Either)).unwrap(), "cab");
    assert_eq!(moment.order(&asked(DocumentForm::Native)).unwrap(), "c");
    assert_eq!(moment.order(&asked(DocumentForm::Text)).unwrap(), "abc");
    // Pictures are no documents, and no other operation reads texts out of them.
    let picture = Facts { modalities: vec![Modality::Image], ..facts(by_price()) };
    assert!(moment.order(&picture).is_err());
    let ranked = Facts { operation: Operation::Rerank, ..asked(DocumentForm::Either) };
    assert_eq!(moment.order(&ranked).unwrap(), "c");
}
