//! The ways in for what is no chat: embeddings, rerank, images, speech, transcription, moderation.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use dialect::door::Door;
use http::HeaderValue;
use http::header::CONTENT_TYPE;

use super::chat::boxed;
use crate::app::App;

/// `POST /embeddings`.
pub async fn embeddings(State(app): State<Arc<App>>, request: http::Request<Body>) -> Response {
    boxed(app, request, Door::Embeddings).await
}

/// `POST /api/embed`, as Ollama has it.
pub async fn ollama_embed(State(app): State<Arc<App>>, request: http::Request<Body>) -> Response {
    boxed(app, request, Door::OllamaEmbed).await
}

/// `POST /rerank`.
pub async fn rerank(State(app): State<Arc<App>>, request: http::Request<Body>) -> Response {
    boxed(app, request, Door::Rerank).await
}

/// `POST /images`, and `POST /images/generations` as OpenAI has it.
pub async fn images(State(app): State<Arc<App>>, request: http::Request<Body>) -> Response {
    boxed(app, request, Door::Images).await
}

/// `POST /audio/speech`.
pub async fn speech(State(app): State<Arc<App>>, request: http::Request<Body>) -> Response {
    boxed(app, request, Door::Speech).await
}

/// `POST /audio/transcriptions`: a form, or JSON.
pub async fn transcriptions(State(app): State<Arc<App>>, request: http::Request<Body>) -> Response {
    let content_type = request.headers().get(CONTENT_TYPE).map(HeaderValue::to_str);
    let door = Door::transcriptions(content_type.and_then(Result::ok).unwrap_or_default());
    boxed(app, request, door).await
}

/// `POST /moderations`.
pub async fn moderations(State(app): State<Arc<App>>, request: http::Request<Body>) -> Response {
    boxed(app, request, Door::Moderations).await
}
