//! Who is calling.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use domain::failure::{Failure, FailureKind};
use domain::id::KeyId;
use domain::key::ApiKey;
use domain::launch::AcceptedTerms;
use domain::time::Timestamp;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};
use store::{Db, keys, launches};

use crate::key_text::{KeyHasher, is_well_formed};
use crate::teller::Teller;

/// Knows keys. A key that was seen lately costs no look into the database.
pub struct Auth {
    hasher: KeyHasher,
    root: KeyId,
    known: RwLock<HashMap<KeyId, Known>>,
    /// Keys that are being looked up again in the background.
    refreshing: Mutex<Vec<KeyId>>,
}

#[derive(Clone)]
struct Known {
    key: Arc<ApiKey>,
    /// The terms of stealth models that it has accepted.
    accepted: Accepted,
    /// When the database was last asked; never for keys that live in memory only.
    asked: Option<Timestamp>,
}

/// Terms of stealth models that a key has accepted.
pub type Accepted = Arc<[AcceptedTerms]>;

/// Who is calling.
#[derive(Clone, Debug)]
pub enum Caller {
    /// The holder of a key, who may run models, and the terms that it has accepted.
    Key(Arc<ApiKey>, Accepted),
    /// The operator, who may manage keys.
    Operator,
}

/// How long a key is believed before the database is asked again.
const BELIEVED_MS: u64 = 30_000;
/// Keys that are kept in memory.
const KNOWN_MAX: usize = 200_000;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// The header in which Gemini's clients send their key.
pub const X_GOOG_API_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");

impl Auth {
    /// Takes the installation's hasher and the hash of the operator's key.
    pub fn new(hasher: KeyHasher, root: KeyId) -> Auth {
        Auth { hasher, root, known: RwLock::default(), refreshing: Mutex::default() }
    }

    /// Returns the name under which a key is stored.
    pub fn id(&self, text: &str) -> KeyId {
        self.hasher.id(text)
    }

    /// Returns the keyed hash of some texts, told apart from each other.
    pub fn digest(&self, parts: &[&[u8]]) -> KeyId {
        self.hasher.digest(parts)
    }

    /// Makes a key known that lives in memory only.
    pub fn admit(&self, key: ApiKey) {
        self.remember(Known { key: Arc::new(key), accepted: Accepted::default(), asked: None });
    }

    /// Takes note that a key has accepted terms, where the key is known. Safe to repeat.
    pub fn accept(&self, id: &KeyId, terms: &AcceptedTerms) {
        let is_new = |known: &Known| !known.accepted.contains(terms);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if !known.get(id).is_some_and(is_new) {
            return;
        }
        drop(known);
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get_mut(id).filter(|known| is_new(known)) {
            known.accepted = known.accepted.iter().chain([terms]).cloned().collect();
        }
    }

    /// Forgets a key, which has been changed or deleted.
    pub fn forget(&self, id: &KeyId) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Finds out who is calling.
    ///
    /// # Errors
    /// `Authentication` in the same words for every key that opens nothing.
    pub async fn caller(
        self: &Auth,
        headers: &HeaderMap,
        shop: &Shop<'_>,
    ) -> Result<Caller, Failure> {
        let text = credential(headers)?;
        let id = self.hasher.id(text);
        if id == self.root {
            return Ok(Caller::Operator);
        }
        if !is_well_formed(text) {
            return Err(unknown());
        }
        let known = match self.look_up(&id) {
            Some(known) => known,
            None => self.ask(&id, shop).await?,
        };
        self.refresh_if_old(&known, shop);
        match known.key.is_valid(shop.now) {
            true => Ok(Caller::Key(known.key, known.accepted)),
            false => Err(unknown()),
        }
    }

    fn look_up(&self, id: &KeyId) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn remember(&self, known: Known) {
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if KNOWN_MAX <= all.len() {
            all.retain(|_, other| other.asked.is_none());
        }
        all.insert(known.key.id.clone(), known);
    }

    async fn ask(&self, id: &KeyId, shop: &Shop<'_>) -> Result<Known, Failure> {
        let unreachable = |error| {
            tracing::error!("keys cannot be looked up: {error}");
            Failure::new(
                FailureKind::ProviderOverloaded,
                domain::failure::Fault::House,
                domain::failure::Retry::Never,
                "Keys cannot be looked up at the moment. Try again shortly.",
            )
        };
        let key = keys::find(shop.db, id).await.map_err(unreachable)?.ok_or_else(unknown)?;
        let spend = keys::spend(shop.db, id).await.map_err(unreachable)?;
        let accepted = launches::accepted(shop.db, id).await.map_err(unreachable)?.into();
        shop.ledger.open_key(id, spend);
        let known = Known { key: Arc::new(key), accepted, asked: Some(shop.now) };
        self.remember(known.clone());
        Ok(known)
    }

    /// Asks the database again about a key that was last asked about a while ago, behind the
    /// caller's back: another node may have changed it.
    fn refresh_if_old(&self, known: &Known, shop: &Shop<'_>) {
        let Some(asked) = known.asked.filter(|asked| BELIEVED_MS < shop.now.ms_since(*asked))
        else {
            return;
        };
        let id = known.key.id.clone();
        let mut refreshing = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        if refreshing.contains(&id) {
            return;
        }
        refreshing.push(id.clone());
        drop(refreshing);
        tracing::debug!(asked = %asked, "key is looked up again");
        (shop.refresh)(id);
    }

    /// Takes what the database says now of a key that was to be looked up again.
    pub fn refreshed(&self, id: &KeyId, found: Result<Option<Held>, ()>, now: Timestamp) {
        match found {
            Ok(Some(Held { key, accepted })) => {
                self.remember(Known { key: Arc::new(key), accepted, asked: Some(now) });
            }
            Ok(None) => self.forget(id),
            // A database that does not answer proves nothing about a key.
            Err(()) => (),
        }
        let mut refreshing = self.refreshing.lock().unwrap_or_else(PoisonError::into_inner);
        refreshing.retain(|other| other != id);
    }
}

/// What the database says of a key.
pub struct Held {
    /// The key.
    pub key: ApiKey,
    /// The terms that it has accepted.
    pub accepted: Accepted,
}

/// What looking a key up may touch.
pub struct Shop<'a> {
    /// The database.
    pub db: &'a Db,
    /// The books, in which a key is opened when it is first seen.
    pub ledger: &'a Teller,
    /// The present.
    pub now: Timestamp,
    /// Starts to look a key up again in the background.
    pub refresh: &'a (dyn Fn(KeyId) + Sync),
}

/// Reads the credential of a request.
pub(crate) fn credential(headers: &HeaderMap) -> Result<&str, Failure> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text(&AUTHORIZATION).and_then(|value| {
        let (scheme, rest) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(rest.trim())
    });
    bearer
        .or_else(|| text(&X_API_KEY))
        .or_else(|| text(&X_GOOG_API_KEY))
        .filter(|text| !text.is_empty() && text.len() <= 512)
        .ok_or_else(|| {
            Failure::caller(
                FailureKind::Authentication,
                "No API key was sent. Send one as `Authorization: Bearer …`.",
            )
        })
}

fn unknown() -> Failure {
    Failure::caller(FailureKind::Authentication, "The API key is not valid.")
}
