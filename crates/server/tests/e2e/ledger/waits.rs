//! How often a request waits for the database, once its account is warm.

use http::Method;
use serde_json::json;

use super::server::Database;
use super::{PREPAID, ask, holds, meter, told, wanted};
use crate::client::Client;
use crate::stand::{Offer, Stand};

/// How many requests are counted; a third as many go before them. Where one waits, the others that
/// are under way do too, so of few requests a single time would be too much.
const REQUESTS: usize = 9_000;
/// How many are under way at one time.
const AT_ONCE: usize = 16;

/// Asks so often, a few at a time.
async fn ask_often(callers: &[Client], count: usize) {
    let worker = |number: usize| {
        let caller = &callers[number % callers.len()];
        async move {
            for turn in 0..count / AT_ONCE {
                let answer = caller.chat(&ask(turn % 2 == 0)).await;
                assert_eq!(answer.status, 200, "{}", answer.text);
            }
        }
    };
    futures_util::future::join_all((0..AT_ONCE).map(worker)).await;
}

/// Credits, a key's limit and budgets are all set aside ahead of the requests that need them.
async fn hardly_ever(stand: &Stand) {
    stand.script("plain", r#"{"prompt_tokens":5,"output_tokens":10}"#);
    told(stand, &["credits", "grant", "1000", "--json"]);
    for (interval, dollars) in [("monthly", 900), ("daily", 800)] {
        let path = format!("/workspaces/default/budgets/{interval}");
        let limit = json!({ "limit_usd": dollars });
        let set = stand.operator.send(Method::PUT, &path, &limit).await;
        assert_eq!(set.status, 200, "{}", set.text);
    }
    let new = json!({ "name": "limited", "limit": 700, "limit_reset": "weekly" });
    let made = stand.operator.post("/keys", &new).await.json();
    let limited = stand.caller.with_key(made["key"].as_str().expect("a key"));
    let callers = [stand.caller.at(stand.caller.base().to_owned()), limited];
    let count = wanted("LEDGER_REQUESTS", REQUESTS) / AT_ONCE * AT_ONCE;
    ask_often(&callers, count / 3).await;
    let before = meter(stand).await;
    ask_often(&callers, count).await;
    let after = meter(stand).await;
    let (requests, waits) = (after.0 - before.0, after.1 - before.1);
    assert_eq!(requests, count as u64);
    assert!(waits * 1_000 <= requests, "{waits} of {requests} requests waited for the database");
    holds(stand);
}

#[tokio::test(flavor = "multi_thread")]
async fn hardly_any_request_waits_for_the_embedded_database() {
    hardly_ever(&Stand::told(&[Offer::of("plain", "x/m", "100")], PREPAID).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hardly_any_request_waits_for_a_database_server() {
    let database = Database::made().await;
    let offers = [Offer::of("plain", "x/m", "100")];
    hardly_ever(&Stand::served(&offers, PREPAID, &database.url()).await).await;
}
