//! `/rankings`, `/datasets` and `/classifications`: what traffic told, from the figures in memory.

mod datasets;
mod tasks;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use domain::failure::Failure;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use traffic::figures::{Figures, Subject};

pub use datasets::{app_rankings, rankings_daily};
pub use tasks::classifications;

use super::caller::caller;
use crate::app::App;
use crate::error::ApiError;
use crate::shelf::ranking::{Asked, OTHERS, meta, sheet};
use crate::shelf::traffic::open;

/// `GET /rankings`: what there is.
///
/// # Errors
/// `Authentication` on a private instance.
pub async fn index(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let figures = allowed(&app, &headers).await?;
    let boards = Subject::ALL.map(|subject| {
        json!({ "name": subject.word(), "href": format!("/api/v1/rankings/{}", subject.word()) })
    });
    let specials = OTHERS.map(|(name, question)| {
        json!({ "name": name, "question": question, "href": format!("/api/v1/rankings/{name}") })
    });
    Ok(Json(json!({ "data": { "boards": boards, "others": specials }, "meta": meta(&figures) })))
}

/// `GET /rankings/{name}`, `{name}.json` or `{name}.csv`: a board, or what else can be asked for.
///
/// # Errors
/// `Authentication` on a private instance; `NotFound` for an unknown name; `InvalidRequest` for a
/// question that makes no sense.
pub async fn ranking(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let figures = allowed(&app, &headers).await?;
    let (name, is_csv) = match name.rsplit_once('.') {
        Some((name, "csv")) => (name, true),
        Some((name, "json")) => (name, false),
        _ => (name.as_str(), false),
    };
    let is_public = app.current().config.public.enabled;
    let sheet = sheet(&figures, &Asked::read(name, &pairs, is_public)?);
    Ok(if is_csv {
        ([(CONTENT_TYPE, "text/csv; charset=utf-8")], sheet.csv()).into_response()
    } else {
        Json(sheet.json(meta(&figures))).into_response()
    })
}

/// Returns the figures to whoever may see them: everybody where they are for everybody, and else
/// whoever has a key.
pub(super) async fn allowed(app: &Arc<App>, headers: &HeaderMap) -> Result<Arc<Figures>, Failure> {
    if let Some(figures) = open(app) {
        return Ok(figures);
    }
    caller(app, headers).await?;
    Ok(app.figures.get())
}
