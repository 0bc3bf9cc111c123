//! Who is served, who is told the same, and what is kept.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use domain::catalog::Dialect;
use domain::failure::{Failure, FailureKind};
use domain::generation::Outcome;
use domain::id::{GenerationId, KeyId};
use http::{HeaderMap, HeaderName};
use http_body::Body as _;
use http_body_util::BodyExt;
use store::answers::{self, Claim, Claimed, Kept, Place};
use store::generations;
use tower_service::Service;

use super::answers::{Bounds, another_body, busy, conflict};
use super::head::{self, Head};
use super::seal::Seal;
use super::tape::{Tape, certain, play};
use crate::api::caller_id;
use crate::app::App;
use crate::auth::credential;
use crate::error::ApiError;

/// The header by which a caller names a request.
pub(super) const NAME: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest name.
const NAME_LENGTH_MAX: usize = 255;
/// The most that is held of an answer while it is given.
const TAPE_BYTES_MAX: usize = 16 << 20;
/// How often it is looked whether another node has answered.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How many times it is looked.
const LOOKS_MAX: u32 = 240;

/// A request that carries a name, and all that decides whether it was asked before.
struct Named {
    place: Place,
    fingerprint: KeyId,
    seal: Seal,
}

/// Answers a request that may have been answered before.
pub(super) async fn answer_once<S>(
    app: Arc<App>,
    request: http::Request<Body>,
    mut inner: S,
) -> Response
where
    S: Service<http::Request<Body>, Response = Response, Error = Infallible> + Send + 'static,
    S::Future: Send + 'static,
{
    let dialect = dialect_of(request.uri().path());
    let told = |failure: Failure| ApiError::from(failure).spoken(dialect).into_response();
    // Who will find no place need not be looked up first.
    if needs_room(request.uri().path())
        && let Err(failure) = app.room.enter()
    {
        return told(failure);
    }
    let (head, body) = request.into_parts();
    let name = match name(&head.headers) {
        Ok(name) => name,
        Err(failure) => return told(failure),
    };
    let Ok(caller) = caller_id(&app, &head.headers).await else {
        // Whoever is nobody has nothing kept; the route says so in its own words.
        return certain(inner.call(http::Request::from_parts(head, body)).await);
    };
    let body = match app.intake.read(&head.headers, body).await {
        Ok(body) => body,
        Err(failure) => return told(failure),
    };
    let target = head.uri.path_and_query().map_or("", |target| target.as_str());
    let seal = credential(&head.headers).ok().and_then(|credential| Seal::new(credential, &name));
    let Some(seal) = seal else { return told(Failure::house("an answer cannot be sealed")) };
    let named = Named {
        place: Place { caller, key_hash: app.auth.digest(&[b"name", name.as_bytes()]) },
        fingerprint: app.auth.digest(&[b"body", target.as_bytes(), &body]),
        seal,
    };
    let (tape, first) = match app.answers.join(&named.place, &named.fingerprint) {
        Ok(joined) => joined,
        Err(failure) => return told(failure),
    };
    if first {
        let request = http::Request::from_parts(head, Body::from(body));
        let (tape, tasks) = (tape.clone(), app.world.tasks.clone());
        tasks.spawn(async move { lead(&app, named, request, inner, (tape, dialect)).await });
    }
    play(tape, first).await
}

/// Serves the first of equal requests, whether or not its caller stays, or tells what was kept.
async fn lead<S>(
    app: &Arc<App>,
    named: Named,
    request: http::Request<Body>,
    mut inner: S,
    (tape, dialect): (Arc<Tape>, Dialect),
) where
    S: Service<http::Request<Body>, Response = Response, Error = Infallible> + Send + 'static,
    S::Future: Send + 'static,
{
    purge_now_and_then(app).await;
    match known(app, &named).await {
        Ok(None) => {
            let response = certain(inner.call(request).await);
            let kept = record(&tape, response).await;
            keep(app, &named, &tape, kept).await;
        }
        Ok(Some((mut head, body))) => {
            head.headers.insert(super::tape::REPLAYED, http::HeaderValue::from_static("true"));
            tape.begin(head);
            tape.push(body);
        }
        Err(failure) => {
            let response = ApiError::from(failure).spoken(dialect).into_response();
            record(&tape, response).await;
        }
    }
    // Whoever comes from here on finds what was kept; who came before reads the tape.
    app.answers.leave(&named.place);
    tape.end();
}

/// Writes a response to the tape; returns its head, and whether all of it stands there.
async fn record(tape: &Tape, response: Response) -> (Head, bool) {
    let (parts, mut body) = response.into_parts();
    let whole = body.size_hint().exact().is_some();
    let head = Head { status: parts.status, headers: parts.headers, whole };
    tape.begin(head.clone());
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            tape.tear();
            return (head, false);
        };
        let Ok(piece) = frame.into_data() else { continue };
        if TAPE_BYTES_MAX < tape.push(piece) {
            tape.hand_over(body);
            return (head, false);
        }
    }
    (head, true)
}

/// Keeps an answer, or lets the request be repeated where it came to nothing.
async fn keep(app: &App, named: &Named, tape: &Tape, (head, complete): (Head, bool)) {
    let generation = head.generation();
    let outcome = if !head.status.is_success() || came_to_nothing(app, generation.as_ref()).await {
        answers::release(&app.db, &named.place, &app.answers.owner).await
    } else {
        let bounds = &app.answers.bounds;
        let pieces = tape.pieces();
        let bytes: usize = pieces.iter().map(bytes::Bytes::len).sum();
        let fits = complete && bytes <= bounds.answer_bytes;
        let written = fits.then(|| head::write(&head, &pieces)).flatten();
        let bound = bound(&named.place);
        let sealed = written.and_then(|plain| named.seal.close(&bound, plain));
        let (id, sealed) = (generation.as_ref(), sealed.as_deref());
        answers::keep(&app.db, &named.place, id, sealed, bounds.caller_bytes).await
    };
    if let Err(error) = outcome {
        tracing::error!("an answer could not be kept for repeats: {error}");
    }
}

/// How long a generation that has ended is waited for.
const SETTLED_WITHIN: Duration = Duration::from_secs(5);

/// Returns whether a generation broke off, which is charged to nobody and may be repeated.
async fn came_to_nothing(app: &App, generation: Option<&GenerationId>) -> bool {
    let Some(id) = generation else { return false };
    app.ledger.flush(SETTLED_WITHIN).await;
    let found = generations::find(&app.db, id).await;
    matches!(found, Ok(Some(found)) if matches!(found.outcome, Outcome::Broken | Outcome::Refused))
}

/// Claims a request; returns what was kept where it was answered before.
async fn known(app: &App, named: &Named) -> Result<Option<(Head, bytes::Bytes)>, Failure> {
    let now = app.now();
    let bounds = &app.answers.bounds;
    let claim = Claim {
        place: named.place.clone(),
        fingerprint: named.fingerprint.clone(),
        owner: app.answers.owner.clone(),
        created: now,
        expires: now.plus_ms(i64::try_from(bounds.window_ms).unwrap_or(i64::MAX)),
    };
    let unreachable = |error: store::StoreError| {
        tracing::error!("kept answers cannot be looked up: {error}");
        busy("It cannot be looked up whether this request was answered before.")
    };
    for look in 0..LOOKS_MAX {
        let kept = match answers::claim(&app.db, &claim, bounds.caller_requests).await {
            Ok(Claimed::New) => return Ok(None),
            Ok(Claimed::Full) => return Err(full(bounds)),
            Ok(Claimed::Known(kept)) => kept,
            Err(error) => return Err(unreachable(error)),
        };
        if kept.fingerprint != named.fingerprint {
            return Err(another_body());
        }
        if kept.answered {
            return opened(named, &kept).map(Some);
        }
        if !app.db.is_shared() || kept.owner == app.answers.owner {
            return Err(unknown_outcome());
        }
        if look + 1 < LOOKS_MAX {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    Err(unknown_outcome())
}

fn opened(named: &Named, kept: &Kept) -> Result<(Head, bytes::Bytes), Failure> {
    let plain = kept.sealed.as_deref().and_then(|text| named.seal.open(&bound(&named.place), text));
    plain.and_then(head::read).ok_or_else(|| {
        let what = kept.generation.as_ref().map_or_else(
            || "This request was answered before".to_owned(),
            |id| format!("This request was answered before, as generation {id}"),
        );
        let detail = format!(
            "{what}, and the answer is no longer kept. Nothing was charged again. Use another \
             Idempotency-Key to have it served anew."
        );
        conflict(detail)
    })
}

async fn purge_now_and_then(app: &App) {
    let now = app.now();
    if app.answers.is_due(now)
        && let Err(error) = answers::purge(&app.db, now).await
    {
        tracing::warn!("expired answers could not be forgotten: {error}");
    }
}

fn bound(place: &Place) -> String {
    format!("{}/{}", place.caller, place.key_hash)
}

/// Returns whether what stands at an address needs room: all but what is managed and paid.
fn needs_room(path: &str) -> bool {
    !["/keys", "/credits/", "/webhooks/"].iter().any(|managed| path.contains(managed))
}

fn name(headers: &HeaderMap) -> Result<String, Failure> {
    let mut values = headers.get_all(NAME).iter();
    let (first, second) = (values.next(), values.next());
    let text = first.and_then(|value| value.to_str().ok()).map(str::trim).unwrap_or_default();
    if text.is_empty() || NAME_LENGTH_MAX < text.len() || second.is_some() {
        let detail = format!(
            "An Idempotency-Key is sent once and has 1 to {NAME_LENGTH_MAX} visible characters."
        );
        return Err(Failure::invalid(detail).at("Idempotency-Key"));
    }
    Ok(text.to_owned())
}

fn unknown_outcome() -> Failure {
    conflict(
        "This request was begun before, and what became of it is not known. GET /api/v1/generation \
         tells whether it was charged. Use another Idempotency-Key to have it served anew.",
    )
}

fn full(bounds: &Bounds) -> Failure {
    let detail = format!(
        "{} requests with an Idempotency-Key are known of this key, which is as many as are kept.",
        bounds.caller_requests
    );
    Failure::caller(FailureKind::RateLimited, detail)
}

/// Returns the dialect in which a route tells its failures.
fn dialect_of(path: &str) -> Dialect {
    if path.ends_with("/messages") || path.ends_with("/count_tokens") {
        Dialect::AnthropicMessages
    } else if path.ends_with("/responses") {
        Dialect::OpenaiResponses
    } else if path.contains("/v1beta/") {
        Dialect::GoogleGemini
    } else if path == "/api/chat" || path == "/api/generate" {
        Dialect::Ollama
    } else {
        Dialect::OpenaiChat
    }
}
