//! `POST /generation/feedback`: what a caller says of one of its generations.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use domain::failure::{Failure, FailureKind};
use domain::feedback::{COMMENT_CHARS_MAX, Category, Feedback, Rating, comment};
use serde::Deserialize;
use serde_json::{Value, json};

use super::caller::caller;
use super::generation::own;
use crate::app::App;
use crate::error::ApiError;

/// What is said. A misspelt field is an error: what stands in it would be lost.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    generation_id: String,
    category: String,
    comment: Option<String>,
    rating: Option<String>,
}

/// Keeps what is said of a generation, for the key that paid and the operator. Said again of the
/// same category, it takes the place of what was said before.
pub async fn feedback(
    State(app): State<Arc<App>>,
    request: http::Request<Body>,
) -> Result<Json<Value>, ApiError> {
    let (head, body) = request.into_parts();
    let caller = caller(&app, &head.headers).await?;
    let body = app.intake.read(&head.headers, body).await?;
    let said: Said = serde_json::from_slice(&body)
        .map_err(|error| Failure::caller(FailureKind::InvalidRequest, error.to_string()))?;
    let (category, rating) = (category(&said.category)?, said.rating.as_deref().map(rating));
    let rating = rating.transpose()?;
    let comment = said.comment.as_deref().map(words).transpose()?.flatten();
    let generation = own(&app, &caller, &said.generation_id).await?;
    let kept = Feedback {
        generation: generation.id,
        category,
        rating,
        comment,
        key: generation.key,
        model: generation.model,
        at: app.now(),
    };
    store::feedback::put(&app.db, &kept).await?;
    Ok(Json(json!({ "data": { "success": true } })))
}

fn category(word: &str) -> Result<Category, Failure> {
    let known = || Category::ALL.map(Category::word).join(", ");
    Category::parse(word).ok_or_else(|| {
        Failure::invalid(format!("`category` is one of {}.", known())).at("category")
    })
}

fn rating(word: &str) -> Result<Rating, Failure> {
    Rating::parse(word).ok_or_else(|| Failure::invalid("`rating` is up or down.").at("rating"))
}

fn words(text: &str) -> Result<Option<String>, Failure> {
    comment(text).map_err(|count| {
        let detail =
            format!("`comment` has at most {COMMENT_CHARS_MAX} characters; this one has {count}.");
        Failure::invalid(detail).at("comment")
    })
}
