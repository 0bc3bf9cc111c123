//! The document as it is served.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::operation::JSON;
use crate::packing::{gzip, unpacks};

/// The document, written once.
pub(crate) struct Written {
    text: Bytes,
    packed: Option<Bytes>,
    tag: String,
}

impl Written {
    /// Writes it.
    pub(super) fn of(document: &Value) -> Written {
        let text = Bytes::from(document.to_string());
        let packed = gzip(&text).ok().map(Bytes::from);
        let hash = Sha256::digest(&text);
        let tag = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>();
        Written { text, packed, tag: format!("W/\"{tag}\"") }
    }

    /// Answers with the document; with nothing where its reader has it already.
    pub(crate) fn respond(&self, asked: &HeaderMap) -> Response {
        let Written { text, packed, tag } = self;
        let has = |name| asked.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let is_known = has(IF_NONE_MATCH).split(',').any(|it| it.trim() == tag);
        let packed = packed.as_ref().filter(|_| unpacks(has(ACCEPT_ENCODING)));
        let mut response = match is_known {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => Body::from(packed.unwrap_or(text).clone()).into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.append(VARY, HeaderValue::from_static("accept-encoding"));
        if packed.is_some() && !is_known {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if let Ok(tag) = HeaderValue::from_str(tag) {
            headers.insert(ETAG, tag);
        }
        response
    }
}
