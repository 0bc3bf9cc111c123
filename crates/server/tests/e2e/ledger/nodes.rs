//! Three nodes on one Postgres, each with a journal of its own.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::server::Database;
use super::{PREPAID, ask, balance, bound, decided, holds, nanos, price, set_aside, told};
use crate::client::Answer;
use crate::stand::{Offer, Stand};

async fn three(database: &Database) -> [Stand; 3] {
    let offers = [Offer::of("plain", "x/m", "1000")];
    let first = Stand::served(&offers, PREPAID, &database.url()).await;
    [first.sibling(), first.sibling(), first]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balance_for_ten_serves_ten_of_a_hundred_and_twenty_through_three_nodes() {
    let database = Database::made().await;
    let stands = three(&database).await;
    stands[0].script("plain", r#"{"prompt_tokens":5,"output_tokens":10,"first_byte_ms":12000}"#);
    let most = bound(&stands[0].caller).await;
    told(&stands[0], &["credits", "grant", &format!("{}", most * 10.0), "--json"]);
    let asking = (0..120).map(|number| {
        let (caller, stream) = (&stands[number % 3].caller, number % 2 == 0);
        async move { decided(caller, stream).await }
    });
    let answers = futures_util::future::join_all(asking).await;
    let served: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    let refused = answers.iter().filter(|answer| answer.status == 402).count();
    assert_eq!((served.len(), refused), (10, 110));
    let spent: i64 = served.iter().filter_map(|answer| price(answer)).sum();
    assert_eq!(all_settled(&stands[0], served.len()).await, spent);
    assert_eq!(balance(&stands[0]), nanos(most * 10.0) - spent);
    holds(&stands[0]);
}

/// A budget is held by the same leases as credits, through one node and through three.
async fn a_budget_for_ten(stands: &[Stand]) {
    stands[0].script("plain", r#"{"prompt_tokens":5,"output_tokens":10,"first_byte_ms":12000}"#);
    let most = bound(&stands[0].caller).await;
    told(&stands[0], &["credits", "grant", "1000", "--json"]);
    let path = "/workspaces/default/budgets/weekly";
    let limit = json!({ "limit_usd": most * 10.0 });
    let set = stands[0].operator.send(Method::PUT, path, &limit).await;
    assert_eq!(set.status, 200, "{}", set.text);
    // The others see it within a second.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let asking = (0..100).map(|number| {
        let (caller, stream) = (&stands[number % stands.len()].caller, number % 2 == 0);
        async move { decided(caller, stream).await }
    });
    let answers = futures_util::future::join_all(asking).await;
    let served: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
    let refused = answers.iter().filter(|answer| answer.status == 403).count();
    assert_eq!((served.len(), refused), (10, 90));
    let spent: i64 = served.iter().filter_map(|answer| price(answer)).sum();
    assert_eq!(all_settled(&stands[0], served.len()).await, spent);
    let listed = stands[0].operator.get("/workspaces/default/budgets").await.json();
    assert_eq!(nanos(listed["data"][0]["usage_usd"].as_f64().expect("an amount")), spent);
    holds(&stands[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_for_ten_serves_ten_of_a_hundred() {
    let stand = Stand::told(&[Offer::of("plain", "x/m", "1000")], PREPAID).await;
    a_budget_for_ten(&[stand]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_for_ten_serves_ten_of_a_hundred_through_three_nodes() {
    let database = Database::made().await;
    a_budget_for_ten(&three(&database).await).await;
}

/// Waits until so many generations are settled, and returns what they cost.
async fn all_settled(stand: &Stand, count: usize) -> i64 {
    for _ in 0..400 {
        let books = super::settled(stand);
        if books.len() == count {
            return books.values().sum();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not everything was settled");
}

/// What one node has set aside is given to another that needs it, so that a balance can be spent
/// through any of them to the last request that fits.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_balance_is_spent_to_the_last_request_through_nodes_in_turn() {
    let database = Database::made().await;
    let stands = three(&database).await;
    stands[0].script("plain", r#"{"prompt_tokens":5,"output_tokens":10}"#);
    let most = bound(&stands[0].caller).await;
    let granted = nanos(most * 3.0);
    told(&stands[0], &["credits", "grant", &format!("{}", most * 3.0), "--json"]);
    let mut left = granted;
    for turn in 0..200 {
        let answer = stands[turn % 3].caller.chat(&ask(turn % 2 == 0)).await;
        if left < nanos(most) {
            assert_eq!(answer.status, 402, "{}", answer.text);
            break;
        }
        assert_eq!(answer.status, 200, "turn {turn}, {left} are left: {}", answer.text);
        left -= price(&answer).expect("a price");
    }
    assert!(left < nanos(most), "{left} are left");
    assert_eq!(balance(&stands[0]), left);
    holds(&stands[0]);
}

fn instances(stand: &Stand) -> Vec<String> {
    let listed = told(stand, &["ledger", "instances", "--json"]);
    let rows = listed.as_array().expect("a list");
    let name = |row: &Value| row["instance"].as_str().expect("a name").to_owned();
    rows.iter().map(name).collect()
}

/// The one journal of a node that is down.
fn journal(stand: &Stand) -> std::path::PathBuf {
    let folder = stand.folder.join("data/journal");
    std::fs::read_dir(folder).unwrap().next().expect("a journal").unwrap().path()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_gone_for_good_is_taken_over_or_given_up() {
    let database = Database::made().await;
    let mut stands = three(&database).await;
    stands[0].script("plain", r#"{"prompt_tokens":5,"output_tokens":10}"#);
    told(&stands[0], &["credits", "grant", "100", "--json"]);
    for stand in &stands {
        assert_eq!(stand.caller.chat(&ask(true)).await.status, 200);
    }
    assert_eq!(instances(&stands[0]).len(), 3);
    // The machine of the one is gone and its disk is not; of the other both are.
    for place in [1, 2] {
        stands[place].signal("-9");
        stands[place].ended().await;
    }
    let (adopted, lost) = (journal(&stands[1]), journal(&stands[2]));
    let name = |path: &std::path::Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let here = stands[0].folder.join("data/journal").join(name(&adopted));
    std::fs::rename(&adopted, here).unwrap();
    std::fs::remove_dir_all(&lost).unwrap();
    let given_up = told(&stands[0], &["ledger", "lost", &name(&lost), "--json"]);
    assert!(0 < given_up["freed_nanos"].as_i64().expect("an amount"), "{given_up}");
    stands[0].signal("-TERM");
    assert!(stands[0].ended().await.success());
    stands[0].restart();
    assert_eq!(stands[0].caller.chat(&ask(false)).await.status, 200);
    stands[0].signal("-TERM");
    assert!(stands[0].ended().await.success());
    assert_eq!(instances(&stands[0]), Vec::<String>::new());
    assert!(set_aside(&stands[0]).abs() < f64::EPSILON, "credit is stranded");
    // What the second had settled by then is in the books; what was lost with the third, too, if it
    // was settled before its end.
    let books = super::settled(&stands[0]);
    assert!((3..=4).contains(&books.len()), "{books:?}");
    assert_eq!(balance(&stands[0]), 100_000_000_000 - books.values().sum::<i64>());
    holds(&stands[0]);
    assert_eq!(told(&stands[0], &["ledger", "audit", "--json"])["broken"], json!([]));
}
