//! `POST /chat/completions` and `POST /completions`: what nearly every request is.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dialect::request::Request;
use domain::failure::Failure;
use domain::generation::App as CallingApp;
use domain::id::GenerationId;
use domain::port::Waiting;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, REFERER, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;
use relay::{Call, Reply, ReplyBody, relay};
use tokio::sync::mpsc;

use super::caller::holder;
use crate::app::App;
use crate::error::{ApiError, GENERATION_ID};

/// Reads a body in a dialect.
type Decode = fn(Bytes) -> Result<Request, Failure>;

/// `POST /chat/completions`.
pub async fn chat_completions(
    State(app): State<Arc<App>>,
    request: http::Request<Body>,
) -> Response {
    boxed(app, request, dialect::registry::decode_chat_request).await
}

/// `POST /completions`, the legacy form.
pub async fn completions(State(app): State<Arc<App>>, request: http::Request<Body>) -> Response {
    boxed(app, request, dialect::registry::decode_completion_request).await
}

/// Answers from the heap: what is known of a request fills some kilobytes, and whatever lies
/// between the connection and a handler would move them from hand to hand.
fn boxed(
    app: Arc<App>,
    request: http::Request<Body>,
    decode: Decode,
) -> Waiting<'static, Response> {
    Box::pin(answer(app, request, decode))
}

async fn answer(app: Arc<App>, request: http::Request<Body>, decode: Decode) -> Response {
    let id = GenerationId::new(app.now().seconds(), app.draw());
    match serve(&app, &id, request, decode).await {
        Ok(reply) => respond(&id, reply),
        Err(error) => error.of(id.as_str()).into_response(),
    }
}

async fn serve(
    app: &Arc<App>,
    id: &GenerationId,
    request: http::Request<Body>,
    decode: Decode,
) -> Result<Reply, ApiError> {
    let received = app.now();
    let (head, body) = request.into_parts();
    let key = holder(app, &head.headers).await?;
    let body = app.intake.read(&head.headers, body).await?;
    let mut request = decode(body)?;
    if request.facts.session_id.is_none() {
        request.facts.session_id = text(&head.headers, &SESSION_ID, 256);
    }
    let user_hash = request.facts.user.as_deref().map(|user| {
        let joint = format!("{}:{user}", key.id);
        app.auth.id(&joint).as_str()[..32].to_owned()
    });
    let call = Call {
        id: id.clone(),
        key,
        request,
        received,
        app: calling_app(&head.headers),
        user_hash,
        wants_metadata: wants_metadata(&head.headers),
        snapshot: app.current().snapshot.clone(),
    };
    Ok(relay(&app.world, call).await?)
}

const SESSION_ID: HeaderName = HeaderName::from_static("x-session-id");
const TITLES: [HeaderName; 2] =
    [HeaderName::from_static("x-openrouter-title"), HeaderName::from_static("x-title")];
const METADATA: [HeaderName; 2] = [
    HeaderName::from_static("x-openrouter-metadata"),
    HeaderName::from_static("x-openrouter-experimental-metadata"),
];
/// Fields of the request that had no effect, joined by commas.
const DROPPED: HeaderName = HeaderName::from_static("x-interline-dropped");

fn wants_metadata(headers: &HeaderMap) -> bool {
    METADATA
        .iter()
        .filter_map(|name| headers.get(name))
        .any(|value| value.as_bytes().eq_ignore_ascii_case(b"enabled"))
}

fn calling_app(headers: &HeaderMap) -> CallingApp {
    let referer = HeaderName::from_static("http-referer");
    CallingApp {
        referer: text(headers, &referer, 512).or_else(|| text(headers, &REFERER, 512)),
        title: TITLES.iter().find_map(|name| text(headers, name, 128)),
        user_agent: text(headers, &USER_AGENT, 256),
    }
}

/// Reads a header as text without control characters, cut to `length` bytes or fewer.
fn text(headers: &HeaderMap, name: &HeaderName, length: usize) -> Option<String> {
    let value = std::str::from_utf8(headers.get(name)?.as_bytes()).ok()?.trim();
    let end = (0..=length.min(value.len())).rev().find(|end| value.is_char_boundary(*end))?;
    let clean: String = value[..end].chars().filter(|letter| !letter.is_control()).collect();
    (!clean.is_empty()).then_some(clean)
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

fn respond(id: &GenerationId, reply: Reply) -> Response {
    let (body, content_type) = match reply.body {
        ReplyBody::Whole(bytes) => (Body::from(bytes), JSON),
        ReplyBody::Stream(pieces) => (Body::new(Events(pieces)), EVENT_STREAM),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    if content_type == EVENT_STREAM {
        headers.insert(CACHE_CONTROL, NO_CACHE);
        // Tells reverse proxies of the nginx kind to pass events on as they come.
        headers
            .insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    }
    headers.insert(CONTENT_TYPE, content_type);
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        headers.insert(GENERATION_ID, id);
    }
    if !reply.dropped.is_empty()
        && let Ok(dropped) = HeaderValue::from_str(&reply.dropped.join(","))
    {
        headers.insert(DROPPED, dropped);
    }
    response
}

/// A stream's events as the body of a response.
struct Events(mpsc::Receiver<Bytes>);

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}
