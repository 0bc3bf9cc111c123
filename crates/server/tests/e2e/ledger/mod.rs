//! Money under fire: races, callers who leave, processes that are killed, bits that flip.

mod house;
mod kills;
mod nodes;
mod one;
mod outage;
mod power;
pub mod server;
mod waits;

use std::collections::BTreeMap;

use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::stand::Stand;

/// Requests spend credits that were paid for before.
const PREPAID: &str = "[timeouts]\nconnect_ms = 500\nfirst_byte_ms = 60000\nidle_ms = 60000\n\
                       drain_ms = 10000\n[credits]\nmode = \"prepaid\"\n[log]\nfilter = \"info\"\n";

fn ask(stream: bool) -> Value {
    json!({ "model": "x/m", "stream": stream, "max_tokens": 60,
            "messages": [{ "role": "user", "content": "hi" }] })
}

fn told(stand: &Stand, args: &[&str]) -> Value {
    let output = stand.run(args);
    let text = String::from_utf8(output.stdout).unwrap();
    let trouble = String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{args:?}: {text}{trouble}"))
}

fn nanos(dollars: f64) -> i64 {
    (dollars * 1e9).round() as i64
}

/// What every settled generation cost, by its id.
fn settled(stand: &Stand) -> BTreeMap<String, i64> {
    let output = stand.run(&["ledger", "export", "usage", "--format", "jsonl"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut settled = BTreeMap::new();
    for row in rows {
        let id = row["generation_id"].as_str().expect("an id").to_owned();
        let before = settled.insert(id, row["cost_nanos"].as_i64().unwrap());
        assert!(before.is_none(), "settled twice: {row}");
    }
    settled
}

fn holds(stand: &Stand) {
    let audit = told(stand, &["ledger", "audit", "--json"]);
    assert_eq!(audit["ok"], json!(true), "{audit}");
}

fn balance(stand: &Stand) -> i64 {
    let shown = told(stand, &["credits", "show", "--account", "default", "--json"]);
    shown["balance_nanos"].as_i64().unwrap_or_else(|| panic!("{shown}"))
}

fn id_of(answer: &Answer) -> String {
    answer.headers["x-generation-id"].to_str().unwrap().to_owned()
}

/// The price that a caller saw at the end of its answer.
fn price(answer: &Answer) -> Option<i64> {
    let cost = match answer.text.starts_with('{') {
        true => answer.json()["usage"]["cost"].as_f64(),
        false if !answer.text.contains("data: [DONE]") => None,
        false => answer.chunks().iter().rev().find_map(|it| it["usage"]["cost"].as_f64()),
    };
    cost.map(nanos)
}

/// Asks with an empty account, and returns the dollars that the refusal says a request may cost.
async fn bound(caller: &Client) -> f64 {
    let refusal = caller.chat(&ask(false)).await;
    assert_eq!(refusal.status, 402, "{}", refusal.text);
    assert!(refusal.text.contains("account's credits of $0"), "{}", refusal.text);
    let (_, rest) = refusal.text.split_once("may cost up to $").expect("the numbers");
    rest.split(',').next().unwrap().parse().expect("a number")
}

/// What is set aside for processes and not yet spent.
fn set_aside(stand: &Stand) -> f64 {
    let shown = told(stand, &["credits", "show", "--account", "default", "--json"]);
    shown["leased"].as_f64().unwrap_or_else(|| panic!("{shown}"))
}

#[expect(clippy::disallowed_methods, reason = "whoever wants more of it says so here")]
fn wanted(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Asks until it is decided: on a busy machine the database may take too long to answer, or there
/// may be too much to do, which is told as such.
async fn decided(caller: &Client, stream: bool) -> Answer {
    loop {
        let answer = caller.chat(&ask(stream)).await;
        if answer.status != 503 {
            return answer;
        }
        assert!(answer.text.contains("Try again shortly"), "{}", answer.text);
    }
}

/// How many requests there were, and how often one of them waited for the database.
async fn meter(stand: &Stand) -> (u64, u64) {
    let root = stand.operator.base().trim_end_matches("/api/v1").to_owned();
    let text = stand.operator.at(root).get("/metrics").await.text;
    let figure = |name: &str| {
        let lines = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        lines.and_then(|it| it.parse().ok()).unwrap_or_else(|| panic!("no {name} in {text}"))
    };
    (figure("interline_ledger_requests_total"), figure("interline_ledger_database_waits_total"))
}

/// Reads `most` bytes of an answer and leaves. Returns its id.
async fn leave_after(caller: &Client, stream: bool, most: usize) -> String {
    let body = ask(stream).to_string();
    let (head, mut body) = caller.open(Method::POST, "/chat/completions", body).await.into_parts();
    let mut read = 0;
    while read < most
        && let Some(Ok(frame)) = body.frame().await
    {
        read += frame.data_ref().map_or(0, bytes::Bytes::len);
    }
    head.headers["x-generation-id"].to_str().unwrap().to_owned()
}
