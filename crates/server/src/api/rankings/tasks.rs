//! `GET /classifications/task`: what requests were for.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use domain::failure::Failure;
use http::HeaderMap;
use http::header::CACHE_CONTROL;
use serde_json::{Value, json};
use traffic::figures::{Figures, TaskShare, Tasks, date};

use super::allowed;
use crate::app::App;
use crate::error::ApiError;

const KEPT: &str = "private, max-age=60, stale-while-revalidate=300";

/// `GET /classifications/task`: the shares of tasks in the last seven days, corrected for the
/// errors of the classifier. There are no absolute numbers in it.
///
/// # Errors
/// `Authentication` on a private instance; `InvalidRequest` for another window.
pub async fn classifications(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let figures = allowed(&app, &headers).await?;
    if let Some((name, value)) =
        pairs.iter().find(|(name, value)| name != "window" || value != "7d")
    {
        let shown: String = format!("{name}={value}").chars().take(60).collect();
        return Err(Failure::invalid(format!("`{shown}`: there is `window=7d` alone")).into());
    }
    Ok(([(CACHE_CONTROL, KEPT)], Json(json!({ "data": shown(&figures) }))).into_response())
}

fn shown(figures: &Figures) -> Value {
    let Some(tasks) = &figures.tasks else {
        return json!({
            "window_days": 7,
            "as_of": date(figures.last_day),
            "classifications": [],
            "macro_categories": [],
        });
    };
    let classifications: Vec<Value> = tasks.tasks.iter().map(|task| one(task, tasks)).collect();
    let groups: Vec<Value> = tasks
        .groups
        .iter()
        .map(|(group, requests, tokens, spend)| {
            json!({
                "key": group.key(),
                "label": group.label(),
                "usage_share": requests,
                "token_share": tokens,
                "spend_share": spend,
            })
        })
        .collect();
    json!({
        "window_days": 7,
        "as_of": date(tasks.last_day),
        "classifications": classifications,
        "macro_categories": groups,
    })
}

fn one(task: &TaskShare, tasks: &Tasks) -> Value {
    let group = tasks.groups.iter().find(|it| it.0 == task.tag.group());
    let of = |share: f64, whole: Option<f64>| {
        whole.filter(|whole| 0.0 < *whole).map_or(0.0, |whole| share / whole)
    };
    let models: Vec<Value> = task
        .models
        .iter()
        .map(|(model, requests, tokens, spend)| {
            json!({
                "id": model,
                "tag_usage_share": requests,
                "tag_token_share": tokens,
                "tag_spend_share": spend,
            })
        })
        .collect();
    json!({
        "tag": task.tag.key(),
        "display_name": task.tag.label(),
        "macro_category": task.tag.group().key(),
        "usage_share": task.requests,
        "usage_share_uncorrected": task.requests_uncorrected,
        "token_share": task.tokens,
        "spend_share": task.spend,
        "category_usage_share": of(task.requests, group.map(|it| it.1)),
        "category_token_share": of(task.tokens, group.map(|it| it.2)),
        "models": models,
    })
}
