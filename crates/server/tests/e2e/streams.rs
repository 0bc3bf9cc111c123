//! Streams that break, are left, or have to wait.

use std::time::Duration;

use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use simulator::Ending;

use crate::stand::{Offer, Stand};

fn ask(model: &str) -> Value {
    json!({ "model": model, "stream": true, "messages": [{ "role": "user", "content": "hi" }] })
}

/// After content nothing is retried: the stream ends in one error, and nobody pays.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_says_so() {
    let offers = [Offer::of("frail", "x/m", "1"), Offer::of("well", "x/m", "2")];
    let stand = Stand::with(&offers).await;
    for fault in [
        r#"{"kind":"fin","after_chunks":3}"#,
        r#"{"kind":"fin","after_chunks":3,"clean":true}"#,
        r#"{"kind":"reset_mid","after_chunks":3}"#,
        r#"{"kind":"stall","after_chunks":3}"#,
        r#"{"kind":"mid_stream_error","after_chunks":3}"#,
        r#"{"kind":"cut","after_chunks":3}"#,
    ] {
        stand.script("frail", &format!("{{\"fault\":{fault},\"chunk_ms\":5}}"));
        let order = json!({ "order": ["frail"] });
        let mut body = ask("x/m");
        body["provider"] = order;
        let answer = stand.caller.chat(&body).await;
        assert_eq!(answer.status, 200, "{fault}: {}", answer.text);
        let events = answer.events();
        assert_eq!(events.last().map(String::as_str), Some("[DONE]"), "{fault}: {}", answer.text);
        let chunks = answer.chunks();
        let errors: Vec<&Value> = chunks.iter().filter(|it| it["error"].is_object()).collect();
        assert_eq!(errors.len(), 1, "{fault}: {}", answer.text);
        assert_eq!(errors[0]["choices"][0]["finish_reason"], "error", "{fault}");
        assert!(!answer.text.contains("\"finish_reason\":\"stop\""), "{fault}: {}", answer.text);
        assert_eq!(stand.simulator.attempts("well"), 0, "{fault}");
        let id = answer.headers["x-generation-id"].to_str().unwrap().to_owned();
        let record = stand.caller.get(&format!("/generation?id={id}")).await.json();
        assert_eq!(record["data"]["total_cost"], 0.0, "{fault}");
    }
}

/// Continued elsewhere, an answer is one stream and one settlement: the caller pays for the part
/// that completed it, and what the broken one cost stands in the books as the house's.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_broken_part_cost_is_booked_to_the_house() {
    let offers = [Offer::of("frail", "x/m", "1"), Offer::of("well", "x/m", "2")];
    let stand = Stand::with(&offers).await;
    stand.script("frail", r#"{"fault":{"kind":"fin","after_chunks":6},"chunk_ms":5}"#);
    let mut body = ask("x/m");
    body["provider"] = json!({ "order": ["frail"], "resume": true });
    let answer = stand.caller.chat(&body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.chunks().iter().all(|chunk| chunk["error"].is_null()), "{}", answer.text);
    assert_eq!(stand.simulator.attempts("well"), 1);
    let id = answer.headers["x-generation-id"].to_str().unwrap().to_owned();
    let record = stand.caller.get(&format!("/generation?id={id}")).await.json();
    let exported = stand.run(&["ledger", "export", "settlements", "--format", "jsonl"]).stdout;
    let exported = String::from_utf8(exported).unwrap();
    let rows = exported.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let settled: Vec<Value> = rows.filter(|row| row["generation_id"] == id).collect();
    assert_eq!(settled.len(), 1, "{exported}");
    let amount = |name: &str| settled[0][name].as_i64().unwrap_or_else(|| panic!("{settled:?}"));
    let charged = record["data"]["total_cost"].as_f64().unwrap();
    assert_eq!(amount("charge_nanos"), (charged * 1e9).round() as i64);
    assert!(0 < amount("charge_nanos") && 0 < amount("failed_attempts_nanos"), "{settled:?}");
    let audit = stand.run(&["ledger", "audit", "--json"]);
    assert!(audit.status.success(), "{}", String::from_utf8_lossy(&audit.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_leaves_ends_the_providers_work() {
    let stand = Stand::with(&[Offer::of("slow", "x/m", "1")]).await;
    stand.script("slow", r#"{"chunk_ms":40,"output_tokens":2000}"#);
    let mut body = ask("x/m");
    body["max_tokens"] = json!(2000);
    let open = stand.caller.open(Method::POST, "/chat/completions", body.to_string()).await;
    let id = open.headers()["x-generation-id"].to_str().unwrap().to_owned();
    let mut stream = open.into_body();
    for _ in 0..3 {
        stream.frame().await.unwrap().unwrap();
    }
    drop(stream);
    let mut ending = Ending::Open;
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        ending = stand.simulator.requests("slow")[0].ending;
        if ending != Ending::Open {
            break;
        }
    }
    assert_eq!(ending, Ending::ClientGone);
    // Counting what was made takes a moment.
    let mut record = Value::Null;
    for _ in 0..100 {
        record = stand.caller.get(&format!("/generation?id={id}")).await.json();
        if record["data"].is_object() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(record["data"]["cancelled"], true, "{record}");
    assert!(record["data"]["total_cost"].as_f64().is_some_and(|cost| 0.0 < cost), "{record}");
    assert_eq!(record["data"]["tokens_estimated"], true);
    assert_eq!(record["data"]["native_tokens_prompt"], PROMPT_TOKENS, "{record}");
    let made = record["data"]["native_tokens_completion"].as_u64().unwrap();
    assert!((1..2000).contains(&made), "{record}");
}

/// "hi", its message, and what opens an answer.
const PROMPT_TOKENS: u32 = 1 + 3 + 3;

/// Where a provider does not say what it used, a tokenizer does.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_counted_is_counted_by_a_tokenizer() {
    let stand = Stand::with(&[Offer::of("silent", "x/m", "1")]).await;
    let text = "お誕生日おめでとう、\"tiktoken\" is great! ".repeat(9);
    let script = json!({ "usage": "never", "text": text, "output_tokens": 3000 });
    stand.script("silent", &script.to_string());
    let tokens = dialect::tokens::of_text(&text, None);
    for stream in [false, true] {
        let mut body = ask("x/m");
        body["stream"] = json!(stream);
        let answer = stand.caller.chat(&body).await;
        assert_eq!(answer.content(), text);
        let usage = answer.usage();
        let counts = (&usage["prompt_tokens"], &usage["completion_tokens"]);
        assert_eq!(counts, (&json!(PROMPT_TOKENS), &json!(tokens)), "{usage}");
        let id = answer.headers["x-generation-id"].to_str().unwrap();
        let record = stand.caller.get(&format!("/generation?id={id}")).await.json();
        assert_eq!(record["data"]["tokens_estimated"], true, "{record}");
        assert_eq!(record["data"]["native_tokens_completion"], tokens, "{record}");
    }
}

/// Where a provider bills an answer that is left, it is read to its end for the bill.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_bills_anyway_is_read_to_the_end() {
    let offer = Offer { cancellable: false, ..Offer::of("stubborn", "x/m", "1") };
    let stand = Stand::with(&[offer]).await;
    stand.script("stubborn", r#"{"chunk_ms":10,"output_tokens":60,"prompt_tokens":9}"#);
    let mut body = ask("x/m");
    body["max_tokens"] = json!(60);
    let open = stand.caller.open(Method::POST, "/chat/completions", body.to_string()).await;
    let id = open.headers()["x-generation-id"].to_str().unwrap().to_owned();
    let mut stream = open.into_body();
    stream.frame().await.unwrap().unwrap();
    drop(stream);
    let mut record = Value::Null;
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        record = stand.caller.get(&format!("/generation?id={id}")).await.json();
        if record["data"].is_object() {
            break;
        }
    }
    assert_eq!(stand.simulator.requests("stubborn")[0].ending, Ending::Answered);
    assert_eq!(record["data"]["native_tokens_completion"], 60, "{record}");
    assert_eq!(record["data"]["total_cost"], 0.000_069, "{record}");
    assert_eq!(record["data"]["cancelled"], true, "{record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_stream_is_kept_alive() {
    let stand = Stand::with(&[Offer::of("thoughtful", "x/m", "1")]).await;
    stand.script("thoughtful", r#"{"first_byte_ms":700,"text":"At last."}"#);
    let answer = stand.caller.chat(&ask("x/m")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text.starts_with(": INTERLINE PROCESSING\n\n"), "{}", answer.text);
    assert_eq!(answer.content(), "At last.");
}

/// The number in the stream's last chunk, in the record and in the key's spend is one number.
#[tokio::test(flavor = "multi_thread")]
async fn a_cost_is_the_same_wherever_it_is_told() {
    let stand = Stand::with(&[Offer::of("plain", "x/m", "3.7")]).await;
    let mut total = 0.0;
    for (place, stream) in [true, false, true].into_iter().enumerate() {
        stand.script("plain", &format!("{{\"prompt_tokens\":{},\"output_tokens\":7}}", place + 3));
        let mut body = ask("x/m");
        body["stream"] = json!(stream);
        let answer = stand.caller.chat(&body).await;
        let cost = answer.usage()["cost"].as_f64().unwrap();
        assert_eq!((cost * 1e9).round() as i64, (place as i64 + 3 + 7) * 3_700, "{}", answer.text);
        let id = answer.headers["x-generation-id"].to_str().unwrap().to_owned();
        let record = stand.caller.get(&format!("/generation?id={id}")).await.json();
        assert_eq!(record["data"]["total_cost"].as_f64(), Some(cost));
        assert_eq!(record["data"]["streamed"], stream);
        total += cost;
    }
    let key = stand.caller.get("/key").await.json();
    let usage = key["data"]["usage"].as_f64().unwrap();
    assert_eq!((usage * 1e9).round(), (total * 1e9).round());
}
