//! `GET /models/{author}/{slug}/report`: what a stealth model's lab is told.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use domain::failure::{Failure, FailureKind, Fault, Retry};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::caller::operator;
use crate::app::App;
use crate::error::ApiError;
use crate::lab::{self, DAYS, DAYS_MAX};
use crate::shelf::name::{Name, nameless};

/// Which days.
#[derive(Deserialize)]
pub struct Range {
    days: Option<u32>,
}

/// The report of a stealth model, by the name that it has or had as one, for the operator.
///
/// # Errors
/// `NotFound`, where no stealth model has or had that name; `InvalidRequest`, where `days` is no
/// number of days.
pub async fn report(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    name: Name,
    range: Result<Query<Range>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    operator(&app, &headers).await?;
    let Query(range) = range?;
    let days = range.days.unwrap_or(DAYS);
    if !(1..=DAYS_MAX).contains(&days) {
        let detail = format!("`days` is a number from 1 to {DAYS_MAX}.");
        return Err(Failure::invalid(detail).at("days").into());
    }
    let Ok(Path((author, slug))) = name else { return Err(nameless().into()) };
    let model = format!("{author}/{slug}");
    let current = app.current();
    if !lab::is_stealth(&model, &current.snapshot.catalog, &[]) {
        let shown: String = model.chars().filter(|it| !it.is_control()).take(100).collect();
        let detail = format!("{shown} is no stealth model, and was none.");
        return Err(Failure::caller(FailureKind::NotFound, detail).into());
    }
    let opening = || {
        let detail = "The store of events is not open yet. Try again shortly.";
        Failure::new(FailureKind::ProviderOverloaded, Fault::House, Retry::Never, detail)
    };
    let store = app.events.get().ok_or_else(opening)?;
    let when = (app.now(), current.config.public.enabled);
    let made = lab::report((&app.db, store), &model, days, when).await;
    let made = made.map_err(|error| Failure::house(error.to_string()))?;
    Ok(Json(json!({ "data": lab::shown(&model, &made) })))
}
