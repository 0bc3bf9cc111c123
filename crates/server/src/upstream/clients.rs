//! Connections to providers, which outlive reloads.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::failure::Failure;
use domain::secret::Secret;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Method, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::Instant;

use super::connector::{Timely, Uses};
use super::guard::PublicResolver;
use super::media::{self, AGENT};
use super::names::Names;

type HttpsClient<R> = Client<Timely<HttpsConnector<HttpConnector<R>>>, Full<Bytes>>;

/// How long an unused connection is kept.
const POOL_IDLE: Duration = Duration::from_secs(60);
/// How long an exchange with anybody but a provider may take.
const EXCHANGE: Duration = Duration::from_secs(30);
/// How long the answer to a form is waited for.
const FORM_WAIT: Duration = Duration::from_secs(10);
/// The largest answer to a form.
const FORM_ANSWER_BYTES_MAX: usize = 64 << 10;
/// The largest head of a response that is read.
const HEAD_BYTES_MAX: usize = 128 << 10;

/// What nearly every body is.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// The connections of this process. They outlive reloads.
#[derive(Clone)]
pub struct Clients {
    public: Pair<PublicResolver>,
    private: Pair<Names>,
}

/// A client, and one that opens a connection for each request.
#[derive(Clone)]
struct Pair<R> {
    pooled: HttpsClient<R>,
    fresh: HttpsClient<R>,
}

impl Clients {
    /// Makes clients that wait at most `connect` for a connection, and trust `authorities` besides
    /// those of the public web.
    ///
    /// # Errors
    /// When one of the authorities is none.
    pub fn new(
        connect: Duration,
        authorities: &[CertificateDer<'_>],
    ) -> Result<Clients, rustls::Error> {
        let tls = tls(authorities)?;
        Ok(Clients {
            public: pair(PublicResolver::new(), connect, &tls),
            private: pair(Names::new(), connect, &tls),
        })
    }

    /// Sends a request: to anywhere where the operator said so, and otherwise to public addresses.
    ///
    /// A provider may close a connection that is kept just when a request is on its way, or refuse
    /// a request that it has not looked at: then the request is sent once more, over a connection
    /// of its own.
    pub(super) async fn send(
        &self,
        private: bool,
        request: Request<Full<Bytes>>,
    ) -> Result<http::Response<Incoming>, Error> {
        match private {
            true => self.private.send(request).await,
            false => self.public.send(request).await,
        }
    }

    /// Fetches what a caller's request names by its address, from the public web alone.
    ///
    /// # Errors
    /// As [`media::fetch`].
    pub(super) async fn fetch_media(
        &self,
        address: &str,
        bytes_max: usize,
    ) -> Result<Bytes, Failure> {
        media::fetch(&self.public.pooled, address, bytes_max, false).await
    }

    /// Posts a form, and returns the status and the body of the answer. `basic`: an id and a secret
    /// that are shown beside it.
    ///
    /// # Errors
    /// Why nothing came, in words that repeat nothing of the form.
    pub(super) async fn post_form(
        &self,
        private: bool,
        url: &Uri,
        basic: Option<(&str, &str)>,
        form: String,
    ) -> Result<(u16, Bytes), &'static str> {
        let mut request = Request::new(Full::new(Bytes::from(form)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, FORM);
        headers.insert(ACCEPT, JSON);
        headers.insert(USER_AGENT, AGENT);
        if let Some((id, secret)) = basic {
            let shown = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
            let mut shown = HeaderValue::from_str(&shown).map_err(|_| "the id is none")?;
            shown.set_sensitive(true);
            headers.insert(AUTHORIZATION, shown);
        }
        let exchange = async {
            let answer = self.send(private, request).await.map_err(|_| "no connection held")?;
            let status = answer.status().as_u16();
            let body = Limited::new(answer.into_body(), FORM_ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|_| "the answer broke off, or is too large")?;
            Ok((status, body.to_bytes()))
        };
        tokio::time::timeout(FORM_WAIT, exchange).await.unwrap_or(Err("it took too long"))
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
        let response = self.private.pooled.request(request).await?;
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
            let response = self.private.pooled.request(request).await?;
            let status = response.status().as_u16();
            let body = Limited::new(response.into_body(), bytes_max).collect().await?;
            Ok((status, body.to_bytes()))
        };
        tokio::time::timeout(EXCHANGE, answer).await?
    }
}

impl<R> Pair<R>
where
    Timely<HttpsConnector<HttpConnector<R>>>: Connect + Clone + Send + Sync + 'static,
{
    async fn send(&self, request: Request<Full<Bytes>>) -> Result<http::Response<Incoming>, Error> {
        let (again, sent) = (request.clone(), Instant::now());
        let answer = match self.pooled.request(request).await {
            Err(error) if was_parting(&error, sent.elapsed()) || is_unseen(&error) => {
                tracing::debug!("sent once more, over a fresh connection: {error}");
                self.fresh.request(again).await
            }
            answer => answer,
        }?;
        if let Some(uses) = answer.extensions().get::<Uses>() {
            uses.add();
        }
        Ok(answer)
    }
}

/// Returns whether a connection that had served ended just as a request was on its way. What breaks
/// later, or is one request's own end, may have been worked on, and is a failed try.
fn was_parting(error: &Error, after: Duration) -> bool {
    let is_own = h2_error(error).is_some_and(h2::Error::is_reset);
    Uses::had_some(error) && after < PARTING && !is_own
}

/// How long after a request was sent the news can arrive that its connection had ended.
const PARTING: Duration = Duration::from_secs(2);

/// Returns whether a provider said that it has not looked at a request (RFC 9113, section 8.7).
pub(super) fn is_unseen(error: &Error) -> bool {
    h2_error(error).is_some_and(|broken| {
        let is_parting = broken.is_go_away() && broken.reason() == Some(h2::Reason::NO_ERROR);
        is_parting || broken.reason() == Some(h2::Reason::REFUSED_STREAM)
    })
}

fn h2_error(error: &Error) -> Option<&h2::Error> {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(broken) = inner.downcast_ref::<h2::Error>() {
            return Some(broken);
        }
        cause = inner.source();
    }
    None
}

fn tls(authorities: &[CertificateDer<'_>]) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for authority in authorities {
        roots.add(authority.clone())?;
    }
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(ring).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn pair<R>(resolver: R, connect: Duration, tls: &ClientConfig) -> Pair<R>
where
    HttpConnector<R>: Clone,
    R: Clone,
    Timely<HttpsConnector<HttpConnector<R>>>: Connect + Clone + Send + Sync + 'static,
{
    let mut http = HttpConnector::new_with_resolver(resolver);
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(connect));
    http.set_keepalive(Some(Duration::from_secs(30)));
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls.clone())
        .https_or_http()
        .enable_http1()
        .enable_http2()
        .wrap_connector(http);
    // The greeting of TLS takes three ways where a connection takes two.
    let timely = Timely::new(https, connect * 5 / 2);
    let client = |idle_max: usize| {
        Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(idle_max)
            .http1_max_buf_size(HEAD_BYTES_MAX)
            .build(timely.clone())
    };
    Pair { pooled: client(usize::MAX), fresh: client(0) }
}
