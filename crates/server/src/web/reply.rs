//! How pages leave: with their policy, their tag, and packed where the reader unpacks.

use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use domain::failure::Failure;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use site::assets;

use crate::packing::{gzip, unpacks};

/// Nothing runs, styles or is sent but what this address serves.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' \
    data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What is shorter is not worth packing.
const PACKED_BYTES_MIN: usize = 1_000;
/// Pages change with every minute's prices: browsers ask each time, and are mostly told to keep
/// theirs.
const FRESH: &str = "no-cache";
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A page of HTML.
pub(super) fn html(headers: &HeaderMap, page: String) -> Response {
    html_with(headers, StatusCode::OK, page)
}

/// A page of HTML that is not all well.
pub(super) fn html_with(headers: &HeaderMap, status: StatusCode, page: String) -> Response {
    let content_type = "text/html; charset=utf-8";
    respond(headers, Reply { status, content_type, caching: FRESH, text: page })
}

/// A text of another kind.
pub(super) fn text(headers: &HeaderMap, content_type: &'static str, text: String) -> Response {
    respond(headers, Reply { status: StatusCode::OK, content_type, caching: FRESH, text })
}

/// JSON.
pub(super) fn json(headers: &HeaderMap, value: &impl serde::Serialize) -> Response {
    let written = serde_json::to_string(value).unwrap_or_default();
    text(headers, "application/json", written)
}

/// What programs are told of a query that cannot be read.
pub(super) fn refused(headers: &HeaderMap, failure: &Failure) -> Response {
    let mut response = text(headers, "text/plain; charset=utf-8", failure.detail.clone());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

/// Leads elsewhere.
pub(super) fn see_other(address: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(value) = HeaderValue::from_str(address) {
        response.headers_mut().insert(http::header::LOCATION, value);
    }
    response
}

/// Leads to where it is now for good.
pub(super) fn for_good(address: &str) -> Response {
    let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
    if let Ok(value) = HeaderValue::from_str(address) {
        response.headers_mut().insert(http::header::LOCATION, value);
    }
    response
}

/// `GET /assets/{hash}/{name}`: a style sheet or a script. The hash is not looked at: an old page
/// is better served with a new sheet than with none.
pub(super) async fn asset(headers: HeaderMap, Path((_, name)): Path<(String, String)>) -> Response {
    let Some(asset) = assets::ALL.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (status, text) = (StatusCode::OK, asset.text.to_owned());
    respond(&headers, Reply { status, content_type: asset.content_type, caching: FOR_EVER, text })
}

struct Reply {
    status: StatusCode,
    content_type: &'static str,
    caching: &'static str,
    text: String,
}

fn respond(asked: &HeaderMap, reply: Reply) -> Response {
    let tag = format!("W/\"{:016x}\"", assets::fnv(reply.text.as_bytes()));
    let has = |name| asked.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_known = has(IF_NONE_MATCH).split(',').any(|known| known.trim() == tag);
    let mut response = if is_known && reply.status == StatusCode::OK {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        packed(reply.status, reply.text, unpacks(has(ACCEPT_ENCODING)))
    };
    let headers = response.headers_mut();
    let said = [
        (CONTENT_TYPE, reply.content_type),
        (CACHE_CONTROL, reply.caching),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (VARY, "accept, accept-encoding"),
    ];
    for (name, value) in said {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    response
}

fn packed(status: StatusCode, text: String, unpacks: bool) -> Response {
    if !unpacks || text.len() < PACKED_BYTES_MIN {
        return (status, Body::from(text)).into_response();
    }
    match gzip(text.as_bytes()) {
        Ok(bytes) => {
            let mut response = (status, Body::from(bytes)).into_response();
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response
        }
        Err(_) => (status, Body::from(text)).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(headers: &[(http::HeaderName, &str)]) -> Response {
        let mut asked = HeaderMap::new();
        for (name, value) in headers {
            asked.insert(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        html(&asked, "<p>word</p>".repeat(200))
    }

    #[test]
    fn a_page_is_packed_for_whoever_unpacks() {
        let packed =
            |accepted| get(&[(ACCEPT_ENCODING, accepted)]).headers().contains_key(CONTENT_ENCODING);
        assert!(packed("gzip, br") && packed("*") && packed("br;q=1, gzip;q=0.5"));
        assert!(!packed("br") && !packed("gzip;q=0") && !packed(""));
    }

    #[test]
    fn a_reader_who_has_a_page_is_not_sent_it_again() {
        let first = get(&[]);
        let tag = first.headers()[ETAG].to_str().unwrap().to_owned();
        assert_eq!(get(&[(IF_NONE_MATCH, &tag)]).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(get(&[(IF_NONE_MATCH, "W/\"other\"")]).status(), StatusCode::OK);
    }

    #[test]
    fn no_page_may_run_or_style_itself() {
        let policy = get(&[]).headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
}
