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
    let stages = [documents(journey, selected), router(journey), compression(journey)];
    let pipeline: Vec<Value> = stages.into_iter().flatten().collect();
    if !pipeline.is_empty() {
        metadata["pipeline"] = Value::Array(pipeline);
    }
    if let Some(stay) = &journey.plan.stay {
        metadata["stickiness"] = json!(stay);
    }
    Some(metadata)
}

/// Returns the stage in which documents were made text, where the endpoint that serves was sent
/// that.
fn documents(journey: &Journey, selected: Option<EndpointIx>) -> Option<Value> {
    let Journey { call, documents, .. } = journey;
    let endpoint = call.snapshot.catalog.endpoint(selected?);
    let (count, bytes) = (documents.count, documents.bytes);
    call.request.facts.sends_text_of_documents(endpoint).then(|| {
        json!({
            "type": "plugin",
            "name": "file-parser",
            "summary": format!("read {count} documents as text of at most {bytes} bytes"),
            "data": { "engine": "pdf-text", "documents": count, "text_bytes_max": bytes },
        })
    })
}

/// Returns the stage in which the house chose the model.
fn router(journey: &Journey) -> Option<Value> {
    let (router, task) = journey.route.router.as_ref()?;
    let catalog = &journey.call.snapshot.catalog;
    let model = journey.route.models.first().map(|it| catalog.model(*it).id.as_str());
    Some(json!({
        "type": "plugin",
        "name": "auto-router",
        "summary": format!("{router} chose {}", model.unwrap_or("nothing")),
        "data": { "task_type": task, "model": model },
    }))
}

/// Returns the stage in which the prompt was shortened.
fn compression(journey: &Journey) -> Option<Value> {
    let done = journey.compression?;
    let (before, after) = (done.tokens_before, done.tokens_after);
    let is_prompt = journey.call.request.facts.legacy_prompt;
    Some(json!({
        "type": "context_compression",
        "name": "context-compression",
        "summary": format!("shortened from about {before} to about {after} tokens"),
        "data": {
            "engine": "middle-out",
            "input_type": if is_prompt { "prompt" } else { "messages" },
            "original_count": done.messages_before,
            "compressed_count": done.messages_after,
            "original_tokens": before,
            "compressed_tokens": after,
        },
    }))
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
