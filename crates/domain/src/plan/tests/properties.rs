//! What holds in every world.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::Value;

use crate::catalog::{Catalog, Modality, ModelIx, Training};
use crate::failure::Change;
use crate::health::{EndpointHealth, Gate};
use crate::plan::stage::{Moment, facts, names, three};
use crate::plan::{Candidate, Defaults, Lane, Turn, Wanted};
use crate::price::{Price, PriceCard, Rate};
use crate::request::{Facts, MaxPrice, Preferences, Sort};
use crate::time::Timestamp;

/// How one endpoint is made.
#[derive(Clone, Debug)]
struct Make {
    dollars: u32,
    free: bool,
    retention: Option<u32>,
    trains: bool,
    quantization: Option<&'static str>,
    variant: Option<&'static str>,
    max_output: u32,
    context: u32,
    tools: bool,
    sees: bool,
    thinks: bool,
    plain: bool,
}

prop_compose! {
    fn make()(
        dollars in 1_u32..9,
        free in prop::bool::weighted(0.2),
        retention in select(vec![None, Some(0), Some(30)]),
        trains in any::<bool>(),
        quantization in select(vec![None, Some("fp8"), Some("mxfp4")]),
        variant in select(vec![None, None, Some("flex"), Some("priority"), Some("turbo")]),
        max_output in select(vec![100_u32, 1_000, 10_000]),
        context in select(vec![400_u32, 2_000, 100_000]),
        (tools, sees, thinks, plain) in any::<(bool, bool, bool, bool)>(),
    ) -> Make {
        Make {
            dollars, free, retention, trains, quantization, variant, max_output, context, tools,
            sees, thinks, plain,
        }
    }
}

fn world(makes: &[Make]) -> Catalog {
    three(|place, provider, endpoint| {
        let make = &makes[place];
        provider.data.retention_days = make.retention;
        provider.data.train = if make.trains { Training::Yes } else { Training::No };
        let rate = Rate::parse(&make.dollars.to_string(), 1_000_000);
        let rate = if make.free { Some(Rate::FREE) } else { rate };
        let price = Price { input: rate, output: rate, ..Price::default() };
        endpoint.price = Some(PriceCard::flat(price));
        endpoint.quantization = make.quantization.map(str::to_owned);
        endpoint.variant = make.variant.map(str::to_owned);
        let slug = ["a", "b", "c"][place];
        endpoint.tag = make.variant.map_or(slug.to_owned(), |variant| format!("{slug}/{variant}"));
        endpoint.max_output = Some(make.max_output);
        endpoint.context = Some(make.context);
        endpoint.tools = make.tools;
        endpoint.reasoning = make.thinks;
        endpoint.temperature = make.plain;
        if make.sees {
            endpoint.input_modalities.push(Modality::Image);
        }
    })
}

fn some_names() -> impl Strategy<Value = Vec<String>> {
    subsequence(vec!["a", "B", "c", "a/turbo", "b/flex", "nobody"], 0..3).prop_map(|it| names(&it))
}

prop_compose! {
    fn preferences()(
        order in some_names(),
        only in some_names(),
        ignore in some_names(),
        (allow_fallbacks, require_parameters, allow_data_collection) in any::<(bool, bool, bool)>(),
        zero_retention in prop::bool::weighted(0.3),
        quantizations in subsequence(vec!["fp8", "fp4", "unknown"], 0..2),
        sort in select(vec![None, None, Some(Sort::Price), Some(Sort::Throughput)]),
        prompt in select(vec![None, Some("0"), Some("2"), Some("5")]),
    ) -> Preferences {
        let prompt = prompt.and_then(|dollars| Rate::parse(dollars, 1_000_000));
        Preferences {
            order, only, ignore, allow_fallbacks, require_parameters, allow_data_collection,
            zero_retention,
            quantizations: names(&quantizations),
            sort,
            max_price: MaxPrice { prompt, completion: prompt, ..MaxPrice::default() },
            ..Preferences::default()
        }
    }
}

prop_compose! {
    fn request()(
        preferences in preferences(),
        prompt_bytes in select(vec![80_u32, 4_000, 40_000]),
        output_tokens_max in select(vec![None, Some(50), Some(5_000)]),
        (tools, sees, flex) in (any::<bool>(), any::<bool>(), prop::bool::weighted(0.2)),
        parameters in subsequence(vec!["temperature", "response_format"], 0..2),
    ) -> Facts {
        Facts {
            prompt_bytes,
            output_tokens_max,
            tools,
            flex,
            modalities: if sees { vec![Modality::Image] } else { vec![] },
            parameters: names(&parameters),
            ..facts(preferences)
        }
    }
}

fn lane() -> impl Strategy<Value = Lane> {
    let sort = select(vec![None, None, Some(Sort::Price), Some(Sort::Throughput)]);
    (prop::bool::weighted(0.1), sort, prop::bool::weighted(0.1), prop::bool::weighted(0.1))
        .prop_map(|(free, sort, thinking, extended)| Lane { free, sort, thinking, extended })
}

fn health() -> impl Strategy<Value = EndpointHealth> {
    let until = Timestamp::from_ms(5);
    let gates = vec![
        Gate::Open,
        Gate::Open,
        Gate::Slow { share_percent: 30 },
        Gate::Trial,
        Gate::Closed { until },
        Gate::Held { until },
    ];
    (select(gates), any::<bool>(), any::<bool>()).prop_map(
        |(gate, had_outage_lately, is_demoted)| EndpointHealth {
            gate,
            had_outage_lately,
            is_demoted,
            ..EndpointHealth::default()
        },
    )
}

/// Changes a request as a refusal says.
fn apply(facts: &mut Facts, lane: &mut Lane, change: &Change) {
    let wants = &mut facts.preferences;
    let list =
        |to: &Value| -> Vec<String> { serde_json::from_value(to.clone()).unwrap_or_default() };
    let rate = |to: &Value| Rate::parse(to.as_str().unwrap(), 1_000_000);
    match change.field.as_str() {
        "provider.only" => wants.only = list(&change.to),
        "provider.ignore" => wants.ignore = list(&change.to),
        "provider.allow_fallbacks" => wants.allow_fallbacks = true,
        "provider.zdr" => wants.zero_retention = false,
        "provider.data_collection" => wants.allow_data_collection = true,
        "provider.quantizations" => wants.quantizations = list(&change.to),
        "provider.max_price.prompt" => wants.max_price.prompt = rate(&change.to),
        "provider.max_price.completion" => wants.max_price.completion = rate(&change.to),
        "provider.require_parameters" => wants.require_parameters = false,
        "max_tokens" => facts.output_tokens_max = change.to.as_u64().map(|it| it as u32),
        "tools" => facts.tools = false,
        "messages" => match change.to.get("tokens_at_most") {
            Some(most) => facts.prompt_bytes = most.as_u64().unwrap() as u32 * 8,
            None => facts.modalities.clear(),
        },
        "service_tier" => {
            facts.flex = change.to == "flex";
            facts.priority = change.to == "priority";
        }
        "model" => *lane = Lane { sort: lane.sort, ..Lane::default() },
        other => panic!("no caller can change {other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    /// Whatever is excluded is never tried, nothing is tried twice, and a refusal's change helps.
    #[test]
    fn what_is_excluded_is_never_tried(
        makes in prop::collection::vec(make(), 3),
        fares in prop::collection::vec(health(), 3),
        mut wants in request(),
        mut lane in lane(),
        house_only in some_names(),
        (deny, zero, entropy) in any::<(bool, bool, u64)>(),
    ) {
        let catalog = world(&makes);
        let house = Defaults {
            only: house_only,
            deny_data_collection: deny && zero,
            ..Defaults::default()
        };
        let moment = Moment {
            health: &|place| fares[place as usize],
            turn: &|_| Turn::House,
            defaults: house.clone(),
            entropy: u128::from(entropy),
            ..Moment::of(&catalog)
        };
        let plan = |wants: &Facts, lane: Lane| {
            moment.plan(wants, &[Wanted { model: ModelIx(0), lane }])
        };
        match plan(&wants, lane) {
            Ok(found) => {
                prop_assert!(!found.candidates.is_empty());
                let mut tried: Vec<_> = found.candidates.iter().map(|it| it.endpoint).collect();
                tried.sort_unstable();
                tried.dedup();
                prop_assert_eq!(tried.len(), found.candidates.len());
                for candidate in &found.candidates {
                    let seen = found.considered.iter().find(|it| it.endpoint == candidate.endpoint);
                    prop_assert!(seen.unwrap().obstacles.is_empty());
                    let make = &makes[candidate.endpoint.0 as usize];
                    prop_assert!(!wants.preferences.zero_retention || make.retention == Some(0));
                    prop_assert!(!wants.tools || make.tools);
                    prop_assert!(!lane.free || make.free);
                    prop_assert!(!house.deny_data_collection || !make.trains);
                }
                // One whose door is closed is first only where all are.
                let gate = |place: u32| fares[place as usize].gate;
                if gate(found.candidates[0].endpoint.0).opens_at().is_some() {
                    let open = |it: &Candidate| gate(it.endpoint.0).opens_at().is_none();
                    prop_assert!(!found.candidates.iter().any(open));
                }
            }
            Err(refusal) => {
                let changes = refusal.availability.map(|it| it.smallest_change).unwrap_or_default();
                if !changes.is_empty() {
                    changes.iter().for_each(|change| apply(&mut wants, &mut lane, change));
                    let again = plan(&wants, lane);
                    prop_assert!(again.is_ok(), "{:?} did not help: {:?}", changes, again);
                }
            }
        }
    }
}
