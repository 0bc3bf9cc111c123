//! One process on SQLite: races, callers who leave, bits that flip.

use std::time::Duration;

use serde_json::json;

use super::{
    PREPAID, ask, balance, bound, holds, id_of, leave_after, nanos, price, settled, told, wanted,
};
use crate::client::Answer;
use crate::stand::{Offer, Stand};

#[tokio::test(flavor = "multi_thread")]
async fn a_balance_for_ten_serves_ten_of_a_hundred_and_twenty() {
    let stand = Stand::told(&[Offer::of("plain", "x/m", "1000")], PREPAID).await;
    stand.script("plain", r#"{"prompt_tokens":5,"output_tokens":10,"first_byte_ms":8000}"#);
    let most = bound(&stand.caller).await;
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
const LEAVERS: usize = 1_000;

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
