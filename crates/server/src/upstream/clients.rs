//! Connections to providers, which outlive reloads.

use std::error::Error as StdError;
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
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::guard::PublicResolver;
use super::media::{self, AGENT};

type HttpsClient<R> = Client<HttpsConnector<HttpConnector<R>>, Full<Bytes>>;

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

    /// Sends a request: to anywhere where the operator said so, and otherwise to public addresses.
    pub(super) async fn send(
        &self,
        private: bool,
        request: Request<Full<Bytes>>,
    ) -> Result<http::Response<Incoming>, Error> {
        match private {
            true => self.private.request(request).await,
            false => self.public.request(request).await,
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
        media::fetch(&self.public, address, bytes_max, false).await
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
