//! What leaves an endpoint out.

use std::collections::BTreeMap;

use crate::catalog::{Catalog, Modality, ModelIx, Training};
use crate::failure::AvailabilityCode;
use crate::plan::stage::{Moment, endpoint, facts, model, names, provider, refused, three};
use crate::plan::{Defaults, Lane, Wanted};
use crate::price::{Price, PriceCard, PriceWindow, Rate};
use crate::request::{Facts, MaxPrice, Preferences, Sort};
use crate::time::Timestamp;
use crate::window::{Span, Window};

/// The providers that are left, cheapest first.
fn left(moment: &Moment<'_>, preferences: Preferences) -> String {
    let wants = Preferences { sort: preferences.sort.or(Some(Sort::Price)), ..preferences };
    moment.order(&facts(wants)).unwrap_or_default()
}

#[test]
fn only_and_ignore_leave_out() {
    let catalog = three(|_, _, _| ());
    let moment = Moment::of(&catalog);
    let only = |list: &[&str]| Preferences { only: names(list), ..Preferences::default() };
    let ignore = |list: &[&str]| Preferences { ignore: names(list), ..Preferences::default() };
    assert_eq!(left(&moment, only(&["b", "p2"])), "bc");
    assert_eq!(left(&moment, ignore(&["A"])), "bc");
    let (code, rules, hint) = refused(&moment, &facts(only(&["z"])));
    assert_eq!((code, rules), (AvailabilityCode::ConstraintFiltered, vec!["allowed_providers"]));
    assert_eq!(hint, "provider.only: it is served by a, b, c");
}

#[test]
fn the_houses_lists_intersect_and_unite_with_the_callers() {
    let catalog = three(|_, _, _| ());
    let only = |list: &[&str]| Preferences { only: names(list), ..Preferences::default() };
    let house = |only: &[&str], ignore: &[&str]| Moment {
        defaults: Defaults { only: names(only), ignore: names(ignore), ..Defaults::default() },
        ..Moment::of(&catalog)
    };
    assert_eq!(left(&house(&["a", "b"], &[]), only(&["b", "c"])), "b");
    assert_eq!(left(&house(&[], &["a"]), only(&["a", "b"])), "b");
    let (_, rules, hint) = refused(&house(&["a"], &[]), &facts(only(&["b"])));
    assert_eq!(rules, ["allowed_providers"]);
    assert_eq!(hint, "provider.only: it is served by a, b, c");
}

#[test]
fn the_houses_policy_for_data_cannot_be_loosened() {
    let catalog = three(|place, provider, _| {
        provider.data.retention_days = Some([0, 30, 0][place]);
        provider.data.train = [Training::No, Training::No, Training::Yes][place];
    });
    let house = |deny_data_collection, zero_retention| Moment {
        defaults: Defaults { deny_data_collection, zero_retention, ..Defaults::default() },
        ..Moment::of(&catalog)
    };
    let loose = Preferences { zero_retention: false, ..Preferences::default() };
    assert_eq!(left(&house(false, false), loose.clone()), "abc");
    assert_eq!(left(&house(true, false), loose.clone()), "a");
    assert_eq!(left(&house(false, true), loose), "ac");
}

#[test]
fn a_slug_means_regions_and_variants_but_no_tier() {
    let catalog = three(|place, provider, endpoint| {
        provider.slug = "a".to_owned();
        endpoint.variant = [None, Some("turbo"), Some("flex")][place].map(str::to_owned);
        endpoint.tag = ["a/eu", "a/turbo/fp8", "a/flex"][place].to_owned();
        endpoint.max_output = Some([1, 2, 3][place]);
    });
    let moment = Moment::of(&catalog);
    let tags = |preferences: Preferences, flex: bool| {
        let wants = Facts { flex, ..facts(preferences) };
        let plan = moment.plan(&wants, &[Wanted::plain(ModelIx(0))]);
        plan.map_or(vec![], |plan| plan.candidates.iter().map(|it| it.endpoint.0).collect())
    };
    let only = |list: &[&str]| Preferences {
        only: names(list),
        sort: Some(Sort::Price),
        ..Preferences::default()
    };
    assert_eq!(
        tags(Preferences { sort: Some(Sort::Price), ..Preferences::default() }, false),
        [0, 1]
    );
    assert_eq!(tags(only(&["a"]), false), [0, 1]);
    assert_eq!(tags(only(&["a/EU"]), false), [0]);
    assert_eq!(tags(only(&["a/turbo"]), false), [1]);
    assert_eq!(tags(only(&["a/fp8"]), false), [1]);
    assert_eq!(tags(only(&["a/flex"]), false), [2]);
    assert_eq!(tags(only(&["a/us"]), false), [0_u32; 0]);
    // Who asks for flex gets it and nothing else.
    assert_eq!(tags(Preferences::default(), true), [2]);
    assert_eq!(tags(only(&["a"]), true), [2]);
}

#[test]
fn variants_admit_tiers_and_ask_for_more() {
    let catalog = three(|place, _, endpoint| {
        endpoint.variant = [None, Some("priority"), Some("flex")][place].map(str::to_owned);
        endpoint.context = Some([1_000, 2_000, 2_000][place]);
        endpoint.reasoning = place == 0;
    });
    let moment = Moment::of(&catalog);
    let by = |lane: Lane, preferences: Preferences| {
        let plan = moment.plan(&facts(preferences), &[Wanted { model: ModelIx(0), lane }]);
        plan.map_or(String::new(), |plan| moment.letters(&plan))
    };
    let sorted = |sort| Lane { sort: Some(sort), ..Lane::default() };
    assert_eq!(by(Lane::default(), Preferences::default()), "a");
    assert_eq!(by(sorted(Sort::Price), Preferences::default()), "ac");
    assert_eq!(by(sorted(Sort::Throughput), Preferences::default()), "ab");
    let ordered = Preferences { order: names(&["a"]), ..Preferences::default() };
    assert_eq!(by(sorted(Sort::Price), ordered), "a");
    let thinking = Lane { thinking: true, ..Lane::default() };
    assert_eq!(by(thinking, Preferences::default()), "a");
    let extended = Lane { extended: true, ..sorted(Sort::Price) };
    assert_eq!(by(extended, Preferences::default()), "c");
}

#[test]
fn free_means_that_nothing_is_charged() {
    let catalog = three(|place, _, endpoint| {
        let free = Price { input: Some(Rate::FREE), output: Some(Rate::FREE), ..Price::default() };
        let by_request = Price { request: Rate::parse("1", 1), ..free };
        match place {
            0 => endpoint.price = Some(PriceCard::flat(by_request)),
            1 => endpoint.price = Some(PriceCard::flat(free)),
            _ => (),
        }
    });
    let moment = Moment::of(&catalog);
    let lane = Lane { free: true, ..Lane::default() };
    let plan = moment.plan(&facts(Preferences::default()), &[Wanted { model: ModelIx(0), lane }]);
    assert_eq!(moment.letters(&plan.unwrap()), "b");
    let paid = three(|_, _, _| ());
    let moment = Moment::of(&paid);
    let failure = moment
        .plan(&facts(Preferences::default()), &[Wanted { model: ModelIx(0), lane }])
        .unwrap_err();
    let availability = failure.availability.unwrap();
    assert_eq!(availability.code, AvailabilityCode::FreeVariantEnded);
    assert_eq!(availability.fallback_models, ["x/one"]);
}

#[test]
fn a_price_that_is_too_high_is_told_with_the_lowest() {
    let catalog = three(|_, _, _| ());
    let moment = Moment::of(&catalog);
    let at_most = |dollars: &str| Preferences {
        max_price: MaxPrice { prompt: Rate::parse(dollars, 1_000_000), ..MaxPrice::default() },
        ..Preferences::default()
    };
    assert_eq!(left(&moment, at_most("2")), "ab");
    let (code, rules, hint) = refused(&moment, &facts(at_most("0.5")));
    assert_eq!((code, rules), (AvailabilityCode::ConstraintFiltered, vec!["max_price"]));
    assert!(hint.contains("cheapest prompt price is 1 "), "{hint}");
}

type Change = fn(&mut Price);

#[test]
fn every_unit_of_a_price_is_bounded() {
    let dear = |change: fn(&mut Price)| {
        three(move |place, _, endpoint| {
            if let (0, Some(card)) = (place, &mut endpoint.price) {
                change(&mut card.base);
            }
            endpoint.input_modalities = vec![Modality::Text, Modality::Audio, Modality::Image];
        })
    };
    let cent = Rate::parse("0.01", 1).unwrap();
    let cases: [(Change, MaxPrice); 5] = [
        (
            |it| it.reasoning = Rate::parse("50", 1_000_000),
            MaxPrice { completion: Rate::parse("10", 1_000_000), ..MaxPrice::default() },
        ),
        (
            |it| it.request = Rate::parse("1", 1),
            MaxPrice { request: Some(cent), ..MaxPrice::default() },
        ),
        (
            |it| it.image = Rate::parse("1", 1),
            MaxPrice { image: Some(cent), ..MaxPrice::default() },
        ),
        (
            |it| it.input_audio = Rate::parse("1", 1),
            MaxPrice { audio: Some(cent), ..MaxPrice::default() },
        ),
        // Audio without a price of its own costs what text does.
        (
            |it| it.input = Rate::parse("1", 1),
            MaxPrice { audio: Some(cent), ..MaxPrice::default() },
        ),
    ];
    for (change, max_price) in cases {
        let catalog = dear(change);
        let wants = Preferences { max_price, ..Preferences::default() };
        assert_eq!(left(&Moment::of(&catalog), wants), "bc", "{max_price:?}");
    }
}

#[test]
fn the_price_of_the_hour_counts() {
    let rate = |dollars: &str| Rate::parse(dollars, 1_000_000);
    let catalog = three(|place, _, endpoint| {
        if let (2, Some(card)) = (place, &mut endpoint.price) {
            let price = Price { input: rate("0.1"), output: rate("0.1"), ..Price::default() };
            let spans = vec![Span { from_minute: 2 * 60, until_minute: 4 * 60 }];
            let window = Window {
                valid_from: None,
                valid_until: None,
                spans,
                days: vec![],
                holidays: vec![],
            };
            card.windows.push(PriceWindow { window, price });
        }
    });
    let at = |text: &str| Moment { now: Timestamp::parse(text).unwrap(), ..Moment::of(&catalog) };
    let all = Preferences::default();
    assert_eq!(left(&at("2026-11-24T01:59:59Z"), all.clone()), "abc");
    assert_eq!(left(&at("2026-11-24T02:00:00Z"), all.clone()), "cab");
    assert_eq!(left(&at("2026-11-24T04:00:00Z"), all.clone()), "abc");
    let cheap =
        Preferences { max_price: MaxPrice { prompt: rate("0.5"), ..MaxPrice::default() }, ..all };
    assert_eq!(left(&at("2026-11-24T03:00:00Z"), cheap.clone()), "c");
    assert_eq!(left(&at("2026-11-24T05:00:00Z"), cheap), "");
}

#[test]
fn what_is_unknown_of_a_policy_counts_against_it() {
    let catalog = three(|place, provider, _| match place {
        0 => provider.data.train = Training::Unknown,
        1 => provider.data.retention_days = None,
        _ => (),
    });
    let moment = Moment::of(&catalog);
    let deny = Preferences { allow_data_collection: false, ..Preferences::default() };
    assert_eq!(left(&moment, deny), "c");
    let nothing_kept = Preferences { zero_retention: true, ..Preferences::default() };
    assert_eq!(left(&moment, nothing_kept.clone()), "ac");
    let keeps = three(|_, provider, _| provider.data.retention_days = Some(30));
    let (code, ..) = refused(&Moment::of(&keeps), &facts(nothing_kept));
    assert_eq!(code, AvailabilityCode::PrivacyRestricted);
}

#[test]
fn precisions_include_their_microscaled_kin() {
    let catalog = three(|place, _, endpoint| {
        endpoint.quantization = [Some("mxfp4"), Some("fp8"), None][place].map(str::to_owned);
    });
    let moment = Moment::of(&catalog);
    let wants =
        |list: &[&str]| Preferences { quantizations: names(list), ..Preferences::default() };
    assert_eq!(left(&moment, wants(&["fp4"])), "a");
    assert_eq!(left(&moment, wants(&["fp8", "unknown"])), "bc");
}

#[test]
fn a_request_goes_where_it_fits() {
    let catalog = three(|place, _, endpoint| {
        endpoint.max_output = Some([100, 1_000, 10_000][place]);
        endpoint.tools = place != 1;
    });
    let moment = Moment::of(&catalog);
    let mut wants = facts(Preferences { sort: Some(Sort::Price), ..Preferences::default() });
    wants.output_tokens_max = Some(1_000);
    assert_eq!(moment.order(&wants).as_deref(), Ok("bc"));
    wants.tools = true;
    assert_eq!(moment.order(&wants).as_deref(), Ok("c"));
    wants.modalities = vec![Modality::Image];
    let (_, rules, _) = refused(&moment, &wants);
    assert_eq!(rules, ["max_output", "tools", "input_modalities"]);
}

#[test]
fn a_prompt_that_nobody_can_read_is_the_callers() {
    let catalog = three(|_, _, endpoint| endpoint.context = Some(400));
    let failure = Moment::of(&catalog).order(&facts(Preferences::default())).unwrap_err();
    assert_eq!((failure.status(), failure.kind.wire().1), (400, "context_length_exceeded"));
    assert!(failure.detail.contains("at most 400 tokens"), "{}", failure.detail);
}

#[test]
fn who_distils_needs_a_licence_that_lets_them() {
    let providers = ["a", "b"].map(provider).into();
    let mut models = vec![model("x/open"), model("x/shut")];
    models[0].license = Some("Apache-2.0".to_owned());
    let endpoints = vec![endpoint(0, 0, "1"), endpoint(1, 1, "1")];
    let catalog = Catalog::assemble(models, providers, endpoints, BTreeMap::new());
    let moment = Moment::of(&catalog);
    let wants = Preferences { distillable: true, ..Preferences::default() };
    assert_eq!(left(&moment, wants), "a");
}
