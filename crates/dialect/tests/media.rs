//! Media by address, for endpoints that take bytes alone.

mod endpoint;

use std::collections::BTreeMap;

use bytes::Bytes;
use dialect::door::Door;
use dialect::exchange::{Stamp, Target};
use dialect::media::{inlined, wanted};
use dialect::registry::{decode, exchange};
use dialect::request::Request;
use domain::catalog::{Dialect, Endpoint};
use endpoint::endpoint;
use serde_json::json;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n1234";
const AT: &str = "https://example.org/a";

fn chat() -> Request {
    let body = json!({"model": "a/b", "messages": [{"role": "user", "content": [
        {"type": "text", "text": AT},
        {"type": "image_url", "image_url": {"url": AT}},
        {"type": "image_url", "image_url": {"url": AT}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    ]}]});
    decode(&Door::ChatCompletions, Bytes::from(body.to_string())).expect("it is a request")
}

fn messages() -> Request {
    let body = json!({"model": "a/b", "max_tokens": 9, "messages": [{"role": "user", "content": [
        {"type": "text", "text": AT},
        {"type": "image", "source": {"type": "url", "url": AT}},
    ]}]});
    decode(&Door::Messages, Bytes::from(body.to_string())).expect("it is a request")
}

fn at(dialect: Dialect) -> Endpoint {
    Endpoint { dialect, ..endpoint() }
}

#[test]
fn only_what_an_endpoint_does_not_fetch_itself_is_fetched() {
    for (request, dialect, expected) in [
        (chat(), Dialect::OpenaiChat, &[][..]),
        (chat(), Dialect::AnthropicMessages, &[]),
        (chat(), Dialect::GoogleGemini, &[AT]),
        (chat(), Dialect::Ollama, &[AT]),
        (messages(), Dialect::AnthropicMessages, &[]),
        (messages(), Dialect::Ollama, &[AT]),
    ] {
        let found = wanted(&request, &at(dialect)).expect("there are few");
        assert_eq!(found, expected, "{:?} to {dialect:?}", request.dialect);
    }
}

#[test]
fn what_was_fetched_goes_as_bytes_and_what_was_said_stays() {
    let fetched = BTreeMap::from([(AT.to_owned(), Bytes::from_static(PNG))]);
    for request in [chat(), messages()] {
        let request = inlined(&request, &fetched).expect("it is an image");
        let endpoint = at(Dialect::Ollama);
        let stamp =
            Stamp { id: String::new(), created: 0, model: String::new(), provider: String::new() };
        let exchange = exchange(&request, Target { endpoint: &endpoint, user_hash: None }, stamp);
        let exchange = exchange.unwrap_or_else(|failure| panic!("{failure}"));
        let text = String::from_utf8(exchange.wire().body.to_vec()).expect("it is UTF-8");
        assert!(text.contains(r#""images":["iVBORw0KGgoxMjM0""#), "{text}");
        assert!(text.contains(&format!(r#""content":"{AT}""#)), "{text}");
    }
}

#[test]
fn what_is_no_medium_is_refused_by_name() {
    let fetched = BTreeMap::from([(AT.to_owned(), Bytes::from_static(b"<html>"))]);
    let failure = inlined(&chat(), &fetched).expect_err("it is a page");
    assert_eq!(failure.param.as_deref(), Some("messages"));
    assert_eq!(failure.provider_code.as_deref(), Some("media_download_failed"));
}

#[test]
fn more_addresses_than_the_bound_are_refused() {
    let images: Vec<_> = (0..17)
        .map(|place| json!({"type": "image_url", "image_url": {"url": format!("{AT}{place}")}}))
        .collect();
    let body = json!({"model": "a/b", "messages": [{"role": "user", "content": images}]});
    let request = decode(&Door::ChatCompletions, Bytes::from(body.to_string()));
    let request = request.expect("it is a request");
    assert!(wanted(&request, &at(Dialect::Ollama)).is_err());
    assert!(wanted(&request, &at(Dialect::OpenaiChat)).is_ok_and(|it| it.is_empty()));
}
