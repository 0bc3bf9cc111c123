//! `GET /models` and `GET /models/count`: which models there are.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query as Pairs, RawQuery, State};
use axum::response::{IntoResponse, Response};
use domain::catalog::{Dialect, Modality};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::abroad;
use super::rss::feed;
use crate::app::App;
use crate::error::ApiError;
use crate::shelf::kept::shelf;
use crate::shelf::listing::listing;
use crate::shelf::query::Query;
use crate::shelf::row::Row;
use crate::shelf::wanted::Wanted;

/// `GET /models`: the models that can be called here, or with `available=all` all that are known.
/// Callers with Anthropic's dialect get its form of a list.
///
/// # Errors
/// `InvalidRequest` when a field of the query is not what it must be.
pub async fn list(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    if abroad::is_anthropics(&headers) {
        let page = abroad::anthropics(&app, Query(&pairs));
        let told = |failure| ApiError::from(failure).spoken(Dialect::AnthropicMessages);
        let page = page.map_err(told)?;
        return Ok(Json(page).into_response());
    }
    let wanted = Wanted::read(Query(&pairs))?;
    Ok(answer(&app, &wanted, "/api/v1/models", &raw.unwrap_or_default()))
}

/// `GET /embeddings/models`: the same, of models that embed.
///
/// # Errors
/// As [`list`].
pub async fn embeddings(
    State(app): State<Arc<App>>,
    RawQuery(raw): RawQuery,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let wanted = Wanted::read(Query(&pairs))?;
    let wanted = Wanted { outputs: Some(vec![Modality::Embeddings]), ..wanted };
    Ok(answer(&app, &wanted, "/api/v1/embeddings/models", &raw.unwrap_or_default()))
}

fn answer(app: &App, wanted: &Wanted, path: &str, query: &str) -> Response {
    let now = app.now();
    let shelf = shelf(&app.current().snapshot, now);
    let rows: Vec<&Row> = shelf.rows.iter().filter(|row| wanted.admits(row, now)).collect();
    if wanted.rss {
        let content_type = [(CONTENT_TYPE, "application/rss+xml; charset=utf-8")];
        return (content_type, feed(rows, &app.public_url)).into_response();
    }
    Json(listing(rows, wanted, path, query)).into_response()
}

/// `GET /models/count`: how many of them there are.
///
/// # Errors
/// `InvalidRequest` when a field of the query is not what it must be.
pub async fn count(
    State(app): State<Arc<App>>,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Json<Value>, ApiError> {
    let wanted = Wanted::read(Query(&pairs))?;
    let now = app.now();
    let shelf = shelf(&app.current().snapshot, now);
    let count = shelf.rows.iter().filter(|row| wanted.admits(row, now)).count();
    Ok(Json(json!({ "data": { "count": count } })))
}
