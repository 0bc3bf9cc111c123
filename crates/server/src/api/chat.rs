//! The ways in for requests that generate: one handler a door, one path behind all of them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use dialect::door::{Door, Framing};
use dialect::registry::decode;
use domain::catalog::Dialect;
use domain::failure::{Failure, FailureKind};
use domain::generation::App as CallingApp;
use domain::id::GenerationId;
use domain::launch::Reveal;
use domain::port::Waiting;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, REFERER, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;
use relay::{Broken, Call, Heading, Reply, ReplyBody, Seat, relay};
use tokio::sync::mpsc;

use super::caller::holder;
use super::{count, successor, terms};
use crate::app::App;
use crate::auth::X_GOOG_API_KEY;
use crate::error::{ApiError, GENERATION_ID};
use crate::limits;

/// `POST /chat/completions`.
pub async fn chat_completions(
    State(app): State<Arc<App>>,
    request: http::Request<Body>,
) -> Response {
    boxed(app, request, Door::ChatCompletions).await
}

/// `POST /completions`, the legacy form.
pub async fn completions(State(app): State<Arc<App>>, request: http::Request<Body>) -> Response {
    boxed(app, request, Door::Completions).await
}

/// `POST /responses`, as OpenAI has it.
pub async fn responses(State(app): State<Arc<App>>, request: http::Request<Body>) -> Response {
    boxed(app, request, Door::Responses).await
}

/// `POST /messages`, as Anthropic has it.
pub async fn messages(State(app): State<Arc<App>>, request: http::Request<Body>) -> Response {
    boxed(app, request, Door::Messages).await
}

/// `POST /api/chat`, as Ollama has it.
pub async fn ollama_chat(State(app): State<Arc<App>>, request: http::Request<Body>) -> Response {
    boxed(app, request, Door::OllamaChat).await
}

/// `POST /api/generate`, as Ollama has it.
pub async fn ollama_generate(
    State(app): State<Arc<App>>,
    request: http::Request<Body>,
) -> Response {
    boxed(app, request, Door::OllamaGenerate).await
}

/// `POST /v1beta/models/{model}:generateContent` and a model's other verbs, as Gemini has them.
pub async fn gemini(
    State(app): State<Arc<App>>,
    Path(rest): Path<String>,
    request: http::Request<Body>,
) -> Response {
    let request = with_key_of_query(request);
    let query = request.uri().query().unwrap_or_default();
    let sse = query.split('&').any(|pair| pair == "alt=sse");
    let (model, verb) = rest.rsplit_once(':').unwrap_or((&rest, ""));
    let named = model.to_owned();
    let door = match verb {
        "generateContent" => Door::Gemini { model: named, streams: false, sse },
        "streamGenerateContent" => Door::Gemini { model: named, streams: true, sse },
        "embedContent" => Door::GeminiEmbed { model: named, is_list: false },
        "batchEmbedContents" => Door::GeminiEmbed { model: named, is_list: true },
        "countTokens" => return count::gemini(app, model, request).await,
        _ => {
            let detail = "A model's verbs here are generateContent, streamGenerateContent, \
                          countTokens, embedContent and batchEmbedContents.";
            let failure = Failure::caller(FailureKind::NotFound, detail);
            return ApiError::from(failure).spoken(Dialect::GoogleGemini).into_response();
        }
    };
    boxed(app, request, door).await
}

/// Takes the key from the query, where Gemini's clients may put it and no header has one.
fn with_key_of_query(mut request: http::Request<Body>) -> http::Request<Body> {
    let pairs = request.uri().query().into_iter().flat_map(|query| query.split('&'));
    let key = pairs.filter_map(|pair| pair.strip_prefix("key=")).next_back();
    if let Some(key) = key.and_then(|key| HeaderValue::from_str(key).ok()) {
        request.headers_mut().entry(X_GOOG_API_KEY).or_insert(key);
    }
    request
}

/// Answers from the heap: what is known of a request fills some kilobytes, and whatever lies
/// between the connection and a handler would move them from hand to hand.
pub(super) fn boxed(
    app: Arc<App>,
    request: http::Request<Body>,
    door: Door,
) -> Waiting<'static, Response> {
    Box::pin(answer(app, request, door))
}

async fn answer(app: Arc<App>, request: http::Request<Body>, door: Door) -> Response {
    let id = GenerationId::new(app.now().seconds(), app.draw());
    let refuse = |error: ApiError| error.of(id.as_str()).spoken(door.dialect()).into_response();
    let seat = match app.room.enter() {
        Ok(seat) => Arc::new(seat) as Seat,
        Err(failure) => return refuse(failure.into()),
    };
    match serve(&app, &id, request, &door, seat.clone()).await {
        Ok(Served { reply, framing, successor }) => {
            let now = app.now();
            let standings = reply.heading.standings.clone();
            let mut response = respond(&id, reply, framing, seat);
            limits::tell(response.headers_mut(), &standings, door.dialect(), now);
            if let Some(reveal) = successor {
                successor::tell(response.headers_mut(), &reveal, &app.public_url);
            }
            response
        }
        Err(error) => refuse(error),
    }
}

/// An answer, and how it goes out.
struct Served {
    reply: Reply,
    framing: Framing,
    /// What the stealth model is that was asked for by the name that it had.
    successor: Option<Reveal>,
}

async fn serve(
    app: &Arc<App>,
    id: &GenerationId,
    request: http::Request<Body>,
    door: &Door,
    seat: Seat,
) -> Result<Served, ApiError> {
    let received = app.now();
    let (head, body) = request.into_parts();
    let (key, accepted) = holder(app, &head.headers).await?;
    let body = app.intake.read(&head.headers, body).await?;
    let mut request = decode(door, body)?;
    let framing = request.framing;
    request.headers = dialect_headers(&head.headers);
    if headers_ask(&head.headers, &RESUME) {
        request.facts.preferences.resume = true;
    }
    if headers_ask(&head.headers, &HEDGE) {
        request.facts.preferences.hedge = true;
    }
    if request.facts.session_id.is_none() {
        request.facts.session_id = text(&head.headers, &SESSION_ID, 256);
    }
    let user_hash = request.facts.user.as_deref().map(|user| {
        let joint = format!("{}:{user}", key.id);
        app.auth.id(&joint).as_str()[..32].to_owned()
    });
    let snapshot = app.current().snapshot.clone();
    request.facts.accepted_terms = terms::accepted(&head.headers, &accepted, &snapshot.catalog);
    let successor = successor::of(&snapshot.catalog, &request.facts.models);
    let call = Call {
        id: id.clone(),
        key,
        request,
        received,
        app: calling_app(&head.headers),
        user_hash,
        wants_metadata: wants_metadata(&head.headers),
        snapshot,
        seat: Some(seat),
    };
    let reply = relay(&app.world, call).await?;
    Ok(Served { reply, framing, successor })
}

/// As `provider.resume` in the body.
const RESUME: HeaderName = HeaderName::from_static("x-interline-resume");
/// As `provider.hedge` in the body.
const HEDGE: HeaderName = HeaderName::from_static("x-interline-hedge");
const SESSION_ID: HeaderName = HeaderName::from_static("x-session-id");
const TITLES: [HeaderName; 2] =
    [HeaderName::from_static("x-openrouter-title"), HeaderName::from_static("x-title")];
const METADATA: [HeaderName; 2] = [
    HeaderName::from_static("x-openrouter-metadata"),
    HeaderName::from_static("x-openrouter-experimental-metadata"),
];
/// Fields of the request that had no effect, joined by commas.
const DROPPED: HeaderName = HeaderName::from_static("x-interline-dropped");

/// What a request costs, in dollars, where that is known before the answer comes.
const COST: HeaderName = HeaderName::from_static("x-interline-cost");

/// Headers that belong to a dialect and may go on to endpoints that speak it.
const DIALECT_HEADERS: [HeaderName; 1] = [HeaderName::from_static("anthropic-beta")];

fn dialect_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let sent = |name: &HeaderName| Some((name.to_string(), text(headers, name, 1024)?));
    DIALECT_HEADERS.iter().filter_map(sent).collect()
}

fn headers_ask(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get(name).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
}

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
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// Returns the content type of a whole answer: JSON, unless it is framed otherwise.
fn whole_type(framing: Framing) -> HeaderValue {
    match framing {
        Framing::Raw(content_type) => HeaderValue::from_static(content_type),
        Framing::Events | Framing::Lines | Framing::List => JSON,
    }
}

fn respond(id: &GenerationId, reply: Reply, framing: Framing, seat: Seat) -> Response {
    let (body, content_type, streams) = match reply.body {
        ReplyBody::Whole(bytes) => (Body::from(bytes), whole_type(framing), false),
        ReplyBody::Stream(pieces) => {
            let content_type = HeaderValue::from_static(framing.content_type());
            (Body::new(Events { pieces, _seat: seat }), content_type, true)
        }
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    if streams {
        headers.insert(CACHE_CONTROL, NO_CACHE);
        // Tells reverse proxies of the nginx kind to pass events on as they come.
        headers
            .insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    }
    headers.insert(CONTENT_TYPE, content_type);
    if let Ok(id) = HeaderValue::from_str(id.as_str()) {
        headers.insert(GENERATION_ID, id);
    }
    let Heading { dropped, cost, .. } = reply.heading;
    if !dropped.is_empty()
        && let Ok(dropped) = HeaderValue::from_str(&dropped.join(","))
    {
        headers.insert(DROPPED, dropped);
    }
    if let Some(cost) = cost.and_then(|cost| HeaderValue::from_str(&cost.to_string()).ok()) {
        headers.insert(COST, cost);
    }
    response
}

/// A body that ends before the answer does: the connection is closed without its framing's end.
#[derive(Debug, thiserror::Error)]
#[error("the provider's answer broke off")]
struct Cut;

/// A stream's events as the body of a response. It has its place until its end.
struct Events {
    pieces: mpsc::Receiver<Result<Bytes, Broken>>,
    _seat: Seat,
}

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.pieces
            .poll_recv(context)
            .map(|piece| piece.map(|it| it.map(Frame::data).map_err(|Broken| Cut)))
    }
}
