//! How long planning takes: over forty endpoints of a model, in catalogs of one, five hundred and
//! five thousand other models. `cargo bench -p catalog --bench planning`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

use std::fmt::Write;
use std::hint::black_box;

use catalog::{Layers, SourceFile, load};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use domain::catalog::{Catalog, EndpointIx};
use domain::health::{EndpointHealth, Load, Percentiles};
use domain::models::{Index, resolve};
use domain::plan::{Defaults, Offers, Receipt, Turn, plan};
use domain::request::{Cutoffs, Facts, Preferences};
use domain::time::Timestamp;

const ENDPOINTS: u32 = 40;

/// A catalog with a model at forty providers, and others at one each.
fn catalog(others: u32) -> Catalog {
    let mut text = String::new();
    let model = |text: &mut String, id: &str| {
        let _ = write!(
            text,
            "[[model]]\nid = \"{id}\"\nname = \"{id}\"\nreleased = \"2026-01-01\"\ncontext = 100000\n\
             max_output = 8000\ninput_modalities = [\"text\"]\noutput_modalities = [\"text\"]\n\
             tools = true\nstructured_output = true\ntemperature = true\n"
        );
    };
    let offer = |text: &mut String, provider: u32, id: &str, dollars: u32| {
        let _ = write!(
            text,
            "[[endpoint]]\nprovider = \"p{provider}\"\nmodel = \"{id}\"\nid = \"{id}\"\n\
             quantization = \"fp8\"\n\
             price = {{ input = \"{dollars}\", output = \"{dollars}\", cache_read = \"0.1\" }}\n"
        );
    };
    for provider in 0..ENDPOINTS {
        let _ = write!(
            text,
            "[provider.p{provider}]\nname = \"P{provider}\"\ndialect = \"openai-chat\"\n\
             base_url = \"http://127.0.0.1:1/v1\"\nauth = \"none\"\n"
        );
    }
    model(&mut text, "x/wide");
    for provider in 0..ENDPOINTS {
        offer(&mut text, provider, "x/wide", 1 + provider % 7);
    }
    for other in 0..others {
        let id = format!("y/other-{other}");
        model(&mut text, &id);
        offer(&mut text, other % ENDPOINTS, &id, 1 + other % 9);
    }
    let file = SourceFile { path: "bench.toml".to_owned(), text };
    load(&Layers { base: vec![], overlays: vec![vec![file]] }).unwrap().catalog
}

fn health(EndpointIx(place): EndpointIx) -> EndpointHealth {
    let points = |p50| Some(Percentiles { p50, p75: p50 * 2, p90: p50 * 3, p99: p50 * 4 });
    EndpointHealth {
        had_outage_lately: place.is_multiple_of(9),
        latency_ms: points(200 + place),
        throughput: points(40 + place),
        load: Load { first_token_ms: 200, tokens_per_second: 50, in_flight: place % 4 },
        ..EndpointHealth::default()
    }
}

fn facts(models: &str, preferences: Preferences) -> Facts {
    Facts {
        models: vec![models.to_owned()],
        prompt_bytes: 8_000,
        output_tokens_max: Some(1_000),
        tools: true,
        preferences,
        ..Facts::default()
    }
}

fn demanding() -> Preferences {
    Preferences {
        ignore: vec!["p3".to_owned(), "p5".to_owned()],
        quantizations: vec!["fp8".to_owned(), "bf16".to_owned()],
        min_throughput: Cutoffs { p90: Some(20), ..Cutoffs::default() },
        ..Preferences::default()
    }
}

fn planning(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("planning");
    for others in [1, 500, 5_000] {
        let catalog = catalog(others);
        let index = Index::new(&catalog, &|model| catalog.endpoints_of(model));
        let offers = Offers {
            catalog: &catalog,
            callable: &|model| catalog.endpoints_of(model),
            health: &health,
            takes_all: &|_| true,
            takes: &|_, _| true,
            turn: &|_| Turn::House,
            defaults: &Defaults::default(),
            bond: None,
            now: Timestamp::from_ms(1_787_000_000_000),
            entropy: 7,
        };
        let cases = [
            ("forty endpoints", facts("x/wide", Preferences::default())),
            ("forty endpoints, demanding", facts("x/wide", demanding())),
            ("auto", facts("interline/auto", Preferences::default())),
        ];
        for (name, facts) in &cases {
            let id = BenchmarkId::new(*name, others);
            group.bench_function(id, |bencher| {
                bencher.iter(|| {
                    let resolved = resolve(black_box(facts), &offers, &index, None).unwrap();
                    plan(facts, &resolved.wanted, &offers).unwrap()
                });
            });
        }
        let facts = &cases[0].1;
        let resolved = resolve(facts, &offers, &index, None).unwrap();
        let made = plan(facts, &resolved.wanted, &offers).unwrap();
        group.bench_function(BenchmarkId::new("receipt", others), |bencher| {
            bencher.iter(|| Receipt::of(black_box(facts), &resolved, &offers, &made));
        });
    }
    group.finish();
}

criterion_group!(benches, planning);
criterion_main!(benches);
