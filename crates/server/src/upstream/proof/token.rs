//! Tokens that are exchanged for a credential: kept until shortly before they expire, and fetched
//! by one request at a time, while the others use the old one or wait.

use std::future::Future;
use std::sync::{PoisonError, RwLock};

use domain::failure::{Failure, FailureKind, Fault, Retry};
use domain::secret::Secret;
use domain::time::Timestamp;
use http::{HeaderValue, Uri};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::upstream::clients::Clients;

/// What is asked for a token.
pub(super) struct Grant {
    /// Who gives it.
    pub(super) url: String,
    /// What is said.
    pub(super) form: Box<dyn Form>,
    /// A client's id and secret, where they are shown beside the form.
    pub(super) basic: Option<(String, Secret)>,
}

/// The fields of a request for a token.
pub(super) trait Form: Send + Sync {
    /// Returns them as they have to be at this instant; `None` where they cannot be made.
    fn fields(&self, now: Timestamp) -> Option<Vec<(&'static str, String)>>;
}

/// Where a provider's tokens come from, and the one that is kept.
pub struct TokenSource {
    grant: Grant,
    url: Uri,
    /// Tokens may be fetched in plain text and from a private network.
    private: bool,
    kept: Kept,
}

impl std::fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenSource").field("url", &self.url).finish_non_exhaustive()
    }
}

impl TokenSource {
    /// Makes a source that has fetched nothing yet.
    ///
    /// # Errors
    /// A sentence for the operator, when the address is none that a credential may be sent to.
    pub(super) fn new(grant: Grant, private: bool) -> Result<TokenSource, String> {
        let no_address = || "the credential names no address that gives tokens".to_owned();
        let url: Uri = grant.url.parse().map_err(|_| no_address())?;
        match url.scheme_str() {
            Some("https") => (),
            Some("http") if private => (),
            _ => return Err(no_address()),
        }
        Ok(TokenSource { grant, url, private, kept: Kept::default() })
    }

    /// Returns what the header `authorization` has to say.
    ///
    /// # Errors
    /// The credential's, when no token comes.
    pub(super) async fn token(
        &self,
        clients: &Clients,
        now: Timestamp,
    ) -> Result<HeaderValue, Failure> {
        self.kept.get(now, || self.fetch(clients, now)).await
    }

    async fn fetch(&self, clients: &Clients, now: Timestamp) -> Result<Token, Failure> {
        let fields = self.grant.form.fields(now).ok_or_else(unopened)?;
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let basic = self.grant.basic.as_ref().map(|(id, secret)| (id.as_str(), secret.expose()));
        let answer = clients.post_form(self.private, &self.url, basic, form).await;
        match answer {
            Ok((200, body)) => Token::read(&body, now).ok_or_else(unopened),
            Ok((status, _)) => {
                tracing::warn!(status, "a token was refused");
                Err(unopened())
            }
            Err(error) => {
                tracing::warn!(error, "no token came");
                Err(unopened())
            }
        }
    }
}

/// The failure of a provider whose token does not come. Another provider may have one.
fn unopened() -> Failure {
    let detail = "The provider could not be shown a credential.";
    let failure = Failure::new(
        FailureKind::ProviderUnavailable,
        Fault::Credential,
        Retry::NextEndpoint,
        detail,
    );
    Failure { provider_code: Some("token_exchange_failed".to_owned()), ..failure }
}

/// A token, as the header that shows it.
#[derive(Clone, Debug)]
struct Token {
    shown: HeaderValue,
    /// From here on a new one is fetched.
    due: Timestamp,
    /// From here on it opens nothing.
    expires: Timestamp,
}

/// A token that says nothing of it holds so long, in seconds.
const LIFETIME_S: i64 = 3600;
/// No token is kept longer, in seconds.
const LIFETIME_S_MAX: i64 = 86_400;
/// A new token is fetched so long before the old one expires, in milliseconds.
const AHEAD_MS: i64 = 300_000;
/// A source that failed is left alone so long, in milliseconds: while nothing is kept, and while
/// the old token still opens.
const PAUSE_MS: u64 = 1_000;
const PAUSE_AGING_MS: u64 = 10_000;

impl Token {
    /// Reads the answer to a request for a token.
    fn read(body: &[u8], now: Timestamp) -> Option<Token> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let text = body["access_token"].as_str().filter(|text| !text.is_empty())?;
        let mut shown = HeaderValue::from_str(&format!("Bearer {text}")).ok()?;
        shown.set_sensitive(true);
        let told = &body["expires_in"];
        let told = told.as_f64().or_else(|| told.as_str()?.parse().ok());
        let seconds = told.map_or(LIFETIME_S, |it| it as i64).clamp(1, LIFETIME_S_MAX);
        let lifetime_ms = seconds * 1000;
        let ahead_ms = AHEAD_MS.min(lifetime_ms / 5);
        Some(Token {
            shown,
            due: now.plus_ms(lifetime_ms - ahead_ms),
            expires: now.plus_ms(lifetime_ms),
        })
    }
}

/// The token that is kept, and who may fetch the next.
#[derive(Default)]
struct Kept {
    token: RwLock<Option<Token>>,
    /// Held by the one who fetches; in it, when fetching failed last, and how.
    fetching: Mutex<Option<(Timestamp, Failure)>>,
}

impl Kept {
    /// Returns the token, or a new one where it is missing or about to expire.
    async fn get<F>(
        &self,
        now: Timestamp,
        fetch: impl FnOnce() -> F,
    ) -> Result<HeaderValue, Failure>
    where
        F: Future<Output = Result<Token, Failure>>,
    {
        if let Some(token) = self.opening(now) {
            if now < token.due {
                return Ok(token.shown);
            }
            let Ok(mut failed) = self.fetching.try_lock() else { return Ok(token.shown) };
            let rests = |at: Timestamp| now.ms_since(at) < PAUSE_AGING_MS;
            if failed.as_ref().is_none_or(|(at, _)| !rests(*at)) {
                *failed = self.renew(fetch).await.err().map(|failure| (now, failure));
            }
            return Ok(self.opening(now).map_or(token.shown, |token| token.shown));
        }
        let mut failed = self.fetching.lock().await;
        if let Some(token) = self.opening(now) {
            return Ok(token.shown);
        }
        if let Some((at, failure)) = failed.as_ref().filter(|(at, _)| now.ms_since(*at) < PAUSE_MS)
        {
            tracing::debug!(at = at.ms(), "a source of tokens is left alone");
            return Err(failure.clone());
        }
        let outcome = self.renew(fetch).await;
        *failed = outcome.as_ref().err().map(|failure| (now, failure.clone()));
        outcome
    }

    async fn renew<F>(&self, fetch: impl FnOnce() -> F) -> Result<HeaderValue, Failure>
    where
        F: Future<Output = Result<Token, Failure>>,
    {
        let token = fetch().await?;
        let shown = token.shown.clone();
        *self.token.write().unwrap_or_else(PoisonError::into_inner) = Some(token);
        Ok(shown)
    }

    /// Returns the token if it opens anything.
    fn opening(&self, now: Timestamp) -> Option<Token> {
        let held = self.token.read().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|token| now < token.expires).cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_ms(seconds * 1000)
    }

    fn token(text: &str, now: Timestamp) -> Token {
        let body = format!(r#"{{"access_token":"{text}","expires_in":3600}}"#);
        Token::read(body.as_bytes(), now).unwrap()
    }

    #[test]
    fn the_answer_says_how_long_a_token_opens() {
        let read = |body: &str| Token::read(body.as_bytes(), at(0));
        let usual = read(r#"{"access_token":"t","expires_in":3600}"#).unwrap();
        assert_eq!((usual.due, usual.expires), (at(3300), at(3600)));
        assert_eq!(usual.shown, "Bearer t");
        assert!(usual.shown.is_sensitive());
        let short = read(r#"{"access_token":"t","expires_in":"10"}"#).unwrap();
        assert_eq!((short.due, short.expires), (at(8), at(10)));
        assert_eq!(read(r#"{"access_token":"t"}"#).unwrap().expires, at(3600));
        assert_eq!(read(r#"{"access_token":"t","expires_in":1e18}"#).unwrap().expires, at(86_400));
        for body in ["", "{}", r#"{"access_token":""}"#, r#"{"access_token":"a\nb"}"#] {
            assert!(read(body).is_none(), "{body}");
        }
    }

    #[tokio::test]
    async fn a_token_is_fetched_once_for_all_who_wait() {
        let kept = Arc::new(Kept::default());
        let fetched = Arc::new(AtomicU32::new(0));
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let (kept, fetched) = (kept.clone(), fetched.clone());
            waiting.spawn(async move {
                let fetch = || async {
                    fetched.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                    Ok(token("one", at(0)))
                };
                kept.get(at(0), fetch).await
            });
        }
        while let Some(shown) = waiting.join_next().await {
            assert_eq!(shown.unwrap().unwrap(), "Bearer one");
        }
        assert_eq!(fetched.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_token_is_renewed_before_it_expires_and_kept_where_that_fails() {
        let kept = Kept::default();
        let get = async |now, answer: Result<&str, ()>| {
            let answer = answer.map(|text| token(text, now)).map_err(|()| unopened());
            kept.get(now, || async { answer }).await.map_err(|failure| failure.fault)
        };
        assert_eq!(get(at(0), Ok("one")).await.unwrap(), "Bearer one");
        assert_eq!(get(at(3200), Ok("two")).await.unwrap(), "Bearer one");
        assert_eq!(get(at(3300), Err(())).await.unwrap(), "Bearer one");
        // The source is left alone for a while.
        assert_eq!(get(at(3305), Ok("two")).await.unwrap(), "Bearer one");
        assert_eq!(get(at(3311), Ok("two")).await.unwrap(), "Bearer two");
        assert_eq!(get(at(9000), Err(())).await.unwrap_err(), Fault::Credential);
        assert_eq!(get(at(9000), Ok("three")).await.unwrap_err(), Fault::Credential);
        assert_eq!(get(at(9002), Ok("three")).await.unwrap(), "Bearer three");
    }

    #[test]
    fn tokens_come_over_safe_connections_unless_the_operator_says_otherwise() {
        struct Blank;
        impl Form for Blank {
            fn fields(&self, _: Timestamp) -> Option<Vec<(&'static str, String)>> {
                None
            }
        }
        let source = |url: &str, private| {
            let grant = Grant { url: url.to_owned(), form: Box::new(Blank), basic: None };
            TokenSource::new(grant, private).is_ok()
        };
        assert!(source("https://a.example/token", false));
        assert!(source("http://127.0.0.1:1/token", true));
        assert!(!source("http://a.example/token", false));
        assert!(!source("file:///etc/passwd", true));
        assert!(!source("no address", true));
    }
}
