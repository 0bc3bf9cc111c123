//! `GET /models` and `GET /models/count`: which models there are.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query as Pairs, RawQuery, State};
use axum::response::{IntoResponse, Response};
use domain::catalog::{Dialect, Modality};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::abroad;
use super::order::sort;
use super::query::Query;
use super::row::Row;
use super::rss::feed;
use super::shelf::shelf;
use super::wanted::Wanted;
use crate::app::App;
use crate::error::ApiError;

/// Models, or a page of them.
#[derive(Serialize)]
struct Listing<'a> {
    data: Vec<&'a RawValue>,
    total_count: usize,
    links: Links,
}

#[derive(Serialize)]
struct Links {
    next: Option<String>,
}

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

fn listing<'a>(mut rows: Vec<&'a Row>, wanted: &Wanted, path: &str, query: &str) -> Listing<'a> {
    sort(&mut rows, wanted.order);
    let total_count = rows.len();
    let shown = wanted.page.map_or(rows.as_slice(), |page| page.of(&rows));
    let next = wanted.page.and_then(|page| page.next(path, query, total_count));
    let data = shown.iter().map(|row| &*row.shown).collect();
    Listing { data, total_count, links: Links { next } }
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;

    use super::super::samples::{NOON, sample};
    use super::*;

    #[test]
    fn a_listing_is_counted_before_it_is_paged() {
        let query = "available=all&limit=2&sort=newest";
        let pairs: Vec<(String, String)> = query
            .split('&')
            .filter_map(|field| field.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let wanted = Wanted::read(Query(&pairs)).unwrap();
        let (rows, now) = (sample().rows(), Timestamp::parse(NOON).unwrap());
        let admitted = rows.iter().filter(|row| wanted.admits(row, now)).collect();
        let listing =
            serde_json::to_value(listing(admitted, &wanted, "/api/v1/models", query)).unwrap();
        let ids: Vec<&str> =
            listing["data"].as_array().unwrap().iter().filter_map(|it| it["id"].as_str()).collect();
        assert_eq!(ids, ["acme/thinker", "acme/talker"]);
        assert_eq!(listing["total_count"], json!(3));
        let next = "/api/v1/models?available=all&sort=newest&offset=2&limit=2";
        assert_eq!(listing["links"], json!({ "next": next }));
    }
}
