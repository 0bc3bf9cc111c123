//! One model, its endpoints, and the endpoints that keep nothing.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query as Pairs, State};
use axum::response::{IntoResponse, Response};
use domain::catalog::ModelIx;
use domain::failure::Failure;
use http::HeaderMap;
use serde::Serialize;
use serde_json::{Value, json};

use super::abroad;
use crate::api::rankings::allowed;
use crate::app::App;
use crate::error::ApiError;
use crate::shelf::endpoint;
use crate::shelf::kept::{shelf, with_view};
use crate::shelf::name::{Name, find, named, nameless};
use crate::shelf::query::Query;
use crate::shelf::traffic;
use crate::shelf::wanted::available_all;

/// What every answer is wrapped in.
#[derive(Serialize)]
struct Data<T> {
    data: T,
}

/// `GET /model/{author}/{slug}`: one model, by its id or another of its names.
///
/// # Errors
/// `NotFound`, with the nearest names.
pub async fn one(State(app): State<Arc<App>>, name: Name) -> Result<Response, ApiError> {
    let current = app.current();
    let place = find(&current.snapshot.catalog, name, app.now())?;
    let shelf = shelf(&current.snapshot, app.now());
    Ok(Json(Data { data: &*shelf.row(place).shown }).into_response())
}

/// `GET /models/{author}/{slug}`: one model, as OpenAI's and Anthropic's clients retrieve it.
///
/// # Errors
/// `NotFound`, with the nearest names.
pub async fn retrieved(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    name: Name,
) -> Result<Json<Value>, ApiError> {
    let place = find(&app.current().snapshot.catalog, name, app.now())?;
    Ok(shown(&app, &headers, place)?)
}

/// `GET /models/{id}`, for clients that escape the slash of an id.
///
/// # Errors
/// `NotFound`, with the nearest names.
pub async fn retrieved_whole(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, ApiError> {
    let Ok(Path(id)) = id else { return Err(nameless().into()) };
    let place = named(&app.current().snapshot.catalog, &id, app.now())?;
    Ok(shown(&app, &headers, place)?)
}

fn shown(app: &App, headers: &HeaderMap, place: ModelIx) -> Result<Json<Value>, Failure> {
    let current = app.current();
    let shelf = shelf(&current.snapshot, app.now());
    let model = current.snapshot.catalog.model(place);
    Ok(Json(abroad::one(headers, shelf.row(place), model)?))
}

/// `GET /models/{author}/{slug}/endpoints`: who offers a model here, or with `available=all`
/// anywhere.
///
/// # Errors
/// `NotFound`, with the nearest names; `InvalidRequest` when `available` is no word for it.
pub async fn endpoints(
    State(app): State<Arc<App>>,
    name: Name,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let all = available_all(Query(&pairs))?;
    let snapshot = &app.current().snapshot;
    let place = find(&snapshot.catalog, name, app.now())?;
    // Who has no key sees the offers all the same.
    let figures = allowed(&app, &headers).await.ok();
    let shown = traffic::endpoints(snapshot, figures.as_deref(), (place, all), app.now());
    Ok(Json(json!({ "data": shown })))
}

/// `GET /endpoints/zdr`: the endpoints that keep no prompt, here or with `available=all` anywhere.
///
/// # Errors
/// `InvalidRequest` when `available` is no word for it.
pub async fn zdr(
    State(app): State<Arc<App>>,
    Pairs(pairs): Pairs<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let snapshot = &app.current().snapshot;
    if available_all(Query(&pairs))? {
        let shown = with_view(snapshot, app.now(), |view| endpoint::without_retention(view, true));
        return Ok(Json(Data { data: shown }).into_response());
    }
    let shelf = shelf(snapshot, app.now());
    Ok(Json(Data { data: &*shelf.without_retention }).into_response())
}
