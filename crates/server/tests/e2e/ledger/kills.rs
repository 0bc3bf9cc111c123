//! Processes that are killed under traffic, on SQLite and on one Postgres.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use super::server::Database;
use super::{
    PREPAID, ask, balance, holds, id_of, leave_after, price, set_aside, settled, told, wanted,
};
use crate::client::Client;
use crate::stand::{Offer, Stand};

/// How often processes are killed: of one on SQLite, and of three on Postgres.
const KILLS: usize = 6;

/// A request of the mixed traffic. Returns the price that its caller saw at the end.
async fn one_of_many(caller: Client, number: usize) -> Option<(String, i64)> {
    if number % 6 == 5 {
        leave_after(&caller, true, 40 * number).await;
        return None;
    }
    tokio::time::sleep(Duration::from_millis(17 * number as u64)).await;
    let answer = caller.chat(&ask(number.is_multiple_of(2))).await;
    Some((id_of(&answer), price(&answer)?))
}

/// Ends processes under traffic, and starts them again, each end in another place of it.
pub async fn end_under_traffic(
    stands: &mut [Stand],
    limited: &str,
    count: usize,
    end: impl AsyncFn(&mut Stand, usize),
) -> BTreeMap<String, i64> {
    let mut seen = BTreeMap::new();
    for kill in 0..count {
        let finished = Arc::new(AtomicUsize::new(0));
        let requests: Vec<_> = (0..24_usize)
            .map(|number| {
                let caller = &stands[number % stands.len()].caller;
                let caller = match number % 4 {
                    3 => caller.with_key(limited),
                    _ => caller.at(caller.base().to_owned()),
                };
                let finished = finished.clone();
                tokio::spawn(async move {
                    let seen = one_of_many(caller, number).await;
                    finished.fetch_add(usize::from(seen.is_some()), Ordering::Relaxed);
                    seen
                })
            })
            .collect();
        // Some ends come before anybody has an answer, the others after a few have.
        let awaited = if kill % 3 == 0 { 0 } else { 1 + kill * 7 % 11 };
        while finished.load(Ordering::Relaxed) < awaited
            && requests.iter().any(|request| !request.is_finished())
        {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        tokio::time::sleep(Duration::from_millis(20 + 131 * kill as u64 % 240)).await;
        let place = kill % stands.len();
        end(&mut stands[place], kill).await;
        for request in requests {
            // One that was cut off has panicked in the client, and saw no price.
            seen.extend(request.await.ok().flatten());
        }
        stands[place].restart();
    }
    seen
}

async fn kill(stand: &mut Stand, number: usize) {
    stand.signal("-9");
    stand.ended().await;
    if number % 5 == 4 {
        // Killed again while it takes over what it had left behind.
        stand.restart();
        stand.signal("-9");
        stand.ended().await;
    }
}

/// Every process serves, and closes in order; then the books are held against what callers saw.
pub async fn close_the_books(stands: &mut [Stand], seen: &BTreeMap<String, i64>) {
    assert!(!seen.is_empty(), "nothing ever finished");
    for stand in &mut *stands {
        let last = stand.caller.chat(&ask(false)).await;
        assert_eq!(last.status, 200, "{}", last.text);
        stand.signal("-TERM");
    }
    for stand in &mut *stands {
        assert!(stand.ended().await.success(), "it does not close in order");
        let journals = std::fs::read_dir(stand.folder.join("data/journal")).unwrap().count();
        assert_eq!(journals, 0, "something was left to settle");
    }
    let books = settled(&stands[0]);
    for (id, price) in seen {
        assert_eq!(books.get(id), Some(price), "{id}");
    }
    assert_eq!(balance(&stands[0]), 1_000_000_000_000 - books.values().sum::<i64>());
    assert!(set_aside(&stands[0]).abs() < f64::EPSILON, "credit is stranded");
    assert_eq!(told(&stands[0], &["ledger", "instances", "--json"]), json!([]));
    holds(&stands[0]);
}

/// Gives credits, and makes a key with a limit.
pub async fn supplied(stand: &Stand) -> String {
    stand.script("plain", r#"{"prompt_tokens":5,"output_tokens":40,"chunk_ms":3}"#);
    told(stand, &["credits", "grant", "1000", "--json"]);
    let new = json!({ "name": "limited", "limit": 500, "limit_reset": "weekly" });
    let made = stand.operator.post("/keys", &new).await.json();
    made["key"].as_str().expect("a key").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_callers_saw_is_settled_once_however_often_the_process_is_killed() {
    let stand = Stand::told(&[Offer::of("plain", "x/m", "1000")], PREPAID).await;
    let limited = supplied(&stand).await;
    let mut stands = [stand];
    let kills = wanted("LEDGER_KILLS", KILLS);
    let seen = end_under_traffic(&mut stands, &limited, kills, kill).await;
    close_the_books(&mut stands, &seen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_callers_saw_is_settled_once_however_often_nodes_are_killed() {
    let database = Database::made().await;
    let offers = [Offer::of("plain", "x/m", "1000")];
    let first = Stand::served(&offers, PREPAID, &database.url()).await;
    let limited = supplied(&first).await;
    let mut stands = [first.sibling(), first.sibling(), first];
    let kills = wanted("LEDGER_KILLS", KILLS);
    let seen = end_under_traffic(&mut stands, &limited, kills, kill).await;
    close_the_books(&mut stands, &seen).await;
}
