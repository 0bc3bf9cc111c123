//! Every URL of the product, in one table.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get, post, put};
use http::{HeaderMap, HeaderName, Method, Uri};
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use crate::address;
use crate::api::{
    DEPRECATION, chat, count, credits, feedback, generation, keys, metrics, models, operations,
    providers, rankings, receipt, report, routing, terms, workspaces,
};
use crate::app::App;
use crate::error::{ApiError, GENERATION_ID};
use crate::idempotency::{Idempotency, REPLAYED};
use crate::limits;
use crate::web;

/// Returns every route, each with and without a slash at its end.
pub fn routes(app: Arc<App>) -> Router {
    let has_site = app.current().config.site.enabled;
    let table = table(app.desk.is_some(), has_site);
    let known: Arc<[String]> = table.iter().map(|(path, _)| path.clone()).collect();
    let mut router = Router::new();
    for (path, methods) in table {
        if path != "/" && !path.ends_with("{*rest}") {
            router = router.route(&format!("{path}/"), methods.clone());
        }
        router = router.route(&path, methods);
    }
    let pages = has_site.then(|| app.clone());
    let nobody = |method: Method, uri: Uri, headers: HeaderMap| async move {
        match pages.filter(|_| web::is_for_people(&method, &uri, &headers)) {
            Some(app) => web::missing(&app, &headers, uri.path()),
            None => address::nobody(&known, &method, &uri, &headers).into_response(),
        }
    };
    router
        .fallback(nobody)
        .method_not_allowed_fallback(wrong_method)
        // Bodies are bounded where they are read, by the operator's limit.
        .layer(DefaultBodyLimit::disable())
        .layer(Idempotency(app.clone()))
        .layer(cors())
        .with_state(app)
}

type Methods = MethodRouter<Arc<App>>;

/// Every address with what answers there. The API stands under `/api/v1`, and under `/v1` for
/// clients that want it there; each route stands under both as it is, for a router within a router
/// would look twice.
fn table(sells: bool, has_site: bool) -> Vec<(String, Methods)> {
    let under = |prefix: &'static str, routes: Vec<(&'static str, Methods)>| {
        routes.into_iter().map(move |(path, methods)| (format!("{prefix}{path}"), methods))
    };
    let mut table: Vec<(String, Methods)> = Vec::new();
    table.extend(under("/api/v1", api()));
    table.extend(under("/v1", api()));
    // Gemini's and Ollama's clients bring their own paths below whatever base they are given.
    table.extend(under("/api", gemini()));
    table.extend(under("", gemini()));
    table.extend(under("/api", ollama()));
    table.extend(under("", watched()));
    table.extend(under("", if has_site { web::routes() } else { house() }));
    if sells {
        table.extend(under("/api/v1", sales()));
        table.extend(under("/v1", sales()));
    }
    table
}

/// What is there where credits can be bought.
fn sales() -> Vec<(&'static str, Methods)> {
    vec![
        ("/credits/checkout", post(credits::checkout)),
        ("/webhooks/stripe", post(credits::stripe)),
    ]
}

fn api() -> Vec<(&'static str, Methods)> {
    vec![
        ("", get(front)),
        ("/chat/completions", post(chat::chat_completions)),
        ("/completions", post(chat::completions)),
        ("/responses", post(chat::responses)),
        ("/responses/input_tokens", post(count::responses)),
        ("/messages", post(chat::messages)),
        ("/messages/count_tokens", post(count::messages)),
        ("/credits", get(credits::show)),
        ("/embeddings", post(operations::embeddings)),
        ("/embeddings/models", get(models::embeddings)),
        ("/rerank", post(operations::rerank)),
        ("/images", post(operations::images)),
        ("/images/generations", post(operations::images)),
        ("/images/models", get(models::image_models)),
        ("/images/models/{author}/{slug}/endpoints", get(models::image_endpoints)),
        ("/audio/speech", post(operations::speech)),
        ("/audio/transcriptions", post(operations::transcriptions)),
        ("/moderations", post(operations::moderations)),
        ("/workspaces/{id}/budgets", get(workspaces::list)),
        ("/workspaces/{id}/budgets/{interval}", put(workspaces::set).delete(workspaces::remove)),
        ("/models", get(models::list)),
        ("/models/count", get(models::count)),
        ("/models/user", get(models::list)),
        ("/models/{id}", get(models::retrieved_whole)),
        ("/models/{author}/{slug}", get(models::retrieved)),
        ("/models/{author}/{slug}/endpoints", get(models::endpoints)),
        ("/models/{author}/{slug}/report", get(report::report)),
        ("/models/{author}/{slug}/terms", get(terms::show).post(terms::accept)),
        ("/model/{author}/{slug}", get(models::one)),
        ("/endpoints/zdr", get(models::zdr)),
        ("/providers", get(providers::list)),
        ("/rankings", get(rankings::index)),
        ("/rankings/{name}", get(rankings::ranking)),
        ("/datasets/rankings-daily", get(rankings::rankings_daily)),
        ("/datasets/app-rankings", get(rankings::app_rankings)),
        ("/classifications/task", get(rankings::classifications)),
        ("/routing/endpoints", get(routing::endpoints)),
        ("/generation", get(generation::generation)),
        ("/generation/receipt", get(receipt::receipt)),
        ("/generation/feedback", post(feedback::feedback)),
        ("/key", get(keys::own)),
        ("/keys", get(keys::list).post(keys::create)),
        ("/keys/{hash}", get(keys::read).patch(keys::update).delete(keys::delete)),
    ]
}

fn gemini() -> Vec<(&'static str, Methods)> {
    vec![
        ("/v1beta/models", get(models::geminis)),
        ("/v1beta/models/{*rest}", get(models::geminis_one).post(chat::gemini)),
    ]
}

fn ollama() -> Vec<(&'static str, Methods)> {
    vec![
        ("", get(front)),
        ("/chat", post(chat::ollama_chat)),
        ("/generate", post(chat::ollama_generate)),
        ("/embed", post(operations::ollama_embed)),
        ("/tags", get(models::ollamas)),
        ("/show", post(models::ollamas_one)),
        ("/version", get(models::ollamas_version)),
    ]
}

/// What those ask who watch over the process.
fn watched() -> Vec<(&'static str, Methods)> {
    vec![("/metrics", get(metrics::metrics)), ("/healthz", get(|| async { "ok\n" }))]
}

/// What stands in the place of the pages where they are switched off.
fn house() -> Vec<(&'static str, Methods)> {
    vec![("/", get(front)), (dialect::registry::DOCS, get(|| async { ERRORS }))]
}

async fn front() -> &'static str {
    FRONT
}

const ERRORS: &str = include_str!("../../../docs/errors.md");

const FRONT: &str = "Interline: one API over every model.\n\
    \n\
    POST /api/v1/chat/completions   as at OpenAI and OpenRouter\n\
    GET  /api/v1/models             what can be called\n\
    GET  /api/v1/providers          who serves it\n";

/// Browsers call the API directly, with keys in headers and never with cookies.
fn cors() -> CorsLayer {
    let own = [
        GENERATION_ID,
        REPLAYED,
        HeaderName::from_static("x-interline-dropped"),
        HeaderName::from_static("x-interline-cost"),
        http::header::RETRY_AFTER,
        http::header::LINK,
        DEPRECATION,
    ];
    let exposed: Vec<HeaderName> = own.into_iter().chain(limits::EXPOSED).collect();
    CorsLayer::new()
        .allow_origin(Any)
        .allow_headers(AllowHeaders::mirror_request())
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .expose_headers(exposed)
}

async fn wrong_method(method: Method, uri: Uri, headers: HeaderMap) -> ApiError {
    address::wrong_method(&method, &uri, &headers)
}
