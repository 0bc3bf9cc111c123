//! The cost that a caller is told is the cost that is booked, to the nano-dollar, in every dialect.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};
use http::Method;
use serde_json::{Value, json};

use super::CALLERS;
use super::heard::{Ask, Turn};
use crate::stand::{Offer, Stand};

const REQUESTS: usize = 10_000;
/// As many as are asked at one time.
const AT_ONCE: usize = 24;

/// Prices of which no request's cost is a round number.
const OFFERS: [(&str, &str, &str); 4] = [
    ("steady", "x/one", "0.137"),
    ("shaky", "x/two", "3.3333"),
    ("steady", "x/two", "7.000001"),
    ("thinker", "x/three", "41.9"),
];

/// Asks one of many kinds of requests, and returns what it cost, by generation.
async fn asked(stand: &Stand, number: usize) -> Option<(String, i64)> {
    let caller = CALLERS[number % CALLERS.len()];
    let model = ["x/one", "x/two", "x/three"][number / 5 % 3];
    let words = "word ".repeat(1 + number * 7 % 23);
    let ask = Ask {
        turns: vec![Turn::User(words)],
        tokens_max: 20 + (number % 11) as u32,
        stream: (number / 15).is_multiple_of(2),
        ..Ask::default()
    };
    let (path, body) = (caller.path(model, &ask), caller.body(model, &ask));
    let answer = stand.front().send(Method::POST, &path, &body).await;
    if answer.status != 200 {
        return None;
    }
    let heard = if ask.stream { caller.stream(&answer.text) } else { caller.whole(&answer.json()) };
    let dollars = heard.cost.unwrap_or_else(|| panic!("no cost: {}", answer.text));
    let id = answer.headers["x-generation-id"].to_str().unwrap().to_owned();
    Some((id, (dollars * 1e9).round() as i64))
}

/// Returns a column of exported rows, by generation.
fn exported(stand: &Stand, what: &str, column: &str) -> BTreeMap<String, i64> {
    let output = stand.run(&["ledger", "export", what, "--format", "jsonl"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let row = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        (row["generation_id"].as_str().unwrap().to_owned(), row[column].as_i64().unwrap())
    };
    text.lines().map(row).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_mixed_requests_cost_what_their_callers_were_told() {
    let offers = OFFERS.map(|(provider, model, dollars)| Offer::of(provider, model, dollars));
    let stand = Stand::with(&offers).await;
    stand.script("steady", r#"{"output_tokens":9,"prompt_tokens":31,"cached_tokens":7}"#);
    stand.script(
        "shaky",
        r#"{"output_tokens":13,"fault":{"kind":"status","status":500},"fault_rate":0.02}"#,
    );
    stand.script("thinker", r#"{"output_tokens":5,"reasoning_tokens":8}"#);
    let answers: Vec<Option<(String, i64)>> = stream::iter(0..REQUESTS)
        .map(|number| asked(&stand, number))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let told: BTreeMap<String, i64> = answers.iter().flatten().cloned().collect();
    let served = answers.iter().flatten().count();
    assert_eq!(told.len(), served, "no two answers are one generation");
    assert!(REQUESTS * 95 / 100 < served, "{served} were served");

    // What is asked about last has been settled, and all before it.
    let sample: Vec<(&String, &i64)> = told.iter().step_by(20).collect();
    for (id, nanos) in sample {
        let record = stand.caller.get(&format!("/generation?id={id}")).await.json();
        for field in ["usage", "total_cost"] {
            let dollars = record["data"][field].as_f64().unwrap();
            assert_eq!((dollars * 1e9).round() as i64, *nanos, "{id}: {field}");
        }
    }
    for (what, column) in [("usage", "cost_nanos"), ("settlements", "charge_nanos")] {
        let booked = exported(&stand, what, column);
        for (id, nanos) in &told {
            assert_eq!(booked.get(id), Some(nanos), "{id} in {what}");
        }
        let refused = booked.iter().filter(|(id, _)| !told.contains_key(*id));
        assert_eq!(refused.map(|(_, nanos)| *nanos).sum::<i64>(), 0);
    }
    let sum: i64 = told.values().sum();
    let key = stand.caller.get("/key").await.json();
    assert_eq!((key["data"]["usage"].as_f64().unwrap() * 1e9).round() as i64, sum);
    let output = stand.run(&["credits", "show", "--json"]);
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["balance_nanos"], json!(-sum));
    let audit = stand.run(&["ledger", "audit"]);
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));
}
