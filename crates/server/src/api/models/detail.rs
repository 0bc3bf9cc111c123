//! One model, its endpoints, and the endpoints that keep nothing.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query as Pairs, State};
use axum::response::{IntoResponse, Response};
use domain::catalog::{Catalog, ModelIx};
use domain::failure::{Availability, AvailabilityCode, Failure, FailureKind};
use domain::nearest::nearest;
use http::HeaderMap;
use serde::Serialize;
use serde_json::{Value, json};

use super::query::Query;
use super::shelf::{shelf, with_view};
use super::wanted::available_all;
use super::{abroad, endpoint};
use crate::app::App;
use crate::error::ApiError;

/// Author and slug, or why the path does not say them.
type Name = Result<Path<(String, String)>, PathRejection>;

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
    let place = find(&current.snapshot.catalog, name)?;
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
    let place = find(&app.current().snapshot.catalog, name)?;
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
    let place = named(&app.current().snapshot.catalog, &id)?;
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
) -> Result<Json<Value>, ApiError> {
    let all = available_all(Query(&pairs))?;
    let snapshot = &app.current().snapshot;
    let place = find(&snapshot.catalog, name)?;
    let shown = with_view(snapshot, app.now(), |view| endpoint::endpoints(view, place, all));
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

fn find(catalog: &Catalog, name: Name) -> Result<ModelIx, Failure> {
    let Ok(Path((author, slug))) = name else { return Err(nameless()) };
    named(catalog, &format!("{author}/{slug}"))
}

fn nameless() -> Failure {
    Failure::caller(FailureKind::NotFound, "The path is no name of a model.")
}

/// Finds a model by its id or another of its names.
///
/// # Errors
/// `NotFound`, with the nearest names.
pub(in crate::api) fn named(catalog: &Catalog, name: &str) -> Result<ModelIx, Failure> {
    catalog
        .find_model(name)
        .or_else(|| catalog.find_model(&name.to_lowercase()))
        .ok_or_else(|| unknown(catalog, name))
}

fn unknown(catalog: &Catalog, name: &str) -> Failure {
    let ids = catalog.models().iter().map(|model| model.id.as_str());
    let names = ids.chain(catalog.aliases().keys().map(String::as_str));
    let near: Vec<String> = nearest(name, names, 3).into_iter().map(str::to_owned).collect();
    let hint = match near.as_slice() {
        [] => String::new(),
        [one] => format!(" The nearest name is {one}."),
        [head @ .., last] => format!(" The nearest names are {} and {last}.", head.join(", ")),
    };
    let shown: String = name.chars().filter(|letter| !letter.is_control()).take(100).collect();
    let availability = Availability {
        code: AvailabilityCode::ModelNotFound,
        requested_models: vec![shown.clone()],
        fallback_models: near,
        ..Availability::default()
    };
    let detail = format!("There is no model {shown}.{hint}");
    Failure::caller(FailureKind::NotFound, detail).because(availability)
}

#[cfg(test)]
mod tests {
    use super::super::samples::sample;
    use super::*;

    fn look_up(author: &str, slug: &str) -> Result<ModelIx, Failure> {
        find(&sample().catalog, Ok(Path((author.to_owned(), slug.to_owned()))))
    }

    #[test]
    fn a_model_is_found_by_any_of_its_names() {
        let talker = sample().model("acme/talker");
        for slug in ["talker", "Talker", "talker-2026-05-01"] {
            assert_eq!(look_up("acme", slug).unwrap(), talker, "{slug}");
        }
    }

    #[test]
    fn a_name_that_nobody_has_is_told_with_those_near_it() {
        let failure = look_up("acme", "talkr\n").unwrap_err();
        assert_eq!(failure.status(), 404);
        insta::assert_snapshot!(failure.detail, @"There is no model acme/talkr. The nearest names are acme/talker, acme/thinker and acme/guard.");
        let availability = failure.availability.unwrap();
        assert_eq!(availability.fallback_models[0], "acme/talker");
    }
}
