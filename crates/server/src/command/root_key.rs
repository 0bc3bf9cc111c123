//! The keys of a start: the operator's, given or made on the first one, and the demo's.

use domain::id::KeyId;
use domain::key::ApiKey;
use domain::port::Clock;
use domain::secret::Secret;
use store::{Db, settings};

use super::trouble::Trouble;
use crate::auth::Auth;
use crate::clock::{SystemClock, random};
use crate::key_text::{self, KeyHasher, ROOT_KEY_LENGTH_MIN, hex};

/// The operator's key, as this start knows it.
pub(super) struct RootKey {
    /// Its hash.
    pub(super) id: KeyId,
    /// Its text, where this start made it: to be shown once.
    pub(super) made: Option<Secret>,
}

/// Returns the hasher of this installation. Its secret is made on the first start.
///
/// # Errors
/// When the database fails.
pub(super) async fn hasher(db: &Db) -> Result<KeyHasher, Trouble> {
    let fresh = hex(&random::<32>());
    let pepper = settings::pepper(db, &fresh).await?;
    Ok(KeyHasher::new(pepper.expose().as_bytes()))
}

/// Returns the operator's key: the one that was given, or the one that the first start made.
///
/// # Errors
/// When the given one is too short, or the database fails.
pub(super) async fn root_key(
    db: &Db,
    hasher: &KeyHasher,
    given: Option<&str>,
) -> Result<RootKey, Trouble> {
    if let Some(text) = given {
        if text.chars().count() < ROOT_KEY_LENGTH_MIN {
            let least = ROOT_KEY_LENGTH_MIN;
            return Err(format!("INTERLINE_ROOT_KEY is shorter than {least} characters").into());
        }
        return Ok(RootKey { id: hasher.id(text), made: None });
    }
    let fresh = format!("sk-il-root-{}", hex(&random::<20>()));
    let fresh_id = hasher.id(&fresh);
    let id = settings::root_key_hash_or(db, &fresh_id).await?;
    let made = (id == fresh_id).then(|| Secret::new(fresh));
    Ok(RootKey { id, made })
}

/// Returns a demo's key for everybody to see. It opens simulated models and nothing else, so on the
/// page of a demo it is no secret.
pub(super) fn shown(key: &Secret) -> String {
    key.expose().to_owned()
}

/// Makes a key that lives until the process ends and is stored nowhere.
pub(super) fn demo_key(auth: &Auth) -> Secret {
    let text = key_text::mint(random());
    auth.admit(ApiKey {
        id: auth.id(text.expose()),
        name: "demo".to_owned(),
        label: key_text::label(text.expose()),
        limit: None,
        limit_reset: None,
        disabled: false,
        expires: None,
        created: SystemClock.now(),
        updated: None,
        rates: None,
    });
    text
}
