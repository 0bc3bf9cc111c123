//! Embeddings, in every form.

use serde_json::{Value, json};

use super::{assert_nanos, stand};

#[tokio::test]
async fn a_text_becomes_a_vector_at_its_price() {
    let stand = stand().await;
    stand.script("north", r#"{"prompt_tokens": 7}"#);
    let body = json!({"model": "x/embed", "input": "The sky is blue.", "dimensions": 3});
    let answer = stand.ask("/embeddings", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let told = answer.json();
    assert_eq!(told["object"], "list");
    assert_eq!((&told["model"], &told["provider"]), (&json!("x/embed"), &json!("north")));
    assert_eq!(told["data"][0]["embedding"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        (&told["usage"]["prompt_tokens"], &told["usage"]["total_tokens"]),
        (&json!(7), &json!(7))
    );
    assert_nanos(&told["usage"]["cost"], 7_000);
    assert_eq!(answer.header("x-interline-cost"), "0.000007");
    let record = stand.record(&answer).await;
    assert_eq!(record["api_type"], "embeddings");
    assert_eq!((&record["tokens_prompt"], &record["finish_reason"]), (&json!(7), &Value::Null));
    assert_nanos(&record["total_cost"], 7_000);
}

#[tokio::test]
async fn every_form_of_asking_brings_the_same_vectors() {
    let stand = stand().await;
    let mut seen: Vec<Value> = Vec::new();
    for model in ["x/embed", "x/embed-studio", "x/embed-cloud", "x/embed-ranker", "x/embed-local"] {
        let body =
            json!({"model": model, "input": ["The sky is blue."], "input_type": "search_query"});
        let answer = stand.ask("/embeddings", &body).await;
        assert_eq!(answer.status, 200, "{model}: {}", answer.text);
        let told = answer.json();
        assert!(0.0 < told["usage"]["cost"].as_f64().unwrap(), "{told}");
        // Only Gemini's answers do not tell what they used.
        let is_estimated = told["usage"]["estimated"] == true;
        assert_eq!(is_estimated, model == "x/embed-studio", "{told}");
        seen.push(told["data"][0]["embedding"].clone());
    }
    assert!(seen.iter().all(|it| *it == seen[0]), "{seen:?}");
}

#[tokio::test]
async fn vectors_are_packed_for_whoever_wants_them_packed() {
    let stand = stand().await;
    for model in ["x/embed", "x/embed-ranker"] {
        let body = json!({"model": model, "input": ["a", "b"], "encoding_format": "base64"});
        let answer = stand.ask("/embeddings", &body).await;
        let told = answer.json();
        let packed = told["data"][1]["embedding"].as_str().unwrap_or_else(|| panic!("{told}"));
        // Eight floats of four bytes.
        assert_eq!(packed.len(), 44, "{packed}");
    }
}

#[tokio::test]
async fn a_provider_that_fails_is_replaced_unless_that_is_not_wanted() {
    let stand = stand().await;
    stand.script("north", r#"{"fault": {"kind": "status", "status": 500}}"#);
    let mut body = json!({"model": "x/embed", "input": "a"});
    let answer = stand.ask("/embeddings", &body).await;
    assert_eq!(answer.json()["provider"], "south", "{}", answer.text);
    let record = stand.record(&answer).await;
    assert_eq!(record["provider_responses"].as_array().map(Vec::len), Some(2));
    body["provider"] = json!({"only": ["north"]});
    let answer = stand.ask("/embeddings", &body).await;
    assert_eq!(answer.status, 502, "{}", answer.text);
}

#[tokio::test]
async fn an_answer_without_a_vector_for_each_text_is_none() {
    let stand = stand().await;
    stand.script("north", r#"{"fault": {"kind": "error_in_body", "code": 500}}"#);
    let body = json!({"model": "x/embed", "input": ["a", "b"]});
    let answer = stand.ask("/embeddings", &body).await;
    assert_eq!(answer.json()["provider"], "south", "{}", answer.text);
}

#[tokio::test]
async fn what_cannot_be_embedded_is_told_by_its_field() {
    let stand = stand().await;
    for (body, param) in [
        (json!({"model": "x/embed"}), "input"),
        (json!({"model": "x/embed", "input": []}), "input"),
        (json!({"model": "x/embed", "input": [""]}), "input"),
        (json!({"model": "x/embed", "input": "a", "encoding_format": "hex"}), "encoding_format"),
        (json!({"model": "x/embed-ranker", "input": [[1, 2]]}), "input"),
        (json!({"model": "x/embed-cloud", "input": ["a", "b"]}), "input"),
        (json!({"model": 7, "input": "a"}), "model"),
        (json!({"model": "x/chat", "input": "a"}), "model"),
    ] {
        let answer = stand.ask("/embeddings", &body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        assert_eq!(answer.json()["error"]["param"], param, "{body}: {}", answer.text);
    }
}

#[tokio::test]
async fn gemini_s_and_ollama_s_clients_get_vectors_in_their_own_words() {
    let stand = stand().await;
    let front = stand.front();
    let body = json!({"content": {"parts": [{"text": "a"}]}, "taskType": "RETRIEVAL_QUERY"});
    let one = front.post("/v1beta/models/x/embed:embedContent", &body).await;
    assert_eq!(one.status, 200, "{}", one.text);
    let vector = one.json()["embedding"]["values"].clone();
    assert_eq!(vector.as_array().map(Vec::len), Some(8), "{}", one.text);
    let request = json!({"model": "models/x/embed", "content": {"parts": [{"text": "a"}]}});
    let body = json!({"requests": [request, request]});
    let two = front.post("/v1beta/models/x/embed-studio:batchEmbedContents", &body).await;
    assert_eq!(two.json()["embeddings"][1]["values"], vector, "{}", two.text);
    let local = front.post("/api/embed", &json!({"model": "x/embed", "input": ["a"]})).await;
    assert_eq!(local.json()["embeddings"][0], vector, "{}", local.text);
}
