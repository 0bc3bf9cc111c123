//! What the lab of a stealth model is told.

use serde_json::{Value, json};

use super::{accept, ask, stand, until};
use crate::stand::Stand;

const PATH: &str = "/models/stealth/heron/report";

/// Runs `interline stealth report`, and returns whether it did and all that it said.
fn command(stand: &Stand, args: &[&str]) -> (bool, String) {
    let (overlay, config) = (stand.folder.join("overlay"), stand.folder.join("interline.toml"));
    let (overlay, config) = (overlay.display().to_string(), config.display().to_string());
    let place = ["--catalog", &overlay, "--config", &config];
    let output = stand.run(&[&["stealth", "report"], args, &place].concat());
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

/// Waits until the report counts so many requests, and returns it.
async fn counted(stand: &Stand, requests: u64) -> Value {
    let mut told = Value::Null;
    until("requests are counted", async || {
        let answer = stand.operator.get(PATH).await;
        told = if answer.status == 200 { answer.json()["data"].clone() } else { Value::Null };
        told["total"]["requests"] == json!(requests)
    })
    .await;
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lab_is_told_what_was_done_and_said_and_not_by_whom() {
    let stand = stand("").await;
    let hash = accept(&stand).await;
    let other = stand.operator.post("/keys", &json!({ "name": "somebody" })).await.json();
    let other = stand.caller.with_key(other["key"].as_str().unwrap());
    let mut ids = Vec::new();
    for _ in 0..2 {
        let answer = stand.caller.chat(&ask("stealth/heron")).await;
        ids.push(answer.header("x-generation-id").to_owned());
    }
    let once = other.accepting(&hash).chat(&ask("stealth/heron")).await;
    assert_eq!(once.status, 200, "{}", once.text);
    assert_eq!(stand.caller.chat(&ask("x/m")).await.status, 200);
    let say = async |caller: &crate::client::Client, id: &str, more: Value| {
        let mut said = json!({ "generation_id": id, "category": "other" });
        for (name, value) in more.as_object().unwrap() {
            said[name] = value.clone();
        }
        let kept = caller.post("/generation/feedback", &said).await;
        assert_eq!(kept.status, 200, "{}", kept.text);
    };
    let hostile = "\u{1b}[2J<script>alert(1)</script>\nIt rhymes.\u{202e}";
    say(&stand.caller, &ids[0], json!({ "comment": hostile, "rating": "up" })).await;
    say(&stand.caller, &ids[1], json!({ "category": "latency", "rating": "down" })).await;
    let once = once.header("x-generation-id");
    say(&other, once, json!({ "comment": "I agreed for one request alone." })).await;

    let told = counted(&stand, 3).await;
    assert_eq!((&told["model"], &told["accounts_min"]), (&json!("stealth/heron"), &Value::Null));
    assert_eq!(told["total"]["accounts"], 1, "{told:#}");
    assert_eq!(told["by_day"]["rows"].as_array().map(Vec::len), Some(1), "{told:#}");
    assert_eq!(told["by_context"]["rows"][0]["context"], "0-1k");
    assert_eq!(told["total"]["finish_reasons"]["stop"], 3);
    let said = &told["feedback"];
    assert_eq!((&said["up"], &said["down"]), (&json!(1), &json!(1)));
    assert_eq!(said["comments"].as_array().map(Vec::len), Some(1), "{said:#}");
    assert_eq!(said["comments"][0]["comment"], "[2J<script>alert(1)</script>\nIt rhymes.");
    for hidden in [ids[0].as_str(), "default", "somebody", "sk-or-v1"] {
        assert!(!told.to_string().contains(hidden), "{hidden}: {told:#}");
    }

    let (done, text) = command(&stand, &["stealth/heron"]);
    assert!(done && text.contains("It rhymes.") && !text.contains('\u{1b}'), "{text}");
    let (done, text) = command(&stand, &["stealth/heron", "--json", "--days", "7"]);
    let again: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
    assert!(done);
    assert_eq!(again["total"], told["total"]);
    for model in ["x/m", "stealth/owl"] {
        let (done, text) = command(&stand, &[model]);
        assert!(!done && text.contains("is no stealth model"), "{text}");
    }
    assert_eq!(stand.caller.get(PATH).await.status, 403);
    assert_eq!(stand.operator.get("/models/x/m/report").await.status, 404);
    for days in ["0", "401", "all"] {
        assert_eq!(stand.operator.get(&format!("{PATH}?days={days}")).await.status, 400, "{days}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_instance_tells_a_lab_nothing_of_one_account() {
    let stand = stand("[public]\nenabled = true\n").await;
    accept(&stand).await;
    assert_eq!(stand.caller.chat(&ask("stealth/heron")).await.status, 200);
    let mut told = Value::Null;
    until("the store is open", async || {
        told = stand.operator.get(PATH).await.json();
        told["data"].is_object()
    })
    .await;
    let told = &told["data"];
    assert_eq!((&told["accounts_min"], &told["total"]), (&json!(10), &Value::Null), "{told:#}");
    assert_eq!(told["feedback"]["categories"], json!([]));
    let (done, text) = command(&stand, &["stealth/heron"]);
    assert!(done && text.contains("Too few accounts used it"), "{text}");
}
