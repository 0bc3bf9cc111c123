//! Money under fire: races, callers who leave, processes that are killed, bits that flip.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::stand::{Offer, Stand};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_balance_for_ten_serves_ten_of_a_hundred_and_twenty() {
    let stand = Stand::told(&[Offer::of("plain", "x/m", "1000")], PREPAID).await;
    stand.script("plain", r#"{"prompt_tokens":5,"output_tokens":10,"first_byte_ms":8000}"#);
    let refusal = stand.caller.chat(&ask(false)).await;
    assert_eq!(refusal.status, 402, "{}", refusal.text);
    assert!(refusal.text.contains("account's credits of $0"), "{}", refusal.text);
    let (_, rest) = refusal.text.split_once("may cost up to $").expect("the numbers");
    let most: f64 = rest.split(',').next().unwrap().parse().expect("a number");

    let paid = format!("{}", most * 10.0);
    told(&stand, &["credits", "grant", &paid, "--json"]);
    let asking = (0..120).map(|number| {
        let (caller, stream) = (&stand.caller, number % 2 == 0);
        async move { caller.chat(&ask(stream)).await }
    });
    let answers = futures_util::future::join_all(asking).await;
    let served: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    let refused = answers.iter().filter(|answer| answer.status == 402).count();
    assert_eq!((served.len(), refused), (10, 110));
    let spent: i64 = served.iter().filter_map(|answer| price(answer)).sum();
    // Each record shows once it is settled, and says nothing of the others.
    for answer in &served {
        let record = stand.caller.get(&format!("/generation?id={}", id_of(answer))).await;
        assert_eq!(record.status, 200, "{}", record.text);
    }
    assert_eq!(balance(&stand), nanos(most * 10.0) - spent);
    holds(&stand);
}

/// Callers who leave after so many bytes.
const LEAVERS: usize = 200;

#[expect(clippy::disallowed_methods, reason = "whoever wants more of it says so here")]
fn wanted(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
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

#[tokio::test(flavor = "multi_thread")]
async fn callers_who_leave_anywhere_are_settled_once_each() {
    let stand = Stand::told(&[Offer::of("plain", "x/m", "1000")], PREPAID).await;
    stand.script("plain", r#"{"prompt_tokens":5,"output_tokens":50,"chunk_ms":2}"#);
    told(&stand, &["credits", "grant", "1000", "--json"]);
    let count = wanted("LEDGER_LEAVERS", LEAVERS);
    let mut ids = Vec::new();
    for round in 0..count / 20 {
        let leaving = (0..20).map(|number| {
            let most = (round * 20 + number) * 7919 % 6_000;
            leave_after(&stand.caller, number % 4 != 0, most)
        });
        ids.extend(futures_util::future::join_all(leaving).await);
    }
    let mut books = settled(&stand);
    for _ in 0..400 {
        if ids.len() <= books.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        books = settled(&stand);
    }
    assert_eq!(books.len(), ids.len());
    assert!(ids.iter().all(|id| books.contains_key(id)));
    // The house counts what a provider did not, the frame around each message included; never
    // beyond the length that was asked for.
    let most = (16 + 60) * 1_000_000;
    assert!(books.values().all(|cost| (0..=most).contains(cost)), "{books:?}");
    assert_eq!(balance(&stand), 1_000_000_000_000 - books.values().sum::<i64>());
    holds(&stand);
}

/// How often the process is killed.
const KILLS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn what_callers_saw_is_settled_once_however_often_the_process_is_killed() {
    let mut stand = Stand::told(&[Offer::of("plain", "x/m", "1000")], PREPAID).await;
    stand.script("plain", r#"{"prompt_tokens":5,"output_tokens":40,"chunk_ms":3}"#);
    told(&stand, &["credits", "grant", "1000", "--json"]);
    let mut seen: BTreeMap<String, i64> = BTreeMap::new();
    for kill in 0..wanted("LEDGER_KILLS", KILLS) {
        let requests: Vec<_> = (0..24_usize)
            .map(|number| {
                let caller = stand.caller.at(stand.caller.base().to_owned());
                tokio::spawn(async move {
                    if number % 6 == 5 {
                        leave_after(&caller, true, 40 * number).await;
                        return None;
                    }
                    tokio::time::sleep(Duration::from_millis(17 * number as u64)).await;
                    let answer = caller.chat(&ask(number % 2 == 0)).await;
                    Some((id_of(&answer), price(&answer)?))
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(90 + 131 * kill as u64 % 500)).await;
        stand.signal("-9");
        stand.ended().await;
        for request in requests {
            // One that was cut off has panicked in the client, and saw no price.
            seen.extend(request.await.ok().flatten());
        }
        stand.restart();
    }
    assert!(!seen.is_empty(), "nothing ever finished");
    let last = stand.caller.chat(&ask(false)).await;
    assert_eq!(last.status, 200, "{}", last.text);
    stand.signal("-TERM");
    assert!(stand.ended().await.success(), "it does not close in order");
    let books = settled(&stand);
    for (id, price) in &seen {
        assert_eq!(books.get(id), Some(price), "{id}");
    }
    assert_eq!(balance(&stand), 1_000_000_000_000 - books.values().sum::<i64>());
    holds(&stand);
    let journals = std::fs::read_dir(stand.folder.join("data/journal")).unwrap().count();
    assert_eq!(journals, 0, "something was left to settle");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_in_the_journal_refuses_the_start() {
    let mut stand = Stand::told(&[Offer::of("plain", "x/m", "1")], PREPAID).await;
    told(&stand, &["credits", "grant", "1", "--json"]);
    assert_eq!(stand.caller.chat(&ask(false)).await.status, 200);
    // Idle for so long, the journal is sealed.
    tokio::time::sleep(Duration::from_millis(500)).await;
    stand.signal("-9");
    stand.ended().await;
    let journals = stand.folder.join("data/journal");
    let folder = std::fs::read_dir(journals).unwrap().next().unwrap().unwrap().path();
    let segment = folder.join("000000000000.journal");
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[40] ^= 4;
    std::fs::write(&segment, bytes).unwrap();
    let refused = stand.second();
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("is damaged at byte 0"), "{told}");
    assert!(told.contains("declared lost"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_journal_is_gone_is_given_up_by_name() {
    let mut stand = Stand::told(&[Offer::of("plain", "x/m", "1")], PREPAID).await;
    told(&stand, &["credits", "grant", "1", "--json"]);
    assert_eq!(stand.caller.chat(&ask(false)).await.status, 200);
    stand.signal("-9");
    stand.ended().await;
    std::fs::remove_dir_all(stand.folder.join("data/journal")).unwrap();
    let held = told(&stand, &["ledger", "instances", "--json"]);
    let name = held[0]["instance"].as_str().expect("a name").to_owned();
    let set_aside = held[0]["set_aside_nanos"].as_i64().expect("an amount");
    assert!(0 < set_aside, "{held}");
    let freed = told(&stand, &["ledger", "lost", &name, "--json"]);
    assert_eq!(freed["freed_nanos"], json!(set_aside));
    assert_eq!(told(&stand, &["ledger", "instances", "--json"]), json!([]));
    let again = stand.run(&["ledger", "lost", &name]);
    assert!(!again.status.success() && !again.stderr.is_empty());
    holds(&stand);
}
