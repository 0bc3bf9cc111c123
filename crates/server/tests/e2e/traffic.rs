//! From a request to an event to a figure: what the API tells of the traffic of this instance.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::stand::{Offer, Stand};

const OFFERS: [Offer<'static>; 2] = [
    Offer {
        provider: "cheap",
        model: "x/sonnet-4.5",
        dollars: "1",
        base_url: None,
        cancellable: true,
    },
    Offer { provider: "dear", model: "y/small-1", dollars: "3", base_url: None, cancellable: true },
];

fn ask(model: &str, text: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": text }] })
}

const LETTER: &str = "Please translate the following letter from German into French, word by word.";

/// Waits until a ranking tells so many requests, and returns it.
async fn told(stand: &Stand, path: &str, requests: u64) -> Value {
    for _ in 0..600 {
        let answer = stand.caller.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let told = answer.json();
        let rows = told["data"].as_array().expect("rows");
        let sum: u64 = rows.iter().filter_map(|row| row["requests"].as_u64()).sum();
        assert!(sum <= requests, "{told:#}");
        if sum == requests {
            return told;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{path} never told {requests} requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_is_counted_once_also_after_a_restart() {
    let mut stand = Stand::with(&OFFERS).await;
    for _ in 0..3 {
        assert_eq!(stand.caller.chat(&ask("x/sonnet-4.5", LETTER)).await.status, 200);
    }
    assert_eq!(stand.caller.chat(&ask("y/small-1", LETTER)).await.status, 200);
    let board = told(&stand, "/rankings/models", 4).await;
    let row = &board["data"][0];
    assert_eq!((&row["name"], &row["requests"]), (&json!("x/sonnet-4.5"), &json!(3)), "{board:#}");
    assert_eq!(board["meta"]["version"], "rk-1");
    assert_eq!(board["meta"]["synthetic"], false);
    let providers = told(&stand, "/rankings/providers.json?by=spend", 4).await;
    assert_eq!(providers["data"].as_array().map(Vec::len), Some(2), "{providers:#}");
    stand.signal("-TERM");
    assert!(stand.ended().await.success());
    stand.restart();
    assert_eq!(stand.caller.chat(&ask("y/small-1", LETTER)).await.status, 200);
    let board = told(&stand, "/rankings/models?window=day", 5).await;
    assert_eq!(board["data"].as_array().map(Vec::len), Some(2), "{board:#}");
    assert_eq!(first_task(&stand).await, "translation");
}

/// What most requests were for. On a busy machine some are settled before that is told.
async fn first_task(stand: &Stand) -> String {
    for _ in 0..100 {
        let tasks = stand.caller.get("/classifications/task").await.json();
        if let Some(tag) = tasks["data"]["classifications"][0]["tag"].as_str() {
            return tag.to_owned();
        }
        assert_eq!(stand.caller.chat(&ask("y/small-1", LETTER)).await.status, 200);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("nobody told what requests are for");
}

#[tokio::test(flavor = "multi_thread")]
async fn page_twins_and_api_tell_the_same_figures_to_those_who_may_see_them() {
    let stand = Stand::with(&OFFERS).await;
    assert_eq!(stand.caller.chat(&ask("x/sonnet-4.5", LETTER)).await.status, 200);
    let board = told(&stand, "/rankings/models", 1).await;
    let csv = stand.caller.get("/rankings/models.csv").await;
    let mut rows = csv.text.lines();
    let names: Vec<&str> = rows.next().expect("a head").split(',').collect();
    let values: Vec<&str> = rows.next().expect("a row").split(',').collect();
    for (name, value) in names.iter().zip(values) {
        if let Some(told) = board["data"][0][name].as_u64() {
            assert_eq!(value, told.to_string(), "{name}");
        }
    }
    let endpoints = stand.caller.get("/models/x/sonnet-4.5/endpoints").await.json();
    let traffic = &endpoints["data"]["endpoints"][0]["traffic"];
    assert_eq!(traffic["last_90d"]["tries"], 1, "{endpoints:#}");
    assert_eq!(traffic["last_90d"]["uptime"], 100.0);
    let stranger = stand.caller.with_key("sk-or-v1-nobody");
    for path in ["/rankings", "/rankings/models", "/datasets/rankings-daily"] {
        assert_eq!(stranger.get(path).await.status, 401, "{path}");
    }
    let offers = stranger.get("/models/x/sonnet-4.5/endpoints").await.json();
    assert!(offers["data"]["endpoints"][0]["pricing"].is_object(), "{offers:#}");
    assert!(offers["data"]["endpoints"][0]["traffic"].is_null(), "{offers:#}");
    for (path, status) in [
        ("/rankings/nothing", 404),
        ("/rankings/models?window=year", 400),
        ("/datasets/rankings-daily?start_date=2026-02-30", 400),
        ("/datasets/rankings-daily?category=programming", 400),
        ("/datasets/app-rankings?limit=0", 400),
        ("/classifications/task?window=30d", 400),
    ] {
        assert_eq!(
            stand.caller.send(Method::GET, path, &Value::Null).await.status,
            status,
            "{path}"
        );
    }
}

/// What the figures tell of calls of tools at the endpoint, once there are so many answers.
async fn calls_told(stand: &Stand, answers: u64) -> Value {
    for _ in 0..600 {
        let told = stand.caller.get("/models/x/sonnet-4.5/endpoints").await.json();
        let last_day = &told["data"]["endpoints"][0]["traffic"]["last_1d"];
        if last_day["tool_call_errors"]["count"] == answers {
            return last_day.clone();
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{answers} answers with calls were never told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_not_what_its_schema_asks_for_is_told_beside_its_endpoint() {
    let stand = Stand::with(&OFFERS).await;
    let tool = json!({ "type": "function", "function": { "name": "weather", "parameters": {
        "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] } } });
    for (stream, city, wrong) in [
        (false, json!("Ulm"), 0),
        (false, json!(7), 1),
        (true, json!("Ulm"), 0),
        (true, json!(7), 1),
    ] {
        let calls = json!({ "calls": [{ "name": "weather", "arguments": { "city": city } }] });
        stand.script("cheap", &calls.to_string());
        let mut body = ask("x/sonnet-4.5", "How is the weather?");
        body["tools"] = json!([tool]);
        body["stream"] = json!(stream);
        let answer = stand.caller.chat(&body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(answer.text.contains("tool_calls"), "{wrong}: {}", answer.text);
    }
    let told = calls_told(&stand, 4).await;
    assert_eq!(told["tool_call_error_rate"], 50.0, "{told:#}");
    let errors = &told["tool_call_errors"];
    assert_eq!(errors["schema_mismatch"], 2, "{told:#}");
    for kind in ["unparseable", "unknown_tool", "not_judged"] {
        assert_eq!(errors[kind], 0, "{told:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_instance_tells_nothing_of_a_few_accounts() {
    let stand = Stand::set(&OFFERS, "[public]\nenabled = true\n").await;
    assert_eq!(stand.caller.chat(&ask("x/sonnet-4.5", LETTER)).await.status, 200);
    let mut seen = Value::Null;
    for _ in 0..600 {
        let stranger = stand.caller.with_key("sk-or-v1-nobody");
        seen = stranger.get("/rankings/models").await.json();
        if seen["meta"]["scope"]["public"] == true {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(seen["meta"]["scope"]["eligible_accounts"], 0, "{seen:#}");
    assert_eq!(seen["data"], json!([]));
}
