//! Plugins of the request path: what they do, and which are refused.

mod endpoint;

use bytes::Bytes;
use dialect::door::Door;
use dialect::exchange::{Exchange, Stamp, Target};
use dialect::registry::{decode, exchange};
use domain::catalog::Endpoint;
use domain::failure::Failure;
use endpoint::endpoint;
use serde_json::{Value, json};

/// Returns a request with these fields beside a short conversation.
fn asking(fields: Value) -> Value {
    let mut body = json!({"model": "acme/tiny", "messages": [{"role": "user", "content": "Why?"}]});
    let fields = fields.as_object().expect("fields are an object").clone();
    body.as_object_mut().expect("a body is an object").extend(fields);
    body
}

fn attempt(body: &Value, endpoint: &Endpoint) -> Result<Box<dyn Exchange>, Failure> {
    let request = decode(&Door::ChatCompletions, Bytes::from(body.to_string()))?;
    let stamp =
        Stamp { id: String::new(), created: 0, model: String::new(), provider: String::new() };
    exchange(&request, Target { endpoint, user_hash: None }, stamp)
}

#[test]
fn an_answer_that_was_to_be_json_is_mended_where_that_is_asked_for() {
    let heals = json!([{"id": "response-healing"}]);
    let format = json!({"type": "json_object"});
    let text = "```json\n{\"mood\": \"well\",}\n```";
    let answer = json!({"choices": [{
        "index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}
    }]});
    for (fields, expected) in [
        (json!({"plugins": heals, "response_format": format}), "{\"mood\":\"well\"}"),
        (json!({"plugins": heals}), text),
        (json!({"response_format": format}), text),
    ] {
        let exchange = attempt(&asking(fields), &endpoint()).expect("the endpoint takes it");
        let whole = exchange.whole(Bytes::from(answer.to_string())).expect("it is an answer");
        let told: Value = serde_json::from_slice(&whole.render(&Default::default())).unwrap();
        assert_eq!(told["choices"][0]["message"]["content"], expected);
    }
}

#[test]
fn a_search_of_the_web_is_refused_by_name() {
    let failure = attempt(&asking(json!({"plugins": [{"id": "web"}]})), &endpoint()).err().unwrap();
    assert_eq!(failure.param.as_deref(), Some("plugins[0].id"));
    assert!(failure.detail.contains("nothing is searched here"), "{}", failure.detail);
}
