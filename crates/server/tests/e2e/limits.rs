//! Bounds on what callers send and spend.

use http::Method;
use serde_json::{Value, json};

use crate::stand::{Offer, Stand};

fn ask(model: &str) -> Value {
    json!({ "model": model, "max_tokens": 10, "messages": [{ "role": "user", "content": "hi" }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_spends_no_more_than_its_limit() {
    let stand = Stand::with(&[Offer::of("plain", "x/m", "1000")]).await;
    stand.script("plain", r#"{"prompt_tokens":5,"output_tokens":10}"#);
    // One request costs 0.015 dollars, and may cost up to 0.1 by the bound of its bytes.
    let made = stand.operator.post("/keys", &json!({ "name": "poor", "limit": 0.2 })).await;
    let poor = stand.operator.with_key(made.json()["key"].as_str().unwrap());
    let mut served = 0;
    let refusal = loop {
        let answer = poor.chat(&ask("x/m")).await;
        if answer.status != 200 {
            break answer;
        }
        served += 1;
        assert!(served < 20, "the limit does not hold");
    };
    assert_eq!(refusal.status, 402, "{}", refusal.text);
    assert!(refusal.text.contains("limit of $0.2"), "{}", refusal.text);
    let key = poor.get("/key").await.json();
    let usage = key["data"]["usage"].as_f64().unwrap();
    assert_eq!((usage * 1e9).round() as i64, served * 15_000_000);
    assert_eq!(stand.simulator.attempts("plain"), served as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_do_not_overspend_either() {
    let stand = Stand::with(&[Offer::of("plain", "x/m", "1000")]).await;
    stand.script("plain", r#"{"prompt_tokens":5,"output_tokens":10,"first_byte_ms":100}"#);
    let made = stand.operator.post("/keys", &json!({ "name": "poor", "limit": 0.3 })).await;
    let poor = stand.operator.with_key(made.json()["key"].as_str().unwrap());
    let asking = (0..40).map(|_| async { poor.chat(&ask("x/m")).await.status });
    let statuses = futures_util::future::join_all(asking).await;
    let served = statuses.iter().filter(|status| **status == 200).count();
    assert!((1..=20).contains(&served), "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 402)), "{statuses:?}");
    let key = poor.get("/key").await.json();
    assert!(key["data"]["usage"].as_f64().unwrap() <= 0.3, "{key}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_told_where() {
    let stand = Stand::with(&[Offer::of("plain", "x/model-one", "1")]).await;
    let cases: [(&str, &str, u16); 7] = [
        ("{", "", 400),
        ("[]", "", 400),
        (r#"{"model":"x/model-one"}"#, "messages", 400),
        (r#"{"model":"x/model-one","messages":[]}"#, "messages", 400),
        (r#"{"model":"x/model-one","messages":[{"role":"ghost","content":"x"}]}"#, "role", 400),
        (
            r#"{"model":"x/model-one","temperature":9,"messages":[{"role":"user","content":"x"}]}"#,
            "temperature",
            400,
        ),
        (
            r#"{"model":"x/modl-one","messages":[{"role":"user","content":"x"}]}"#,
            "x/model-one",
            400,
        ),
    ];
    for (body, named, status) in cases {
        let path = "/chat/completions";
        let answer = stand.caller.send_text(Method::POST, path, body.to_owned()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        assert!(answer.text.contains(named), "{body}: {}", answer.text);
        assert_eq!(answer.json()["error"]["code"], status);
    }
    assert_eq!(stand.simulator.attempts("plain"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused() {
    let stand = Stand::with(&[Offer::of("plain", "x/m", "1")]).await;
    let huge = format!("{{\"model\":\"{}\"}}", "x".repeat(33 << 20));
    let answer = stand.caller.send_text(Method::POST, "/chat/completions", huge).await;
    assert_eq!(answer.status, 413, "{}", answer.text);
    assert_eq!(answer.json()["error"]["metadata"]["error_type"], "payload_too_large");
}

/// An answer that is sent back as it came reaches the provider as a message that it knows.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_may_be_sent_back_as_it_came() {
    let stand = Stand::with(&[Offer::of("plain", "x/m", "1")]).await;
    let answer = stand.caller.chat(&ask("x/m")).await.json();
    let mut body = ask("x/m");
    body["messages"] = json!([
        { "role": "user", "content": "hi" },
        answer["choices"][0]["message"],
        { "role": "user", "content": "and?" },
    ]);
    assert_eq!(stand.caller.chat(&body).await.status, 200);
    let requests = stand.simulator.requests("plain");
    let sent: Value = serde_json::from_str(&requests[1].body).unwrap();
    let echoed: Vec<&String> = sent["messages"][1].as_object().unwrap().keys().collect();
    assert_eq!(echoed, ["role", "content"], "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_of_the_workspace_ends_for_all_its_keys() {
    let offers = [Offer::of("plain", "x/m", "1000"), Offer::of("plain", "x/free", "0")];
    let stand = Stand::with(&offers).await;
    stand.script("plain", r#"{"text":"one two three four","prompt_tokens":6}"#);
    let set = async |interval: &str, dollars: f64| {
        let path = format!("/workspaces/default/budgets/{interval}");
        stand.operator.send(Method::PUT, &path, &json!({ "limit_usd": dollars })).await
    };
    // Spent before there was a budget, and counted all the same.
    assert_eq!(stand.caller.chat(&ask("x/m")).await.status, 200);
    assert_eq!(set("daily", 0.2).await.status, 200);
    assert_eq!(set("monthly", 0.1).await.status, 400, "a month has more than a day");
    let monthly = set("monthly", 5.0).await;
    assert_eq!(monthly.json()["data"]["usage_usd"], 0.01, "{}", monthly.text);
    let listed = stand.operator.get("/workspaces/default/budgets").await.json();
    let intervals = listed["data"].as_array().unwrap().iter().map(|it| &it["reset_interval"]);
    assert_eq!(intervals.collect::<Vec<_>>(), ["monthly", "daily"]);

    let mut served = 1_u32;
    let refusal = loop {
        let answer = stand.caller.chat(&ask("x/m")).await;
        if answer.status != 200 {
            break answer;
        }
        served += 1;
        assert!(served < 200, "the budget does not hold");
    };
    assert_eq!(refusal.status, 403, "{}", refusal.text);
    assert!(refusal.text.contains("the workspace's daily budget of $0.2:"), "{}", refusal.text);
    assert!(3 <= served, "{served} were served");
    let listed = stand.operator.get("/workspaces/default/budgets").await.json();
    assert_eq!(listed["data"][1]["usage_usd"], json!(f64::from(served) / 100.0), "{listed}");
    let budgets = stand.caller.get("/key").await.json()["data"]["budgets"].clone();
    assert_eq!(budgets[1]["reset_interval"], json!("daily"));
    // One that is lowered binds at once, and so does one that is raised.
    assert_eq!(set("daily", 0.01).await.status, 200);
    let refusal = stand.caller.chat(&ask("x/m")).await;
    assert!(refusal.text.contains("Workspace daily budget of $0.01 exceeded"), "{}", refusal.text);
    // What costs nothing takes nothing of it.
    assert_eq!(stand.caller.chat(&ask("x/free")).await.status, 200);
    assert_eq!(set("daily", 4.0).await.status, 200);
    assert_eq!(stand.caller.chat(&ask("x/m")).await.status, 200);
    assert_eq!(set("daily", 0.01).await.status, 200);
    let gone =
        stand.operator.send(Method::DELETE, "/workspaces/default/budgets/daily", &Value::Null);
    assert_eq!(gone.await.status, 200);
    assert_eq!(stand.caller.chat(&ask("x/m")).await.status, 200);
    assert_eq!(stand.caller.get("/workspaces/default/budgets").await.status, 403);
    assert_eq!(stand.operator.get("/workspaces/other/budgets").await.status, 404);
}
