//! Media fetched from wherever a caller's request says: never from a private address, never much,
//! never for long.

use std::net::IpAddr;

use bytes::Bytes;
use dialect::media::failed;
use domain::failure::Failure;
use http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue, LOCATION, USER_AGENT};
use http::{Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::Connect;

use super::guard::is_public;

/// What the house calls itself where it asks for something.
pub(super) const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("interline/", env!("CARGO_PKG_VERSION")));

/// Redirects that are followed, at most.
const REDIRECTS_MAX: usize = 3;

/// Fetches what is at an address, following redirects to addresses that may be fetched as well.
///
/// `anywhere`: private addresses and other ports may be fetched, too. Only tests say so.
///
/// # Errors
/// The caller's, when the address may not be fetched, leads nowhere, or to more than `bytes_max`.
pub(super) async fn fetch<C>(
    client: &Client<C, Full<Bytes>>,
    address: &str,
    bytes_max: usize,
    anywhere: bool,
) -> Result<Bytes, Failure>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let mut uri: Uri = address.parse().map_err(|_| failed("One of its addresses is none."))?;
    for _ in 0..=REDIRECTS_MAX {
        if !anywhere && !may_be_fetched(&uri) {
            return Err(failed("One of its addresses may not be fetched."));
        }
        let mut request = Request::new(Full::new(Bytes::new()));
        *request.uri_mut() = uri.clone();
        request.headers_mut().insert(USER_AGENT, AGENT);
        let response = client.request(request).await.map_err(|error| {
            tracing::debug!("media not reached: {error:?}");
            failed("One of its addresses could not be reached.")
        })?;
        let status = response.status();
        if status.is_redirection() {
            let next = next(&uri, response.headers());
            uri = next.ok_or_else(|| failed("One of its addresses redirects nowhere."))?;
            continue;
        }
        if status != http::StatusCode::OK {
            return Err(failed(&format!("One of its addresses answers {}.", status.as_u16())));
        }
        let large =
            || failed(&format!("What is at one of its addresses exceeds {bytes_max} bytes."));
        if length(response.headers()).is_some_and(|length| bytes_max < length) {
            return Err(large());
        }
        let body = Limited::new(response.into_body(), bytes_max).collect().await;
        return Ok(body.map_err(|_| large())?.to_bytes());
    }
    Err(failed("One of its addresses redirects too often."))
}

/// Returns whether an address is of the public web. Names are looked at again when they are
/// resolved.
fn may_be_fetched(uri: &Uri) -> bool {
    let Some(authority) = uri.authority() else { return false };
    let port = match uri.scheme_str() {
        Some("https") => 443,
        Some("http") => 80,
        _ => return false,
    };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let is_private = host.parse::<IpAddr>().is_ok_and(|address| !is_public(address));
    let is_plain =
        !authority.as_str().contains('@') && authority.port_u16().is_none_or(|it| it == port);
    is_plain && !is_private && !host.is_empty()
}

fn next(from: &Uri, headers: &HeaderMap) -> Option<Uri> {
    let location = headers.get(LOCATION)?.to_str().ok()?;
    let to: Uri = location.parse().ok()?;
    if to.scheme().is_some() {
        return Some(to);
    }
    let path = location.starts_with('/').then_some(location)?;
    let base = Uri::builder().scheme(from.scheme()?.clone()).authority(from.authority()?.clone());
    base.path_and_query(path).build().ok()
}

fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use hyper_util::client::legacy::connect::HttpConnector;
    use hyper_util::rt::TokioExecutor;

    use super::super::guard::PublicResolver;
    use super::*;

    #[test]
    fn only_addresses_of_the_public_web_may_be_fetched() {
        for text in [
            "https://example.org/a.png",
            "http://example.org:80/",
            "https://93.184.216.34/a",
            "https://[2606:4700::1111]/a",
        ] {
            assert!(may_be_fetched(&text.parse().unwrap()), "{text}");
        }
        for text in [
            "http://127.0.0.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://10.0.0.1/",
            "https://example.org:8443/",
            "http://example.org:22/",
            "https://user:pass@example.org/",
            "ftp://example.org/",
            "/a.png",
        ] {
            assert!(!may_be_fetched(&text.parse().unwrap()), "{text}");
        }
    }

    /// Serves these responses, one to a connection, and returns where.
    fn serve(responses: Vec<String>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for response in responses {
                let (mut stream, _) = listener.accept().unwrap();
                let mut read = [0; 1024];
                let _ = stream.read(&mut read);
                stream.write_all(response.as_bytes()).unwrap();
            }
        });
        at
    }

    fn answer(head: &str, body: &str) -> String {
        format!(
            "HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    async fn fetched(responses: Vec<String>, bytes_max: usize) -> Result<Bytes, String> {
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        let at = serve(responses);
        let read = fetch(&client, &format!("{at}/a"), bytes_max, true).await;
        read.map_err(|failure| failure.detail)
    }

    #[tokio::test]
    async fn a_redirect_is_followed_and_the_body_bounded() {
        let moved = answer("302 Found\r\nlocation: /b", "");
        let read = fetched(vec![moved.clone(), answer("200 OK", "bytes")], 5).await;
        assert_eq!(read.as_deref(), Ok(&b"bytes"[..]));
        let read = fetched(vec![answer("200 OK", "bytes!")], 5).await;
        assert_eq!(read.unwrap_err(), "What is at one of its addresses exceeds 5 bytes.");
        let read = fetched(vec![answer("404 Not Found", "")], 5).await;
        assert_eq!(read.unwrap_err(), "One of its addresses answers 404.");
        let read = fetched(vec![moved; 4], 5).await;
        assert_eq!(read.unwrap_err(), "One of its addresses redirects too often.");
    }

    #[tokio::test]
    async fn a_private_address_is_not_asked() {
        let connector = HttpConnector::new_with_resolver(PublicResolver::new());
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let at = serve(vec![answer("200 OK", "secret")]);
        let read = fetch(&client, &format!("{at}/a"), 99, false).await;
        assert_eq!(read.unwrap_err().detail, "One of its addresses may not be fetched.");
        // A name that leads to one is refused when it is resolved.
        let read = fetch(&client, "http://localhost/a", 99, false).await;
        assert_eq!(read.unwrap_err().detail, "One of its addresses could not be reached.");
    }
}
