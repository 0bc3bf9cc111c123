//! What callers say of generations, of any model.

use serde_json::{Value, json};

use crate::stand::{Offer, Stand};

const PATH: &str = "/generation/feedback";

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_says_something_of_its_own_generations_and_of_no_other() {
    let stand = Stand::with(&[Offer::of("alpha", "x/m", "1")]).await;
    let asked = json!({ "model": "x/m", "messages": [{ "role": "user", "content": "hi" }] });
    let answer = stand.caller.chat(&asked).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let id = answer.header("x-generation-id").to_owned();
    let say = |more: Value| {
        let mut said = json!({ "generation_id": id, "category": "latency" });
        for (name, value) in more.as_object().unwrap() {
            said[name] = value.clone();
        }
        said
    };
    for said in [
        json!({}),
        json!({}),
        json!({ "comment": "slow", "rating": "down" }),
        json!({ "category": "other", "comment": "\u{1b}[31m<script>\u{0}'; DROP TABLE keys" }),
        json!({ "comment": null, "rating": null }),
        json!({ "category": "other", "comment": "é".repeat(2_000) }),
    ] {
        let kept = stand.caller.post(PATH, &say(said)).await;
        assert_eq!((kept.status, kept.json()), (200, json!({ "data": { "success": true } })));
    }
    assert_eq!(stand.operator.post(PATH, &say(json!({}))).await.status, 200);

    for (said, param) in [
        (json!({ "category": "Latency" }), json!("category")),
        (json!({ "rating": "sideways" }), json!("rating")),
        (json!({ "comment": "x".repeat(2_001) }), json!("comment")),
        (json!({ "comment": ["x"] }), Value::Null),
        (json!({ "coment": "x" }), Value::Null),
    ] {
        let refused = stand.caller.post(PATH, &say(said)).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        assert_eq!(refused.json()["error"]["param"], param, "{}", refused.text);
    }

    let other = stand.operator.post("/keys", &json!({ "name": "other" })).await.json();
    let other = stand.caller.with_key(other["key"].as_str().unwrap());
    let theirs = other.post(PATH, &say(json!({}))).await;
    let nobodys = json!({ "generation_id": "gen-1-nobody", "category": "other" });
    let nobodys = other.post(PATH, &nobodys).await;
    assert_eq!((theirs.status, nobodys.status), (404, 404));
    let message = |answer: &crate::client::Answer, id: &str| {
        answer.json()["error"]["message"].as_str().unwrap().replace(id, "…")
    };
    assert_eq!(message(&theirs, &id), message(&nobodys, "gen-1-nobody"));
    let hostile = json!({ "generation_id": "gen-'; DROP TABLE x", "category": "other" });
    assert_eq!(stand.caller.post(PATH, &hostile).await.status, 404);
    let stranger = stand.caller.with_key("sk-or-v1-nobody");
    assert_eq!(stranger.post(PATH, &say(json!({}))).await.status, 401);
}
