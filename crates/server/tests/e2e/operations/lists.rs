//! What can be called for each operation, and where.

use serde_json::{Value, json};

use super::stand;

fn ids(list: &Value) -> Vec<&str> {
    let items = list["data"].as_array().unwrap_or_else(|| panic!("no list: {list}"));
    items.iter().filter_map(|it| it["id"].as_str()).filter(|id| id.starts_with("x/")).collect()
}

#[tokio::test]
async fn models_are_listed_by_what_they_make() {
    let stand = stand().await;
    let embeds = ["x/embed", "x/embed-studio", "x/embed-cloud", "x/embed-ranker", "x/embed-local"];
    let list = stand.caller.get("/embeddings/models").await.json();
    let mut found = ids(&list);
    found.sort_unstable_by_key(|id| embeds.iter().position(|it| it == id));
    assert_eq!(found, embeds);
    let by_modality = stand.caller.get("/models?output_modalities=embeddings").await.json();
    assert_eq!(ids(&by_modality).len(), embeds.len());
    for (modality, count) in [("rerank", 2), ("speech", 3), ("transcription", 2), ("image", 3)] {
        let list = stand.caller.get(&format!("/models?output_modalities={modality}")).await.json();
        assert_eq!(ids(&list).len(), count, "{modality}");
    }
}

#[tokio::test]
async fn what_draws_says_what_it_can_be_told() {
    let stand = stand().await;
    let list = stand.caller.get("/images/models").await.json();
    let mut found = ids(&list);
    found.sort_unstable();
    assert_eq!(found, ["x/draw", "x/draw-chat", "x/draw-tokens"]);
    let shown = list["data"].as_array().unwrap().iter().find(|it| it["id"] == "x/draw").unwrap();
    assert_eq!(shown["supported_parameters"]["n"], json!({"type": "range", "min": 1, "max": 10}));
    let path = shown["endpoints"].as_str().unwrap().strip_prefix("/api/v1").unwrap();
    let endpoints = stand.caller.get(path).await.json();
    assert_eq!(endpoints["id"], "x/draw");
    let price = &endpoints["endpoints"][0]["pricing"][0];
    assert_eq!(*price, json!({"billable": "output_image", "unit": "image", "cost_usd": 0.04}));
}

#[tokio::test]
async fn a_model_on_the_wrong_route_is_told_the_right_one() {
    let stand = stand().await;
    let chat =
        |model: &str| json!({"model": model, "messages": [{"role": "user", "content": "a"}]});
    for (model, route) in [
        ("x/embed", "POST /api/v1/embeddings"),
        ("x/rank", "POST /api/v1/rerank"),
        ("x/draw", "POST /api/v1/images"),
        ("x/speak", "POST /api/v1/audio/speech"),
        ("x/hear", "POST /api/v1/audio/transcriptions"),
        ("x/judge", "POST /api/v1/moderations"),
    ] {
        let answer = stand.caller.chat(&chat(model)).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        let availability = &answer.json()["error"]["availability"];
        assert_eq!(availability["code"], "wrong_endpoint");
        assert_eq!(availability["constraint"]["detail"], route);
    }
    let answer = stand
        .caller
        .post("/rerank", &json!({"model": "x/chat", "query": "a", "documents": ["b"]}))
        .await;
    let told = answer.json();
    assert_eq!(
        told["error"]["availability"]["constraint"]["detail"],
        "POST /api/v1/chat/completions"
    );
}
