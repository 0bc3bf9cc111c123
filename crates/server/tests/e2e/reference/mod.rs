//! What the API says of itself is what it does: answers of the running binary, held against the
//! schemas of its own document. Objects of ours are closed there, so a field that is added to an
//! answer and not to the document fails.

mod held;

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};
use simulator::{Simulator, SimulatorOptions};

use self::held::Book;
use crate::operations::sound::wav;
use crate::payments::{SECRET, Shop, note, settings};
use crate::stand::{CONFIG, Offer, Stand};
use crate::{operations, public, stealth_life};

/// An instance that has whatever an operation needs: models of every kind, a stealth model, and a
/// shop for credits.
async fn stand(shop: &str) -> Stand {
    let simulator = Simulator::start(SimulatorOptions::default()).expect("a simulator");
    let rows = operations::rows(&simulator) + &stealth_life::rows(&simulator, stealth_life::TERMS);
    Stand::of(simulator, &rows, &format!("{CONFIG}{}", settings(shop)), Vec::new()).await
}

fn says(text: &str) -> Value {
    json!([{ "role": "user", "content": text }])
}

fn chat(more: &Value) -> Value {
    let mut body = json!({ "model": "x/chat", "messages": says("hi") });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_answers_as_the_document_says() {
    let (shop, url) = Shop::open().await;
    let stand = stand(&url).await;
    let mut book = Book::of(&stand).await;
    chats(&mut book, &stand).await;
    tasks(&mut book, &stand).await;
    catalog(&mut book, &stand).await;
    stealth(&mut book, &stand).await;
    accounts(&mut book, &stand, &shop).await;
    figures(&mut book, &stand).await;
    abroad(&mut book, &stand).await;
    let well: BTreeSet<String> =
        book.seen().into_iter().filter(|(_, status)| *status < 300).map(|(id, _)| id).collect();
    assert_eq!(well, book.operations(), "each was seen to answer well");
}

async fn chats(book: &mut Book, stand: &Stand) {
    let caller = &stand.caller;
    let tool = json!({ "type": "function", "function": {
        "name": "weather", "parameters": { "type": "object", "properties": {
            "city": { "type": "string" } } } } });
    for more in [
        json!({}),
        json!({ "stream": true }),
        json!({ "model": "x/m", "tools": [tool], "provider": { "order": ["host"], "sort": null } }),
        json!({ "temperature": 0.5, "stop": ["x"], "seed": null, "top_a": 0.5, "models": ["x/chat"] }),
    ] {
        let answer = book.post(caller, "/chat/completions", &chat(&more)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    book.post(&caller.curious(), "/chat/completions", &chat(&json!({}))).await;
    let prompt = json!({ "model": "x/chat", "prompt": "hi" });
    book.post(caller, "/completions", &prompt).await;
    for stream in [false, true] {
        let body = json!({ "model": "x/chat", "input": "hi", "stream": stream });
        assert_eq!(book.post(caller, "/responses", &body).await.status, 200);
        let body =
            json!({ "model": "x/chat", "messages": says("hi"), "max_tokens": 9, "stream": stream });
        assert_eq!(book.post(caller, "/messages", &body).await.status, 200);
    }
    book.post(caller, "/responses/input_tokens", &json!({ "model": "x/chat", "input": "hi" }))
        .await;
    let body = json!({ "model": "x/chat", "messages": says("hi") });
    book.post(caller, "/messages/count_tokens", &body).await;
}

async fn tasks(book: &mut Book, stand: &Stand) {
    let caller = &stand.caller;
    for more in [json!({}), json!({ "encoding_format": "base64" })] {
        let mut body = json!({ "model": "x/embed", "input": ["a", "b"] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        book.post(caller, "/embeddings", &body).await;
    }
    for model in ["x/rank", "x/rank-searches"] {
        let body = json!({ "model": model, "query": "a", "documents": ["a", { "text": "b" }] });
        book.post(caller, "/rerank", &body).await;
    }
    for path in ["/images", "/images/generations"] {
        for model in ["x/draw", "x/draw-tokens", "x/draw-chat"] {
            book.post(caller, path, &json!({ "model": model, "prompt": "a heron" })).await;
        }
    }
    book.post(caller, "/images", &json!({ "model": "x/draw", "prompt": "a", "stream": true }))
        .await;
    let spoken = json!({ "model": "x/speak", "input": "a", "voice": "b" });
    assert_eq!(book.post(caller, "/audio/speech", &spoken).await.status, 200);
    stand.script("north", r#"{"text": "Hello there."}"#);
    let audio = json!({ "data": STANDARD.encode(wav()), "format": "wav" });
    for format in ["json", "verbose_json", "text", "srt", "vtt"] {
        let body = json!({ "model": "x/hear", "input_audio": audio, "response_format": format });
        let answer = book.post(caller, "/audio/transcriptions", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let form = [("model", None, &b"x/hear"[..]), ("file", Some("a.wav"), &wav())];
    let answer = caller.form("/audio/transcriptions", &form).await;
    book.hold((&Method::POST, "/audio/transcriptions"), &Value::Null, &answer);
    stand.script("north", "{}");
    for input in [json!("a"), json!(["a", "b"])] {
        book.post(caller, "/moderations", &json!({ "model": "x/judge", "input": input })).await;
    }
}

async fn catalog(book: &mut Book, stand: &Stand) {
    let stranger = stand.caller.with_key("");
    for path in [
        "/models?output_modalities=all&available=all",
        "/models?limit=2&sort=newest&supported_parameters=tools,seed&zdr=false",
        "/models?use_rss=true",
        "/models/user",
        "/models/count",
        "/embeddings/models",
        "/images/models",
        "/images/models/x/draw/endpoints",
        "/endpoints/zdr?available=all",
        "/providers",
        "/models/x%2Fchat",
        "/models/x/chat",
        "/models/stealth/heron",
        "/model/x/chat",
        "/models/openai/gpt-5/endpoints?available=all",
        "/models/deepseek/deepseek-chat/endpoints?available=all",
        "/",
        "/openapi.json",
        "/healthz",
    ] {
        let answer = book.get(&stranger, path).await;
        assert!(answer.status == 200 || path.contains("deepseek"), "{path}: {}", answer.text);
    }
    // With what the traffic tells of it.
    book.get(&stand.caller, "/models/x/chat/endpoints").await;
}

async fn stealth(book: &mut Book, stand: &Stand) {
    let path = "/models/stealth/heron/terms";
    let refused =
        book.post(&stand.caller, "/chat/completions", &stealth_life::ask("stealth/heron")).await;
    assert_eq!(refused.status, 403, "{}", refused.text);
    book.get(&stand.operator, path).await;
    let told = book.get(&stand.caller, path).await.json();
    let hash = &told["data"]["terms_hash"];
    assert_eq!(book.post(&stand.caller, path, &json!({ "accept": "0" })).await.status, 409);
    assert_eq!(book.post(&stand.caller, path, &json!({ "accept": hash })).await.status, 200);
    let asked = stealth_life::ask("stealth/heron");
    let answer = book.post(&stand.caller, "/chat/completions", &asked).await;
    let said = json!({
        "generation_id": answer.header("x-generation-id"), "category": "formatting",
        "comment": "Tables break.", "rating": "down",
    });
    assert_eq!(book.post(&stand.caller, "/generation/feedback", &said).await.status, 200);
    let report = "/models/stealth/heron/report?days=3";
    for _ in 0..300 {
        let answer = book.get(&stand.operator, report).await;
        if answer.status == 200 && answer.json()["data"]["total"]["requests"].as_u64() > Some(0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the report never tells the request");
}

async fn accounts(book: &mut Book, stand: &Stand, shop: &Shop) {
    let (caller, operator) = (&stand.caller, &stand.operator);
    let answer = book.post(caller, "/chat/completions", &chat(&json!({}))).await;
    let id = answer.header("x-generation-id");
    for who in [caller, operator] {
        for path in ["/generation", "/generation/receipt"] {
            assert_eq!(book.get(who, &format!("{path}?id={id}")).await.status, 200);
        }
        book.get(who, "/key").await;
    }
    let new = json!({
        "name": "small", "limit": 0.5, "limit_reset": "daily", "expires_at": "2099-01-01T00:00:00Z",
        "rate_limits": [{ "requests": 60, "interval": "1m" }, { "spend": "1.5", "interval": "day" }],
    });
    let made = book.post(operator, "/keys", &new).await.json();
    let path = format!("/keys/{}", made["data"]["hash"].as_str().unwrap());
    book.get(&caller.with_key(made["key"].as_str().unwrap()), "/key").await;
    book.get(operator, "/keys?offset=0&include_disabled=false").await;
    let change = json!({ "name": "smaller", "limit": null, "rate_limits": null });
    let changed = book.send(operator, (Method::PATCH, &path), &change).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    book.get(operator, &path).await;
    let budget = "/workspaces/default/budgets/monthly";
    let set = book.send(operator, (Method::PUT, budget), &json!({ "limit_usd": 20 })).await;
    assert_eq!(set.status, 200, "{}", set.text);
    book.get(operator, "/workspaces/default/budgets").await;
    book.get(caller, "/key").await;
    for path in [budget, &path] {
        let gone = book.send(operator, (Method::DELETE, path), &Value::Null).await;
        assert_eq!(gone.status, 200, "{}", gone.text);
    }
    book.get(caller, "/credits").await;
    let opened = book.post(caller, "/credits/checkout", &json!({ "amount": 20.5 })).await.json();
    let session = opened["data"]["url"].as_str().unwrap().trim_start_matches("https://pay.test/");
    shop.pay(session);
    let (signature, text) = note("checkout.session.completed", session, SECRET);
    let processor = caller.signed(&signature);
    let noticed = processor.send_text(Method::POST, "/webhooks/stripe", text).await;
    book.hold((&Method::POST, "/webhooks/stripe"), &Value::Null, &noticed);
}

async fn figures(book: &mut Book, stand: &Stand) {
    for path in [
        "/rankings",
        "/rankings/models",
        "/datasets/rankings-daily",
        "/datasets/app-rankings",
        "/classifications/task?window=7d",
    ] {
        book.get(&stand.caller, path).await;
    }
    for path in ["/routing/endpoints", "/routing/endpoints?model=x/chat&provider=north", "/metrics"]
    {
        book.get(&stand.operator, path).await;
    }
}

async fn abroad(book: &mut Book, stand: &Stand) {
    let caller = &stand.caller;
    for path in ["/v1beta/models", "/v1beta/models/x%2Fchat", "/tags", "/version"] {
        book.get(caller, path).await;
    }
    let contents = json!({ "contents": [{ "role": "user", "parts": [{ "text": "hi" }] }] });
    for verb in
        ["generateContent", "streamGenerateContent", "streamGenerateContent?alt=sse", "countTokens"]
    {
        let path = format!("/v1beta/models/x%2Fchat:{verb}");
        let answer = book.post(caller, &path, &contents).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
    let one = json!({ "content": { "parts": [{ "text": "a" }] } });
    book.post(caller, "/v1beta/models/x%2Fembed:embedContent", &one).await;
    let path = "/v1beta/models/x%2Fembed:batchEmbedContents";
    book.post(caller, path, &json!({ "requests": [one] })).await;
    for stream in [false, true] {
        let body = json!({ "model": "x/chat", "messages": says("hi"), "stream": stream });
        book.post(caller, "/chat", &body).await;
        let body = json!({ "model": "x/chat", "prompt": "hi", "stream": stream });
        book.post(caller, "/generate", &body).await;
    }
    book.post(caller, "/embed", &json!({ "model": "x/embed", "input": ["a"] })).await;
    book.post(caller, "/show", &json!({ "model": "x/chat" })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_failure_is_told_as_the_document_says() {
    let offers = [Offer::of("cheap", "x/m", "1"), Offer::of("dear", "x/m", "3")];
    let stand = Stand::with(&offers).await;
    let mut book = Book::of(&stand).await;
    let (caller, stranger) = (&stand.caller, stand.caller.with_key("sk-or-v1-nobody"));
    let body = json!({ "model": "x/m", "messages": says("hi"), "max_tokens": 9 });
    let contents = json!({ "contents": [{ "parts": [{ "text": "hi" }] }] });
    let doors = [
        ("/chat/completions", &body),
        ("/messages", &body),
        ("/v1beta/models/x%2Fm:generateContent", &contents),
        ("/chat", &body),
    ];
    for (path, body) in doors {
        assert_eq!(book.post(&stranger, path, body).await.status, 401);
        assert_eq!(book.post(&stand.operator, path, body).await.status, 403);
        assert_eq!(book.post(caller, path, &json!({})).await.status, 400);
    }
    let made = stand.operator.post("/keys", &json!({ "name": "poor", "limit": 0.000001 })).await;
    let poor = caller.with_key(made.json()["key"].as_str().unwrap());
    assert_eq!(book.post(&poor, "/chat/completions", &body).await.status, 402);
    let limit = json!({ "name": "slow", "rate_limits": [{ "requests": 1, "interval": "day" }] });
    let made = stand.operator.post("/keys", &limit).await;
    let slow = caller.with_key(made.json()["key"].as_str().unwrap());
    assert_eq!(book.post(&slow, "/chat/completions", &body).await.status, 200);
    for (path, body) in doors {
        assert_eq!(book.post(&slow, path, body).await.status, 429, "{path}");
    }
    for (more, status) in [
        (json!({ "model": "x/nobody" }), 400),
        (json!({ "temperature": 9 }), 400),
        (json!({ "provider": { "only": ["nobody"] } }), 404),
        (json!({ "provider": { "max_price": { "prompt": 0.1 } } }), 404),
    ] {
        let mut asked = body.clone();
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = book.post(caller, "/chat/completions", &asked).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    let named = caller.named("once");
    assert_eq!(book.post(&named, "/chat/completions", &body).await.status, 200);
    let other = json!({ "model": "x/m", "messages": says("something else") });
    assert_eq!(book.post(&named, "/chat/completions", &other).await.status, 409);
    for provider in ["cheap", "dear"] {
        stand.script(provider, r#"{"fault": {"kind": "status", "status": 500}}"#);
    }
    let failed = book.post(&caller.curious(), "/chat/completions", &body).await;
    assert!(matches!(failed.status, 502 | 503), "{}", failed.text);
    assert!(failed.json()["error"]["metadata"]["previous_errors"].is_array(), "{}", failed.text);
    for (path, status) in [
        ("/models?sort=best", 400),
        ("/model/x/nobody", 404),
        ("/generation?id=gen-1", 404),
        ("/keys", 403),
        ("/rankings/models?window=year", 400),
        ("/rankings/nothing", 404),
        ("/models/x/m/terms", 404),
    ] {
        assert_eq!(book.get(caller, path).await.status, status, "{path}");
    }
    assert_eq!(book.get(&stranger, "/rankings").await.status, 401);
    let misspelt = book.post(&stand.operator, "/keys", &json!({ "nam": "a" })).await;
    assert_eq!(misspelt.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_of_private_and_public_instances_are_what_the_document_says() {
    for settings in ["", "[public]\nenabled = true\n"] {
        let stand = public::seeded(settings).await;
        let mut book = Book::of(&stand).await;
        let board = told(&mut book, &stand).await;
        assert_eq!(board["data"].as_array().map(Vec::len), Some(2), "{board:#}");
        for path in [
            "/rankings",
            "/rankings/models.csv",
            "/rankings/models?window=month&task=programming",
            "/rankings/models?by=accounts&window=day",
            "/rankings/models?tools=none",
            "/rankings/authors",
            "/rankings/providers.json?by=spend",
            "/rankings/apps",
            "/rankings/rising",
            "/rankings/stable",
            "/rankings/hours",
            "/rankings/hours?model=x/sonnet-4.5",
            "/rankings/value",
            "/rankings/tasks",
            "/datasets/rankings-daily?period=week",
            "/datasets/app-rankings?sort=trending&limit=5",
            "/classifications/task",
            "/models/x/sonnet-4.5/endpoints",
        ] {
            let answer = book.get(&stand.caller, path).await;
            assert!(matches!(answer.status, 200 | 400), "{path}: {}", answer.text);
        }
    }
}

/// Waits until there are figures.
async fn told(book: &mut Book, stand: &Stand) -> Value {
    for _ in 0..600 {
        let board = book.get(&stand.caller, "/rankings/models").await.json();
        if board["data"].as_array().is_some_and(|rows| !rows.is_empty()) {
            return board;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("there were never any figures");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_not_told_is_found_out() {
    let stand = Stand::with(&[Offer::of("acme", "x/m", "1")]).await;
    let book = Book::of(&stand).await;
    let model = stand.caller.get("/model/x/m").await.json()["data"].clone();
    let schema = book.schema("Model");
    assert_eq!(book.faults(&schema, &model), Vec::<String>::new());
    let mut more = model.clone();
    more["colour"] = json!("red");
    assert_eq!(book.faults(&schema, &more).len(), 1);
    let mut less = model.clone();
    less.as_object_mut().unwrap().shift_remove("available");
    assert_eq!(book.faults(&schema, &less).len(), 1);
    let mut deep = model;
    deep["architecture"]["tokenizer"] = json!(7);
    assert_eq!(book.faults(&schema, &deep).len(), 1);
}
