//! What is said where nothing stands.

use axum::response::Response;
use domain::nearest::nearest;
use http::header::ACCEPT;
use http::{HeaderMap, Method, StatusCode, Uri};
use site::missing::Missing;
use site::{Link, Section};

use super::page::{PAGES, frame};
use super::{links, reply};
use crate::app::App;

/// Returns whether a request for an address that nobody answers at came from a browser.
pub(crate) fn is_for_people(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let accepts = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = uri.path().split('/').nth(1).unwrap_or_default();
    *method == Method::GET
        && accepts.contains("text/html")
        && !matches!(first, "api" | "v1" | "v1beta" | "assets")
}

/// Letters of an address that are repeated to its reader.
const SHOWN_MAX: usize = 100;

/// Says that nothing stands at an address, and what is nearest to it: models, providers and pages.
pub(crate) fn missing(app: &App, headers: &HeaderMap, path: &str) -> Response {
    let current = app.current();
    let catalog = &current.snapshot.catalog;
    let wanted: String = path.chars().filter(|it| !it.is_control()).take(SHOWN_MAX).collect();
    let name = wanted.trim_start_matches("/models/").trim_start_matches("/providers/");
    let mut near: Vec<Link> = Vec::new();
    let ids = catalog.models().iter().map(|model| model.id.as_str());
    for id in nearest(name, ids, 5) {
        near.push(Link { word: id.to_owned(), href: links::model(id) });
    }
    let slugs = catalog.providers().iter().map(|provider| provider.slug.as_str());
    for slug in nearest(name, slugs, 2) {
        near.push(Link { word: slug.to_owned(), href: links::provider(slug) });
    }
    for page in nearest(&wanted, PAGES.into_iter(), 2) {
        near.push(Link { word: page.to_owned(), href: page.to_owned() });
    }
    let mut frame = frame(app, Section::None, "/404", "Not found", "Nothing stands here.");
    frame.indexed = false;
    let page = frame.page(&Missing { wanted, nearest: near }.html());
    reply::html_with(headers, StatusCode::NOT_FOUND, page)
}
