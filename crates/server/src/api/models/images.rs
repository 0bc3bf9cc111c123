//! `/images/models`: what draws, what it can be told, and what it costs.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use domain::catalog::{Endpoint, EndpointIx, ModelIx};
use domain::operation::Operation;
use domain::price::Rate;
use domain::time::Timestamp;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::error::ApiError;
use crate::shelf::kept::with_view;
use crate::shelf::model::{architecture, created};
use crate::shelf::name::{Name, find};
use crate::shelf::pricing::in_force;
use crate::shelf::view::View;

/// `GET /images/models`: the models that draw and can be called here.
pub async fn image_models(State(app): State<Arc<App>>) -> Json<Value> {
    let snapshot = &app.current().snapshot;
    let data = with_view(snapshot, app.now(), |view| -> Vec<Value> {
        let places = (0..).map(ModelIx).take(view.catalog.models().len());
        places.filter_map(|place| model(view, place)).collect()
    });
    Json(json!({ "data": data }))
}

/// `GET /images/models/{author}/{slug}/endpoints`: who offers one of them here.
///
/// # Errors
/// `NotFound`, with the nearest names.
pub async fn image_endpoints(
    State(app): State<Arc<App>>,
    name: Name,
) -> Result<Json<Value>, ApiError> {
    let snapshot = &app.current().snapshot;
    let place = find(&snapshot.catalog, name, app.now())?;
    Ok(Json(with_view(snapshot, app.now(), |view| {
        let endpoints = drawing(view, place);
        let shown: Vec<Value> = endpoints.iter().map(|it| endpoint(view, *it)).collect();
        json!({ "id": view.catalog.model(place).id, "endpoints": shown })
    })))
}

/// Returns the endpoints of a model that can be asked for images.
fn drawing(view: &View<'_>, place: ModelIx) -> Vec<EndpointIx> {
    let callable = (view.callable)(place);
    let offered = callable.iter().map(|it| view.catalog.endpoint(*it));
    let draws = Operation::Images.is_answered_by(view.catalog.model(place), offered);
    if draws { callable.to_vec() } else { Vec::new() }
}

fn model(view: &View<'_>, place: ModelIx) -> Option<Value> {
    let endpoints = drawing(view, place);
    if endpoints.is_empty() {
        return None;
    }
    let model = view.catalog.model(place);
    let mut parameters = Map::new();
    for endpoint in endpoints.iter().map(|it| view.catalog.endpoint(*it)) {
        for (name, what) in dialect::registry::image_parameters(endpoint) {
            parameters.entry(name).or_insert(what);
        }
    }
    let whole = architecture(model);
    Some(json!({
        "id": model.id,
        "name": model.name,
        "description": model.description,
        "created": created(model).unwrap_or(0),
        "architecture": {
            "input_modalities": whole["input_modalities"],
            "output_modalities": whole["output_modalities"],
        },
        "supported_parameters": parameters,
        "supports_streaming": false,
        "endpoints": format!("/api/v1/images/models/{}/endpoints", model.id),
    }))
}

fn endpoint(view: &View<'_>, place: EndpointIx) -> Value {
    let (provider, endpoint) = view.look_up(place);
    let parameters: Map<String, Value> =
        dialect::registry::image_parameters(endpoint).into_iter().collect();
    json!({
        "provider_name": provider.display_name,
        "provider_slug": provider.slug,
        "provider_tag": endpoint.tag,
        "supported_parameters": parameters,
        "pricing": lines(endpoint, view.now),
        "allowed_passthrough_parameters": endpoint.quirks.extra_params.clone().unwrap_or_default(),
        "supports_streaming": false,
    })
}

/// Returns what is billed, line by line, in dollars a unit.
fn lines(endpoint: &Endpoint, now: Timestamp) -> Vec<Value> {
    let Some(price) = in_force(endpoint, now) else { return Vec::new() };
    let line = |billable: &str, unit: &str, rate: Option<Rate>| {
        let dollars: f64 = rate?.dollars_per(1).parse().ok()?;
        Some(json!({ "billable": billable, "unit": unit, "cost_usd": dollars }))
    };
    [
        line("output_image", "image", price.image),
        line("output_image", "token", price.output),
        line("input_text", "token", price.input),
    ]
    .into_iter()
    .flatten()
    .collect()
}
