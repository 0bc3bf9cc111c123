//! The operator's tools on the books, while the server runs.

use serde_json::{Value, json};

use crate::stand::{Offer, Stand};

fn told(stand: &Stand, args: &[&str]) -> Value {
    let output = stand.run(args);
    let text = String::from_utf8(output.stdout).unwrap();
    let trouble = String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{args:?}: {text}{trouble}"))
}

fn said(stand: &Stand, args: &[&str]) -> String {
    let output = stand.run(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_books_are_granted_to_checked_and_written_out_while_the_server_runs() {
    let stand = Stand::with(&[Offer::of("acme", "x/m", "1000")]).await;
    stand.script("acme", r#"{"text":"one two three four","prompt_tokens":6}"#);
    let granted = told(&stand, &["credits", "grant", "12.5", "--note", "=welcome", "--json"]);
    assert_eq!(granted["balance_nanos"], 12_500_000_000_i64, "{granted}");
    let mut last = String::new();
    for number in 0..5 {
        let ask = json!({ "model": "x/m", "stream": number % 2 == 0,
                          "messages": [{ "role": "user", "content": "hi" }] });
        let answer = stand.caller.chat(&ask).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        last = answer.headers["x-generation-id"].to_str().unwrap().to_owned();
    }
    // The record is there once it is settled, and so is all that came before.
    assert_eq!(stand.caller.get(&format!("/generation?id={last}")).await.status, 200);

    let shown = told(&stand, &["credits", "show", "--account", "default", "--json"]);
    assert_eq!(shown["balance_nanos"], 12_450_000_000_i64, "{shown}");
    let audit = told(&stand, &["ledger", "audit", "--json"]);
    assert_eq!((&audit["ok"], &audit["settlements"]), (&json!(true), &json!(5)), "{audit}");
    assert!(said(&stand, &["ledger", "audit"]).contains("Every rule holds."));

    let entries = said(&stand, &["ledger", "export", "entries"]);
    assert!(entries.starts_with("batch,kind,note,at_ms,account,amount_nanos\n"), "{entries}");
    assert!(entries.contains("1,grant,'=welcome,"), "{entries}");
    let usage = said(&stand, &["ledger", "export", "usage", "--format", "jsonl"]);
    let costs = usage.lines().map(|line| {
        let row: Value = serde_json::from_str(line).unwrap();
        row["cost_nanos"].as_i64().unwrap()
    });
    assert_eq!(costs.sum::<i64>(), 50_000_000);
    let statement = told(&stand, &["ledger", "statement", "--json"]);
    assert_eq!(statement["closing_nanos"], 12_450_000_000_i64, "{statement}");

    let today = &statement["rows"][1]["date"].as_str().unwrap();
    let invoice = stand.folder.join("invoice.csv");
    let row = |cost: &str| format!("Date,Model,Input,Output,Cost\n{today},x/m,30,20,{cost}\n");
    let path = invoice.to_str().unwrap();
    let reconcile = ["ledger", "reconcile", path, "--provider", "acme", "--json"];
    std::fs::write(&invoice, row("0.05")).unwrap();
    let report = told(&stand, &reconcile);
    assert_eq!(report["ok"], true, "{report}");
    std::fs::write(&invoice, row("0.0515")).unwrap();
    let report = told(&stand, &reconcile);
    assert_eq!(report["findings"][0]["kind"], "price_drift", "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_said() {
    let stand = Stand::with(&[Offer::of("acme", "x/m", "1")]).await;
    for (args, words) in [
        (&["credits", "grant", "1.0000000001"][..], "at most 9 decimals"),
        (&["credits", "grant", "1", "--account", "nobody"][..], "no account `nobody`"),
        (&["credits", "grant", "-1"][..], "cannot be taken"),
        (&["ledger", "reconcile", "/no/such/file"][..], "/no/such/file"),
    ] {
        let output = stand.run(args);
        let all = [output.stdout, output.stderr].concat();
        let all = String::from_utf8_lossy(&all);
        assert!(!output.status.success() && all.contains(words), "{args:?}: {all}");
    }
}
