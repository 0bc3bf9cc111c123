//! Connections to providers, and one request over them.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dialect::exchange::Wire;
use domain::catalog::EndpointIx;
use domain::failure::{Failure, FailureKind};
use domain::port::{Clock, Waiting};
use domain::secret::Secret;
use domain::time::Timestamp;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, RETRY_AFTER, USER_AGENT,
};
use http::{HeaderName, HeaderValue, Method, Request, Version};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use relay::{ContentType, Response, Upstream};

use super::body::ResponseBody;
use super::guard::PublicResolver;
use super::media::{self, AGENT};
use super::route::Route;

type HttpsClient<R> = Client<HttpsConnector<HttpConnector<R>>, Full<Bytes>>;

/// How long an unused connection is kept.
const POOL_IDLE: Duration = Duration::from_secs(60);
/// How long an exchange with anybody but a provider may take.
const EXCHANGE: Duration = Duration::from_secs(30);
/// The largest head of a response that is read.
const HEAD_BYTES_MAX: usize = 128 << 10;

/// The connections of this process. They outlive reloads.
#[derive(Clone)]
pub struct Clients {
    public: HttpsClient<PublicResolver>,
    private: HttpsClient<GaiResolver>,
}

impl Clients {
    /// Makes clients that wait at most `connect` for a connection.
    pub fn new(connect: Duration) -> Clients {
        Clients {
            public: client(HttpConnector::new_with_resolver(PublicResolver::new()), connect),
            private: client(HttpConnector::new(), connect),
        }
    }

    /// Fetches a document of at most `bytes_max` from an address that the operator gave.
    ///
    /// # Errors
    /// When it is not there, is larger, or does not arrive. Redirects are not followed.
    pub async fn fetch(
        &self,
        url: &str,
        bytes_max: usize,
    ) -> Result<Vec<u8>, Box<dyn StdError + Send + Sync>> {
        let (status, body) = self.ask(url, None, bytes_max).await?;
        if (200..300).contains(&status) {
            Ok(body)
        } else {
            Err(format!("{url}: status {status}").into())
        }
    }

    /// Asks an instance, and returns the status and the body of its answer.
    ///
    /// # Errors
    /// As [`Clients::fetch`], whatever the status.
    pub async fn ask(
        &self,
        url: &str,
        key: Option<&Secret>,
        bytes_max: usize,
    ) -> Result<(u16, Vec<u8>), Box<dyn StdError + Send + Sync>> {
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.uri_mut() = url.parse()?;
        request.headers_mut().insert(USER_AGENT, AGENT);
        if let Some(key) = key {
            let mut bearer = HeaderValue::from_str(&format!("Bearer {}", key.expose()))?;
            bearer.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        let response = self.private.request(request).await?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), bytes_max).collect().await?;
        Ok((status, body.to_bytes().into()))
    }

    /// Sends a request to an address that the operator gave, and returns the status and at most
    /// `bytes_max` of a body.
    ///
    /// # Errors
    /// When no answer arrives, within half a minute, or it is larger.
    pub async fn exchange(
        &self,
        mut request: Request<Full<Bytes>>,
        bytes_max: usize,
    ) -> Result<(u16, Bytes), Box<dyn StdError + Send + Sync>> {
        request.headers_mut().insert(USER_AGENT, AGENT);
        let answer = async {
            let response = self.private.request(request).await?;
            let status = response.status().as_u16();
            let body = Limited::new(response.into_body(), bytes_max).collect().await?;
            Ok((status, body.to_bytes()))
        };
        tokio::time::timeout(EXCHANGE, answer).await?
    }
}

fn client<R>(mut http: HttpConnector<R>, connect: Duration) -> HttpsClient<R>
where
    HttpConnector<R>: Clone + Send + Sync + 'static,
    HttpsConnector<HttpConnector<R>>: hyper_util::client::legacy::connect::Connect + Clone,
{
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(connect));
    http.set_keepalive(Some(Duration::from_secs(30)));
    let https = HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_or_http()
        .enable_http1()
        .enable_http2()
        .wrap_connector(http);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .pool_idle_timeout(POOL_IDLE)
        .http1_max_buf_size(HEAD_BYTES_MAX)
        .build(https)
}

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

    async fn exchange(&self, endpoint: EndpointIx, wire: &Wire) -> Result<Response, Failure> {
        let route = self.routes[endpoint.0 as usize]
            .as_ref()
            .ok_or_else(|| Failure::house("an endpoint was planned that has no route"))?;
        let request = request(route, wire)?;
        let answer = if route.private {
            self.clients.private.request(request).await
        } else {
            self.clients.public.request(request).await
        };
        response(answer.map_err(|error| unreachable_provider(&error))?, self.clock.now())
    }
}

impl Upstream for Network {
    fn send<'a>(
        &'a self,
        endpoint: EndpointIx,
        wire: &'a Wire,
    ) -> Waiting<'a, Result<Response, Failure>> {
        Box::pin(self.exchange(endpoint, wire))
    }

    fn fetch<'a>(
        &'a self,
        address: &'a str,
        bytes_max: usize,
    ) -> Waiting<'a, Result<Bytes, Failure>> {
        Box::pin(media::fetch(&self.clients.public, address, bytes_max, false))
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
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
    headers.extend(route.headers());
    Ok(request)
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
    Ok(Response {
        status: head.status.as_u16(),
        content_type: content_type(&head.headers),
        retry_after_ms: retry_after_ms(&head.headers, now),
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

fn unreachable_provider(error: &Error) -> Failure {
    let (code, detail) = if error.is_connect() {
        ("connection_failed", "No connection to the provider came about.")
    } else {
        ("connection_broken", "The connection to the provider broke before it answered.")
    };
    tracing::debug!("provider not reached: {error:?}");
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
