//! Receipts, and the plans that are made from them again.

use std::collections::BTreeMap;

use crate::catalog::{Catalog, EndpointIx, Modality, ModelIx, Training};
use crate::health::{EndpointHealth, Gate, Load, Percentiles};
use crate::models::{Resolved, Strategy};
use crate::plan::draw::Lots;
use crate::plan::stage::{endpoint, facts, model, names, provider, three};
use crate::plan::{
    Bond, Candidate, Defaults, Lane, Offers, Plan, Receipt, Turn, Unrepeatable, Wanted, plan,
};
use crate::price::{Price, PriceCard, Rate};
use crate::request::{Cutoffs, Facts, MaxPrice, Preferences, Sort};
use crate::time::Timestamp;

const RECEIPTS: u64 = 100_000;

/// Eight providers of two models, all different.
fn catalog() -> Catalog {
    let slugs = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let mut providers: Vec<_> = slugs.map(provider).into();
    let mut endpoints = Vec::new();
    for place in 0..16_u32 {
        let at = place as usize % 8;
        let mut it = endpoint(place % 8, place / 8, &(1 + place % 5).to_string());
        it.tag = slugs[at].to_owned();
        it.id = format!("{}:{}", it.tag, ["x/one", "x/two"][place as usize / 8]);
        it.quantization = [None, Some("fp8"), Some("bf16")][at % 3].map(str::to_owned);
        it.tools = at != 2;
        it.structured_output = at != 3;
        it.temperature = at != 4;
        it.max_output = Some([500, 8_000][at % 2]);
        if let Some(card) = &mut it.price {
            card.base.cache_read = Rate::parse("0.1", 1_000_000);
        }
        if at == 5 {
            it.input_modalities.push(Modality::Image);
            it.price = Some(PriceCard::flat(Price {
                input: Some(Rate::FREE),
                output: Some(Rate::FREE),
                ..Price::default()
            }));
        }
        endpoints.push(it);
    }
    providers[6].data.train = Training::Yes;
    providers[7].data.retention_days = Some(30);
    let models = vec![model("x/one"), model("x/two")];
    Catalog::assemble(models, providers, endpoints, BTreeMap::new())
}

/// The inputs of one decision, at random.
struct Inputs {
    facts: Facts,
    wanted: Vec<Wanted>,
    fares: Vec<EndpointHealth>,
    turns: Vec<Turn>,
    defaults: Defaults,
    bond: Option<Bond>,
    callable: Vec<Vec<EndpointIx>>,
    now: Timestamp,
    entropy: u128,
}

fn one_of<T: Clone>(lots: &mut Lots, all: &[T]) -> T {
    all[lots.below(all.len())].clone()
}

fn preferences(lots: &mut Lots) -> Preferences {
    let lists = [&[] as &[&str], &[], &[], &["a"], &["b", "C", "f"], &["h", "g", "nobody"]];
    let rates = [None, None, None, Rate::parse("3", 1_000_000)];
    let cutoffs = [Cutoffs::default(), Cutoffs { p50: Some(300), ..Cutoffs::default() }];
    Preferences {
        order: names(one_of(lots, &lists)),
        only: names(one_of(lots, &lists)),
        ignore: names(one_of(lots, &lists)),
        allow_fallbacks: lots.below(8) != 0,
        require_parameters: lots.below(4) == 0,
        allow_data_collection: lots.below(4) != 0,
        zero_retention: lots.below(4) == 0,
        quantizations: names(one_of(lots, &[&[] as &[&str], &[], &["fp8", "unknown"]])),
        sort: one_of(lots, &[None, None, None, Some(Sort::Price), Some(Sort::Latency)]),
        sort_across_models: lots.below(4) == 0,
        max_price: MaxPrice { prompt: one_of(lots, &rates), ..MaxPrice::default() },
        min_throughput: one_of(lots, &cutoffs),
        max_latency_ms: one_of(lots, &cutoffs),
        distillable: false,
        resume: lots.below(8) == 0,
        hedge: false,
    }
}

fn fare(lots: &mut Lots) -> EndpointHealth {
    let until = Timestamp::from_ms(1_000_000_000 + lots.below(9_000) as i64);
    let gates = [
        Gate::Open,
        Gate::Open,
        Gate::Open,
        Gate::Slow { share_percent: 40 },
        Gate::Trial,
        Gate::Closed { until },
        Gate::Held { until },
    ];
    let mut points = || {
        let p50 = lots.below(600) as u32;
        let known = Percentiles { p50, p75: p50 + 1, p90: p50 + 2, p99: p50 + 3 };
        (!p50.is_multiple_of(3)).then_some(known)
    };
    let (latency_ms, throughput) = (points(), points());
    EndpointHealth {
        gate: one_of(lots, &gates),
        had_outage_lately: lots.below(4) == 0,
        is_demoted: lots.below(5) == 0,
        latency_ms,
        throughput,
        load: Load {
            first_token_ms: lots.below(900) as u32,
            tokens_per_second: lots.below(90) as u32,
            in_flight: lots.below(9) as u32,
        },
    }
}

fn inputs(catalog: &Catalog, lots: &mut Lots) -> Inputs {
    let now = Timestamp::from_ms(1_000_000_000);
    let modalities = if lots.below(9) == 0 { vec![Modality::Image] } else { vec![] };
    let facts = Facts {
        prompt_bytes: lots.below(60_000) as u32,
        output_tokens_max: one_of(lots, &[None, Some(100), Some(4_000)]),
        tools: lots.below(3) == 0,
        schema: lots.below(4) == 0,
        modalities,
        parameters: names(one_of(lots, &[&[] as &[&str], &["temperature", "response_format"]])),
        user: Some("somebody".to_owned()),
        ..facts(preferences(lots))
    };
    let sorts = [None, None, None, Some(Sort::Price), Some(Sort::Exacto)];
    let mut wanted: Vec<Wanted> = Vec::new();
    for model in [ModelIx(0), ModelIx(1)] {
        let lane =
            Lane { free: lots.below(12) == 0, sort: one_of(lots, &sorts), ..Lane::default() };
        wanted.push(Wanted { model, lane });
    }
    wanted.truncate(1 + lots.below(2));
    let bond = Bond {
        endpoint: one_of(lots, catalog.endpoints()).id,
        credential: Some(3),
        tokens: lots.below(20_000) as u32,
        used: now.plus_ms(-(lots.below(700_000) as i64)),
        lives_ms: 600_000,
        hits: lots.below(101) as u8,
    };
    let mut callable = Vec::new();
    for model in [ModelIx(0), ModelIx(1)] {
        let all = catalog.endpoints_of(model).iter().copied();
        callable.push(all.filter(|_| lots.below(6) != 0).collect());
    }
    Inputs {
        facts,
        wanted,
        fares: (0..16).map(|_| fare(lots)).collect(),
        turns: (0..16).map(|_| one_of(lots, &[Turn::House, Turn::House, Turn::OwnKey])).collect(),
        defaults: Defaults { zero_retention: lots.below(9) == 0, ..Defaults::default() },
        bond: (lots.below(2) == 0).then_some(bond),
        callable,
        now,
        entropy: u128::from(lots.below(usize::MAX) as u64) << 64 | lots.below(usize::MAX) as u128,
    }
}

impl Inputs {
    fn decide(&self, catalog: &Catalog) -> Option<(Plan, Receipt)> {
        let offers = Offers {
            catalog,
            callable: &|model| &self.callable[model.0 as usize],
            health: &|place| self.fares[place.0 as usize],
            takes_all: &|endpoint| endpoint.temperature || self.facts.parameters.is_empty(),
            takes: &|endpoint, _| endpoint.temperature,
            turn: &|place| self.turns[place.0 as usize],
            defaults: &self.defaults,
            bond: self.bond.as_ref(),
            now: self.now,
            entropy: self.entropy,
        };
        let found = plan(&self.facts, &self.wanted, &offers).ok()?;
        let resolved =
            Resolved { wanted: self.wanted.clone(), strategy: Strategy::Direct, routed: None };
        let receipt = Receipt::of(&self.facts, &resolved, &offers, &found);
        Some((found, receipt))
    }
}

#[test]
fn a_hundred_thousand_receipts_make_the_same_plans_again() {
    let catalog = catalog();
    let mut lots = Lots::new(5);
    let (mut made, mut longest, mut stays) = (0, 0, 0);
    while made < RECEIPTS {
        let inputs = inputs(&catalog, &mut lots);
        let Some((found, receipt)) = inputs.decide(&catalog) else { continue };
        // Writing and reading is slow without optimisation: every tenth goes through it.
        if made % 10 == 0 {
            let kept = serde_json::to_string(&receipt).unwrap();
            longest = longest.max(kept.len());
            assert_eq!(serde_json::from_str::<Receipt>(&kept).unwrap(), receipt);
        }
        let again = receipt.replay(&catalog).unwrap_or_else(|why| panic!("{why}: {receipt:?}"));
        // What tells credentials apart stands in no receipt; all else is the same choice.
        let unnamed = |it: &Candidate| Candidate { credential: None, ..*it };
        let chosen: Vec<Candidate> = found.candidates.iter().map(unnamed).collect();
        assert_eq!(again.candidates, chosen, "{receipt:?}");
        assert!(receipt.is_of(&again));
        made += 1;
        stays += u64::from(found.stay.is_some());
    }
    assert!(RECEIPTS / 4 < stays, "conversations are held in {stays}");
    assert!(longest < 4_096, "sixteen endpoints fill {longest} bytes");
}

#[test]
fn a_receipt_knows_when_the_catalog_is_another() {
    let before = three(|_, _, _| ());
    let wanted = [Wanted::plain(ModelIx(0))];
    let mut lots = Lots::new(1);
    let inputs = Inputs {
        facts: facts(Preferences::default()),
        wanted: wanted.to_vec(),
        callable: vec![before.endpoints_of(ModelIx(0)).to_vec()],
        bond: None,
        ..inputs(&catalog(), &mut lots)
    };
    let (_, receipt) = inputs.decide(&before).unwrap();
    assert!(receipt.replay(&before).is_ok());
    let dearer = three(|place, _, it| {
        if place == 1 {
            it.price = endpoint(0, 0, "9").price;
        }
    });
    assert_eq!(receipt.replay(&dearer), Err(Unrepeatable::Changed("p1:x/one".to_owned())));
    let renamed = three(|_, _, it| it.tag = "other".to_owned());
    assert_eq!(receipt.replay(&renamed), Err(Unrepeatable::Gone("p0:x/one".to_owned())));
}

#[test]
fn what_is_too_long_is_cut_and_said_to_be() {
    let catalog = three(|_, _, _| ());
    let mut lots = Lots::new(1);
    let many: Vec<String> = (0..200).map(|it| format!("a-provider-of-a-long-name-{it}")).collect();
    let inputs = Inputs {
        facts: facts(Preferences { ignore: many, ..Preferences::default() }),
        wanted: vec![Wanted::plain(ModelIx(0))],
        callable: vec![catalog.endpoints_of(ModelIx(0)).to_vec()],
        bond: None,
        ..inputs(&super::receipts::catalog(), &mut lots)
    };
    let (_, receipt) = inputs.decide(&catalog).unwrap();
    assert!(receipt.facts.preferences.ignore.is_empty());
    assert_eq!(receipt.replay(&catalog), Err(Unrepeatable::Cut(1)));
}
