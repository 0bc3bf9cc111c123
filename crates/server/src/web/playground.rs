//! `/playground`: where models are tried.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use site::Section;
use site::assets::PLAYGROUND;
use site::playground::{MODELS_MAX, Playground};

use super::links::names;
use super::page::{Pairs, Shared, frame, pairs};
use super::{reply, snippets};
use crate::demo;
use crate::shelf::kept::shelf;

/// `GET /playground?m=a,b`.
pub(super) async fn page(State(app): Shared, headers: HeaderMap, query: Pairs) -> Response {
    let snapshot = app.current().snapshot.clone();
    let shelf = shelf(&snapshot, app.now());
    let able = shelf.rows.iter().filter(|row| row.available && row.chats);
    let models: Vec<(String, String)> =
        able.map(|row| (row.id.clone(), row.name.clone())).collect();
    let mut chosen = names(&pairs(query));
    chosen.truncate(MODELS_MAX);
    if chosen.is_empty() {
        let demo = models.iter().find(|model| model.0 == demo::FIRST_MODEL);
        chosen.extend(demo.or(models.first()).map(|model| model.0.clone()));
    }
    let title = "Ask up to four models at a time, and see what each answer cost.";
    let mut frame = frame(&app, Section::Playground, "/playground", "Playground", title);
    frame.script = Some(PLAYGROUND);
    let key = app.demo.as_ref().and_then(|demo| demo.key(&snapshot)).map(str::to_owned);
    let key_hint = if key.is_some() {
        "This one is the demo's own: it opens simulated models and nothing else, so just ask."
    } else if frame.demo {
        "The server printed a demo key when it started: copy it from the terminal."
    } else {
        "The operator makes one with POST /api/v1/keys."
    };
    let first = chosen.first().map_or(demo::FIRST_MODEL, String::as_str);
    let curl = snippets::snippets(&app.public_url, first).swap_remove(0).text;
    let page = Playground { chosen, models, curl, key, key_hint: key_hint.to_owned() };
    reply::html(&headers, frame.page(&page.html()))
}
