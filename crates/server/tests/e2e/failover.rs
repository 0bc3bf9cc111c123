//! What follows from a refusal, beyond the table of faults.

use serde_json::{Value, json};

use crate::stand::{Offer, Stand};

fn ask(model: &str, stream: bool) -> Value {
    json!({ "model": model, "stream": stream, "messages": [{ "role": "user", "content": "hi" }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_hint_is_passed_on() {
    let stand = Stand::with(&[Offer::of("busy", "x/busy", "1")]).await;
    stand.script("busy", r#"{"fault":{"kind":"status","status":429,"retry_after":"7"}}"#);
    let answer = stand.caller.chat(&ask("x/busy", false)).await;
    assert_eq!(answer.status, 429, "{}", answer.text);
    assert_eq!(answer.headers["retry-after"], "7");
    let error = &answer.json()["error"];
    assert_eq!(error["availability"]["code"], "capacity_exhausted");
    assert_eq!(error["availability"]["retry_after"], 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_wrong_is_not_tried_elsewhere() {
    let offers = [Offer::of("strict", "x/m", "1"), Offer::of("well", "x/m", "2")];
    let stand = Stand::with(&offers).await;
    let fault = r#"{"fault":{"kind":"status","status":400,"message":"tools[0]: no such type"}}"#;
    stand.script("strict", fault);
    let answer = stand.caller.chat(&ask("x/m", false)).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert_eq!(stand.simulator.attempts("well"), 0);
}
