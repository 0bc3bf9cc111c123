//! `/status`: how the endpoints that can be called fare now, and its twins.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use domain::catalog::{EndpointIx, ModelIx, Provider};
use domain::time::Timestamp;
use http::HeaderMap;
use relay::Snapshot;
use serde_json::{Value, json};
use site::model::{Health, Tone};
use site::status::{Row, Status};
use site::{Fact, Link, Section, words};
use traffic::figures::{DayOfService, EndpointFigures, Figures, date};

use super::page::{MARKDOWN, Shared, frame, twins};
use super::uptime::service;
use super::{health, links, reply};
use crate::shelf::ranking::meta;
use crate::shelf::sheet::Sheet;
use crate::shelf::traffic::{open, percent};

/// `GET /status`.
pub(super) async fn page(State(app): Shared, headers: HeaderMap) -> Response {
    let figures = open(&app).unwrap_or_default();
    let current = app.current();
    let page = view(&fares(&current.snapshot, &figures, app.now()), &current.snapshot);
    let mut frame = frame(&app, Section::Status, "/status", "Status", &page.lede);
    frame.twins = twins("/status", "");
    reply::html(&headers, frame.page(&page.html()))
}

/// `GET /status.json`.
pub(super) async fn json(State(app): Shared, headers: HeaderMap) -> Response {
    let figures = open(&app);
    let current = app.current();
    let told = figures.clone().unwrap_or_default();
    let sheet = sheet(&fares(&current.snapshot, &told, app.now()), &current.snapshot, true);
    let meta = figures.as_deref().map_or_else(|| json!({}), meta);
    reply::json(&headers, &sheet.json(meta))
}

/// `GET /status.csv`: as the JSON, without single days.
pub(super) async fn csv(State(app): Shared, headers: HeaderMap) -> Response {
    let figures = open(&app).unwrap_or_default();
    let current = app.current();
    let sheet = sheet(&fares(&current.snapshot, &figures, app.now()), &current.snapshot, false);
    reply::text(&headers, "text/csv; charset=utf-8", sheet.csv())
}

/// `GET /status.md`: as the JSON, without single days.
pub(super) async fn markdown(State(app): Shared, headers: HeaderMap) -> Response {
    let figures = open(&app).unwrap_or_default();
    let current = app.current();
    let fares = fares(&current.snapshot, &figures, app.now());
    let (head, rows) = sheet(&fares, &current.snapshot, false).table();
    let table = site::machine::markdown_table(&head, &rows);
    reply::text(&headers, MARKDOWN, format!("# Status\n\n{}\n\n{table}", lede(&fares)))
}

/// How a provider fares.
struct Fare<'a> {
    provider: &'a Provider,
    /// Its endpoints that can be called here.
    callable: Vec<EndpointIx>,
    /// Those of them that are in trouble.
    troubled: Vec<EndpointIx>,
    /// What traffic told of it, where it told anything.
    told: Option<&'a EndpointFigures>,
}

/// Providers that can be called here, those in trouble first; then those that traffic told of.
fn fares<'a>(snapshot: &'a Snapshot, figures: &'a Figures, now: Timestamp) -> Vec<Fare<'a>> {
    let catalog = &snapshot.catalog;
    let mut by_provider: BTreeMap<u32, Vec<EndpointIx>> = BTreeMap::new();
    for model in (0..).map(ModelIx).take(catalog.models().len()) {
        for place in snapshot.callable(model) {
            by_provider.entry(catalog.endpoint(*place).provider.0).or_default().push(*place);
        }
    }
    let is_bad = |place: &&EndpointIx| health::is_troubled(&health::seen(snapshot, **place, now));
    let fare = |callable: Vec<EndpointIx>| {
        let provider = catalog.provider(catalog.endpoint(callable[0]).provider);
        let troubled = callable.iter().filter(is_bad).copied().collect();
        Fare { provider, callable, troubled, told: figures.providers.get(&provider.slug) }
    };
    let mut fares: Vec<Fare<'_>> = by_provider.into_values().map(fare).collect();
    fares.sort_by_key(|fare| fare.troubled.is_empty());
    let known = figures.providers.iter().filter(|(_, told)| told.last_90d.tries != 0);
    let others: Vec<Fare<'_>> = known
        .filter_map(|(slug, told)| {
            let provider = catalog.provider(catalog.find_provider(slug)?);
            let is_listed = fares.iter().any(|fare| fare.provider.slug == *slug);
            let (callable, troubled) = (Vec::new(), Vec::new());
            (!is_listed).then_some(Fare { provider, callable, troubled, told: Some(told) })
        })
        .collect();
    fares.extend(others);
    fares
}

/// Returns how many endpoints can be called, and how many of them are in trouble.
fn counts(fares: &[Fare<'_>]) -> (usize, usize) {
    let sum = |of: fn(&Fare<'_>) -> usize| fares.iter().map(of).sum();
    (sum(|fare| fare.callable.len()), sum(|fare| fare.troubled.len()))
}

fn lede(fares: &[Fare<'_>]) -> String {
    match counts(fares) {
        (0, _) => "Nothing can be called here yet.".to_owned(),
        (all, 0) => {
            format!("All {} that can be called are in service.", words::count(all, "endpoint"))
        }
        (all, bad) => format!(
            "{bad} of {} failed lately; requests go to the others.",
            words::count(all, "endpoint")
        ),
    }
}

fn view(fares: &[Fare<'_>], snapshot: &Snapshot) -> Status {
    let catalog = &snapshot.catalog;
    let link = |place: &EndpointIx| {
        let model = catalog.model(catalog.endpoint(*place).model);
        Link { word: model.name.clone(), href: links::model(&model.id) }
    };
    let row = |fare: &Fare<'_>| {
        let word = fare.provider.display_name.clone();
        Row {
            link: Link { word: word.clone(), href: links::provider(&fare.provider.slug) },
            health: whole(fare.troubled.len(), fare.callable.len()),
            endpoints: words::grouped(fare.callable.len() as u64),
            troubled: fare.troubled.iter().map(link).collect(),
            service: fare.told.map(|told| service(word, told)),
        }
    };
    let (all, bad) = counts(fares);
    let facts = vec![
        Fact::new(
            "Endpoints in service",
            words::grouped((all - bad) as u64),
            format!("of {}", words::grouped(all as u64)),
        ),
        Fact::new("In trouble", words::grouped(bad as u64), "in the last minutes"),
    ];
    Status { lede: lede(fares), facts, rows: fares.iter().map(row).collect() }
}

/// Returns the same for programs, with ninety days one by one or without. Uptimes are percent.
fn sheet(fares: &[Fare<'_>], snapshot: &Snapshot, has_days: bool) -> Sheet {
    let catalog = &snapshot.catalog;
    let model = |place: &EndpointIx| &catalog.model(catalog.endpoint(*place).model).id;
    let day = |it: &DayOfService| json!({ "date": date(it.day), "tries": it.tries, "uptime": percent(it.uptime) });
    let row = |fare: &Fare<'_>| {
        let long = fare.told.map(|told| &told.last_90d);
        let mut row = json!({
            "provider": fare.provider.slug,
            "name": fare.provider.display_name,
            "endpoints": fare.callable.len(),
            "in_trouble": fare.troubled.iter().map(model).collect::<Vec<_>>(),
            "tries_last_90d": long.map(|it| it.tries),
            "uptime_last_90d": long.and_then(|it| percent(it.uptime)),
        });
        if has_days {
            let days = fare.told.into_iter().flat_map(|told| &told.days);
            row["days"] = days.filter(|it| it.tries != 0).map(day).collect::<Value>();
        }
        row
    };
    Sheet::of(fares.iter().map(row))
}

fn whole(bad: usize, all: usize) -> Health {
    let (tone, word) = match bad {
        _ if all == 0 => (Tone::Quiet, "cannot be called here".to_owned()),
        0 => (Tone::Good, "in service".to_owned()),
        _ if bad == all => (Tone::Bad, "▼ failing".to_owned()),
        _ => (Tone::Doubtful, format!("▾ {bad} failing")),
    };
    Health { tone, word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_fares_as_well_as_its_endpoints() {
        assert_eq!(
            (whole(0, 3).tone, whole(1, 3).tone, whole(3, 3).tone),
            (Tone::Good, Tone::Doubtful, Tone::Bad)
        );
        assert_eq!(whole(0, 0).tone, Tone::Quiet);
    }
}
