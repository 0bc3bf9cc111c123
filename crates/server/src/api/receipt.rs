//! `GET /generation/receipt`: how a request was planned, and what came of it.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use http::HeaderMap;
use serde_json::{Value, json};

use super::generation::{Which, absent, theirs};
use crate::app::App;
use crate::error::ApiError;
use crate::receipt::view;

/// `GET /generation/receipt?id=`: the whole receipt, for the key that paid and the operator.
pub async fn receipt(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let found = theirs(&app, &headers, which).await?;
    let current = app.current();
    let view = view(&found, &current.snapshot.catalog);
    let view = view.ok_or_else(|| absent("receipt of", found.id.as_str()))?;
    Ok(Json(json!({ "data": view })))
}
