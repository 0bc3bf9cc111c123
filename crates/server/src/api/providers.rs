//! `GET /providers`: who serves models.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::app::App;
use crate::shelf::provider::provider;

/// `GET /providers`: every provider that is known, whether or not it can be called here.
pub async fn list(State(app): State<Arc<App>>) -> Json<Value> {
    let current = app.current();
    let active: BTreeSet<&str> = current
        .providers
        .iter()
        .filter(|found| found.active)
        .map(|found| found.slug.as_str())
        .collect();
    let shown: Vec<Value> = current
        .snapshot
        .catalog
        .providers()
        .iter()
        .map(|known| provider(known, active.contains(known.slug.as_str())))
        .collect();
    Json(json!({ "data": shown }))
}
