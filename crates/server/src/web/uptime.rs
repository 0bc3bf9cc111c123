//! What traffic told of a model and of providers, for their pages.

use domain::catalog::{EndpointIx, Model};
use domain::money::Money;
use relay::Snapshot;
use site::Link;
use site::chart::{Course, DayBar, Lines, Tier};
use site::traffic::{Service, Traffic};
use site::words;
use traffic::figures::{EndpointFigures, Figures, ModelFigures, Paid, date};

use super::{links, pace};

/// Returns ninety days of an endpoint or a provider.
pub(super) fn service(name: String, told: &EndpointFigures) -> Service {
    let bar = |day: &traffic::figures::DayOfService| {
        let tier = Tier::of(day.uptime);
        let says = day.uptime.filter(|_| tier.is_told()).map(|share| {
            let (share, tries) = (words::floored_percent(share), words::grouped(day.tries));
            format!("{}: {share} of {tries}", date(day.day))
        });
        DayBar { tier, says: says.unwrap_or_default() }
    };
    let dash = || "–".to_owned();
    let day = &told.last_1d;
    Service {
        name,
        days: told.days.iter().map(bar).collect(),
        uptime: told.last_90d.uptime.map_or_else(dash, words::floored_percent),
        first_token: day.ttft_ms.map_or_else(dash, |it| words::duration(it.p50.round() as u32)),
        speed: day.speed.map_or_else(dash, |it| format!("{:.0}", it.p50)),
        paid: told.paid.map_or_else(dash, paid),
    }
}

/// Says what was paid for a million tokens of prompts and of answers.
fn paid(it: Paid) -> String {
    let million = |nanos: Option<f64>| match nanos {
        Some(nanos) => words::money(Money::from_nanos(nanos as i64)),
        None => "–".to_owned(),
    };
    format!("{} / {}", million(it.prompt_nanos_per_million), million(it.output_nanos_per_million))
}

/// Returns what traffic told of a model; nothing where there was none.
pub(super) fn of_model(
    figures: &Figures,
    snapshot: &Snapshot,
    (model, endpoints): (&Model, &[EndpointIx]),
    asked: &[(String, String)],
) -> Option<Traffic> {
    let told = pace::asked(figures, snapshot, endpoints);
    let services: Vec<Service> =
        told.iter().map(|it| service(it.name.clone(), it.figures)).collect();
    let used = figures.models.get(&model.id);
    let prices = pace::prices(figures, snapshot, endpoints);
    if services.is_empty() && used.is_none() && prices.is_none() {
        return None;
    }
    let path = links::model(&model.id);
    let made_up = if figures.has_synthetic { ", made up for the demo" } else { "" };
    Some(Traffic {
        line: used.map(drawn),
        services,
        pace: pace::pace(&told, &pace::Drawn { path: &path, asked }),
        prices,
        apps: used.map(|used| apps(figures, used)).unwrap_or_default(),
        tasks: used.map(tasks).unwrap_or_default(),
        provenance: format!("requests to this instance{made_up}"),
    })
}

fn drawn(used: &ModelFigures) -> Lines {
    let tokens = &used.series.tokens;
    let sum: u64 = tokens.iter().rev().take(7).flatten().sum();
    let values = tokens.iter().map(|it| it.map(|it| it as f64)).collect();
    Lines {
        title: format!("{} tokens in the last seven days", words::large(sum as f64)),
        days: (0..tokens.len()).map(|place| date(used.series.first + place as i64)).collect(),
        courses: vec![Course { name: "Tokens".to_owned(), values }],
        say: Some(words::large),
        ..Lines::default()
    }
}

/// Names that are listed, at most.
const LISTED: usize = 8;

fn apps(figures: &Figures, used: &ModelFigures) -> Vec<(Link, String)> {
    let row = |(url, tokens): &(String, u64)| {
        let known = figures.apps.iter().find(|app| app.url == *url);
        let word = known.map_or(url, |app| &app.title).clone();
        (Link { word, href: links::app(url) }, words::large(*tokens as f64))
    };
    let mut most: Vec<&(String, u64)> = used.apps.iter().collect();
    most.sort_by_key(|app| std::cmp::Reverse(app.1));
    most.into_iter().take(LISTED).map(row).collect()
}

fn tasks(used: &ModelFigures) -> Vec<(Link, String)> {
    let row = |(tag, share): &(classify::Tag, f64)| {
        let href = links::address("/rankings", &[("task".to_owned(), tag.key().to_owned())]);
        (Link { word: tag.label().to_owned(), href }, words::percent(*share))
    };
    used.tasks.iter().take(LISTED).map(row).collect()
}
