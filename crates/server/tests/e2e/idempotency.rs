//! A request with an `Idempotency-Key` is served once, however often it is sent.

use futures_util::future::join_all;
use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::stand::{Offer, Stand};

const SAYS: &str = r#"{"text":"a very telling answer","prompt_tokens":5,"output_tokens":10}"#;
const SLOWLY: &str =
    r#"{"text":"a very telling answer","prompt_tokens":5,"output_tokens":10,"first_byte_ms":150}"#;

fn ask(stream: bool, content: &str) -> Value {
    json!({
        "model": "x/m", "max_tokens": 10, "stream": stream,
        "messages": [{ "role": "user", "content": content }],
    })
}

async fn stand() -> Stand {
    let stand = Stand::with(&[Offer::of("plain", "x/m", "1000")]).await;
    stand.script("plain", SLOWLY);
    stand
}

async fn spent_nanos(stand: &Stand) -> i64 {
    let key = stand.caller.get("/key").await.json();
    (key["data"]["usage"].as_f64().unwrap() * 1e9).round() as i64
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once_are_one_call_one_charge_and_equal_answers() {
    let stand = stand().await;
    for (round, stream) in [(1, false), (2, true)] {
        let caller = stand.caller.named(&format!("round-{round}"));
        let body = ask(stream, "hi");
        let answers = join_all((0..100).map(|_| caller.chat(&body))).await;
        for answer in &answers {
            assert_eq!((answer.status, &answer.text), (200, &answers[0].text));
            assert_eq!(answer.headers["x-generation-id"], answers[0].headers["x-generation-id"]);
            assert_eq!(answer.headers["content-type"], answers[0].headers["content-type"]);
        }
        assert_eq!(answers[0].content(), "a very telling answer");
        let first = |it: &&crate::client::Answer| !it.headers.contains_key("idempotent-replayed");
        assert_eq!(answers.iter().filter(first).count(), 1);
        assert_eq!(stand.simulator.attempts("plain"), round);
        assert_eq!(spent_nanos(&stand).await, 9_000_000 * round as i64);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_body_is_a_conflict_and_another_caller_is_not() {
    let stand = stand().await;
    let caller = stand.caller.named("one");
    let first = caller.chat(&ask(false, "hi")).await;
    let other = caller.chat(&ask(false, "ho")).await;
    assert_eq!((first.status, other.status), (200, 409), "{}", other.text);
    assert_eq!(other.json()["error"]["metadata"]["error_type"], "conflict");
    // In flight, too, and in the caller's dialect.
    let message = json!({ "model": "x/m", "max_tokens": 9,
                          "messages": [{ "role": "user", "content": "hi" }] });
    let busy = stand.caller.named("two");
    let (served, refused) = tokio::join!(busy.post("/messages", &message), async {
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
        let mut another = message.clone();
        another["max_tokens"] = json!(8);
        busy.post("/messages", &another).await
    });
    assert_eq!((served.status, refused.status), (200, 409), "{}", refused.text);
    assert_eq!(refused.json()["type"], "error");

    let made = stand.operator.post("/keys", &json!({ "name": "another" })).await;
    let another = stand.operator.with_key(made.json()["key"].as_str().unwrap()).named("one");
    let theirs = another.chat(&ask(false, "ho")).await;
    assert_eq!(theirs.status, 200);
    assert_ne!(theirs.headers["x-generation-id"], first.headers["x-generation-id"]);
    for bad in ["", " ", &"x".repeat(256)] {
        assert_eq!(stand.caller.named(bad).chat(&ask(false, "hi")).await.status, 400, "{bad:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_forgets_no_answer_and_the_database_tells_none() {
    let mut stand = stand().await;
    let whole = stand.caller.named("whole").chat(&ask(false, "hi")).await;
    let stream = stand.caller.named("stream").chat(&ask(true, "hi")).await;
    assert_eq!((whole.status, stream.status), (200, 200));
    stand.signal("-KILL");
    stand.ended().await;
    let telling = b"very telling";
    for file in std::fs::read_dir(stand.folder.join("data")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        assert!(!bytes.windows(telling.len()).any(|window| window == telling));
    }
    stand.restart();
    for (name, streams, before) in [("whole", false, &whole), ("stream", true, &stream)] {
        let again = stand.caller.named(name).chat(&ask(streams, "hi")).await;
        assert_eq!((again.status, &again.text), (200, &before.text));
        assert_eq!(again.headers["x-generation-id"], before.headers["x-generation-id"]);
        assert_eq!(again.headers["idempotent-replayed"], "true");
        let other = stand.caller.named(name).chat(&ask(streams, "ho")).await;
        assert_eq!(other.status, 409, "{}", other.text);
    }
    assert_eq!(stand.simulator.attempts("plain"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_before_a_crash_is_not_served_again() {
    let mut stand = stand().await;
    stand.script("plain", r#"{"text":"late","first_byte_ms":800}"#);
    let caller = stand.caller.named("lost");
    let body = ask(false, "hi");
    let patience = std::time::Duration::from_millis(400);
    assert!(tokio::time::timeout(patience, caller.chat(&body)).await.is_err());
    stand.signal("-KILL");
    stand.ended().await;
    stand.restart();
    let again = stand.caller.named("lost").chat(&ask(false, "hi")).await;
    assert_eq!(again.status, 409, "{}", again.text);
    assert!(again.text.contains("not known"), "{}", again.text);
    assert_eq!(stand.simulator.attempts("plain"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_left_finds_the_whole_answer() {
    let stand = stand().await;
    stand.script("plain", r#"{"text":"one two three four five","chunk_ms":60}"#);
    let caller = stand.caller.named("left");
    let body = ask(true, "hi").to_string();
    let mut response = caller.open(Method::POST, "/chat/completions", body).await;
    assert!(response.body_mut().frame().await.unwrap().is_ok());
    drop(response);
    let again = caller.chat(&ask(true, "hi")).await;
    assert_eq!((again.status, again.content().as_str()), (200, "one two three four five"));
    assert_eq!(again.events().last().unwrap(), "[DONE]");
    assert_eq!(stand.simulator.attempts("plain"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_to_nothing_may_be_repeated() {
    let stand = stand().await;
    let caller = stand.caller.named("again");
    stand.script("plain", r#"{"fault":{"kind":"status","status":500}}"#);
    let failed = caller.chat(&ask(false, "hi")).await;
    assert!(500 <= failed.status, "{}", failed.text);
    stand.script("plain", SAYS);
    let served = caller.chat(&ask(false, "hi")).await;
    assert_eq!(served.status, 200, "{}", served.text);
    let again = caller.chat(&ask(false, "hi")).await;
    assert_eq!(again.text, served.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_asked_for_twice_is_made_once() {
    let stand = stand().await;
    let operator = stand.operator.named("make");
    let made = operator.post("/keys", &json!({ "name": "twice" })).await;
    let again = operator.post("/keys", &json!({ "name": "twice" })).await;
    assert_eq!((made.status, again.status), (201, 201), "{}", again.text);
    assert_eq!(made.text, again.text);
    let listed = stand.operator.get("/keys").await.json();
    let twice = listed["data"].as_array().unwrap().iter().filter(|key| key["name"] == "twice");
    assert_eq!(twice.count(), 1);
}
