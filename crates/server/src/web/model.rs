//! `/models/{author}/{slug}`: one model, and its twins.

use axum::extract::{Path, State};
use axum::response::Response;
use domain::catalog::{Catalog, EndpointIx, Modality, Model, ModelIx, Stealth};
use domain::price::PriceInForce;
use domain::time::Timestamp;
use domain::usage::Usage;
use http::{HeaderMap, StatusCode};
use relay::Snapshot;
use site::model::{Calculator, ModelPage, Parameter, Terms};
use site::{Fact, Link, Section, words};

use super::missing::missing;
use super::offer::{offer, per_million, tokens};
use super::page::{MARKDOWN, Pairs, Shared, frame, pairs, twins};
use super::snippets::snippets;
use super::{linked, links, plain, reply, uptime};
use crate::app::App;
use crate::shelf::kept::shelf;
use crate::shelf::pricing::believed;
use crate::shelf::query::Query;
use crate::shelf::row::Row;
use crate::shelf::sheet;
use crate::shelf::traffic::{endpoints, open};

/// `GET /models/{author}/{slug}`, and with `.json`, `.csv` or `.md` at its end the same for
/// programs.
pub(super) async fn page(
    State(app): Shared,
    headers: HeaderMap,
    Path((author, slug)): Path<(String, String)>,
    query: Pairs,
) -> Response {
    let snapshot = app.current().snapshot.clone();
    let id = format!("{author}/{slug}");
    if let Some(address) = renamed(&snapshot.catalog, &id) {
        return reply::for_good(&address);
    }
    if let Some(place) = snapshot.catalog.find_model(&id) {
        let own = &snapshot.catalog.model(place).id;
        if *own != id {
            return reply::see_other(&links::model(own));
        }
        return shown(&app, &snapshot, place, &headers, &pairs(query));
    }
    let twin = id
        .rsplit_once('.')
        .and_then(|(id, ending)| Some((snapshot.catalog.find_model(id)?, ending)));
    match twin {
        Some((place, "json")) => {
            // As `GET /api/v1/models/{author}/{slug}/endpoints?available=all`.
            let figures = open(&app);
            let value = endpoints(&snapshot, figures.as_deref(), (place, true), app.now());
            reply::json(&headers, &serde_json::json!({ "data": value }))
        }
        Some((place, "csv")) => {
            let rows = cells(&app, &snapshot, place);
            reply::text(&headers, "text/csv; charset=utf-8", sheet::written(&plain::OFFER, &rows))
        }
        Some((place, "md")) => {
            let model = snapshot.catalog.model(place);
            let table =
                site::machine::markdown_table(&plain::OFFER, &cells(&app, &snapshot, place));
            let said = site::machine::plain;
            let text = format!(
                "# {}\n\n`{}`\n\n{}\n\n{table}\n```sh\n{}\n```\n",
                said(&model.name),
                model.id.replace('`', ""),
                said(&model.description),
                snippets(&app.public_url, &model.id)[0].text,
            );
            reply::text(&headers, MARKDOWN, text)
        }
        _ => missing(&app, &headers, &format!("/models/{id}")),
    }
}

/// Returns where a model or a twin of its page is that was asked for by the name that it had as a
/// stealth model.
fn renamed(catalog: &Catalog, id: &str) -> Option<String> {
    if let Some(reveal) = catalog.revealed(id) {
        return Some(links::model(&reveal.model));
    }
    let (name, ending) = id.rsplit_once('.')?;
    let reveal = catalog.revealed(name).filter(|_| ["json", "csv", "md"].contains(&ending))?;
    Some(format!("{}.{ending}", links::model(&reveal.model)))
}

fn shown(
    app: &App,
    snapshot: &std::sync::Arc<Snapshot>,
    place: ModelIx,
    headers: &HeaderMap,
    asked: &[(String, String)],
) -> Response {
    let model = snapshot.catalog.model(place);
    let shelf = shelf(snapshot, app.now());
    let page = view(snapshot, shelf.row(place), place, app, asked);
    let status = match page.calculator.fault {
        None => StatusCode::OK,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let path = links::model(&model.id);
    let fact = |place: usize| page.facts[place].value.clone();
    let offers = words::count(page.offers.len(), "endpoint");
    let title = format!("{}: {} in, {} out, {offers}", model.name, fact(0), fact(1));
    let lede =
        format!("{}: prices, limits and policies of {offers}, and how to call it.", model.name);
    let mut frame = frame(app, Section::Models, &path, &title, &lede);
    frame.twins = twins(&path, "");
    frame.linked = Some(linked::model(&app.public_url, &path, &page));
    reply::html_with(headers, status, frame.page(&page.html()))
}

/// Endpoints of a model: those that can be called first, in the catalog's order.
fn ordered(snapshot: &Snapshot, place: ModelIx) -> Vec<EndpointIx> {
    let mut all = snapshot.catalog.endpoints_of(place).to_vec();
    let callable = snapshot.callable(place);
    all.sort_by_key(|endpoint| !callable.contains(endpoint));
    all
}

fn view(
    snapshot: &Snapshot,
    row: &Row,
    place: ModelIx,
    app: &App,
    asked: &[(String, String)],
) -> ModelPage {
    let catalog = &snapshot.catalog;
    let (model, now) = (catalog.model(place), app.now());
    let all = ordered(snapshot, place);
    let traffic = open(app);
    let traffic = traffic.as_deref();
    let aliases =
        catalog.aliases().iter().filter(|(_, to)| **to == model.id).map(|(from, _)| from.clone());
    ModelPage {
        name: model.name.clone(),
        id: model.id.clone(),
        author: Link { word: model.author().to_owned(), href: links::author(model.author()) },
        description: model.description.clone(),
        summary: summary(catalog, model),
        facts: facts(row, model),
        offers: all.iter().map(|place| offer(snapshot, traffic, *place, now)).collect(),
        calculator: calculator(snapshot, &all, &links::model(&model.id), asked, now),
        parameters: parameters(snapshot, &all),
        snippets: snippets(&app.public_url, &model.id),
        aliases: aliases.collect(),
        available: row.available,
        terms: model.stealth.as_ref().map(|it| terms(&app.public_url, &model.id, it)),
        traffic: traffic.and_then(|it| uptime::of_model(it, snapshot, (model, &all), asked)),
    }
}

fn terms(public_url: &str, id: &str, stealth: &Stealth) -> Terms {
    let accept = format!(
        "curl {public_url}/api/v1/models/{id}/terms \\\n  \
         -H \"Authorization: Bearer $INTERLINE_API_KEY\" \\\n  \
         -d '{{\"accept\":\"{}\"}}'",
        stealth.terms_hash
    );
    Terms { text: stealth.terms.clone(), accept }
}

fn summary(catalog: &Catalog, model: &Model) -> Vec<String> {
    let listed = |modalities: &[Modality]| {
        modalities.iter().map(|it| it.word()).collect::<Vec<_>>().join(", ")
    };
    let mut said = Vec::new();
    said.extend(model.released.as_ref().map(|day| format!("released {day}")));
    said.extend(model.knowledge.as_ref().map(|day| format!("knows until {day}")));
    if !model.input_modalities.is_empty() {
        said.push(format!(
            "{} → {}",
            listed(&model.input_modalities),
            listed(&model.output_modalities)
        ));
    }
    said.extend(
        model
            .open_weights
            .map(|open| if open { "open weights" } else { "closed weights" }.to_owned()),
    );
    said.extend(model.license.clone());
    said.extend(model.reasoning.filter(|it| *it).map(|_| "reasoning".to_owned()));
    said.extend(catalog.was(&model.id).map(|it| {
        format!("cloaked as {} until {}", it.stealth, traffic::figures::date(it.at.day()))
    }));
    said
}

fn facts(row: &Row, model: &Model) -> Vec<Fact> {
    vec![
        Fact::new("Input", per_million(row.prompt), "per million tokens, cheapest endpoint"),
        Fact::new("Output", per_million(row.completion), "per million tokens, there"),
        Fact::new("Context", tokens(row.context), "tokens of prompt and answer"),
        Fact::new("Longest answer", tokens(model.max_output), "tokens"),
    ]
}

/// The most requests a day that are reckoned with.
const REQUESTS_MAX: u32 = 100_000_000;

/// Reckons a workload at every endpoint with a price per token.
fn calculator(
    snapshot: &Snapshot,
    all: &[EndpointIx],
    action: &str,
    asked: &[(String, String)],
    now: Timestamp,
) -> Calculator {
    let query = Query(asked);
    let number = |name: &str, max: u32, default: u32| {
        query.number(name, 0..=max).map(|given| given.unwrap_or(default))
    };
    let read = || {
        let input = number("in", domain::usage::TOKENS_MAX, 8_000)?;
        let output = number("out", domain::usage::TOKENS_MAX, 900)?;
        let cached = number("cached", 100, 0)?;
        let daily = number("n", REQUESTS_MAX, 2_000)?;
        Ok::<_, domain::failure::Failure>((input, output, cached, daily))
    };
    let fields = [
        ("in", "Prompt tokens", "8000"),
        ("out", "Answer tokens", "900"),
        ("cached", "Cached, %", "0"),
        ("n", "Requests a day", "2000"),
    ];
    let given = |name: &str| query.text(name).ok().flatten().map(str::to_owned);
    let fields = fields
        .map(|(name, word, usual)| (name, word, given(name).unwrap_or_else(|| usual.to_owned())));
    let (rows, fault) = match read() {
        Ok((input, output, cached, daily)) => {
            let cache_read = (u64::from(input) * u64::from(cached) / 100) as u32;
            let usage = Usage { input: input - cache_read, cache_read, output, ..Usage::default() };
            (costs(snapshot, all, &usage, daily, now), None)
        }
        Err(failure) => (Vec::new(), Some(failure.detail)),
    };
    Calculator { action: action.to_owned(), fields: fields.to_vec(), rows, fault }
}

const DAYS: i64 = 30;

fn costs(
    snapshot: &Snapshot,
    all: &[EndpointIx],
    usage: &Usage,
    daily: u32,
    now: Timestamp,
) -> Vec<[String; 3]> {
    let catalog = &snapshot.catalog;
    let mut costs: Vec<(i64, String)> = Vec::new();
    for place in all {
        let endpoint = catalog.endpoint(*place);
        let Some(card) = believed(endpoint) else { continue };
        let in_force: PriceInForce<'_> = card.at(now, false);
        let price = in_force.for_prompt(usage.bounded().prompt());
        if price.input.is_none() && price.output.is_none() {
            continue;
        }
        let who = &catalog.provider(endpoint.provider).display_name;
        let region = endpoint.tag.split_once('/').map_or("", |(_, rest)| rest);
        let who = if region.is_empty() { who.clone() } else { format!("{who} · {region}") };
        costs.push((in_force.charge(usage).nanos(), who));
    }
    costs.sort();
    let money = |nanos: i64| words::money(domain::money::Money::from_nanos(nanos));
    costs
        .into_iter()
        .map(|(nanos, who)| {
            [who, money(nanos), money(nanos.saturating_mul(i64::from(daily)).saturating_mul(DAYS))]
        })
        .collect()
}

/// What becomes of each parameter, as the contract of dialects says.
fn parameters(snapshot: &Snapshot, all: &[EndpointIx]) -> Vec<Parameter> {
    let spoken: Vec<_> = all
        .iter()
        .map(|place| snapshot.catalog.endpoint(*place))
        .filter(|endpoint| dialect::registry::is_spoken(endpoint.dialect))
        .collect();
    if spoken.is_empty() {
        return Vec::new();
    }
    let told = |name: &&str| {
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for endpoint in &spoken {
            let word = dialect::registry::fate(name, endpoint).word();
            match counts.iter_mut().find(|(known, _)| *known == word) {
                Some((_, count)) => *count += 1,
                None => counts.push((word, 1)),
            }
        }
        counts.sort_unstable();
        let fate = match counts.as_slice() {
            [(word, _)] => format!("{word}: all"),
            counts => counts
                .iter()
                .map(|(word, count)| format!("{word}: {count}"))
                .collect::<Vec<_>>()
                .join(", "),
        };
        Parameter { name: (*name).to_owned(), fate }
    };
    dialect::registry::PARAMETERS.iter().map(told).collect()
}

/// The rows of a table for programs.
fn cells(app: &App, snapshot: &Snapshot, place: ModelIx) -> Vec<Vec<String>> {
    let (all, traffic) = (ordered(snapshot, place), open(app));
    let cells = |place: &EndpointIx| plain::offer(snapshot, traffic.as_deref(), *place, app.now());
    all.iter().map(cells).collect()
}
