//! What the house bears for an account of answers that break off, and where that ends.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::{PREPAID, ask, balance, holds, id_of, settled, told};
use crate::stand::{Offer, Stand};

const GOOD: &str = r#"{"prompt_tokens":5,"output_tokens":10}"#;
const BREAKS: &str = r#"{"prompt_tokens":5,"output_tokens":40,
                         "fault":{"kind":"mid_stream_error","after_chunks":20}}"#;

/// What the house bore of each generation, by its id.
fn borne(stand: &Stand) -> BTreeMap<String, i64> {
    let output = stand.run(&["ledger", "export", "settlements", "--format", "jsonl"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let borne = rows.map(|row| {
        let id = row["generation_id"].as_str().expect("an id").to_owned();
        (id, row["insurance_nanos"].as_i64().expect("an amount"))
    });
    borne.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_house_bears_broken_answers_to_an_end_and_then_charges_what_was_made() {
    let stand = Stand::told(&[Offer::of("plain", "x/m", "1000")], PREPAID).await;
    told(&stand, &["credits", "grant", "100", "--json"]);
    let mut broken = Vec::new();
    for _ in 0..12 {
        stand.script("plain", BREAKS);
        let answer = stand.caller.chat(&ask(true)).await;
        assert!(answer.text.contains("\"error\""), "{}", answer.text);
        broken.push(id_of(&answer));
        // An endpoint that did nothing but break would not be asked for long.
        stand.script("plain", GOOD);
        for _ in 0..3 {
            assert_eq!(stand.caller.chat(&ask(false)).await.status, 200);
        }
    }
    let mut books = settled(&stand);
    for _ in 0..400 {
        if 48 <= books.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        books = settled(&stand);
    }
    let borne = borne(&stand);
    let insured: i64 = borne.values().sum();
    let charged: i64 = books.values().sum();
    assert!(insured <= 100_000_000 + charged / 20, "{insured} of {charged}");
    assert!(0 < borne[&broken[0]] && books[&broken[0]] == 0, "the first is the house's");
    let of_the_account: Vec<&String> = broken.iter().filter(|id| 0 < books[*id]).collect();
    assert!(!of_the_account.is_empty(), "{borne:?}");
    for id in of_the_account {
        // Its twenty chunks and the prompt, as the house counts them.
        assert!(books[id] <= (16 + 60) * 1_000_000 && borne[id] == 0, "{id}: {}", books[id]);
    }
    assert_eq!(balance(&stand), 100_000_000_000 - charged);
    holds(&stand);
}
