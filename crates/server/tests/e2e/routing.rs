//! Where requests go, by the names of their models, and the receipts that tell it.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::stand::{Offer, ROOT_KEY, Stand};

fn ask(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": "hi" }] })
}

async fn stand() -> Stand {
    let offers = [
        Offer::of("cheap", "x/sonnet-4.5", "1"),
        Offer::of("dear", "x/sonnet-4.5", "3"),
        Offer::of("dear", "x/sonnet-4.6", "4"),
        Offer::of("gift", "y/small-1", "0"),
    ];
    let stand = Stand::with(&offers).await;
    for provider in ["cheap", "dear", "gift"] {
        stand.script(provider, &json!({ "text": "Yes." }).to_string());
    }
    stand
}

/// Which model and provider answered.
async fn served(stand: &Stand, body: &Value) -> (String, String) {
    let answer = stand.caller.chat(body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let json = answer.json();
    let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
    (text("model"), text("provider"))
}

#[tokio::test(flavor = "multi_thread")]
async fn names_mean_models_whatever_stands_behind_them() {
    let stand = stand().await;
    for (name, model, provider) in [
        ("x/sonnet-4.5:floor", "x/sonnet-4.5", "cheap"),
        ("~x/sonnet-latest", "x/sonnet-4.6", "dear"),
        ("y/small-1:free", "y/small-1", "gift"),
        ("interline/free", "y/small-1", "gift"),
        ("openrouter/auto:floor", "y/small-1", "gift"),
    ] {
        let found = served(&stand, &ask(name)).await;
        assert_eq!(found, (model.to_owned(), provider.to_owned()), "{name}");
    }
    for (name, status, said) in [
        ("x/sonnet-4.5:online", 400, "searches of the web are not offered"),
        ("x/sonnet-4.5:free", 404, "serves x/sonnet-4.5 for nothing"),
        ("~x/opus-latest", 400, "No model of the family x/opus"),
        ("x/sonnet-9", 400, "The nearest name"),
    ] {
        let answer = stand.caller.chat(&ask(name)).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text);
        assert!(answer.text.contains(said), "{name}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_what_would_help_and_that_helps() {
    let stand = stand().await;
    let mut body = ask("x/sonnet-4.5");
    body["provider"] = json!({ "only": ["dear"], "max_price": { "prompt": 2 } });
    let answer = stand.caller.chat(&body).await;
    assert_eq!(answer.status, 404, "{}", answer.text);
    let availability = answer.json()["error"]["availability"].clone();
    assert_eq!(availability["candidates"][0]["excluded_by"], json!(["allowed_providers"]));
    let change = &availability["smallest_change"][0];
    assert_eq!(change["field"], "provider.only");
    body["provider"]["only"] = change["to"].clone();
    let found = served(&stand, &body).await;
    assert_eq!(found.1, "cheap");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_tells_how_a_request_was_served() {
    let stand = stand().await;
    stand.script("cheap", r#"{"fault":{"kind":"status","status":503}}"#);
    let mut body = ask("x/sonnet-4.5");
    body["session_id"] = json!("a conversation");
    let answer = stand.caller.chat(&body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let found = stand.caller.get(&format!("/generation/receipt?id={id}")).await;
    assert_eq!(found.status, 200, "{}", found.text);
    let receipt = found.json()["data"].clone();
    assert_eq!(receipt["strategy"], "direct");
    assert_eq!(receipt["served_by"], "dear:x/sonnet-4.5");
    assert_eq!(receipt["attempts"][0]["status"], 503);
    assert_eq!(receipt["attempts"][1]["cost"], receipt["price"]["paid"]);
    assert_eq!(receipt["price"]["quoted"]["prompt"], "0.000003");
    assert_eq!(receipt["replay"], json!({ "same": true, "why": null }));
    assert_eq!(receipt["candidates"].as_array().unwrap().len(), 2);
    assert!(!found.text.contains("\"hi\""), "a receipt holds nothing of a prompt");
    // Somebody else's is not there.
    let other = stand.operator.post("/keys", &json!({ "name": "other" })).await;
    let other = stand.operator.with_key(other.json()["key"].as_str().unwrap());
    let hidden = other.get(&format!("/generation/receipt?id={id}")).await;
    assert_eq!(hidden.status, 404, "{}", hidden.text);
    for place in [
        vec![
            "--data".to_owned(),
            stand.folder.join("data").display().to_string(),
            "--catalog".to_owned(),
            stand.folder.join("overlay").display().to_string(),
        ],
        vec![
            "--url".to_owned(),
            stand.caller.base().to_owned(),
            "--key".to_owned(),
            ROOT_KEY.to_owned(),
        ],
    ] {
        let told = explain(&id, &place);
        let text = String::from_utf8_lossy(&told.stdout);
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        assert!(text.contains("1. cheap:x/sonnet-4.5: 503"), "{text}");
        assert!(text.contains("made again: the same inputs give the same plan"), "{text}");
    }
    let none = explain("gen-1-none", &["--url".to_owned(), stand.caller.base().to_owned()]);
    assert!(!none.status.success());
}

fn explain(id: &str, place: &[String]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_interline"));
    command.arg("explain").arg(id).args(place).env_clear();
    command.output().expect("the binary starts")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_names_the_router_and_what_it_chose() {
    let stand = stand().await;
    let answer = stand.caller.curious().chat(&ask("interline/auto")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let json = answer.json();
    let metadata = &json["openrouter_metadata"];
    assert_eq!(metadata["strategy"], "auto");
    assert_eq!(metadata["requested"], "interline/auto");
    assert_eq!(metadata["pipeline"][0]["name"], "auto-router");
    assert_eq!(metadata["pipeline"][0]["data"]["task_type"], "chat");
    assert_eq!(metadata["pipeline"][0]["data"]["model"], json["model"]);
    let id = json["id"].as_str().unwrap();
    let record = stand.caller.get(&format!("/generation?id={id}")).await;
    assert_eq!(record.json()["data"]["router"], "interline/auto");
}
