//! `/models/{author}/{slug}/terms`: what callers accept before they use a stealth model.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use domain::catalog::{Catalog, Stealth};
use domain::failure::{Failure, FailureKind};
use domain::id::AccountId;
use domain::launch::{Acceptance, AcceptedTerms};
use http::{HeaderMap, HeaderName};
use serde::Deserialize;
use serde_json::{Value, json};
use store::launches;

use super::caller::{caller, holder};
use crate::app::App;
use crate::auth::{Accepted, Caller};
use crate::error::ApiError;
use crate::shelf::name::{Name, find};

/// [`domain::plan::ACCEPT_TERMS`].
const ACCEPT_TERMS: HeaderName = HeaderName::from_static("x-interline-accept-terms");
/// Hashes in that header that are looked at.
const HASHES_MAX: usize = 8;
/// The length of a hash.
const HASH_LENGTH: usize = 16;

/// Returns the terms that a request comes with: those that its key has accepted and that a model of
/// the catalog still has, and those that its header accepts for it alone.
pub(super) fn accepted(
    headers: &HeaderMap,
    accepted: &Accepted,
    catalog: &Catalog,
) -> Vec<AcceptedTerms> {
    let has_them = |it: &&AcceptedTerms| {
        let model = it.model.as_deref().and_then(|id| catalog.find_model(id));
        let stealth = model.and_then(|place| catalog.model(place).stealth.as_ref());
        stealth.is_some_and(|stealth| stealth.terms_hash == it.hash)
    };
    let kept = accepted.iter().filter(has_them).cloned();
    let header = headers.get(ACCEPT_TERMS).and_then(|value| value.to_str().ok());
    let named = header.into_iter().flat_map(|text| text.split(',')).take(HASHES_MAX).map(str::trim);
    let is_hash = |text: &&str| text.len() == HASH_LENGTH;
    let once = named
        .filter(is_hash)
        .map(|text| AcceptedTerms { model: None, hash: text.to_ascii_lowercase() });
    kept.chain(once).collect()
}

/// `GET /models/{author}/{slug}/terms`: the terms, and whether the calling key has accepted them.
///
/// # Errors
/// `NotFound`, where there is no such model, or it has none.
pub async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    name: Name,
) -> Result<Json<Value>, ApiError> {
    let (model, stealth) = found(&app, name)?;
    let accepted = match caller(&app, &headers).await? {
        Caller::Key(_, accepted) => {
            Some(accepted.iter().any(|it| it.are_of(&model, &stealth.terms_hash)))
        }
        Caller::Operator => None,
    };
    Ok(Json(told(&model, &stealth, accepted)))
}

/// Which terms are accepted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    accept: String,
}

/// `POST /models/{author}/{slug}/terms`: accepts them for the calling key. Safe to repeat.
///
/// # Errors
/// `NotFound`, as [`show`]; `Conflict`, where the terms are other ones than those accepted;
/// `PermissionDenied` for the operator's key, which runs no models.
pub async fn accept(
    State(app): State<Arc<App>>,
    name: Name,
    request: http::Request<Body>,
) -> Result<Json<Value>, ApiError> {
    let (head, body) = request.into_parts();
    let (key, _) = holder(&app, &head.headers).await?;
    let body = app.intake.read(&head.headers, body).await?;
    let (model, stealth) = found(&app, name)?;
    let wanted: Wanted = serde_json::from_slice(&body)
        .map_err(|error| Failure::caller(FailureKind::InvalidRequest, error.to_string()))?;
    if !wanted.accept.eq_ignore_ascii_case(&stealth.terms_hash) {
        let detail = format!(
            "The terms of {model} have the hash {}. Read them, and accept that one.",
            stealth.terms_hash
        );
        return Err(Failure::caller(FailureKind::Conflict, detail).at("accept").into());
    }
    let terms = AcceptedTerms { model: Some(model.clone()), hash: stealth.terms_hash.clone() };
    let acceptance = Acceptance {
        key: key.id.clone(),
        account: AccountId::default(),
        model: model.clone(),
        hash: stealth.terms_hash.clone(),
        at: app.now(),
    };
    launches::accept(&app.db, &acceptance).await?;
    app.auth.accept(&key.id, &terms);
    Ok(Json(told(&model, &stealth, Some(true))))
}

/// Finds a stealth model: its id, and what is to be known of it.
fn found(app: &App, name: Name) -> Result<(String, Stealth), Failure> {
    let catalog = &app.current().snapshot.catalog;
    let model = catalog.model(find(catalog, name, app.now())?);
    let stealth = model.stealth.clone().ok_or_else(|| {
        let detail = format!("{} is no stealth model, and has no terms to accept.", model.id);
        Failure::caller(FailureKind::NotFound, detail)
    })?;
    Ok((model.id.clone(), stealth))
}

fn told(model: &str, stealth: &Stealth, accepted: Option<bool>) -> Value {
    json!({ "data": {
        "model": model,
        "terms": stealth.terms,
        "terms_hash": stealth.terms_hash,
        "accepted": accepted,
    } })
}
