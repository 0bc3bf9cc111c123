//! Who may call what.

use std::sync::Arc;

use domain::failure::{Failure, FailureKind};
use domain::id::KeyId;
use domain::key::ApiKey;
use http::HeaderMap;
use store::{keys, launches};

use crate::app::App;
use crate::auth::{Accepted, Caller, Held, Shop};

/// Finds out who is calling.
///
/// # Errors
/// `Authentication`.
pub(super) async fn caller(app: &Arc<App>, headers: &HeaderMap) -> Result<Caller, Failure> {
    let refresh = |id: KeyId| refresh(app.clone(), id);
    let shop = Shop { db: &app.db, ledger: &app.ledger, now: app.now(), refresh: &refresh };
    app.auth.caller(headers, &shop).await
}

/// Returns the name of whoever is calling: of the key, or of the operator.
///
/// # Errors
/// `Authentication`.
pub(crate) async fn caller_id(app: &Arc<App>, headers: &HeaderMap) -> Result<KeyId, Failure> {
    Ok(match caller(app, headers).await? {
        Caller::Key(key, _) => key.id.clone(),
        Caller::Operator => KeyId::new("operator"),
    })
}

/// Finds the holder of a key, and the terms that it has accepted.
///
/// # Errors
/// `Authentication`; `PermissionDenied` for the operator's key, which runs no models.
pub(super) async fn holder(
    app: &Arc<App>,
    headers: &HeaderMap,
) -> Result<(Arc<ApiKey>, Accepted), Failure> {
    match caller(app, headers).await? {
        Caller::Key(key, accepted) => Ok((key, accepted)),
        Caller::Operator => Err(Failure::caller(
            FailureKind::PermissionDenied,
            "This is the operator's key, which manages keys and runs no models. Make a key with \
             POST /api/v1/keys and use that.",
        )),
    }
}

/// Lets the operator in, and nobody else.
///
/// # Errors
/// `Authentication`; `PermissionDenied` for a key that runs models.
pub(super) async fn operator(app: &Arc<App>, headers: &HeaderMap) -> Result<(), Failure> {
    match caller(app, headers).await? {
        Caller::Operator => Ok(()),
        Caller::Key(..) => Err(Failure::caller(
            FailureKind::PermissionDenied,
            "Only the operator's key may do this.",
        )),
    }
}

fn refresh(app: Arc<App>, id: KeyId) {
    let tasks = app.world.tasks.clone();
    tasks.spawn(async move {
        let found = held(&app, &id).await.map_err(|_| ());
        app.auth.refreshed(&id, found, app.now());
    });
}

async fn held(app: &App, id: &KeyId) -> Result<Option<Held>, store::StoreError> {
    let Some(key) = keys::find(&app.db, id).await? else { return Ok(None) };
    let accepted = launches::accepted(&app.db, id).await?.into();
    Ok(Some(Held { key, accepted }))
}
