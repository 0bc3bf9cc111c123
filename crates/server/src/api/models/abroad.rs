//! The models, as clients of other dialects list them: Anthropic's, Gemini's and Ollama's.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::catalog::{Catalog, Dialect, Modality, Model};
use domain::failure::Failure;
use domain::time::Timestamp;
use http::HeaderMap;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::error::ApiError;
use crate::shelf::kept::{Shelf, shelf};
use crate::shelf::name::named;
use crate::shelf::query::Query;
use crate::shelf::row::Row;

/// The header that every request in Anthropic's dialect carries.
const ANTHROPIC_VERSION: &str = "anthropic-version";

/// Returns whether a caller speaks Anthropic's dialect, where the address does not say.
pub(super) fn is_anthropics(headers: &HeaderMap) -> bool {
    headers.contains_key(ANTHROPIC_VERSION)
}

/// Returns one model in Anthropic's form, or in OpenAI's with all that is shown of it.
pub(super) fn one(headers: &HeaderMap, row: &Row, model: &Model) -> Result<Value, Failure> {
    if is_anthropics(headers) {
        return Ok(anthropic(row, model));
    }
    let mut shown: Value = serde_json::from_str(row.shown.get())
        .map_err(|error| Failure::house(format!("a row is no JSON: {error}")))?;
    shown["object"] = json!("model");
    shown["owned_by"] = json!(model.author());
    Ok(shown)
}

/// Returns the models that answer chats here, newest first.
fn chats<'a>(catalog: &'a Catalog, shelf: &'a Shelf) -> Vec<(&'a Row, &'a Model)> {
    let answers = |(row, _): &(&Row, &Model)| row.available && row.chats;
    let mut chats: Vec<_> = shelf.rows.iter().zip(catalog.models()).filter(answers).collect();
    chats.sort_by(|(left, _), (right, _)| {
        right.created.cmp(&left.created).then_with(|| left.id.cmp(&right.id))
    });
    chats
}

/// Shows every model that answers chats here.
fn listed(app: &App, shown: impl Fn(&Row, &Model) -> Value) -> Vec<Value> {
    let current = app.current();
    let shelf = shelf(&current.snapshot, app.now());
    chats(&current.snapshot.catalog, &shelf).iter().map(|(row, model)| shown(row, model)).collect()
}

/// Models of a page in Anthropic's form, where the caller does not say.
const PAGE: usize = 20;
const PAGE_MAX: usize = 1_000;

/// A page of models, as Anthropic lists them.
///
/// # Errors
/// `InvalidRequest` when `limit` is no number from 1 to 1000, or a page is to begin at a model that
/// is not listed.
pub(super) fn anthropics(app: &App, query: Query<'_>) -> Result<Value, Failure> {
    let all = listed(app, anthropic);
    let limit = query.number("limit", 1..=PAGE_MAX)?.unwrap_or(PAGE);
    let place = |name: &str| match query.text(name)? {
        None => Ok(None),
        Some(id) => all.iter().position(|it| it["id"] == id).map(Some).ok_or_else(|| {
            Failure::invalid(format!("`{name}` is the id of a model that is listed.")).at(name)
        }),
    };
    let (first, last, has_more) = match (place("after_id")?, place("before_id")?) {
        (_, Some(before)) => (before.saturating_sub(limit), before, limit < before),
        (after, None) => {
            let first = after.map_or(0, |after| after + 1);
            let last = all.len().min(first + limit);
            (first, last, last < all.len())
        }
    };
    let page = &all[first..last];
    Ok(json!({
        "data": page, "has_more": has_more,
        "first_id": page.first().map(|it| &it["id"]), "last_id": page.last().map(|it| &it["id"]),
    }))
}

fn anthropic(row: &Row, model: &Model) -> Value {
    json!({
        "type": "model", "id": row.id, "display_name": row.name, "created_at": day(row),
        "max_input_tokens": row.context, "max_tokens": model.max_output,
    })
}

/// The instant of release; clients demand one.
fn day(row: &Row) -> String {
    Timestamp::from_ms(row.created.unwrap_or(0) * 1_000).to_string()
}

/// `GET /v1beta/models`, as Gemini has it.
pub async fn geminis(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({ "models": listed(&app, gemini) }))
}

/// `GET /v1beta/models/{model}`, as Gemini has it.
pub async fn geminis_one(State(app): State<Arc<App>>, Path(name): Path<String>) -> Response {
    let current = app.current();
    let catalog = &current.snapshot.catalog;
    match named(catalog, &name, app.now()) {
        Ok(place) => {
            let shelf = shelf(&current.snapshot, app.now());
            Json(gemini(shelf.row(place), catalog.model(place))).into_response()
        }
        Err(error) => ApiError::from(error).spoken(Dialect::GoogleGemini).into_response(),
    }
}

fn gemini(row: &Row, model: &Model) -> Value {
    json!({
        "name": format!("models/{}", row.id), "baseModelId": row.id, "version": model.permaslug,
        "displayName": row.name, "description": row.description,
        "inputTokenLimit": row.context, "outputTokenLimit": model.max_output,
        "supportedGenerationMethods": ["generateContent", "streamGenerateContent", "countTokens"],
        "thinking": model.reasoning == Some(true),
    })
}

/// `GET /api/tags`, as Ollama has it.
pub async fn ollamas(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({ "models": listed(&app, ollama) }))
}

/// `POST /api/show`, as Ollama has it: what a model can do.
pub async fn ollamas_one(State(app): State<Arc<App>>, request: http::Request<Body>) -> Response {
    match show(&app, request).await {
        Ok(shown) => shown.into_response(),
        Err(error) => error.spoken(Dialect::Ollama).into_response(),
    }
}

async fn show(app: &App, request: http::Request<Body>) -> Result<Json<Value>, ApiError> {
    let (head, body) = request.into_parts();
    let body: Value = serde_json::from_slice(&app.intake.read(&head.headers, body).await?)
        .map_err(|error| Failure::invalid(format!("The body is no JSON: {error}.")))?;
    let name = body["model"].as_str().or_else(|| body["name"].as_str());
    let missing = || Failure::invalid("`model` is missing.").at("model");
    let current = app.current();
    let catalog = &current.snapshot.catalog;
    let place = named(catalog, name.ok_or_else(missing)?, app.now())?;
    let (shelf, model) = (shelf(&current.snapshot, app.now()), catalog.model(place));
    let row = shelf.row(place);
    let can = |able: bool, word: &'static str| able.then_some(word);
    let capabilities: Vec<&str> = [
        can(row.chats, "completion"),
        can(row.parameters.contains(&"tools"), "tools"),
        can(row.inputs.contains(&Modality::Image), "vision"),
        can(model.reasoning == Some(true), "thinking"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let listed = ollama(row, model);
    let family = listed["details"]["family"].as_str().unwrap_or_default().to_owned();
    let mut info = json!({ "general.architecture": family });
    info[format!("{family}.context_length")] = json!(row.context);
    Ok(Json(json!({
        "details": listed["details"], "modified_at": listed["modified_at"],
        "model_info": info, "capabilities": capabilities,
    })))
}

/// Nothing of it lies here, so it has no size; the digest is of its name, which does not change.
fn ollama(row: &Row, model: &Model) -> Value {
    let digest: String =
        Sha256::digest(&model.permaslug).iter().map(|byte| format!("{byte:02x}")).collect();
    let family = row.tokenizer.to_lowercase();
    json!({
        "name": row.id, "model": row.id, "modified_at": day(row), "size": 0, "digest": digest,
        "details": {
            "parent_model": "", "format": "", "family": family, "families": [family],
            "parameter_size": "", "quantization_level": "",
        },
    })
}

/// The version of Ollama whose API is spoken.
const OLLAMA: &str = "0.12.0";

/// `GET /api/version`, as Ollama has it. Clients compare it with the versions of Ollama that could
/// do what they need, so it is one of those.
pub async fn ollamas_version() -> Json<Value> {
    Json(json!({ "version": OLLAMA, "interline": env!("CARGO_PKG_VERSION") }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::samples::sample;

    #[test]
    fn a_model_is_told_in_the_words_of_each_dialect() {
        let sample = sample();
        let (rows, place) = (sample.rows(), sample.model("acme/talker"));
        let (row, model) = (&rows[place.0 as usize], sample.catalog.model(place));
        let told = [anthropic(row, model), gemini(row, model), ollama(row, model)];
        insta::assert_snapshot!(told.map(|it| format!("{it:#}")).join("\n"), @r#"
        {
          "type": "model",
          "id": "acme/talker",
          "display_name": "Talker <1>",
          "created_at": "2026-05-01T00:00:00Z",
          "max_input_tokens": 256000,
          "max_tokens": 8000
        }
        {
          "name": "models/acme/talker",
          "baseModelId": "acme/talker",
          "version": "acme/talker-2026-05-01",
          "displayName": "Talker <1>",
          "description": "Talks & listens.",
          "inputTokenLimit": 256000,
          "outputTokenLimit": 8000,
          "supportedGenerationMethods": [
            "generateContent",
            "streamGenerateContent",
            "countTokens"
          ],
          "thinking": true
        }
        {
          "name": "acme/talker",
          "model": "acme/talker",
          "modified_at": "2026-05-01T00:00:00Z",
          "size": 0,
          "digest": "f027eb40d486cae344bb81f465c5ea063e1a2d20c535e0ae0ffe02ece30df859",
          "details": {
            "parent_model": "",
            "format": "",
            "family": "llama3",
            "families": [
              "llama3"
            ],
            "parameter_size": "",
            "quantization_level": ""
          }
        }
        "#);
    }
}
