//! `GET /openapi.json`: what the API says of itself.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::failure::Failure;
use http::HeaderMap;

use crate::app::App;
use crate::error::ApiError;

/// `GET /openapi.json`: the OpenAPI document of this instance.
pub async fn document(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match app.reference.get() {
        Some(reference) => reference.written.respond(&headers),
        None => ApiError::from(Failure::house("routes without a description")).into_response(),
    }
}
