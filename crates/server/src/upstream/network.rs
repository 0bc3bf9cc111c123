//! One request to a provider, and the head of its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use dialect::exchange::Wire;
use domain::catalog::EndpointIx;
use domain::failure::{Failure, FailureKind};
use domain::health::Quota;
use domain::port::{Clock, Waiting};
use domain::time::Timestamp;
use http::header::{
    ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, RETRY_AFTER,
    TRANSFER_ENCODING, USER_AGENT,
};
use http::{HeaderName, HeaderValue, Method, Request, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Error;
use relay::{ContentType, Response, Upstream};
use tokio::sync::Notify;

use super::body::ResponseBody;
use super::clients::{Clients, JSON, is_unseen};
use super::media::AGENT;
use super::quota::quota;
use super::route::Route;
use crate::documents::text_of;

/// The network as one snapshot of catalog and configuration sees it.
pub struct Network {
    clients: Clients,
    clock: Arc<dyn Clock>,
    /// By endpoint; none where it cannot be called.
    routes: Vec<Option<Route>>,
}

impl Network {
    /// Joins connections and routes.
    pub fn new(clients: Clients, clock: Arc<dyn Clock>, routes: Vec<Option<Route>>) -> Network {
        Network { clients, clock, routes }
    }

    async fn exchange(
        &self,
        endpoint: EndpointIx,
        credential: usize,
        wire: &Wire,
    ) -> Result<Response, Failure> {
        let route = self.routes[endpoint.0 as usize]
            .as_ref()
            .ok_or_else(|| Failure::house("an endpoint was planned that has no route"))?;
        let mut request = request(route, wire)?;
        if let Some(proof) = route.proofs.get(credential) {
            proof.add(&mut request, &wire.body, &self.clients, self.clock.now()).await?;
        }
        let interim = Interim::watch(&mut request);
        let answer = tokio::select! {
            answer = self.clients.send(route.private, request) => answer,
            () = interim.too_many() => return Err(chatter()),
        };
        let answer = answer.map_err(|error| unreachable_provider(&error, route.veiled))?;
        let response = response(answer, self.clock.now())?;
        Ok(if route.veiled { veiled(response) } else { response })
    }
}

impl Upstream for Network {
    fn send<'a>(
        &'a self,
        endpoint: EndpointIx,
        credential: usize,
        wire: &'a Wire,
    ) -> Waiting<'a, Result<Response, Failure>> {
        Box::pin(self.exchange(endpoint, credential, wire))
    }

    fn fetch<'a>(
        &'a self,
        address: &'a str,
        bytes_max: usize,
    ) -> Waiting<'a, Result<Bytes, Failure>> {
        Box::pin(self.clients.fetch_media(address, bytes_max))
    }

    fn read_document(&self, document: Bytes) -> Waiting<'_, Result<String, Failure>> {
        Box::pin(text_of(document))
    }
}

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

fn request(route: &Route, wire: &Wire) -> Result<Request<Full<Bytes>>, Failure> {
    let uri = route.uri(&wire.path).ok_or_else(|| Failure::house("an endpoint's path is none"))?;
    let mut request = Request::new(Full::new(wire.body.clone()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_11;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(ACCEPT, if wire.streams { EVENT_STREAM } else { JSON });
    headers.insert(USER_AGENT, AGENT);
    for (name, value) in &wire.headers {
        let name = HeaderName::try_from(name.as_ref());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    for (name, value) in &route.headers {
        headers.insert(name.clone(), value.clone());
    }
    Ok(request)
}

/// Interim answers (1xx) that are borne before the one that counts.
const INTERIM_MAX: u32 = 64;

/// Counts the interim answers to a request.
#[derive(Clone, Default)]
struct Interim {
    seen: Arc<AtomicU32>,
    enough: Arc<Notify>,
}

impl Interim {
    fn watch(request: &mut Request<Full<Bytes>>) -> Interim {
        let interim = Interim::default();
        let Interim { seen, enough } = interim.clone();
        hyper::ext::on_informational(request, move |_| {
            if INTERIM_MAX <= seen.fetch_add(1, Ordering::Relaxed) {
                enough.notify_one();
            }
        });
        interim
    }

    async fn too_many(&self) {
        self.enough.notified().await;
    }
}

fn chatter() -> Failure {
    let detail = "The provider sent interim answers without end.";
    Failure::upstream(FailureKind::ProviderUnavailable, detail)
}

fn response(answer: http::Response<Incoming>, now: Timestamp) -> Result<Response, Failure> {
    let (head, body) = answer.into_parts();
    // Nothing but the plain bytes was asked for; whoever packs them anyway cannot be read safely.
    let packed = head.headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
    if packed && head.status.is_success() {
        return Err(Failure::upstream(
            FailureKind::ProviderUnavailable,
            "The provider answered in an encoding that was not asked for.",
        ));
    }
    // Where one reader takes the length and the next the chunks, answers are taken for others'.
    if head.headers.contains_key(CONTENT_LENGTH) && head.headers.contains_key(TRANSFER_ENCODING) {
        let detail = "The provider's answer has two lengths.";
        return Err(Failure::upstream(FailureKind::ProviderUnavailable, detail));
    }
    Ok(Response {
        status: head.status.as_u16(),
        content_type: content_type(&head.headers),
        retry_after_ms: retry_after_ms(&head.headers, now),
        quota: quota(&head.headers, now),
        body: Box::new(ResponseBody(body)),
    })
}

fn content_type(headers: &HeaderMap) -> ContentType {
    let text = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let essence = text.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if essence.eq_ignore_ascii_case(b"text/event-stream") {
        ContentType::EventStream
    } else if essence.eq_ignore_ascii_case(b"application/json")
        || essence.to_ascii_lowercase().ends_with(b"+json")
    {
        ContentType::Json
    } else if essence.eq_ignore_ascii_case(b"text/html") {
        ContentType::Html
    } else {
        ContentType::Other
    }
}

/// Reads how long a provider asks to be left alone: milliseconds, seconds or a date (RFC 9110,
/// section 10.2.3; `retry-after-ms` is OpenAI's).
fn retry_after_ms(headers: &HeaderMap, now: Timestamp) -> Option<u64> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(ms) = text("retry-after-ms").and_then(|text| text.parse().ok()) {
        return Some(ms);
    }
    let text = text(RETRY_AFTER.as_str())?;
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && 0.0 <= seconds).then_some((seconds * 1000.0) as u64);
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    let at = Timestamp::from_ms(date.timestamp().as_millisecond());
    Some(at.ms_since(now))
}

/// Returns an answer without what its headers say of limits: they are each provider's own, and what
/// follows from them would show.
fn veiled(response: Response) -> Response {
    Response { retry_after_ms: None, quota: Quota::default(), ..response }
}

fn unreachable_provider(error: &Error, is_veiled: bool) -> Failure {
    let (code, detail) = if error.is_connect() || is_unseen(error) {
        ("connection_failed", "No connection to the provider came about.")
    } else {
        ("connection_broken", "The connection to the provider broke before it answered.")
    };
    if is_veiled {
        tracing::debug!("provider not reached: {code}");
    } else {
        tracing::debug!("provider not reached: {error:?}");
    }
    let failure = Failure::upstream(FailureKind::ProviderUnavailable, detail);
    Failure { provider_code: Some(code.to_owned()), ..failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))])
    }

    #[test]
    fn a_provider_may_ask_for_patience_in_three_ways() {
        let now = Timestamp::parse("2026-11-24T00:00:00Z").unwrap();
        let cases = [
            ("retry-after", "7", Some(7_000)),
            ("retry-after", "0.5", Some(500)),
            ("retry-after-ms", "250", Some(250)),
            ("retry-after", "Tue, 24 Nov 2026 00:00:30 GMT", Some(30_000)),
            ("retry-after", "Mon, 23 Nov 2026 00:00:30 GMT", Some(0)),
            ("retry-after", "-1", None),
            ("retry-after", "soon", None),
            ("retry-after", "NaN", None),
        ];
        for (name, value, expected) in cases {
            assert_eq!(retry_after_ms(&headers(name, value), now), expected, "{name}: {value}");
        }
    }

    #[test]
    fn content_types_are_told_apart() {
        let kind = |value| content_type(&headers("content-type", value));
        assert_eq!(kind("Text/Event-Stream; charset=utf-8"), ContentType::EventStream);
        assert_eq!(kind("application/problem+json"), ContentType::Json);
        assert_eq!(kind("text/html"), ContentType::Html);
        assert_eq!(kind("text/plain"), ContentType::Other);
    }
}
