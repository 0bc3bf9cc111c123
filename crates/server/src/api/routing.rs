//! `GET /routing/endpoints`: how every endpoint fares that can be called, for the operator.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use domain::catalog::EndpointIx;
use domain::time::Timestamp;
use http::HeaderMap;
use relay::{Shown, ShownCredential};
use serde::Deserialize;
use serde_json::{Value, json};

use super::caller::operator;
use crate::app::App;
use crate::error::ApiError;
use crate::shelf::endpoint::percent;

/// Which endpoints are wanted; all of them where nothing is said.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wanted {
    /// Those of a model.
    model: Option<String>,
    /// Those of a provider, by its slug.
    provider: Option<String>,
}

/// `GET /routing/endpoints`: every endpoint that can be called, with its gate, its figures and its
/// credentials, which are numbered and not shown.
///
/// # Errors
/// `Authentication` and `PermissionDenied` for everybody but the operator.
pub async fn endpoints(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    operator(&app, &headers).await?;
    let Query(wanted) = wanted?;
    let (current, now) = (app.current(), app.now());
    let catalog = &current.snapshot.catalog;
    let mut shown: Vec<Value> = Vec::new();
    for (place, endpoint) in (0..).map(EndpointIx).zip(catalog.endpoints()) {
        let Some(watch) = current.snapshot.watched(place) else { continue };
        let model = &catalog.model(endpoint.model).id;
        let provider = &catalog.provider(endpoint.provider).slug;
        let is_wanted = wanted.model.as_ref().is_none_or(|wanted| wanted == model)
            && wanted.provider.as_ref().is_none_or(|wanted| wanted == provider);
        if is_wanted {
            let mut told = json!({
                "endpoint": endpoint.id,
                "model": model,
                "provider": provider,
                "tag": endpoint.tag,
                "region": endpoint.region,
            });
            if let (Some(told), Value::Object(state)) =
                (told.as_object_mut(), state(&watch.shown(now), now))
            {
                told.extend(state);
            }
            shown.push(told);
        }
    }
    Ok(Json(json!({ "data": shown })))
}

fn state(shown: &Shown, now: Timestamp) -> Value {
    let Shown { health, figures, .. } = shown;
    let wait = health.gate.opens_at().map(|until| until.ms_since(now));
    let credentials: Vec<Value> = (0..).zip(&shown.credentials).map(credential).collect();
    json!({
        "gate": health.gate,
        "opens_in_ms": wait,
        "had_outage_lately": health.had_outage_lately,
        "is_demoted": health.is_demoted,
        "openings": shown.openings,
        "failures_in_a_row": shown.failures_in_a_row,
        "load": health.load,
        "latency_last_5m": health.latency_ms,
        "throughput_last_5m": health.throughput,
        "latency_last_30m": figures.latency_last_30m,
        "throughput_last_30m": figures.throughput_last_30m,
        "uptime_last_5m": percent(figures.uptime_last_5m),
        "uptime_last_30m": percent(figures.uptime_last_30m),
        "uptime_last_1d": percent(figures.uptime_last_1d),
        "served": figures.served,
        "failed": figures.failed,
        "limited": figures.limited,
        "credentials": credentials,
    })
}

fn credential((place, shown): (usize, &ShownCredential)) -> Value {
    json!({
        "place": place,
        "refused_until": shown.refused_until.map(|until| until.to_string()),
        "used_up_until": shown.used_up_until.map(|until| until.to_string()),
        "in_flight": shown.in_flight,
    })
}
