//! A stealth model is named: its name and its history become the model's.

use serde_json::{Value, json};
use sqlx::Connection as _;

use super::{accept, ask, stand, until};
use crate::stand::Stand;

/// Runs `interline reveal`, and returns whether it did what was asked and all that it said.
fn reveal(stand: &Stand, args: &[&str]) -> (bool, String) {
    let overlay = stand.folder.join("overlay").display().to_string();
    let all = [&["reveal"], args, &["--catalog", &overlay]].concat();
    let output = stand.run(&all);
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

async fn requests(stand: &Stand, model: &str) -> Value {
    let board = stand.caller.get("/rankings/models").await.json();
    let rows = board["data"].as_array().unwrap().clone();
    rows.into_iter().find(|row| row["name"] == model).map_or(json!(0), |it| it["requests"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_reveal_name_and_history_are_the_model_s() {
    let stand = stand("[site]\nfigures = true\n").await;
    accept(&stand).await;
    let mut last = String::new();
    for model in ["stealth/heron", "acme/heron-1", "stealth/heron"] {
        let answer = stand.caller.chat(&ask(model)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(!answer.headers.contains_key("deprecation"));
        last = answer.header("x-generation-id").to_owned();
    }
    for (wrong, said) in [
        (["stealth/owl", "acme/heron-1"], "no model stealth/owl"),
        (["x/m", "acme/heron-1"], "x/m is no stealth model"),
        (["stealth/heron", "acme/heron-2"], "no model acme/heron-2; the nearest is acme/heron-1"),
        (["stealth/heron", "stealth/heron"], "a stealth model itself"),
    ] {
        let (done, told) = reveal(&stand, &[wrong[0], wrong[1], "--yes"]);
        assert!(!done && told.contains(said), "{told}");
    }
    let (done, told) = reveal(&stand, &["stealth/heron", "acme/heron-1"]);
    assert!(!done && told.contains("Nothing was done"), "{told}");
    let (done, told) = reveal(&stand, &["stealth/heron", "acme/heron-1", "--yes"]);
    assert!(done && told.contains("stealth/heron is acme/heron-1"), "{told}");
    let (done, told) = reveal(&stand, &["stealth/heron", "x/m", "--yes"]);
    assert!(!done && told.contains("acme/heron-1 already"), "{told}");

    // No restart, and no signal.
    until("the server takes it up", async || {
        let answer = stand.caller.chat(&ask("stealth/heron")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.headers.contains_key("deprecation")
    })
    .await;
    let answer = stand.caller.chat(&ask("stealth/heron:floor")).await;
    assert_eq!(answer.json()["model"], "acme/heron-1", "{}", answer.text);
    assert!(answer.header("deprecation").starts_with('@'));
    let link = answer.header("link");
    assert!(link.ends_with("/api/v1/models/acme/heron-1>; rel=\"successor-version\""), "{link}");
    let plain = stand.caller.chat(&ask("acme/heron-1")).await;
    assert!(!plain.headers.contains_key("deprecation") && !plain.headers.contains_key("link"));

    let list = stand.caller.get("/models?available=all").await.json();
    let listed = list["data"].as_array().unwrap();
    assert!(listed.iter().all(|it| it["id"] != "stealth/heron"));
    for path in ["/model/stealth/heron", "/models/acme/heron-1/endpoints"] {
        let shown = stand.caller.get(path).await.json();
        assert_eq!(shown["data"]["id"], "acme/heron-1", "{shown:#}");
        assert_eq!(shown["data"]["cloaked"][0]["id"], "stealth/heron", "{shown:#}");
    }
    let front = stand.front();
    for (from, to) in [
        ("/models/stealth/heron", "/models/acme/heron-1"),
        ("/models/stealth/heron.json", "/models/acme/heron-1.json"),
    ] {
        let moved = front.get(from).await;
        assert_eq!((moved.status, moved.header("location")), (308, to));
    }
    let page = front.get("/models/acme/heron-1").await.text;
    assert!(page.contains("cloaked as stealth/heron until "), "{page}");

    let recorded = stand.caller.get(&format!("/generation?id={last}")).await.json();
    assert_eq!(recorded["data"]["model"], "stealth/heron", "{recorded:#}");
    until("history is counted under the model's name", async || {
        requests(&stand, "stealth/heron").await == 0
            && requests(&stand, "acme/heron-1").await.as_u64() >= Some(6)
    })
    .await;
    for path in ["/rankings/models", "/datasets/rankings-daily"] {
        let told = stand.caller.get(path).await.json();
        assert_eq!(told["meta"]["cloaked"][0]["id"], "stealth/heron", "{path}: {told:#}");
        assert!(!told["data"].to_string().contains("stealth/heron"), "{path}: {told:#}");
    }
    let ranking = front.get("/rankings/models").await.text;
    assert!(ranking.contains("acme/heron-1 was cloaked as stealth/heron until "), "{ranking}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_ninety_days_the_old_name_is_refused_with_the_new_one() {
    let stand = stand("").await;
    let (done, told) = reveal(&stand, &["stealth/heron", "acme/heron-1", "--yes"]);
    assert!(done, "{told}");
    let file = format!("sqlite:{}", stand.folder.join("data/interline.db").display());
    let mut database = sqlx::SqliteConnection::connect(&file).await.unwrap();
    let earlier = "UPDATE reveals SET revealed_ms = revealed_ms - 91 * 86400000";
    sqlx::query(earlier).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    until("the server takes it up", async || {
        stand.caller.chat(&ask("stealth/heron")).await.status == 404
    })
    .await;
    let refused = stand.caller.chat(&ask("stealth/heron")).await.json();
    let availability = &refused["error"]["availability"];
    assert_eq!(availability["code"], "model_deprecated", "{refused:#}");
    assert_eq!(availability["fallback_models"], json!(["acme/heron-1"]));
    assert!(refused["error"]["message"].as_str().unwrap().contains("acme/heron-1"));
    assert_eq!(stand.caller.get("/model/stealth/heron").await.status, 404);
    let page = stand.front().get("/models/stealth/heron").await;
    assert_eq!((page.status, page.header("location")), (308, "/models/acme/heron-1"));
}
