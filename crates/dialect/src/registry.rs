//! The dialects of the house, and the way in to them. To add one, add its folder, and its lines
//! here.

use bytes::Bytes;
use domain::catalog::{Dialect, Endpoint};
use domain::failure::Failure;
use serde_json::Value;

use crate::dialect::{ClientDialect, Face, Host, UpstreamDialect, VerbatimDialect};
use crate::envelope;
use crate::exchange::{Exchange, Stamp, Target};
use crate::openai_chat::{self, OPENAI_CHAT};
use crate::request::Request;
use crate::translated::Translated;

/// Reads a body of `POST /chat/completions`.
///
/// # Errors
/// The caller's, naming the field, where the body makes no sense.
pub fn decode_chat_request(body: Bytes) -> Result<Request, Failure> {
    openai_chat::decode_chat(body)
}

/// Reads a body of `POST /completions`, the legacy form.
///
/// # Errors
/// As [`decode_chat_request`].
pub fn decode_completion_request(body: Bytes) -> Result<Request, Failure> {
    openai_chat::decode_completion(body)
}

/// Returns whether endpoints in that dialect can be asked.
pub fn is_spoken(dialect: Dialect) -> bool {
    upstream(dialect).is_some()
}

/// Returns how an endpoint is asked, and how its answer is read.
///
/// # Errors
/// When the endpoint cannot do what the request insists on, or nobody here speaks its dialect.
pub fn exchange(
    request: &Request,
    target: Target<'_>,
    stamp: Stamp,
) -> Result<Box<dyn Exchange>, Failure> {
    let unspoken = |dialect: Dialect| Failure::house(format!("{dialect:?} is not spoken here"));
    let endpoint = target.endpoint;
    let upstream = upstream(endpoint.dialect).ok_or_else(|| unspoken(endpoint.dialect))?;
    let client = client(request.dialect).ok_or_else(|| unspoken(request.dialect))?;
    let reasoning = request.facts.reasoning.as_ref();
    let face = Face {
        stamp,
        is_legacy: request.facts.legacy_prompt,
        hides_thinking: reasoning.is_some_and(|ask| ask.exclude),
    };
    let host = Host::of(endpoint);
    let same = request.dialect == endpoint.dialect;
    if let Some(verbatim) = verbatim(endpoint.dialect).filter(|_| same) {
        let wire = verbatim.edit_request(request, target)?;
        return Ok(match verbatim.passes(&host) {
            true => verbatim.attempt(wire, face, host),
            false => Box::new(Translated { wire, face, host, client, upstream }),
        });
    }
    let chat = client.canonical(request)?;
    let mut wire = upstream.encode_request(&chat, target)?;
    wire.dropped.extend(request.ignored_names().map(str::to_owned));
    Ok(Box::new(Translated { wire, face, host, client, upstream }))
}

/// Returns the optional parameters that an endpoint takes, by their names in OpenRouter's API.
/// There are none where nobody speaks its dialect.
pub fn supported_parameters(endpoint: &Endpoint) -> Vec<&'static str> {
    upstream(endpoint.dialect)
        .map(|dialect| dialect.supported_parameters(endpoint))
        .unwrap_or_default()
}

/// Returns the body of an error response in OpenRouter's envelope.
///
/// `docs_base`: the page that explains why nothing was available, by anchors.
pub fn failure_body(failure: &Failure, docs_base: &str) -> Value {
    envelope::body(failure, docs_base)
}

/// Returns the end of a stream that broke before anything of an answer was shown: the event that
/// tells the failure, and the terminator.
pub fn failure_event(failure: &Failure, stamp: Stamp, is_legacy: bool) -> Bytes {
    openai_chat::failure_event(failure, stamp, is_legacy)
}

/// The page that explains why nothing was available, by anchors, on the house's own host.
pub const DOCS: &str = envelope::DOCS;

/// Every dialect that callers may speak.
fn client(dialect: Dialect) -> Option<&'static dyn ClientDialect> {
    match dialect {
        Dialect::OpenaiChat => Some(&OPENAI_CHAT),
        _ => None,
    }
}

/// Every dialect in which endpoints can be asked.
fn upstream(dialect: Dialect) -> Option<&'static dyn UpstreamDialect> {
    match dialect {
        Dialect::OpenaiChat => Some(&OPENAI_CHAT),
        _ => None,
    }
}

/// Every dialect in which a caller's own bytes go to endpoints that speak it too.
fn verbatim(dialect: Dialect) -> Option<&'static dyn VerbatimDialect> {
    match dialect {
        Dialect::OpenaiChat => Some(&OPENAI_CHAT),
        _ => None,
    }
}
