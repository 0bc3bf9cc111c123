//! Keys as their operator manages them, and lists as anyone reads them.

use http::Method;
use serde_json::{Value, json};

use crate::stand::{Offer, Stand};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_lives_from_its_making_to_its_end() {
    let stand = Stand::with(&[Offer::of("plain", "x/m", "1")]).await;
    let ask = json!({ "model": "x/m", "messages": [{ "role": "user", "content": "hi" }] });
    let new = json!({ "name": "mine", "limit": 5, "limit_reset": "weekly" });
    let made = stand.operator.post("/keys", &new).await.json();
    let hash = made["data"]["hash"].as_str().unwrap().to_owned();
    let mine = stand.operator.with_key(made["key"].as_str().unwrap());
    assert_eq!(mine.chat(&ask).await.status, 200);
    let path = format!("/keys/{hash}");

    let changed = stand.operator.send(Method::PATCH, &path, &json!({ "disabled": true })).await;
    assert_eq!(changed.json()["data"]["disabled"], true);
    assert_eq!(changed.json()["data"]["limit_reset"], "weekly");
    assert_eq!(mine.chat(&ask).await.status, 401);
    let change = json!({ "disabled": false, "limit": null, "name": "ours" });
    let changed = stand.operator.send(Method::PATCH, &path, &change).await.json();
    assert_eq!(
        (&changed["data"]["limit"], &changed["data"]["name"]),
        (&Value::Null, &json!("ours"))
    );
    assert_eq!(mine.chat(&ask).await.status, 200);

    let listed = stand.operator.get("/keys").await.json();
    assert_eq!(listed["total_count"], 2);
    assert!(!listed.to_string().contains(made["key"].as_str().unwrap()));
    let gone = stand.operator.send(Method::DELETE, &path, &Value::Null).await;
    assert_eq!(gone.json(), json!({ "deleted": true }));
    assert_eq!(mine.chat(&ask).await.status, 401);
    assert_eq!(stand.operator.get(&path).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_open_what_they_are_for() {
    let stand = Stand::with(&[Offer::of("plain", "x/m", "1")]).await;
    let ask = json!({ "model": "x/m", "messages": [{ "role": "user", "content": "hi" }] });
    assert_eq!(stand.operator.chat(&ask).await.status, 403);
    assert_eq!(stand.caller.get("/keys").await.status, 403);
    assert_eq!(stand.caller.post("/keys", &json!({ "name": "x" })).await.status, 403);
    let nobody = stand.caller.with_key("sk-il-v1-0000");
    let refused = nobody.chat(&ask).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.json()["error"]["metadata"]["error_type"], "authentication");
    assert_eq!(nobody.get("/models").await.status, 200);
    // Somebody else's generation does not exist.
    let id = stand.caller.chat(&ask).await.headers["x-generation-id"].to_str().unwrap().to_owned();
    let made = stand.operator.post("/keys", &json!({ "name": "other" })).await.json();
    let other = stand.operator.with_key(made["key"].as_str().unwrap());
    assert_eq!(other.get(&format!("/generation?id={id}")).await.status, 404);
    assert_eq!(stand.caller.get(&format!("/generation?id={id}")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_show_what_can_be_called_now() {
    let stand = Stand::with(&[Offer::of("plain", "x/m", "0.5")]).await;
    let models = stand.caller.get("/models").await.json();
    let ids: Vec<&str> =
        models["data"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["x/m"]);
    assert_eq!(models["data"][0]["pricing"]["prompt"], "0.0000005");
    let all = stand.caller.get("/models?available=all&output_modalities=all").await.json();
    assert!(450 < all["data"].as_array().unwrap().len());
    let endpoints = stand.caller.get("/models/x/m/endpoints").await.json();
    assert_eq!(endpoints["data"]["endpoints"][0]["provider_name"], "plain");
    assert!(80 < stand.caller.get("/providers").await.json()["data"].as_array().unwrap().len());
    let missing = stand.caller.get("/model/x/mm").await;
    assert_eq!(missing.status, 404);
    assert!(missing.text.contains("x/m"), "{}", missing.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_key_is_to_be_is_never_guessed() {
    let stand = Stand::with(&[Offer::of("plain", "x/m", "1")]).await;
    let misspelt = stand.operator.post("/keys", &json!({ "name": "x", "limt": 5 })).await;
    assert_eq!(misspelt.status, 400);
    assert!(misspelt.text.contains("limt"), "{}", misspelt.text);
    let known = json!({ "name": "x", "include_byok_in_limit": true, "workspace_id": "w" });
    assert_eq!(stand.operator.post("/keys", &known).await.status, 201);

    let small = json!({ "name": "x", "limit": 0.000_001 });
    let made = stand.operator.post("/keys", &small).await.json();
    assert_eq!(made["data"]["limit"], 0.000_001);
    let path = format!("/keys/{}", made["data"]["hash"].as_str().unwrap());
    let misspelt = stand.operator.send(Method::PATCH, &path, &json!({ "disable": true })).await;
    assert_eq!(misspelt.status, 400, "{}", misspelt.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_cannot_be_read_is_told_in_the_envelope() {
    let stand = Stand::with(&[Offer::of("plain", "x/m", "1")]).await;
    for path in ["/keys?offset=-1", "/keys?include_disabled=maybe", "/generation?id=a&id=b"] {
        let refused = stand.operator.get(path).await;
        assert_eq!(refused.status, 400, "{path}");
        assert_eq!(refused.json()["error"]["metadata"]["error_type"], "invalid_request", "{path}");
    }
    assert_eq!(stand.operator.get("/keys/%ff").await.json()["error"]["code"], 404);
}
