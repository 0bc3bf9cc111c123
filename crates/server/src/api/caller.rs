//! Who may call what.

use std::sync::Arc;

use domain::failure::{Failure, FailureKind};
use domain::id::KeyId;
use domain::key::ApiKey;
use http::HeaderMap;
use store::keys;

use crate::app::App;
use crate::auth::{Caller, Shop};

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
        Caller::Key(key) => key.id.clone(),
        Caller::Operator => KeyId::new("operator"),
    })
}

/// Finds the holder of a key.
///
/// # Errors
/// `Authentication`; `PermissionDenied` for the operator's key, which runs no models.
pub(super) async fn holder(app: &Arc<App>, headers: &HeaderMap) -> Result<Arc<ApiKey>, Failure> {
    match caller(app, headers).await? {
        Caller::Key(key) => Ok(key),
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
        Caller::Key(_) => Err(Failure::caller(
            FailureKind::PermissionDenied,
            "Only the operator's key may do this.",
        )),
    }
}

fn refresh(app: Arc<App>, id: KeyId) {
    let tasks = app.world.tasks.clone();
    tasks.spawn(async move {
        let found = keys::find(&app.db, &id).await.map_err(|_| ());
        app.auth.refreshed(&id, found, app.now());
    });
}
