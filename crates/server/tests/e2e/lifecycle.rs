//! Starts, reloads and ends.

use std::time::Duration;

use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::stand::{Offer, Stand};

fn ask(stream: bool) -> Value {
    json!({ "model": "x/m", "stream": stream, "messages": [{ "role": "user", "content": "hi" }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_survives_the_order_to_stop() {
    let mut stand = Stand::with(&[Offer::of("slow", "x/m", "1")]).await;
    stand.script("slow", r#"{"chunk_ms":60,"text":"one two three four five six seven eight."}"#);
    let body = ask(true).to_string();
    let mut open = stand.caller.open(Method::POST, "/chat/completions", body).await.into_body();
    let mut text = open.frame().await.unwrap().unwrap().into_data().unwrap().to_vec();
    stand.signal("-TERM");
    while let Some(frame) = open.frame().await {
        text.extend_from_slice(&frame.expect("nothing is cut").into_data().unwrap());
    }
    let text = String::from_utf8(text).unwrap();
    assert!(text.ends_with("data: [DONE]\n\n") && text.contains("\"cost\""), "{text}");
    assert!(stand.ended().await.success());
    // What was settled on the way out is on record.
    let id = text.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    stand.restart();
    let record = stand.operator.get(&format!("/generation?id={id}")).await;
    assert_eq!(record.status, 200, "{}", record.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_reload_is_refused_and_a_good_one_is_not() {
    let stand = Stand::with(&[Offer::of("plain", "x/m", "1")]).await;
    let overlay = stand.folder.join("overlay/more.toml");
    let config = stand.folder.join("interline.toml");
    let alias = "[[model_alias]]\nfrom = \"short\"\nto = \"x/m\"\n";
    let by_alias = json!({ "model": "short", "messages": [{ "role": "user", "content": "hi" }] });
    let good = std::fs::read_to_string(&config).unwrap();
    let bad: [(&std::path::Path, &str); 4] = [
        (&overlay, "[[endpoint]]\nprovider = \"nobody\"\nmodel = \"x/m\"\nid = \"m\"\n"),
        (&overlay, "this is no TOML"),
        (&config, "[timeouts]\nfirst_bite_ms = 3\n"),
        (&config, "[providers.nobody]\nenabled = true\n"),
    ];
    for (path, text) in bad {
        std::fs::write(path, text).unwrap();
        stand.signal("-HUP");
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(stand.caller.chat(&ask(false)).await.status, 200, "{text}");
        std::fs::write(&config, &good).unwrap();
        std::fs::write(&overlay, "").unwrap();
    }
    assert_eq!(stand.caller.chat(&by_alias).await.status, 400);
    std::fs::write(&overlay, alias).unwrap();
    stand.signal("-HUP");
    let mut status = 0;
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        status = stand.caller.chat(&by_alias).await.status;
        if status == 200 {
            break;
        }
    }
    assert_eq!(status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_spend_survive_a_restart() {
    let mut stand = Stand::with(&[Offer::of("plain", "x/m", "1")]).await;
    let answer = stand.caller.chat(&ask(false)).await;
    let cost = answer.usage()["cost"].as_f64().unwrap();
    stand.signal("-TERM");
    assert!(stand.ended().await.success());
    stand.restart();
    let listed = stand.operator.get("/keys").await.json();
    assert_eq!(listed["data"][0]["usage"].as_f64(), Some(cost), "{listed}");
    assert_eq!(listed["data"][0]["name"], "caller");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_without_end_does_not_outlast_the_patience_of_the_end() {
    let mut stand = Stand::with(&[Offer::of("endless", "x/m", "1")]).await;
    let config = stand.folder.join("interline.toml");
    let short =
        std::fs::read_to_string(&config).unwrap().replace("drain_ms = 10000", "drain_ms = 300");
    std::fs::write(&config, short).unwrap();
    stand.signal("-TERM");
    assert!(stand.ended().await.success());
    stand.restart();
    stand.script("endless", r#"{"fault":{"kind":"infinite_stream","gap_ms":50}}"#);
    let body = ask(true).to_string();
    let mut open = stand.caller.open(Method::POST, "/chat/completions", body).await.into_body();
    let first = open.frame().await.unwrap().unwrap().into_data().unwrap();
    stand.signal("-TERM");
    while open.frame().await.is_some_and(|frame| frame.is_ok()) {}
    assert!(!stand.ended().await.success());
    // What came until then is on record.
    let first = String::from_utf8(first.to_vec()).unwrap();
    let id = first.split("\"id\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    stand.restart();
    let record = stand.operator.get(&format!("/generation?id={id}")).await.json();
    assert_eq!(record["data"]["cancelled"], true, "{record}");
    assert!(0.0 < record["data"]["usage"].as_f64().unwrap(), "{record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_belongs_to_one_process_at_a_time() {
    let mut stand = Stand::with(&[Offer::of("plain", "x/m", "1")]).await;
    let second = stand.second();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("another process has it"), "{said}");
    stand.signal("-KILL");
    stand.ended().await;
    stand.restart();
    assert_eq!(stand.operator.get("/keys").await.status, 200);
}
