//! Responses that are no answers: errors, redirects, pages, nothing.
use super::scene::{JSON, Scene};
use super::step::{Play, Step, once};
use crate::ask::Refusal;
use crate::fault::Fault;
use crate::response::{Body, Head};
use crate::wire::Wire;
use serde_json::Value;
use std::collections::BTreeMap;

const HTML: &str = "text/html; charset=utf-8";

/// Refuses a request in the dialect's words.
pub(crate) fn refused(
    wire: &dyn Wire,
    refusal: &Refusal,
    headers: &BTreeMap<String, String>,
    keep_alive: bool,
) -> Play {
    let head = Head {
        status: refusal.status,
        content_type: JSON,
        body: Body::Unsaid,
        keep_alive,
        headers,
    };
    with_body(head, &wire.error(refusal))
}

/// Replies with a JSON document.
pub(crate) fn json_reply(status: u16, document: &Value, keep_alive: bool) -> Play {
    let headers = BTreeMap::new();
    let head =
        Head { status, content_type: JSON, body: Body::Unsaid, keep_alive, headers: &headers };
    with_body(head, document.to_string().as_bytes())
}

/// The error status or redirect that `fault` names.
pub(super) fn status(scene: &Scene, fault: &Fault) -> Play {
    let mut headers = scene.script.headers.clone();
    let (status, content_type, body) = match fault {
        Fault::Status { status, retry_after, code, message, body } => {
            if let Some(wait) = retry_after {
                headers.insert("retry-after".to_owned(), wait.clone());
            }
            let message = message.clone().unwrap_or_else(|| usual_message(*status).to_owned());
            let code = code.clone().map(Value::String);
            let usual = || scene.wire.error(&Refusal { code, ..Refusal::new(*status, message) });
            let body = body.clone().map_or_else(usual, String::into_bytes);
            let is_json = body.starts_with(b"{");
            (*status, if is_json { JSON } else { "text/plain; charset=utf-8" }, body)
        }
        Fault::Redirect { status, location } => {
            headers.insert("location".to_owned(), location.clone());
            (*status, HTML, b"<html><body>Moved.</body></html>\n".to_vec())
        }
        _ => (500, JSON, b"{}".to_vec()),
    };
    let head = Head {
        status,
        content_type,
        body: Body::Unsaid,
        keep_alive: scene.keep_alive,
        headers: &headers,
    };
    with_body(head, &body)
}

/// 200 and no byte of a body.
pub(super) fn empty_body(scene: &Scene) -> Play {
    once([Step::Write(scene.written_head(Body::Length(0)))])
}

/// A page as a proxy or a login wall would send it.
pub(super) fn html(scene: &Scene, status: u16) -> Play {
    let page = b"<!DOCTYPE html>\n<html><head><title>One moment</title></head>\n\
        <body><h1>Checking your browser</h1></body></html>\n";
    let head = Head { status, content_type: HTML, ..scene.head(Body::Unsaid) };
    with_body(head, page)
}

/// 200 with an error for a body.
pub(super) fn error_in_body(scene: &Scene, code: u16) -> Play {
    let body = scene.wire.error(&inner_error(code));
    let head = Head { content_type: JSON, ..scene.head(Body::Unsaid) };
    with_body(head, &body)
}

/// An error that travels inside a 200, with its status as its code.
pub(super) fn inner_error(code: u16) -> Refusal {
    Refusal { code: Some(Value::from(code)), ..Refusal::new(code, usual_message(code)) }
}

fn with_body(head: Head, body: &[u8]) -> Play {
    let mut response = Vec::with_capacity(body.len() + 256);
    Head { body: Body::Length(body.len()), ..head }.write(&mut response);
    response.extend(body);
    if head.keep_alive {
        once([Step::Write(response)])
    } else {
        once([Step::Write(response), Step::Close])
    }
}

fn usual_message(status: u16) -> &'static str {
    match status {
        400 => "We could not parse the JSON body of your request.",
        401 => "Incorrect API key provided.",
        402 => "Insufficient balance.",
        403 => "You are not allowed to sample from this model.",
        404 => "The model does not exist or you do not have access to it.",
        408 | 504 => "The request timed out.",
        413 => "The request is too large.",
        422 => "The request is well-formed but cannot be followed.",
        425 => "The request came too early.",
        429 => "Rate limit reached for requests.",
        503 | 529 => "The engine is currently overloaded, please try again later.",
        _ => "The server had an error while processing your request.",
    }
}
