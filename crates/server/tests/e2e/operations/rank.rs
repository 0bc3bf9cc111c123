//! Rerank and moderation.

use serde_json::json;

use super::{assert_nanos, stand};

#[tokio::test]
async fn documents_come_back_by_relevance_with_their_texts() {
    let stand = stand().await;
    let documents = json!(["Berlin is old.", {"text": "Paris is the capital of France."}, "Tea."]);
    for (model, nanos) in [("x/rank", None), ("x/rank-searches", Some(2_000_000))] {
        let body = json!({
            "model": model, "query": "the capital of France", "documents": documents, "top_n": 2,
        });
        let answer = stand.ask("/rerank", &body).await;
        assert_eq!(answer.status, 200, "{model}: {}", answer.text);
        let told = answer.json();
        assert_eq!(told["results"].as_array().map(Vec::len), Some(2), "{told}");
        assert_eq!(told["results"][0]["index"], 1);
        assert_eq!(told["results"][0]["document"]["text"], "Paris is the capital of France.");
        assert!(told["id"].as_str().unwrap().starts_with("gen-"));
        match nanos {
            Some(nanos) => {
                assert_eq!(told["usage"]["search_units"], 1);
                assert_nanos(&told["usage"]["cost"], nanos);
            }
            None => {
                let tokens = told["usage"]["total_tokens"].as_u64().unwrap();
                assert_nanos(&told["usage"]["cost"], tokens * 1_000);
            }
        }
        assert_eq!(stand.record(&answer).await["api_type"], "rerank");
    }
}

#[tokio::test]
async fn searches_that_nobody_counted_are_counted_by_the_hundred_and_flagged() {
    let stand = stand().await;
    stand.script("ranker", r#"{"usage": "never"}"#);
    let documents: Vec<String> = (0..101).map(|it| format!("document {it}")).collect();
    let body = json!({"model": "x/rank-searches", "query": "a", "documents": documents});
    let told = stand.ask("/rerank", &body).await.json();
    assert_eq!(
        (&told["usage"]["search_units"], &told["usage"]["estimated"]),
        (&json!(2), &json!(true))
    );
    assert_nanos(&told["usage"]["cost"], 4_000_000);
}

#[tokio::test]
async fn a_text_is_judged() {
    let stand = stand().await;
    let body = json!({"model": "x/judge", "input": ["fine", "I will harm you"]});
    let answer = stand.ask("/moderations", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let told = answer.json();
    assert_eq!(
        (&told["results"][0]["flagged"], &told["results"][1]["flagged"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(told["model"], "x/judge");
    // The provider tells no usage; the texts are counted.
    assert!(0.0 < told["usage"]["cost"].as_f64().unwrap(), "{told}");
    assert_eq!(told["usage"]["estimated"], true);
}

#[tokio::test]
async fn what_cannot_be_ranked_or_judged_is_told_by_its_field() {
    let stand = stand().await;
    for (path, body, param) in [
        ("/rerank", json!({"model": "x/rank", "documents": ["a"]}), "query"),
        ("/rerank", json!({"model": "x/rank", "query": "a", "documents": []}), "documents"),
        ("/rerank", json!({"model": "x/rank", "query": "a", "documents": [7]}), "documents[0]"),
        (
            "/rerank",
            json!({"model": "x/rank", "query": "a", "documents": ["b"], "top_n": 0}),
            "top_n",
        ),
        ("/moderations", json!({"model": "x/judge"}), "input"),
        ("/moderations", json!({"model": "x/chat", "input": "a"}), "model"),
    ] {
        let answer = stand.ask(path, &body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        assert_eq!(answer.json()["error"]["param"], param, "{body}: {}", answer.text);
    }
}
