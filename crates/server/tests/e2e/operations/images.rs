//! Images.

use serde_json::json;

use super::{assert_nanos, stand};

const PIXEL: &str = "data:image/png;base64,iVBORw0KGgo=";

#[tokio::test]
async fn images_are_billed_one_by_one_on_both_routes() {
    let stand = stand().await;
    for path in ["/images", "/images/generations"] {
        let body = json!({"model": "x/draw", "prompt": "a red panda", "n": 2, "size": "1024x1024"});
        let answer = stand.ask(path, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let told = answer.json();
        assert_eq!(told["data"].as_array().map(Vec::len), Some(2));
        assert!(told["data"][0]["b64_json"].is_string() && told["created"].is_u64());
        assert_eq!(told["data"][0]["media_type"], "image/png");
        assert_nanos(&told["usage"]["cost"], 80_000_000);
        let record = stand.record(&answer).await;
        assert_eq!(
            (&record["api_type"], &record["num_media_completion"]),
            (&json!("image"), &json!(2))
        );
    }
}

#[tokio::test]
async fn images_are_billed_by_tokens_where_their_price_says_so() {
    let stand = stand().await;
    stand.script("north", r#"{"prompt_tokens": 100}"#);
    let body = json!({"model": "x/draw-tokens", "prompt": "a red panda"});
    let told = stand.ask("/images", &body).await.json();
    assert_eq!(told["usage"]["completion_tokens"], 1_000, "{told}");
    // 100 at 5 dollars a million, 1,000 at 40.
    assert_nanos(&told["usage"]["cost"], 500_000 + 40_000_000);
    stand.script("north", r#"{"usage": "never"}"#);
    let body =
        json!({"model": "x/draw-tokens", "prompt": "a", "quality": "low", "size": "1024x1024"});
    let told = stand.ask("/images", &body).await.json();
    assert_eq!(
        (&told["usage"]["completion_tokens"], &told["usage"]["estimated"]),
        (&json!(273), &json!(true))
    );
}

#[tokio::test]
async fn a_model_that_draws_in_its_answers_draws_here_too() {
    let stand = stand().await;
    let body = json!({
        "model": "x/draw-chat", "prompt": "a red panda", "aspect_ratio": "16:9", "resolution": "2K",
        "input_references": [{"type": "image_url", "image_url": {"url": PIXEL}}],
    });
    let answer = stand.ask("/images", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let told = answer.json();
    assert_eq!(told["data"][0]["media_type"], "image/png", "{told}");
    assert!(0.0 < told["usage"]["cost"].as_f64().unwrap());
}

#[tokio::test]
async fn images_to_start_from_go_along_as_files() {
    let stand = stand().await;
    let body = json!({"model": "x/draw", "prompt": "wider", "input_references": [PIXEL]});
    let answer = stand.ask("/images", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let by_address = json!({
        "model": "x/draw", "prompt": "wider", "input_references": ["https://a.example/a.png"],
    });
    let answer = stand.ask("/images", &by_address).await;
    assert_eq!(answer.json()["error"]["param"], "input_references", "{}", answer.text);
}

#[tokio::test]
async fn a_stream_brings_finished_images_and_their_cost() {
    let stand = stand().await;
    let body = json!({"model": "x/draw", "prompt": "a red panda", "n": 2, "stream": true});
    let answer = stand.ask("/images", &body).await;
    assert!(answer.header("content-type").starts_with("text/event-stream"), "{}", answer.text);
    let data: Vec<&str> =
        answer.text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(data.len(), 3, "{}", answer.text);
    assert_eq!(data[2], "[DONE]");
    let last: serde_json::Value = serde_json::from_str(data[1]).unwrap();
    assert_eq!(last["type"], "image_generation.completed");
    assert_nanos(&last["usage"]["cost"], 80_000_000);
}

#[tokio::test]
async fn a_provider_that_fails_is_replaced_and_bills_nothing() {
    let stand = stand().await;
    stand.script("north", r#"{"fault": {"kind": "status", "status": 500}}"#);
    let body = json!({"model": "x/draw", "prompt": "a red panda"});
    let told = stand.ask("/images", &body).await.json();
    assert_eq!(told["provider"], "south", "{told}");
    assert_nanos(&told["usage"]["cost"], 50_000_000);
}

#[tokio::test]
async fn what_cannot_be_drawn_is_told_by_its_field() {
    let stand = stand().await;
    for (extra, param) in [
        (json!({"prompt": " "}), "prompt"),
        (json!({"n": 11}), "n"),
        (json!({"size": "1024x1024", "aspect_ratio": "16:9"}), "size"),
        (json!({"input_references": ["file:///etc/passwd"]}), "input_references"),
        (json!({"stream": "yes"}), "stream"),
        (json!({"model": "x/chat"}), "model"),
        (json!({"model": "x/draw-chat", "n": 2}), "n"),
    ] {
        let mut body = json!({"model": "x/draw", "prompt": "a"});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let answer = stand.ask("/images", &body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        assert_eq!(answer.json()["error"]["param"], param, "{body}: {}", answer.text);
    }
}
