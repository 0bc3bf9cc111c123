//! Every URL of the product, in one table.

mod abroad;
mod accounts;
mod chats;
mod figures;
mod instance;
mod models;
mod objects;
mod row;
mod runs;
mod tasks;

use std::iter::repeat;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::IntoResponse;
use axum::routing::get;
use http::{HeaderMap, HeaderName, Method, Uri};
use tower_http::cors::{AllowHeaders, Any, CorsLayer};

use self::objects::errors::error;
use self::row::{Methods, Route};
use crate::address;
use crate::api::DEPRECATION;
use crate::app::App;
use crate::error::{ApiError, GENERATION_ID};
use crate::idempotency::{Idempotency, REPLAYED};
use crate::limits;
use crate::reference::Reference;
use crate::web;

/// Returns every route, each with and without a slash at its end.
pub fn routes(app: Arc<App>) -> Router {
    let has_site = app.current().config.site.enabled;
    let table = table(&app, has_site);
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

/// The API: every route with what it says of itself. Those of a noun are in a file of theirs, in
/// the order in which the document has them.
fn api(sells: bool) -> Vec<Route> {
    let mut rows = chats::rows();
    rows.extend(tasks::rows());
    rows.extend(models::rows());
    rows.extend(figures::rows());
    rows.extend(accounts::rows());
    if sells {
        rows.extend(accounts::sales());
    }
    rows.extend(abroad::gemini());
    rows.extend(abroad::ollama());
    rows.extend(instance::rows());
    rows
}

/// Every address with what answers there. The API stands under `/api/v1`, and under `/v1` for
/// clients that want it there; each route stands below each of its bases as it is, for a router
/// within a router would look twice. What the API's routes say of themselves is `app.reference`.
fn table(app: &App, has_site: bool) -> Vec<(String, Methods)> {
    let mut table: Vec<(String, Methods)> = Vec::new();
    let mut described = Vec::new();
    let mut further: Vec<(String, Methods)> = Vec::new();
    for route in api(app.desk.is_some()) {
        let prefixes = route.described.base.prefixes().iter();
        let mut stands = prefixes
            .map(|prefix| format!("{prefix}{}", route.described.path))
            .zip(repeat(route.methods));
        table.extend(stands.next());
        further.extend(stands);
        described.push(route.described);
    }
    table.append(&mut further);
    let pages = if has_site { web::routes() } else { house() };
    table.extend(pages.into_iter().map(|(path, methods)| (path.to_owned(), methods)));
    let make = || Reference::of(described, &app.public_url, error);
    app.reference.get_or_init(make);
    table
}

/// What stands in the place of the pages where they are switched off.
fn house() -> Vec<(&'static str, Methods)> {
    vec![("/", get(instance::front)), (dialect::registry::DOCS, get(|| async { ERRORS }))]
}

const ERRORS: &str = include_str!("../../../../docs/errors.md");

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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::reference::operations;

    fn reference() -> Reference {
        let described = api(true).into_iter().map(|route| route.described).collect();
        Reference::of(described, "https://house.example.com", error)
    }

    #[test]
    fn the_api_is_what_it_was() {
        let reference = reference();
        let rows: Vec<String> = operations(&reference.routes)
            .map(|(route, method, operation)| {
                let prefix = route.base.prefixes()[0];
                let path = operation.path_within(route.path);
                format!("{method} {prefix}{path} {} ({:?})", operation.id, operation.access)
            })
            .collect();
        insta::assert_snapshot!(rows.join("\n"));
    }

    #[test]
    fn an_operation_has_a_name_of_its_own_a_sentence_and_an_answer() {
        let reference = reference();
        let mut ids = BTreeSet::new();
        for (route, method, operation) in operations(&reference.routes) {
            let id = operation.id;
            assert!(ids.insert(id), "{id} is there twice");
            assert!(operation.summary.ends_with('.') && operation.summary.len() < 110, "{id}");
            assert!(!operation.answers.is_empty(), "{id}");
            let takes = [Method::POST, Method::PUT, Method::PATCH].contains(method);
            assert_eq!(takes, !operation.bodies.is_empty(), "{id}");
            let others = route.operations.iter().filter(|(it, _)| it == method);
            let paths: BTreeSet<String> =
                others.clone().map(|(_, it)| it.path_within(route.path)).collect();
            assert_eq!(paths.len(), others.count(), "{id}: two operations of one address");
        }
    }

    #[test]
    fn the_parts_of_a_path_are_told_and_no_others() {
        let reference = reference();
        let mut seen = 0;
        for (path, item) in reference.document["paths"].as_object().unwrap() {
            let parts: BTreeSet<&str> =
                path.split('{').skip(1).filter_map(|it| it.split('}').next()).collect();
            let operations = item.as_object().unwrap().iter().filter(|(it, _)| *it != "servers");
            for (_, operation) in operations {
                let told = operation["parameters"].as_array().into_iter().flatten();
                let told =
                    told.filter(|it| it["in"] == "path").filter_map(|it| it["name"].as_str());
                assert_eq!(told.collect::<BTreeSet<&str>>(), parts, "{path}");
                seen += 1;
            }
        }
        assert_eq!(seen, operations(&reference.routes).count());
    }

    #[test]
    fn everything_that_is_pointed_to_is_there() {
        fn follow(whole: &Value, value: &Value) -> usize {
            match value {
                Value::Object(fields) => fields
                    .iter()
                    .map(|(name, value)| match value.as_str().filter(|_| name == "$ref") {
                        Some(pointer) => {
                            assert!(whole.pointer(&pointer[1..]).is_some(), "{pointer}");
                            1
                        }
                        None => follow(whole, value),
                    })
                    .sum(),
                Value::Array(items) => items.iter().map(|it| follow(whole, it)).sum(),
                _ => 0,
            }
        }
        let document = reference().document;
        assert!(100 < follow(&document, &document));
    }

    #[test]
    fn everything_is_said_what_it_is() {
        fn look(path: &str, schema: &Value) {
            let is_told = schema["description"].as_str().is_some_and(|it| it.ends_with('.'));
            let points = schema.get("$ref").is_some() || schema["anyOf"][0].get("$ref").is_some();
            assert!(is_told || points, "{path}: {schema}");
            for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                look(&format!("{path}.{name}"), field);
            }
        }
        for (name, schema) in &reference().schemas {
            look(name, schema);
        }
    }

    #[test]
    fn a_body_that_is_shown_is_one_that_is_taken() {
        let reference = reference();
        let mut seen = 0;
        for (_, method, operation) in operations(&reference.routes) {
            let Some(sample) = &operation.sample else {
                let is_ours =
                    operation.bodies.iter().any(|(media, _)| *media == "application/json");
                assert!(
                    !is_ours || operation.id == "receiveStripeNotice",
                    "{method} {}",
                    operation.id
                );
                continue;
            };
            let mut schema = operation.bodies[0].1.json();
            schema["components"] = reference.document["components"].clone();
            let validator = jsonschema::validator_for(&schema).unwrap();
            let faults: Vec<String> =
                validator.iter_errors(sample).map(|it| it.to_string()).collect();
            assert!(faults.is_empty(), "{}: {faults:?}", operation.id);
            seen += 1;
        }
        assert!(20 < seen);
    }
}
