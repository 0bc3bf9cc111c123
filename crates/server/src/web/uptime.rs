//! What traffic told of a model and of providers, for their pages.

use domain::catalog::{EndpointIx, Model};
use domain::money::Money;
use relay::Snapshot;
use site::chart::{DayBar, Line, Tier};
use site::traffic::{Service, Traffic};
use site::words;
use traffic::figures::{EndpointFigures, Figures, Paid};

use super::rankings::date;

/// Returns ninety days of an endpoint or a provider.
pub(super) fn service(name: String, told: &EndpointFigures) -> Service {
    let bar = |day: &traffic::figures::DayOfService| DayBar {
        tier: Tier::of(day.uptime),
        says: day.uptime.map_or_else(String::new, |share| {
            let (share, tries) = (words::floored_percent(share), words::grouped(day.tries));
            format!("{}: {share} of {tries}", date(day.day))
        }),
    };
    let dash = || "–".to_owned();
    let day = &told.last_1d;
    Service {
        name,
        days: told.days.iter().map(bar).collect(),
        uptime: told.last_90d.uptime.map_or_else(dash, words::floored_percent),
        first_token: day.ttft_ms.map_or_else(dash, |it| words::duration(it.p50 as u32)),
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
    model: &Model,
    endpoints: &[EndpointIx],
) -> Option<Traffic> {
    let catalog = &snapshot.catalog;
    let services: Vec<Service> = endpoints
        .iter()
        .filter_map(|place| {
            let endpoint = catalog.endpoint(*place);
            let told = figures.endpoints.get(&endpoint.id).filter(|it| it.last_90d.tries != 0)?;
            let provider = &catalog.provider(endpoint.provider).display_name;
            Some(service(format!("{provider} · {}", endpoint.tag), told))
        })
        .collect();
    let used = figures.models.get(&model.id);
    if services.is_empty() && used.is_none() {
        return None;
    }
    let line = used.map(|used| {
        let tokens = &used.series.tokens;
        let sum: u64 = tokens.iter().rev().take(7).flatten().sum();
        let last = used.series.first + tokens.len() as i64 - 1;
        Line {
            title: format!("{} tokens in the last seven days", words::large(sum as f64)),
            ends: [date(used.series.first), date(last)],
            values: tokens.iter().map(|it| it.map(|it| it as f64)).collect(),
            say: Some(words::large),
        }
    });
    let apps = used.map(|used| {
        let rows = used.apps.iter().take(8);
        rows.map(|(app, tokens)| [app.clone(), words::large(*tokens as f64)]).collect()
    });
    let tasks = used.map(|used| {
        let rows = used.tasks.iter().take(8);
        rows.map(|(tag, share)| [tag.label().to_owned(), words::percent(*share)]).collect()
    });
    let made_up = if figures.has_synthetic { ", made up for the demo" } else { "" };
    Some(Traffic {
        line,
        services,
        apps: apps.unwrap_or_default(),
        tasks: tasks.unwrap_or_default(),
        provenance: format!("requests to this instance{made_up}"),
    })
}
