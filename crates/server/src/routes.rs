//! Every URL of the product, in one table.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use domain::failure::{Failure, FailureKind};
use http::{HeaderName, Method};
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use crate::api::{chat, generation, keys, models, providers};
use crate::app::App;
use crate::error::{ApiError, GENERATION_ID};
use crate::idempotency::{Idempotency, REPLAYED};

/// Returns every route. The API stands under `/api/v1`, and under `/v1` for clients that want it
/// there.
pub fn routes(app: Arc<App>) -> Router {
    // Each route stands under both prefixes as it is: a router within a router would look twice.
    let api = ["/api/v1", "/v1"].into_iter().fold(Router::new(), api);
    // Gemini's and Ollama's clients bring their own paths below whatever base they are given.
    let api = ["", "/api"].into_iter().fold(api, |router, prefix| {
        router.route(&format!("{prefix}/v1beta/models/{{*rest}}"), post(chat::gemini))
    });
    api.route("/api/chat", post(chat::ollama_chat))
        .route("/api/generate", post(chat::ollama_generate))
        .route("/", get(|| async { FRONT }))
        .route(dialect::registry::DOCS, get(|| async { ERRORS }))
        .route("/healthz", get(|| async { "ok\n" }))
        .fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
        // Bodies are bounded where they are read, by the operator's limit.
        .layer(DefaultBodyLimit::disable())
        .layer(Idempotency(app.clone()))
        .layer(cors())
        .with_state(app)
}

fn api(router: Router<Arc<App>>, prefix: &str) -> Router<Arc<App>> {
    let at = |path: &str| format!("{prefix}{path}");
    router
        .route(&at("/chat/completions"), post(chat::chat_completions))
        .route(&at("/completions"), post(chat::completions))
        .route(&at("/responses"), post(chat::responses))
        .route(&at("/messages"), post(chat::messages))
        .route(&at("/models"), get(models::list))
        .route(&at("/models/count"), get(models::count))
        .route(&at("/models/{author}/{slug}/endpoints"), get(models::endpoints))
        .route(&at("/model/{author}/{slug}"), get(models::one))
        .route(&at("/endpoints/zdr"), get(models::zdr))
        .route(&at("/providers"), get(providers::list))
        .route(&at("/generation"), get(generation::generation))
        .route(&at("/key"), get(keys::own))
        .route(&at("/keys"), get(keys::list).post(keys::create))
        .route(&at("/keys/{hash}"), get(keys::read).patch(keys::update).delete(keys::delete))
}

const ERRORS: &str = include_str!("../../../docs/errors.md");

const FRONT: &str = "Interline: one API over every model.\n\
    \n\
    POST /api/v1/chat/completions   as at OpenAI and OpenRouter\n\
    GET  /api/v1/models             what can be called\n\
    GET  /api/v1/providers          who serves it\n";

/// Browsers call the API directly, with keys in headers and never with cookies.
fn cors() -> CorsLayer {
    let exposed = [
        GENERATION_ID,
        REPLAYED,
        HeaderName::from_static("x-interline-dropped"),
        http::header::RETRY_AFTER,
    ];
    CorsLayer::new()
        .allow_origin(Any)
        .allow_headers(AllowHeaders::mirror_request())
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .expose_headers(exposed)
}

async fn no_route(method: Method, uri: http::Uri) -> ApiError {
    let path: String = uri.path().chars().take(100).collect();
    let detail = format!("There is no {method} {path}. The API stands under /api/v1.");
    Failure::caller(FailureKind::NotFound, detail).into()
}

async fn wrong_method(method: Method, uri: http::Uri) -> ApiError {
    let path: String = uri.path().chars().take(100).collect();
    let detail = format!("{path} does not answer {method}.");
    Failure::caller(FailureKind::MethodNotAllowed, detail).into()
}
