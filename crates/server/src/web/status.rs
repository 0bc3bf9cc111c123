//! `/status`: how the endpoints that can be called fare now.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use domain::catalog::{EndpointIx, ModelIx};
use domain::time::Timestamp;
use http::HeaderMap;
use relay::Snapshot;
use site::model::{Health, Tone};
use site::status::{Row, Status};
use site::{Fact, Link, Section, words};
use traffic::figures::Figures;

use super::page::{Shared, frame};
use super::uptime::service;
use super::{health, links, reply};
use crate::shelf::traffic::open;

/// `GET /status`.
pub(super) async fn page(State(app): Shared, headers: HeaderMap) -> Response {
    let figures = open(&app).unwrap_or_default();
    let page = view(&app.current().snapshot, &figures, app.now());
    let frame = frame(&app, Section::Status, "/status", "Status", &page.lede);
    reply::html(&headers, frame.page(&page.html()))
}

fn view(snapshot: &Snapshot, figures: &Figures, now: Timestamp) -> Status {
    let catalog = &snapshot.catalog;
    let mut by_provider: BTreeMap<u32, Vec<EndpointIx>> = BTreeMap::new();
    for model in (0..).map(ModelIx).take(catalog.models().len()) {
        for place in snapshot.callable(model) {
            by_provider.entry(catalog.endpoint(*place).provider.0).or_default().push(*place);
        }
    }
    let mut rows: Vec<Row> = Vec::new();
    let (mut all, mut bad) = (0, 0);
    for places in by_provider.values() {
        let is_bad =
            |place: &&EndpointIx| health::is_troubled(&health::seen(snapshot, **place, now));
        let troubled: Vec<EndpointIx> = places.iter().filter(is_bad).copied().collect();
        all += places.len();
        bad += troubled.len();
        let provider = catalog.provider(catalog.endpoint(places[0]).provider);
        let link = |place: &EndpointIx| {
            let model = catalog.model(catalog.endpoint(*place).model);
            Link { word: model.name.clone(), href: links::model(&model.id) }
        };
        rows.push(Row {
            link: Link {
                word: provider.display_name.clone(),
                href: links::provider(&provider.slug),
            },
            health: whole(troubled.len(), places.len()),
            endpoints: words::grouped(places.len() as u64),
            troubled: troubled.iter().map(link).collect(),
            service: figures
                .providers
                .get(&provider.slug)
                .map(|told| service(provider.display_name.clone(), told)),
        });
    }
    rows.sort_by_key(|row| row.troubled.is_empty());
    rows.extend(others(snapshot, figures, &rows));
    let lede = match (all, bad) {
        (0, _) => "Nothing can be called here yet.".to_owned(),
        (all, 0) => {
            format!("All {} that can be called are in service.", words::count(all, "endpoint"))
        }
        (all, bad) => format!(
            "{bad} of {} failed lately; requests go to the others.",
            words::count(all, "endpoint")
        ),
    };
    let facts = vec![
        Fact::new(
            "Endpoints in service",
            words::grouped((all - bad) as u64),
            format!("of {}", words::grouped(all as u64)),
        ),
        Fact::new("In trouble", words::grouped(bad as u64), "in the last minutes"),
    ];
    Status { lede, facts, rows }
}

/// Providers that traffic told of and that cannot be called here now.
fn others(snapshot: &Snapshot, figures: &Figures, listed: &[Row]) -> Vec<Row> {
    let catalog = &snapshot.catalog;
    let known = figures.providers.iter().filter(|(_, told)| told.last_90d.tries != 0);
    let row = |(slug, told): (&String, &traffic::figures::EndpointFigures)| {
        let provider = catalog.provider(catalog.find_provider(slug)?);
        let (word, href) = (provider.display_name.clone(), links::provider(slug));
        let is_listed = listed.iter().any(|row| row.link.href == href);
        (!is_listed).then(|| Row {
            link: Link { word: word.clone(), href },
            health: Health { tone: Tone::Quiet, word: "cannot be called here".to_owned() },
            endpoints: "0".to_owned(),
            troubled: Vec::new(),
            service: Some(service(word, told)),
        })
    };
    known.filter_map(row).collect()
}

fn whole(bad: usize, all: usize) -> Health {
    let (tone, word) = match bad {
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
    }
}
