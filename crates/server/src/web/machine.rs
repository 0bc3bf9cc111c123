//! The feed, the site map, and what crawlers and language models are told.

use axum::extract::State;
use axum::response::Response;
use domain::time::Timestamp;
use http::HeaderMap;
use site::machine::{self, Entry};
use site::{Link, words};

use super::page::{MARKDOWN, PAGES, Shared};
use super::{docs, links, reference, reply};
use crate::shelf::kept::shelf;
use crate::shelf::order::{Order, sort};
use crate::shelf::row::Row;

/// Entries of the feed.
const ENTRIES: usize = 50;

/// `GET /feeds/models.xml`: the models that were released last, of all that are known.
pub(super) async fn feed(State(app): Shared, headers: HeaderMap) -> Response {
    let shelf = shelf(&app.current().snapshot, app.now());
    let mut rows: Vec<&Row> = shelf.rows.iter().collect();
    sort(&mut rows, Order::Newest);
    let entry = |row: &&Row| {
        let released = Timestamp::from_ms(row.created? * 1_000).to_string();
        let (id, name, description) = (row.id.clone(), row.name.clone(), row.description.clone());
        Some(Entry { id, name, description, released })
    };
    let entries: Vec<Entry> = rows.iter().filter_map(entry).take(ENTRIES).collect();
    reply::text(
        &headers,
        "application/atom+xml; charset=utf-8",
        machine::atom(&app.public_url, &entries),
    )
}

/// `GET /sitemap.xml`: every page that is for people.
pub(super) async fn sitemap(State(app): Shared, headers: HeaderMap) -> Response {
    let current = app.current();
    let catalog = &current.snapshot.catalog;
    let mut paths: Vec<String> = PAGES.map(str::to_owned).to_vec();
    let questions = super::rankings::QUESTIONS.iter().map(|(name, _)| *name);
    let own = questions.filter(|name| !matches!(*name, "models" | "apps"));
    paths.extend(own.map(|name| format!("/rankings/{name}")));
    paths.extend(
        docs::documents()
            .iter()
            .filter(|document| document.name != "rankings")
            .map(|document| format!("/docs/{}", document.name)),
    );
    paths.extend(catalog.providers().iter().map(|provider| links::provider(&provider.slug)));
    let mut authors: Vec<&str> =
        catalog.models().iter().map(domain::catalog::Model::author).collect();
    authors.sort_unstable();
    authors.dedup();
    paths.extend(authors.into_iter().map(links::author));
    paths.extend(catalog.models().iter().map(|model| links::model(&model.id)));
    reply::text(
        &headers,
        "application/xml; charset=utf-8",
        machine::sitemap(&app.public_url, &paths),
    )
}

/// `GET /robots.txt`.
pub(super) async fn robots(State(app): Shared, headers: HeaderMap) -> Response {
    reply::text(&headers, "text/plain; charset=utf-8", machine::robots(&app.public_url))
}

/// `GET /llms.txt`: what a language model should read.
pub(super) async fn llms(State(app): Shared, headers: HeaderMap) -> Response {
    let catalog = &app.current().snapshot.catalog;
    let api = Link { word: reference::TITLE.to_owned(), href: "/docs/api".to_owned() };
    let mut documents = vec![(api, reference::ABOUT.to_owned())];
    documents.extend(docs::documents().iter().map(|document| {
        let href = format!("/docs/{}", document.name);
        (Link { word: document.title(), href }, document.summary())
    }));
    let figures = format!(
        "The catalog has {} at {}.",
        words::count(catalog.models().len(), "model"),
        words::count(catalog.providers().len(), "provider")
    );
    reply::text(&headers, MARKDOWN, machine::llms(&app.public_url, &documents, &figures))
}
