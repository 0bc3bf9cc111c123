//! What it costs to write a page, beside copying the finished page: for a list of 500 models at
//! once, a model that forty endpoints offer, a ranking of 300, six models side by side, and the
//! ninety days of 60 providers.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use site::chart::{Columns, DayBar, Stack, Tier, columns};
use site::compare::{self, Compare};
use site::model::{Calculator, Health, ModelPage, Offer, Parameter, Tone};
use site::models::{self, Models};
use site::ranking::{Cell, Ranking, Table};
use site::status::{self, Status};
use site::traffic::{Service, Traffic};
use site::{Fact, Frame, Link, Markup, Section, Snippet};

fn frame() -> Frame {
    Frame {
        title: "Models".to_owned(),
        description: "What can be called here.".to_owned(),
        path: "/models".to_owned(),
        site: "https://models.example.com".to_owned(),
        section: Section::Models,
        twins: Vec::new(),
        linked: None,
        script: None,
        indexed: true,
        demo: false,
        made_up: false,
    }
}

fn link(place: usize) -> Link {
    Link { word: format!("Model & Name {place}"), href: format!("/models/author/model-{place}") }
}

fn words(count: usize) -> Vec<String> {
    (0..count).map(|place| format!("word {place}")).collect()
}

fn list() -> Markup {
    let row = |place| models::Row {
        link: link(place),
        id: format!("author/model-{place}"),
        offers: "12 providers, from Example".to_owned(),
        tags: words(4),
        input: "$0.15".to_owned(),
        output: "$0.60".to_owned(),
        context: "128k".to_owned(),
        released: "2026-03-01".to_owned(),
    };
    Models { lede: "All.".to_owned(), rows: (0..500).map(row).collect(), ..Models::default() }
        .html()
}

fn service(place: usize) -> Service {
    let bar = |day: usize| DayBar {
        tier: if day.is_multiple_of(9) { Tier::Fair } else { Tier::Good },
        says: format!("2026-11-{day:02}: 99.12 % of 1,204"),
    };
    Service {
        name: format!("Provider {place}"),
        days: (0..90).map(bar).collect(),
        uptime: "99.91 %".to_owned(),
        first_token: "412 ms".to_owned(),
        speed: "88".to_owned(),
        paid: "$0.12 / $0.55".to_owned(),
    }
}

fn model() -> Markup {
    let offer = |place| Offer {
        provider: link(place),
        detail: "fast/fp8 · fp8 · EU".to_owned(),
        input: "$0.15".to_owned(),
        output: "$0.60".to_owned(),
        cached: "$0.02".to_owned(),
        others: words(2),
        conditions: words(1),
        context: "128k".to_owned(),
        max_output: "16k".to_owned(),
        first_token: "412 ms".to_owned(),
        speed: "88".to_owned(),
        uptime: "99.91 %".to_owned(),
        health: Health { tone: Tone::Good, word: "in service".to_owned() },
        policy: words(3),
        features: words(4),
    };
    let snippet = |place| Snippet {
        name: format!("client {place}"),
        text: "curl https://models.example.com/api/v1/chat/completions \\\n  -d '{}'\n".repeat(6),
    };
    let parameter = |name| Parameter { name, fate: "passed on by 38, dropped by 2".to_owned() };
    ModelPage {
        name: "Model".to_owned(),
        id: "author/model".to_owned(),
        author: link(0),
        description: "What it is, in a few sentences. ".repeat(8),
        summary: words(4),
        facts: (0..6).map(|_| Fact::new("Input", "$0.15", "per million tokens")).collect(),
        offers: (0..40).map(offer).collect(),
        calculator: Calculator {
            action: "/models/author/model".to_owned(),
            fields: vec![("prompt", "Prompt", "1000".to_owned()); 4],
            rows: (0..40).map(|_| ["Provider", "$0.0012", "$36.10"].map(str::to_owned)).collect(),
            fault: None,
        },
        parameters: words(24).into_iter().map(parameter).collect(),
        snippets: (0..6).map(snippet).collect(),
        aliases: words(3),
        available: true,
        traffic: Some(Traffic {
            services: (0..6).map(service).collect(),
            apps: (0..8).map(|place| (link(place), "1.2M".to_owned())).collect(),
            tasks: (0..8).map(|place| (link(place), "12 %".to_owned())).collect(),
            provenance: "requests to this instance".to_owned(),
            ..Traffic::default()
        }),
        terms: None,
    }
    .html()
}

fn ranking() -> Markup {
    let row = |place| {
        let figures = ["1", "1 to 3", "12.3 %", "+4.5 % (1.2 to 7.9)", "3.2M", "412", "99"];
        let figures = figures.map(Cell::of);
        std::iter::once(Cell::link(link(place))).chain(figures).collect()
    };
    let stack = |place: usize| Stack {
        name: format!("author/model-{place}"),
        values: (0..12).map(|week| (week * 7 + place) as f64).collect(),
    };
    let chart = Columns {
        title: "Tokens by week".to_owned(),
        labels: words(12),
        stacks: (0..8).map(stack).collect(),
        say: None,
    };
    Ranking {
        question: "Which models are used most?".to_owned(),
        answer: "Model 1, with 12.3 % of all tokens.".to_owned(),
        chart: Some(columns(&chart)),
        table: Table {
            name: "Models",
            caption: "By tokens.".to_owned(),
            columns: vec![("Model", false); 8],
            rows: (0..300).map(row).collect(),
        },
        notes: words(4),
        ..Ranking::default()
    }
    .html()
}

fn side_by_side() -> Markup {
    let column = |place| compare::Column {
        link: link(place),
        id: format!("author/model-{place}"),
        without: "/compare?models=author/model".to_owned(),
    };
    let line =
        |place: usize| compare::Line { label: "Context", cells: words(6), best: vec![place % 6] };
    Compare {
        models: (0..6).map(column).collect(),
        lines: (0..24).map(line).collect(),
        ..Compare::default()
    }
    .html()
}

fn services() -> Markup {
    let row = |place| status::Row {
        link: link(place),
        health: Health { tone: Tone::Good, word: "in service".to_owned() },
        endpoints: "40".to_owned(),
        troubled: Vec::new(),
        service: Some(service(place)),
    };
    Status { lede: "All.".to_owned(), facts: Vec::new(), rows: (0..60).map(row).collect() }.html()
}

type Page = fn() -> Markup;

fn pages(bench: &mut Criterion) {
    let all: [(&str, Page); 5] = [
        ("list", list),
        ("model", model),
        ("ranking", ranking),
        ("compare", side_by_side),
        ("status", services),
    ];
    for (name, page) in all {
        let done = frame().page(&page());
        let mut group = bench.benchmark_group(format!("{name}, {} bytes", done.len()));
        group.bench_function("made and written", |run| {
            run.iter(|| frame().page(&black_box(page)()));
        });
        group.bench_function("copied", |run| run.iter(|| black_box(&done).clone()));
        group.finish();
    }
}

criterion_group!(benches, pages);
criterion_main!(benches);
