//! How a request was routed, as callers see it who send `X-OpenRouter-Metadata: enabled`.

use domain::catalog::{EndpointIx, ModelIx};
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
    let attempts: Vec<Value> = journey
        .attempts
        .iter()
        .map(|tried| {
            let place = journey.plan.candidates.iter().map(|candidate| candidate.endpoint);
            let endpoint =
                place.map(|place| catalog.endpoint(place)).find(|it| it.id == tried.endpoint);
            json!({
                "provider": tried.provider_name,
                "model": endpoint.map(|endpoint| catalog.model(endpoint.model).id.as_str()),
                "status": tried.status,
                "error": tried.failure,
                "latency_ms": tried.latency_ms,
            })
        })
        .collect();
    Some(json!({
        "requested": call.request.facts.models.first(),
        "strategy": strategy(call, &journey.models),
        "region": null,
        "summary": format!("available={}, selected={}", available.len(), name.unwrap_or("none")),
        "attempt": selected.map_or(0, |_| journey.attempts.len()),
        "is_byok": false,
        "endpoints": { "total": journey.plan.considered.len(), "available": available },
        "attempts": attempts,
        "dropped_parameters": journey.dropped,
    }))
}

/// Returns the object of a request that no endpoint may serve, where the caller wants it.
pub(crate) fn unrouted(call: &Call, models: &[ModelIx]) -> Option<Value> {
    if !call.wants_metadata {
        return None;
    }
    let total: usize = models.iter().map(|model| call.snapshot.callable(*model).len()).sum();
    Some(json!({
        "requested": call.request.facts.models.first(),
        "strategy": strategy(call, models),
        "region": null,
        "summary": "available=0, selected=none",
        "attempt": 0,
        "is_byok": false,
        "endpoints": { "total": total, "available": [] },
    }))
}

fn strategy(call: &Call, models: &[ModelIx]) -> &'static str {
    let catalog = &call.snapshot.catalog;
    let asked = &call.request.facts.models;
    if 1 < asked.len() {
        return "fallback";
    }
    let as_named = asked
        .first()
        .zip(models.first())
        .is_some_and(|(name, model)| catalog.model(*model).id == *name);
    if as_named { "direct" } else { "alias" }
}
