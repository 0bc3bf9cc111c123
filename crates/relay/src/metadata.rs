//! How a request was routed, as callers see it who send `X-OpenRouter-Metadata: enabled`.

use domain::catalog::EndpointIx;
use domain::models::Resolved;
use serde_json::{Value, json};

use crate::call::Call;
use crate::journey::Journey;

/// Returns the object, where the caller wants it. `selected` is the endpoint that serves.
pub(crate) fn metadata(journey: &Journey, selected: Option<EndpointIx>) -> Option<Value> {
    let call = &journey.call;
    if !call.wants_metadata {
        return None;
    }
    let catalog = &call.snapshot.catalog;
    let available: Vec<Value> = journey
        .plan
        .candidates
        .iter()
        .map(|candidate| {
            let endpoint = catalog.endpoint(candidate.endpoint);
            json!({
                "provider": catalog.provider(endpoint.provider).display_name,
                "model": catalog.model(endpoint.model).id,
                "selected": Some(candidate.endpoint) == selected,
            })
        })
        .collect();
    let name = selected
        .map(|place| catalog.provider(catalog.endpoint(place).provider).display_name.as_str());
    let mut metadata = json!({
        "requested": call.request.facts.models.first(),
        "strategy": journey.route.strategy.word(),
        "region": null,
        "summary": format!("available={}, selected={}", available.len(), name.unwrap_or("none")),
        "attempt": selected.map_or(0, |_| journey.attempts.len()),
        "is_byok": false,
        "endpoints": { "total": journey.plan.considered.len(), "available": available },
        "attempts": attempts(journey),
        "dropped_parameters": journey.dropped,
    });
    if let Some((router, task)) = &journey.route.router {
        let model = journey.route.models.first().map(|it| catalog.model(*it).id.as_str());
        metadata["pipeline"] = json!([{
            "type": "plugin",
            "name": "auto-router",
            "summary": format!("{router} chose {}", model.unwrap_or("nothing")),
            "data": { "task_type": task, "model": model },
        }]);
    }
    if let Some(stay) = &journey.plan.stay {
        metadata["stickiness"] = json!(stay);
    }
    Some(metadata)
}

fn attempts(journey: &Journey) -> Vec<Value> {
    let catalog = &journey.call.snapshot.catalog;
    let places = || journey.plan.candidates.iter().map(|candidate| candidate.endpoint);
    journey
        .attempts
        .iter()
        .map(|tried| {
            let endpoint =
                places().map(|place| catalog.endpoint(place)).find(|it| it.id == tried.endpoint);
            json!({
                "provider": tried.provider_name,
                "model": endpoint.map(|endpoint| catalog.model(endpoint.model).id.as_str()),
                "status": tried.status,
                "error": tried.failure,
                "latency_ms": tried.latency_ms,
            })
        })
        .collect()
}

/// Returns the object of a request that no endpoint may serve, where the caller wants it.
pub(crate) fn unrouted(call: &Call, resolved: &Resolved) -> Option<Value> {
    if !call.wants_metadata {
        return None;
    }
    let models = resolved.wanted.iter();
    let total: usize = models.map(|it| call.snapshot.callable(it.model).len()).sum();
    Some(json!({
        "requested": call.request.facts.models.first(),
        "strategy": resolved.strategy.word(),
        "region": null,
        "summary": "available=0, selected=none",
        "attempt": 0,
        "is_byok": false,
        "endpoints": { "total": total, "available": [] },
    }))
}
