//! `/providers`: all of them, one, and their twins.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog::{EndpointIx, Provider, ProviderClass, ProviderIx, STEALTH};
use http::HeaderMap;
use serde_json::json as value;
use site::model::{Health, Tone};
use site::provider::{Offered, ProviderPage, Providers, Row};
use site::{Fact, Link, Section, words};

use super::missing::missing;
use super::offer::{per_million, policy, tokens};
use super::page::{MARKDOWN, Shared, frame, twins};
use super::{health, linked, links, plain, reply, uptime};
use crate::app::{App, Current};
use crate::shelf::pricing::in_force;
use crate::shelf::provider::provider;
use crate::shelf::sheet;
use crate::shelf::traffic::open;
use crate::snapshot::Found;

/// `GET /providers`.
pub(super) async fn page(State(app): Shared, headers: HeaderMap) -> Response {
    let page = all(&app.current());
    let mut frame = frame(&app, Section::Providers, "/providers", "Providers", &page.lede);
    frame.twins = twins("/providers", "");
    frame.linked = Some(linked::list(&app.public_url, page.rows.iter().map(|row| &row.link)));
    reply::html(&headers, frame.page(&page.html()))
}

fn endpoints_of(current: &Current, place: ProviderIx) -> Vec<EndpointIx> {
    let endpoints = current.snapshot.catalog.endpoints();
    let own =
        (0..).map(EndpointIx).zip(endpoints).filter(|(_, endpoint)| endpoint.provider == place);
    own.map(|(place, _)| place).collect()
}

/// The models of each provider.
fn models(current: &Current) -> Vec<BTreeSet<u32>> {
    let catalog = &current.snapshot.catalog;
    let mut models: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); catalog.providers().len()];
    for endpoint in catalog.endpoints().iter().filter(|endpoint| !endpoint.veiled) {
        models[endpoint.provider.0 as usize].insert(endpoint.model.0);
    }
    models
}

fn all(current: &Current) -> Providers {
    let catalog = &current.snapshot.catalog;
    let models = models(current);
    let rows = catalog.providers().iter().zip(&models).map(|(provider, models)| Row {
        link: Link { word: provider.display_name.clone(), href: links::provider(&provider.slug) },
        slug: provider.slug.clone(),
        kind: kind(provider),
        models: words::grouped(models.len() as u64),
        policy: policy(&provider.data),
        standing: standing(current, provider),
    });
    let is_told = |found: &&Found| found.slug != STEALTH;
    let callable = current.providers.iter().filter(is_told).filter(|found| 0 < found.callable);
    let here = callable.count();
    let lede = format!(
        "{}, of which {here} can be called here.",
        words::count(catalog.providers().len(), "provider")
    );
    Providers { lede, rows: rows.collect() }
}

fn kind(provider: &Provider) -> String {
    let class = match provider.class {
        ProviderClass::Lab => "lab",
        ProviderClass::Cloud => "cloud",
        ProviderClass::Host => "host",
        ProviderClass::Regional => "regional",
        ProviderClass::Private => "the operator's own",
    };
    match &provider.hq {
        Some(country) => format!("{class}, {country}"),
        None => class.to_owned(),
    }
}

/// Whether a provider can be called here. Why not is told without a word about credentials.
fn standing(current: &Current, provider: &Provider) -> Health {
    let found = current.providers.iter().find(|found| found.slug == provider.slug);
    let (tone, word) = match found {
        Some(found) if 0 < found.callable => (Tone::Good, words::count(found.callable, "endpoint")),
        _ if provider.disabled => (Tone::Quiet, "switched off here".to_owned()),
        Some(found) if found.active => {
            (Tone::Quiet, "none of its endpoints can be called".to_owned())
        }
        _ => (Tone::Quiet, "no credential here".to_owned()),
    };
    Health { tone, word }
}

/// `GET /providers/{slug}`, and with `.json`, `.csv` or `.md` at its end the same for programs.
pub(super) async fn one(
    State(app): Shared,
    headers: HeaderMap,
    Path(slug): Path<String>,
) -> Response {
    let current = app.current();
    let catalog = &current.snapshot.catalog;
    if let Some(place) = catalog.find_provider(&slug) {
        let page = view(&app, &current, place);
        let path = links::provider(&slug);
        let mut frame = frame(&app, Section::Providers, &path, &page.name, &page.lede);
        frame.twins = twins(&path, "");
        frame.linked = Some(linked::organization(&app.public_url, &path, &page.name));
        return reply::html(&headers, frame.page(&page.html()));
    }
    let twin = slug
        .rsplit_once('.')
        .and_then(|(slug, ending)| Some((catalog.find_provider(slug)?, ending)));
    match twin {
        Some((place, "json")) => {
            let known = catalog.provider(place);
            reply::json(&headers, &value!({ "data": provider(known, is_active(&current, known)) }))
        }
        Some((place, "csv")) => {
            let rows = offered(&app, &current, place);
            reply::text(&headers, "text/csv; charset=utf-8", sheet::written(&plain::OFFER, &rows))
        }
        Some((place, "md")) => {
            let page = view(&app, &current, place);
            let rows = offered(&app, &current, place);
            let table = site::machine::markdown_table(&plain::OFFER, &rows);
            let (name, lede) = (site::machine::plain(&page.name), site::machine::plain(&page.lede));
            reply::text(&headers, MARKDOWN, format!("# {name}\n\n{lede}\n\n{table}"))
        }
        _ => missing(&app, &headers, &format!("/providers/{slug}")),
    }
}

fn is_active(current: &Current, provider: &Provider) -> bool {
    current.providers.iter().any(|found| found.active && found.slug == provider.slug)
}

fn view(app: &App, current: &Current, place: ProviderIx) -> ProviderPage {
    let snapshot = &current.snapshot;
    let (catalog, now) = (&snapshot.catalog, app.now());
    let provider = catalog.provider(place);
    let own = endpoints_of(current, place);
    let models: BTreeSet<u32> = own.iter().map(|place| catalog.endpoint(*place).model.0).collect();
    let offer = |place: &EndpointIx| {
        let endpoint = catalog.endpoint(*place);
        let (model, price) = (catalog.model(endpoint.model), in_force(endpoint, now));
        Offered {
            link: Link { word: model.name.clone(), href: links::model(&model.id) },
            detail: format!("{} · {}", model.id, endpoint.tag),
            input: per_million(price.and_then(|price| price.input)),
            output: per_million(price.and_then(|price| price.output)),
            context: tokens(endpoint.context.or(model.context)),
            health: health::standing(snapshot, *place, now),
        }
    };
    let said = policy(&provider.data);
    let machines = if provider.datacenters.is_empty() {
        "not said".to_owned()
    } else {
        provider.datacenters.join(", ")
    };
    let url = |word: &str, address: &Option<String>| {
        let address =
            address.clone().filter(|it| it.starts_with("https://") || it.starts_with("http://"))?;
        Some(Link { word: word.to_owned(), href: address })
    };
    let pages = [
        url("Its documentation", &provider.docs),
        url("Its status page", &provider.status_page),
        url("Privacy policy", &provider.privacy_policy),
        url("Terms of service", &provider.terms_of_service),
    ];
    ProviderPage {
        name: provider.display_name.clone(),
        slug: provider.slug.clone(),
        lede: format!("{} ({}), run by {}.", provider.name, kind(provider), provider.operator),
        facts: vec![
            Fact::new(
                "Models",
                words::grouped(models.len() as u64),
                words::count(own.len(), "endpoint"),
            ),
            Fact::new("Machines in", machines, ""),
            Fact::new(
                "Training",
                said[0].clone(),
                provider
                    .data
                    .confidence
                    .clone()
                    .map(|it| format!("confidence: {it}"))
                    .unwrap_or_default(),
            ),
            Fact::new("Prompts", said[1].clone(), ""),
            Fact::new("Here", standing(current, provider).word, ""),
        ],
        links: pages.into_iter().flatten().collect(),
        notes: provider.data.note.iter().chain(&provider.notes).cloned().collect(),
        service: open(app).and_then(|traffic| {
            let told = traffic.providers.get(&provider.slug).filter(|it| it.last_90d.tries != 0)?;
            Some(uptime::service(provider.display_name.clone(), told))
        }),
        offers: own.iter().map(offer).collect(),
    }
}

/// What a provider offers, in a table for programs.
fn offered(app: &App, current: &Current, place: ProviderIx) -> Vec<Vec<String>> {
    let (all, traffic) = (endpoints_of(current, place), open(app));
    let (snapshot, traffic) = (&current.snapshot, traffic.as_deref());
    all.iter().map(|place| plain::offer(snapshot, traffic, *place, app.now())).collect()
}

/// `GET /providers.json`: as `GET /api/v1/providers`.
pub(super) async fn json(State(app): Shared, headers: HeaderMap) -> Response {
    let current = app.current();
    let shown = current.snapshot.catalog.providers().iter();
    let shown: Vec<_> = shown.map(|known| provider(known, is_active(&current, known))).collect();
    reply::json(&headers, &value!({ "data": shown }))
}

const HEAD: [&str; 8] =
    ["slug", "name", "class", "hq", "models", "callable", "training", "retention_days"];

/// All providers, in a table for programs. `callable` are endpoints that can be called here.
fn cells(current: &Current) -> Vec<Vec<String>> {
    let models = models(current);
    let cells = |(provider, models): (&Provider, &BTreeSet<u32>)| {
        let found = current.providers.iter().find(|found| found.slug == provider.slug);
        vec![
            provider.slug.clone(),
            provider.display_name.clone(),
            plain::class(provider.class).to_owned(),
            provider.hq.clone().unwrap_or_default(),
            models.len().to_string(),
            found.map_or(0, |found| found.callable).to_string(),
            plain::training(&provider.data).to_owned(),
            plain::number(provider.data.retention_days),
        ]
    };
    current.snapshot.catalog.providers().iter().zip(&models).map(cells).collect()
}

/// `GET /providers.csv`.
pub(super) async fn csv(State(app): Shared, headers: HeaderMap) -> Response {
    let rows = cells(&app.current());
    reply::text(&headers, "text/csv; charset=utf-8", sheet::written(&HEAD, &rows))
}

/// `GET /providers.md`.
pub(super) async fn markdown(State(app): Shared, headers: HeaderMap) -> Response {
    let current = app.current();
    let table = site::machine::markdown_table(&HEAD, &cells(&current));
    reply::text(&headers, MARKDOWN, format!("# Providers\n\n{}\n\n{table}", all(&current).lede))
}
