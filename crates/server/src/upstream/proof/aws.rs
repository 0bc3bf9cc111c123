//! AWS's Signature Version 4.
//!
//! The request is written in one canonical way, hashed, and signed with a key that is derived for
//! the day, the region and the service. The path is signed as it goes over the wire, each segment
//! encoded once more.

use std::fmt::Write;

use bytes::Bytes;
use domain::secret::Secret;
use domain::time::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::Full;
use sha2::{Digest, Sha256};

/// An access key, and where it signs.
#[derive(Debug)]
pub struct AwsKey {
    id: String,
    secret: Secret,
    /// Comes with a key that was lent for a while.
    session: Option<Secret>,
    region: String,
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const SESSION: HeaderName = HeaderName::from_static("x-amz-security-token");

impl AwsKey {
    /// Reads `ACCESS_KEY_ID:SECRET_ACCESS_KEY` or `ACCESS_KEY_ID:SECRET_ACCESS_KEY:SESSION_TOKEN`.
    ///
    /// # Errors
    /// A sentence for the operator, when it is none or no region is set.
    pub(super) fn read(secret: &Secret, region: Option<&String>) -> Result<AwsKey, String> {
        let mut parts = secret.expose().splitn(3, ':').map(str::trim);
        let (id, key) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let is_plain =
            |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_graphic());
        let session = parts.next().filter(|token| !token.is_empty());
        if !is_plain(id) || !is_plain(key) || !session.is_none_or(is_plain) {
            return Err(
                "an AWS credential is `ACCESS_KEY_ID:SECRET_ACCESS_KEY`, and for temporary \
                        ones `:SESSION_TOKEN` behind it"
                    .to_owned(),
            );
        }
        Ok(AwsKey {
            id: id.to_owned(),
            secret: Secret::new(key.to_owned()),
            session: session.map(|token| Secret::new(token.to_owned())),
            region: region.ok_or("`region` is not set")?.clone(),
        })
    }

    /// Signs a request that is otherwise ready to leave.
    pub(super) fn sign(&self, request: &mut Request<Full<Bytes>>, body: &[u8], now: Timestamp) {
        let host = request.uri().authority().map(|it| it.as_str().to_owned()).unwrap_or_default();
        let service = service(&host);
        let (path, query) =
            (request.uri().path().to_owned(), request.uri().query().unwrap_or_default().to_owned());
        let method = request.method().as_str().to_owned();
        let headers = request.headers_mut();
        set(headers, DATE, &stamp(now), false);
        if let Some(session) = &self.session {
            set(headers, SESSION, session.expose(), true);
        }
        let mut signed = vec![("host".to_owned(), host.clone())];
        for name in [http::header::CONTENT_TYPE, DATE, SESSION] {
            let value = headers.get(&name).and_then(|value| value.to_str().ok());
            signed.extend(value.map(|value| (name.as_str().to_owned(), value.to_owned())));
        }
        let canonical = Canonical { method: &method, path: &path, query: &query, body };
        let shown = self.authorization(&canonical, signed, service, now);
        set(headers, http::header::AUTHORIZATION, &shown, true);
    }

    /// Returns what the header `authorization` says of a request with these headers.
    fn authorization(
        &self,
        request: &Canonical<'_>,
        mut headers: Vec<(String, String)>,
        service: &str,
        now: Timestamp,
    ) -> String {
        headers.sort();
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let at = stamp(now);
        let scope = format!("{}/{}/{service}/aws4_request", &at[..8], self.region);
        let hash = hex(&Sha256::digest(request.text(&headers, &names)));
        let told = format!("{ALGORITHM}\n{at}\n{scope}\n{hash}");
        let first = format!("AWS4{}", self.secret.expose()).into_bytes();
        let key = scope.split('/').fold(first, |key, part| keyed(&key, part.as_bytes()));
        let signature = hex(&keyed(&key, told.as_bytes()));
        format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.id
        )
    }
}

/// A request as it is written to be hashed.
struct Canonical<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    body: &'a [u8],
}

impl Canonical<'_> {
    fn text(&self, headers: &[(String, String)], names: &str) -> String {
        let mut query: Vec<&str> = self.query.split('&').filter(|it| !it.is_empty()).collect();
        query.sort_unstable();
        let mut text = format!("{}\n{}\n{}\n", self.method, twice(self.path), query.join("&"));
        for (name, value) in headers {
            let words: Vec<&str> = value.split_whitespace().collect();
            let _ = writeln!(text, "{name}:{}", words.join(" "));
        }
        let _ = write!(text, "\n{names}\n{}", hex(&Sha256::digest(self.body)));
        text
    }
}

/// Encodes a path that is encoded already once more.
fn twice(path: &str) -> String {
    let mut written = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            written.push(char::from(byte));
        } else {
            let _ = write!(written, "%{byte:02X}");
        }
    }
    written
}

/// Returns the name under which a host's service signs: `bedrock` for the host that runs models,
/// and otherwise what the host's name begins with.
fn service(host: &str) -> &str {
    let label = host.split('.').next().unwrap_or_default();
    let is_name = label.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    match label.strip_suffix("-runtime") {
        Some(service) => service,
        None if is_name && host.ends_with(".api.aws") => label,
        None => "bedrock",
    }
}

/// Returns an instant as `20150830T123600Z`.
fn stamp(now: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(now.ms()).unwrap_or_default();
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn set(headers: &mut HeaderMap, name: HeaderName, text: &str, sensitive: bool) {
    if let Ok(mut value) = HeaderValue::from_str(text) {
        value.set_sensitive(sensitive);
        headers.insert(name, value);
    }
}

fn keyed(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of AWS's published examples.
    fn example(session: &str) -> AwsKey {
        let text = format!("AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY{session}");
        AwsKey::read(&Secret::new(text), Some(&"us-east-1".to_owned())).unwrap()
    }

    fn then() -> Timestamp {
        Timestamp::parse("2015-08-30T12:36:00Z").unwrap()
    }

    fn shown(service: &str, request: &Canonical<'_>, headers: &[(&str, &str)]) -> (String, String) {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let headers = headers.iter().map(own).collect();
        let said = example("").authorization(request, headers, service, then());
        let (names, signature) = said.rsplit_once(", Signature=").unwrap();
        let (_, names) = names.rsplit_once("SignedHeaders=").unwrap();
        (names.to_owned(), signature.to_owned())
    }

    const HOST: (&str, &str) = ("host", "example.amazonaws.com");
    const AT: (&str, &str) = ("x-amz-date", "20150830T123600Z");

    /// AWS's test suite for signatures, by the names of its cases.
    #[test]
    fn signatures_are_those_of_the_published_examples() {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let token = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMic\
                     RXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsbu\
                     rEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPk\
                     UL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
        for (case, method, query, body, more, signature) in [
            (
                "get-vanilla",
                "GET",
                "",
                "",
                None,
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "get-vanilla-query-order-key-case",
                "GET",
                "Param2=value2&Param1=value1",
                "",
                None,
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "post-vanilla",
                "POST",
                "",
                "",
                None,
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                "post-x-www-form-urlencoded",
                "POST",
                "",
                "Param1=value1",
                Some(form),
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
            (
                "post-sts-header-before",
                "POST",
                "",
                "",
                Some(("x-amz-security-token", token)),
                "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
            ),
        ] {
            let request = Canonical { method, path: "/", query, body: body.as_bytes() };
            let headers: Vec<_> = [HOST, AT].into_iter().chain(more).collect();
            assert_eq!(shown("service", &request, &headers).1, signature, "{case}");
        }
    }

    /// The example of the signing guide.
    #[test]
    fn the_guides_example_is_signed_as_the_guide_says() {
        let query = "Action=ListUsers&Version=2010-05-08";
        let request = Canonical { method: "GET", path: "/", query, body: b"" };
        let kind = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        let (names, signature) = shown("iam", &request, &[("host", "iam.amazonaws.com"), kind, AT]);
        assert_eq!(names, "content-type;host;x-amz-date");
        assert_eq!(signature, "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
    }

    #[test]
    fn a_request_carries_its_signature_and_the_token_that_was_lent() {
        let mut request = Request::new(Full::new(Bytes::new()));
        let url = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/a.b-v1%3A0/converse";
        *request.uri_mut() = url.parse().unwrap();
        example(":lent").sign(&mut request, b"{}", then());
        let shown = request.headers()["authorization"].to_str().unwrap();
        let head = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/bedrock/aws4_request, \
                    SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=";
        assert!(shown.starts_with(head), "{shown}");
        assert_eq!(request.headers()["x-amz-security-token"], "lent");
        assert_eq!(request.headers()["x-amz-date"], "20150830T123600Z");
        assert!(request.headers()["authorization"].is_sensitive());
    }

    #[test]
    fn a_path_is_encoded_once_more_and_services_go_by_their_hosts() {
        assert_eq!(twice("/model/a.b-v1%3A0/converse"), "/model/a.b-v1%253A0/converse");
        assert_eq!(service("bedrock-runtime.us-east-1.amazonaws.com"), "bedrock");
        assert_eq!(service("bedrock-mantle.us-east-1.api.aws"), "bedrock-mantle");
        assert_eq!(service("127.0.0.1:8080"), "bedrock");
    }

    #[test]
    fn half_a_credential_is_none() {
        let region = "us-east-1".to_owned();
        for text in [":", "AKID:", ":secret", "AKID:se cret"] {
            assert!(AwsKey::read(&Secret::new(text.to_owned()), Some(&region)).is_err(), "{text}");
        }
        let unplaced = AwsKey::read(&Secret::new("AKID:secret".to_owned()), None);
        assert_eq!(unplaced.unwrap_err(), "`region` is not set");
    }
}
