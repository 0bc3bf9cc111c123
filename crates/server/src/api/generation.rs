//! `GET /generation`: what became of a request.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use domain::failure::{Failure, FailureKind};
use domain::generation::{Generation, Outcome};
use domain::id::GenerationId;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};
use store::generations;

use super::caller::caller;
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;

/// Which generation.
#[derive(Deserialize)]
pub struct Which {
    id: Option<String>,
}

/// `GET /generation?id=`: the record of one generation, for the key that paid and the operator.
pub async fn generation(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let found = theirs(&app, &headers, which).await?;
    let current = app.current();
    let catalog = &current.snapshot.catalog;
    let permaslug = catalog.find_model(&found.model).map(|ix| catalog.model(ix).permaslug.clone());
    Ok(Json(json!({ "data": record(&found, permaslug.as_deref()) })))
}

/// Finds the generation that a request names, where its caller may see it: it paid, or is the
/// operator.
///
/// # Errors
/// Somebody else's generation is told in the same words as one that does not exist.
pub(super) async fn theirs(
    app: &Arc<App>,
    headers: &HeaderMap,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Generation, ApiError> {
    let caller = caller(app, headers).await?;
    let Query(which) = which?;
    let missing =
        || Failure::caller(FailureKind::InvalidRequest, "Say which generation: ?id=gen-…").at("id");
    own(app, &caller, &which.id.ok_or_else(missing)?).await
}

/// Finds the generation of that id, where a caller may see it.
///
/// # Errors
/// As [`theirs`].
pub(super) async fn own(app: &App, caller: &Caller, text: &str) -> Result<Generation, ApiError> {
    let id = GenerationId::parse(text).ok_or_else(|| absent("generation", text))?;
    let found = find(app, &id).await?.ok_or_else(|| absent("generation", text))?;
    let is_theirs = match caller {
        Caller::Operator => true,
        Caller::Key(key, _) => key.id == found.key,
    };
    if !is_theirs {
        return Err(absent("generation", text).into());
    }
    Ok(found)
}

/// How long a generation that has ended is waited for.
const SETTLED_WITHIN: Duration = Duration::from_secs(5);

/// Looks a generation up; one that was settled a moment ago is waited for.
async fn find(app: &App, id: &GenerationId) -> Result<Option<Generation>, ApiError> {
    if let Some(found) = generations::find(&app.db, id).await? {
        return Ok(Some(found));
    }
    app.ledger.flush(SETTLED_WITHIN).await;
    Ok(generations::find(&app.db, id).await?)
}

/// Returns the failure of what is not there.
pub(super) fn absent(what: &str, id: &str) -> Failure {
    let shown: String = id.chars().filter(|letter| !letter.is_control()).take(64).collect();
    let detail = format!("There is no {what} {shown}. A new one shows within two seconds.");
    Failure::caller(FailureKind::NotFound, detail)
}

fn record(generation: &Generation, permaslug: Option<&str>) -> Value {
    let Generation { usage, detail, .. } = generation;
    let prompt = usage.prompt();
    let mut record = json!({
        "id": generation.id,
        "request_id": generation.id,
        "session_id": detail.session_id,
        "upstream_id": detail.upstream_id,
        "created_at": generation.created.to_string(),
        "api_type": detail.api_type,
        "model": permaslug.unwrap_or(&generation.model),
        "router": detail.router,
        "http_referer": detail.app.referer,
        "app_title": detail.app.title,
        "user_agent": detail.app.user_agent,
        "external_user": detail.external_user,
        "streamed": detail.streamed,
        "cancelled": generation.outcome == Outcome::Cancelled,
        "outcome": generation.outcome,
        "finish_reason": detail.finish_reason,
        "native_finish_reason": detail.native_finish_reason,
        "service_tier": detail.service_tier,
        "origin": detail.app.referer.as_deref().unwrap_or_default(),
        "app_id": null,
        "preset_id": null,
        "workspace_id": null,
        "data_region": "global",
        "web_search_engine": null,
        "is_byok": false,
        "provider_name": generation.provider_name,
        "latency": detail.latency_ms,
        "generation_time": detail.generation_ms,
        "moderation_latency": null,
        "error": detail.error,
        "dropped_parameters": detail.dropped,
    });
    let figures = json!({
        "tokens_prompt": prompt,
        "tokens_completion": usage.output,
        "native_tokens_prompt": prompt,
        "native_tokens_completion": usage.output,
        "native_tokens_reasoning": usage.reasoning,
        "native_tokens_cached": usage.cache_read,
        "native_tokens_cache_write": usage.cache_write + usage.cache_write_1h,
        "native_tokens_completion_images": null,
        "tokens_estimated": usage.estimated,
        "num_media_prompt": null,
        "num_media_completion": usage.images,
        "num_search_results": null,
        "num_fetches": null,
        "num_input_audio_prompt": null,
        "usage": generation.cost.dollars(),
        "total_cost": generation.cost.dollars(),
        "upstream_inference_cost": null,
        "cache_discount": generation.cache_discount.dollars(),
        "provider_responses": attempts(generation),
    });
    if let (Some(record), Value::Object(figures)) = (record.as_object_mut(), figures) {
        record.extend(figures);
        if !generation.detail.parts.is_empty() {
            record.insert("parts".to_owned(), Value::Array(parts(generation)));
        }
    }
    record
}

/// Returns what each endpoint gave of an answer that went on elsewhere, which is ours to show.
fn parts(generation: &Generation) -> Vec<Value> {
    let parts = generation.detail.parts.iter();
    parts
        .map(|part| {
            json!({
                "provider_name": part.provider_name,
                "endpoint_id": part.endpoint,
                "tokens_prompt": part.usage.prompt(),
                "tokens_completion": part.usage.output,
                "cost": part.cost.dollars(),
                "is_charged": part.is_charged,
            })
        })
        .collect()
}

fn attempts(generation: &Generation) -> Vec<Value> {
    generation
        .detail
        .attempts
        .iter()
        .map(|attempt| {
            json!({
                "provider_name": attempt.provider_name,
                "endpoint_id": attempt.endpoint,
                "status": attempt.status,
                "latency": attempt.latency_ms,
                "error": attempt.failure,
                "is_byok": false,
            })
        })
        .collect()
}
