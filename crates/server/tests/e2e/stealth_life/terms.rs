//! Terms are accepted before a stealth model is used.

use serde_json::{Value, json};
use simulator::{Simulator, SimulatorOptions};

use super::{TERMS, accept, ask, rows, stand, until};
use crate::ledger::server::Database;
use crate::stand::{CONFIG, Stand};

const PATH: &str = "/models/stealth/heron/terms";

fn content() -> Value {
    json!([{ "role": "user", "parts": [{ "text": "hi" }] }])
}

/// By dialect: where a request for a model goes in, below the server's own address, and its body.
fn doors(model: &str) -> Vec<(String, Value)> {
    let chat = ask(model);
    let streamed = json!({ "model": model, "stream": true, "messages": chat["messages"] });
    let limited = json!({ "model": model, "max_tokens": 9, "messages": chat["messages"] });
    let gemini = json!({ "contents": content() });
    vec![
        ("/api/v1/chat/completions".to_owned(), chat.clone()),
        ("/api/v1/chat/completions".to_owned(), streamed),
        ("/api/v1/completions".to_owned(), json!({ "model": model, "prompt": "hi" })),
        ("/api/v1/responses".to_owned(), json!({ "model": model, "input": "hi" })),
        ("/api/v1/messages".to_owned(), limited),
        (format!("/v1beta/models/{model}:generateContent"), gemini.clone()),
        (format!("/v1beta/models/{model}:streamGenerateContent?alt=sse"), gemini),
        ("/api/chat".to_owned(), chat),
        ("/api/generate".to_owned(), json!({ "model": model, "prompt": "hi" })),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_dialect_tells_the_terms_and_how_to_accept_them() {
    let stand = stand("").await;
    let front = stand.front();
    let told = stand.caller.get(PATH).await.json()["data"].clone();
    let hash = told["terms_hash"].as_str().unwrap();
    assert_eq!(told["accepted"], false);
    assert_eq!(told["terms"], TERMS.replace("\\n", "\n"));
    for (path, body) in doors("stealth/heron") {
        let refused = front.post(&path, &body).await;
        assert_eq!(refused.status, 403, "{path}: {}", refused.text);
        let whole = refused.json();
        // Ollama's clients have the sentence under `error` and the rest beside it.
        let error = if whole["error"].is_string() { &whole } else { &whole["error"] };
        let terms = &error["metadata"]["terms"][0];
        assert_eq!(error["metadata"]["code"], "terms_not_accepted", "{path}: {whole:#}");
        assert_eq!(
            (&terms["terms_hash"], &terms["model"]),
            (&json!(hash), &json!("stealth/heron"))
        );
        assert_eq!(terms["accept"]["body"], json!({ "accept": hash }));
        assert!(refused.text.contains("X-Interline-Accept-Terms"), "{path}: {}", refused.text);
    }
    assert_eq!(stand.simulator.requests("lab").len(), 0, "nothing reached the lab");
    accept(&stand).await;
    for (path, body) in doors("stealth/heron") {
        let answer = front.post(&path, &body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_accepts_for_itself_and_a_header_for_one_request() {
    let stand = stand("").await;
    let other = stand.operator.post("/keys", &json!({ "name": "other" })).await.json();
    let other = stand.caller.with_key(other["key"].as_str().unwrap());
    for (body, status) in [
        (json!({ "accept": "0123456789abcdef" }), 409),
        (json!({ "accept": 7 }), 400),
        (json!({ "agree": "0123456789abcdef" }), 400),
    ] {
        assert_eq!(stand.caller.post(PATH, &body).await.status, status, "{body}");
    }
    assert_eq!(stand.caller.chat(&ask("stealth/heron")).await.status, 403);
    let hash = accept(&stand).await;
    assert_eq!(accept(&stand).await, hash);
    assert_eq!(stand.caller.get(PATH).await.json()["data"]["accepted"], true);
    assert_eq!(stand.caller.chat(&ask("stealth/heron")).await.status, 200);

    assert_eq!(other.chat(&ask("stealth/heron")).await.status, 403);
    let once = other.accepting(&hash);
    assert_eq!(once.chat(&ask("stealth/heron")).await.status, 200);
    for wrong in ["", "0123456789abcdef", "*", &hash[..15]] {
        assert_eq!(other.accepting(wrong).chat(&ask("stealth/heron")).await.status, 403, "{wrong}");
    }
    assert_eq!(other.get(PATH).await.json()["data"]["accepted"], false);

    // Among several models the one with terms is left out, and the others serve.
    let several = json!({ "models": ["stealth/heron", "x/m"], "messages": ask("")["messages"] });
    let served = other.chat(&several).await;
    assert_eq!((served.status, &served.json()["model"]), (200, &json!("x/m")), "{}", served.text);
    let receipt = format!("/generation/receipt?id={}", served.header("x-generation-id"));
    let receipt = other.get(&receipt).await.text;
    assert!(receipt.contains("\"terms\""), "{receipt}");

    assert_eq!(stand.operator.get(PATH).await.json()["data"]["accepted"], Value::Null);
    assert_eq!(stand.operator.post(PATH, &json!({ "accept": hash })).await.status, 403);
    assert_eq!(other.get("/models/x/m/terms").await.status, 404);
    assert_eq!(other.get("/models/x/nothing/terms").await.status, 404);
    assert_eq!(other.with_key("sk-or-v1-nobody").get(PATH).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_that_change_are_accepted_again() {
    let mut stand = stand("").await;
    let old = accept(&stand).await;
    assert_eq!(stand.caller.chat(&ask("stealth/heron")).await.status, 200);
    stand.signal("-TERM");
    assert!(stand.ended().await.success());
    stand.restart();
    assert_eq!(stand.caller.chat(&ask("stealth/heron")).await.status, 200, "after a restart");

    let changed = rows(&stand.simulator, "A lab receives your prompts for ever.");
    std::fs::write(stand.folder.join("overlay/stand.toml"), changed).unwrap();
    stand.signal("-HUP");
    until("the new terms are told", async || {
        stand.caller.get(PATH).await.json()["data"]["terms_hash"] != json!(old)
    })
    .await;
    let told = stand.caller.get(PATH).await.json();
    assert_eq!(told["data"]["accepted"], false);
    assert_eq!(stand.caller.chat(&ask("stealth/heron")).await.status, 403);
    assert_eq!(stand.caller.accepting(&old).chat(&ask("stealth/heron")).await.status, 403);
    assert_eq!(stand.caller.post(PATH, &json!({ "accept": old })).await.status, 409);
    accept(&stand).await;
    assert_eq!(stand.caller.chat(&ask("stealth/heron")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_stand_in_the_lists_and_on_the_page() {
    let stand = stand("").await;
    let hash = stand.caller.get(PATH).await.json()["data"]["terms_hash"].clone();
    for path in ["/model/stealth/heron", "/models/stealth/heron/endpoints"] {
        let shown = stand.caller.get(path).await.json();
        assert_eq!(shown["data"]["stealth"]["terms_hash"], hash, "{shown:#}");
    }
    let list = stand.caller.get("/models").await.json();
    let listed = list["data"].as_array().unwrap();
    let heron = listed.iter().find(|it| it["id"] == "stealth/heron").unwrap();
    assert_eq!(heron["stealth"]["terms"], TERMS.replace("\\n", "\n"));
    assert!(listed.iter().all(|it| it["id"] == "stealth/heron" || it["stealth"].is_null()));
    let page = stand.front().get("/models/stealth/heron").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("&lt;script&gt;alert(1)&lt;/script&gt; It keeps them."));
    assert!(!page.text.contains("<script>alert"));
    assert!(page.text.contains("/models/stealth/heron/terms"), "how to accept them");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_accepted_at_one_node_holds_at_the_others() {
    let database = Database::made().await;
    let simulator = Simulator::start(SimulatorOptions::default()).expect("a simulator");
    let rows = rows(&simulator, TERMS);
    let variables = vec![("INTERLINE_DATABASE_URL", database.url())];
    let first = Stand::of(simulator, &rows, CONFIG, variables).await;
    let second = first.sibling();
    assert_eq!(second.caller.chat(&ask("stealth/heron")).await.status, 403);
    accept(&first).await;
    until("the other node takes note", async || {
        second.caller.chat(&ask("stealth/heron")).await.status == 200
    })
    .await;
}
