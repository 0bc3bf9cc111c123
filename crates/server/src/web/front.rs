//! `/`: the front page.

use axum::extract::State;
use axum::response::Response;
use domain::catalog::STEALTH;
use http::HeaderMap;
use site::home::{Home, Newest};
use site::{Fact, Link, Section, words};

use super::listed::listed;
use super::page::{Shared, frame};
use super::{linked, links, rankings, reply, snippets};
use crate::demo;
use crate::shelf::kept::shelf;
use crate::shelf::order::{Order, sort};
use crate::shelf::row::Row;
use crate::snapshot::Found;

/// Models that the front page names.
const NEWEST: usize = 5;

/// The rankings whose answers the front page tells.
const ANSWERS: [&str; 3] = ["models", "rising", "value"];

/// `GET /`.
pub(super) async fn page(State(app): Shared, headers: HeaderMap) -> Response {
    let current = app.current();
    let shelf = shelf(&current.snapshot, app.now());
    let mut here: Vec<&Row> = shelf.rows.iter().filter(|row| row.available).collect();
    let is_told = |found: &&Found| found.slug != STEALTH;
    let callable = current.providers.iter().filter(is_told).filter(|found| 0 < found.callable);
    let callable = callable.count();
    let endpoints: usize = current.providers.iter().map(|found| found.callable).sum();
    let catalog = &current.snapshot.catalog;
    let of = |all: usize| format!("of {} in the catalog", words::grouped(all as u64));
    let counts = vec![
        Fact::new("Models here", words::grouped(here.len() as u64), of(catalog.models().len())),
        Fact::new("Providers here", words::grouped(callable as u64), of(catalog.providers().len())),
        Fact::new(
            "Endpoints here",
            words::grouped(endpoints as u64),
            of(catalog.endpoints().len()),
        ),
    ];
    let demo = here.iter().find(|row| row.id == demo::FIRST_MODEL);
    let first = demo.or(here.iter().find(|row| row.chats));
    let first = first.map_or(demo::FIRST_MODEL, |row| &row.id);
    let snippets = snippets::snippets(&app.public_url, first);
    sort(&mut here, Order::Newest);
    let newest = |row: &&Row| {
        let listed = listed(row);
        Newest {
            link: Link { word: row.name.clone(), href: links::model(&row.id) },
            id: row.id.clone(),
            released: listed.released,
            price: format!("{} / {}", listed.input, listed.output),
        }
    };
    let newest = here.iter().take(NEWEST).map(newest).collect();
    let home = Home { counts, answers: rankings::answers(&app, &ANSWERS), newest, snippets };
    let title = "One API over every model";
    let mut frame = frame(
        &app,
        Section::Home,
        "/",
        title,
        "One API over every large language model, with failover and exact cost.",
    );
    frame.linked = Some(linked::website(&app.public_url));
    reply::html(&headers, frame.page(&home.html()))
}
