//! What every page begins with.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use site::{Frame, Section, Twin};

use crate::app::App;
use crate::demo;

/// The pages that have one address each.
pub(super) const PAGES: [&str; 12] = [
    "/",
    "/models",
    "/compare",
    "/providers",
    "/rankings",
    "/rankings/methodology",
    "/apps",
    "/status",
    "/playground",
    "/docs",
    "/docs/api",
    "/changelog",
];

/// The media type of Markdown.
pub(super) const MARKDOWN: &str = "text/markdown; charset=utf-8";

/// Returns a page's Markdown twin.
pub(super) fn markdown_twin(path: &str) -> Twin {
    Twin { word: "Markdown", content_type: "text/markdown", href: format!("{path}.md") }
}

/// Returns what stands around a page.
pub(super) fn frame(
    app: &App,
    section: Section,
    path: &str,
    title: &str,
    description: &str,
) -> Frame {
    Frame {
        title: title.to_owned(),
        description: description.to_owned(),
        path: path.to_owned(),
        site: app.public_url.clone(),
        section,
        twins: Vec::new(),
        linked: None,
        script: None,
        indexed: true,
        demo: is_demo(app),
        made_up: app.figures.get().has_synthetic,
    }
}

/// Returns whether the models of the demo can be called.
pub(super) fn is_demo(app: &App) -> bool {
    let snapshot = &app.current().snapshot;
    let first = snapshot.catalog.find_model(demo::FIRST_MODEL);
    first.is_some_and(|place| !snapshot.callable(place).is_empty())
}

/// Returns a page's other forms: the same address with another ending.
pub(super) fn twins(path: &str, query: &str) -> Vec<Twin> {
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    let twin = |word, content_type, ending: &str| Twin {
        word,
        content_type,
        href: format!("{path}.{ending}{query}"),
    };
    vec![
        twin("JSON", "application/json", "json"),
        twin("CSV", "text/csv", "csv"),
        twin("Markdown", "text/markdown", "md"),
    ]
}

/// The names and values of a query. One that cannot be read is taken for none.
pub(super) type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// Returns the names and values of a query.
pub(super) fn pairs(query: Pairs) -> Vec<(String, String)> {
    query.map(|Query(pairs)| pairs).unwrap_or_default()
}

/// What a handler may touch.
pub(super) type Shared = State<Arc<App>>;
