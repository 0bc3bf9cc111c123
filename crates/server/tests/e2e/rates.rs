//! How much callers may use in what time, and what is said where it is used up.

use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::stand::{Offer, Stand};

const SAYS: &str = r#"{"text":"one two","prompt_tokens":5,"output_tokens":10}"#;

fn ask(model: &str) -> Value {
    json!({ "model": model, "max_tokens": 10, "messages": [{ "role": "user", "content": "hi" }] })
}

/// A key with these limits of its own.
async fn limited(stand: &Stand, rows: Value) -> Client {
    let made = stand.operator.post("/keys", &json!({ "name": "k", "rate_limits": rows })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    stand.operator.with_key(made.json()["key"].as_str().unwrap())
}

fn told<'a>(answer: &'a Answer, header: &str) -> &'a str {
    answer.headers.get(header).map_or("-", |value| value.to_str().unwrap())
}

/// Seconds that the answer asks to be waited.
fn wait(answer: &Answer) -> u64 {
    told(answer, "retry-after").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_limited_until_the_operator_says_so() {
    let stand = Stand::with(&[Offer::of("plain", "x/m", "1")]).await;
    let answer = stand.caller.chat(&ask("x/m")).await;
    assert_eq!(answer.status, 200);
    let names = answer.headers.keys().map(|name| name.as_str());
    assert!(!names.into_iter().any(|name| name.contains("ratelimit")), "{:?}", answer.headers);
    let key = stand.caller.get("/key").await.json();
    assert_eq!(key["data"]["rate_limit"]["requests"], -1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_headers_are_honest_and_the_refusal_names_the_limit() {
    let stand = Stand::with(&[Offer::of("plain", "x/m", "1000")]).await;
    stand.script("plain", SAYS);
    let caller = limited(&stand, json!([{ "requests": 2, "interval": "1h" }])).await;
    for left in ["1", "0"] {
        let answer = caller.chat(&ask("x/m")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(told(&answer, "x-ratelimit-limit-requests"), "2");
        assert_eq!(told(&answer, "x-ratelimit-remaining-requests"), left);
        assert_eq!(told(&answer, "x-ratelimit-limit-tokens"), "-");
    }
    let refused = caller.chat(&ask("x/m")).await;
    assert_eq!(refused.status, 429, "{}", refused.text);
    // A request is there again after half an hour, and both after an hour.
    assert!((1_700..=1_800).contains(&wait(&refused)), "{:?}", refused.headers);
    assert!(told(&refused, "x-ratelimit-reset-requests").starts_with("59m"));
    assert_eq!(told(&refused, "x-ratelimit-limit"), "2");
    assert_eq!(told(&refused, "x-ratelimit-remaining"), "0");
    let body = refused.json();
    assert_eq!(body["error"]["code"], 429);
    assert_eq!(body["error"]["metadata"]["error_type"], "rate_limit_exceeded");
    assert_eq!(body["error"]["metadata"]["limit_source"], "key_requests");
    let reset = &body["error"]["metadata"]["headers"]["X-RateLimit-Reset"];
    assert_eq!(reset, told(&refused, "x-ratelimit-reset"));
    let said = body["error"]["message"].as_str().unwrap();
    assert!(said.contains("this key may use 2 requests in 1h. Try again in"), "{said}");
    // It reached nobody and cost nothing.
    assert_eq!(stand.simulator.attempts("plain"), 2);
    let key = caller.get("/key").await.json();
    assert_eq!((key["data"]["usage"].as_f64().unwrap() * 1e3).round(), 14.0);
    assert_eq!(
        key["data"]["rate_limit"],
        json!({
            "requests": 2, "interval": "1h", "note": "The first limit of requests; `rate_limits` has all.",
        })
    );
    // Another key is not concerned, and the operator reads what became of them.
    assert_eq!(stand.caller.chat(&ask("x/m")).await.status, 200);
    let operator = stand.operator.at(stand.front().base().to_owned());
    let metrics = operator.get("/metrics").await.text;
    assert!(metrics.contains("\ninterline_limits_counted_total 2\n"), "{metrics}");
    let refused = "interline_limits_refused_total{scope=\"key\",measure=\"requests\"} 1\n";
    assert!(metrics.contains(refused), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_dialect_is_refused_in_its_own_words() {
    let stand = Stand::with(&[Offer::of("plain", "x/m", "1")]).await;
    let caller = limited(&stand, json!([{ "requests": 1, "interval": "1h" }])).await;
    assert_eq!(caller.chat(&ask("x/m")).await.status, 200);
    let front = caller.at(stand.front().base().to_owned());
    let text = json!({ "model": "x/m", "input": "hi" });
    let gemini = json!({ "contents": [{ "role": "user", "parts": [{ "text": "hi" }] }] });

    let chat = caller.chat(&ask("x/m")).await;
    assert_eq!(chat.json()["error"]["code"], 429);
    let messages = caller.post("/messages", &ask("x/m")).await;
    assert_eq!(messages.json()["error"]["type"], "rate_limit_error", "{}", messages.text);
    assert_eq!(told(&messages, "anthropic-ratelimit-requests-remaining"), "0");
    assert!(told(&messages, "anthropic-ratelimit-requests-reset").ends_with('Z'));
    let responses = caller.post("/responses", &text).await;
    let metadata = &responses.json()["error"]["metadata"];
    assert_eq!(metadata["error_type"], "rate_limit_exceeded", "{}", responses.text);
    let gemini = front.post("/v1beta/models/x/m:generateContent", &gemini).await;
    assert_eq!(gemini.json()["error"]["status"], "RESOURCE_EXHAUSTED", "{}", gemini.text);
    let ollama = front.post("/api/chat", &ask("x/m")).await;
    assert!(ollama.json()["error"].as_str().unwrap().contains("Rate limit"), "{}", ollama.text);
    let streamed = json!({ "model": "x/m", "stream": true, "messages": ask("x/m")["messages"] });
    let streamed = caller.chat(&streamed).await;
    // Counting a prompt is a request like any other.
    let counted = caller.post("/messages/count_tokens", &ask("x/m")).await;
    for answer in [chat, messages, responses, gemini, ollama, streamed, counted] {
        assert_eq!(answer.status, 429, "{}", answer.text);
        assert_eq!(told(&answer, "x-ratelimit-remaining-requests"), "0");
        assert!(1_800 <= wait(&answer), "{:?}", answer.headers);
    }
    assert_eq!(stand.simulator.attempts("plain"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_counts_once_whatever_it_takes() {
    let offers = [Offer::of("broken", "x/m", "1"), Offer::of("plain", "x/m", "2")];
    let stand = Stand::with(&offers).await;
    stand.script("broken", r#"{"fault":{"kind":"status","status":500}}"#);
    stand.script("plain", SAYS);
    let caller = limited(&stand, json!([{ "requests": 9, "interval": "1h" }])).await;
    let left = |answer: &Answer| told(answer, "x-ratelimit-remaining-requests").to_owned();
    let first = caller.chat(&ask("x/m")).await;
    assert_eq!((first.status, left(&first)), (200, "8".to_owned()));
    assert_eq!((stand.simulator.attempts("broken"), stand.simulator.attempts("plain")), (1, 1));
    // A repeat of a named request is the same one, and what makes no sense is none.
    let named = caller.named("once");
    for _ in 0..3 {
        assert_eq!(left(&named.chat(&ask("x/m")).await), "7");
    }
    assert_eq!(caller.chat(&json!({ "model": "x/m", "messages": [] })).await.status, 400);
    assert_eq!(left(&caller.chat(&ask("x/m")).await), "6");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_spend_are_estimated_first_and_settled_at_what_they_were() {
    let stand = Stand::with(&[Offer::of("plain", "x/m", "1000")]).await;
    stand.script("plain", SAYS);
    let rows = json!([{ "tokens": 100, "interval": "1d" }, { "spend": "0.5", "interval": "1d" }]);
    let caller = limited(&stand, rows).await;
    let first = caller.chat(&ask("x/m")).await;
    // A short prompt and ten tokens of answer are held; seven are used.
    let held: u64 = told(&first, "x-ratelimit-remaining-tokens").parse().unwrap();
    assert!((85..=90).contains(&held), "{held}");
    let second = caller.chat(&ask("x/m")).await;
    let left: u64 = told(&second, "x-ratelimit-remaining-tokens").parse().unwrap();
    assert_eq!(left, held - 7);
    assert_eq!(told(&second, "x-ratelimit-limit-spend"), "0.5");
    let mut served = 2;
    let refused = loop {
        let answer = caller.chat(&ask("x/m")).await;
        if answer.status != 200 {
            break answer;
        }
        served += 1;
        assert!(served < 20, "the limit does not hold");
    };
    // Thirteen times seven leave nine, which is less than another would hold.
    assert_eq!((refused.status, served), (429, 13), "{}", refused.text);
    assert_eq!(refused.json()["error"]["metadata"]["limit_source"], "key_tokens");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_costs_nothing_has_limits_of_its_own_where_they_are_switched_on() {
    let offers = [Offer::of("free", "x/free", "0"), Offer::of("paid", "x/paid", "1")];
    let settings = "[limits.free]\nenabled = true\nrequests_per_day = 2\n";
    let stand = Stand::set(&offers, settings).await;
    let other = limited(&stand, json!([])).await;
    assert_eq!(stand.caller.chat(&ask("x/free:free")).await.status, 200);
    assert_eq!(other.chat(&ask("x/free")).await.status, 200);
    let key = stand.caller.get("/key").await.json()["data"].clone();
    assert_eq!(key["free_model_daily_requests"], json!({ "limit": 2, "remaining": 0, "used": 2 }));
    assert_eq!(key["is_free_tier"], true);
    let refused = stand.caller.chat(&ask("x/free")).await;
    assert_eq!(refused.status, 429, "{}", refused.text);
    let metadata = refused.json()["error"]["metadata"].clone();
    assert_eq!(metadata["limit_source"], "openrouter_free_tier_daily");
    assert_eq!(metadata["headers"]["X-RateLimit-Limit"], "2");
    let reset: i64 = told(&refused, "x-ratelimit-reset").parse().unwrap();
    assert_eq!(reset % 86_400_000, 0, "midnight UTC");
    assert!(refused.text.contains("free-models-per-day"), "{}", refused.text);
    assert_eq!(stand.caller.chat(&ask("x/paid")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_takes_the_limits_of_every_key_until_it_has_its_own() {
    let settings = "[limits]\nkey = [{ requests = 1, interval = '1h' }]\n\
                    account = [{ requests = 5, interval = '1h' }]\n";
    let stand = Stand::set(&[Offer::of("plain", "x/m", "1")], settings).await;
    assert_eq!(stand.caller.chat(&ask("x/m")).await.status, 200);
    assert_eq!(stand.caller.chat(&ask("x/m")).await.status, 429);
    let made = stand.operator.post("/keys", &json!({ "name": "k" })).await.json();
    assert_eq!(made["data"]["rate_limits"], Value::Null);
    let caller = stand.operator.with_key(made["key"].as_str().unwrap());
    let path = format!("/keys/{}", made["data"]["hash"].as_str().unwrap());
    let set = async |rows: Value| {
        stand.operator.send(Method::PATCH, &path, &json!({ "rate_limits": rows })).await
    };
    let nonsense = set(json!([{ "requests": 3, "interval": "soon" }])).await;
    assert_eq!(
        (nonsense.status, nonsense.json()["error"]["param"].clone()),
        (400, json!("rate_limits"))
    );
    let rows = json!([{ "requests": 3, "interval": "1h" }]);
    assert_eq!(set(rows.clone()).await.json()["data"]["rate_limits"], rows);
    for _ in 0..3 {
        assert_eq!(caller.chat(&ask("x/m")).await.status, 200);
    }
    assert_eq!(caller.chat(&ask("x/m")).await.status, 429);
    // Without limits of its own it still counts against those of the account, of which one is left.
    assert_eq!(set(json!([])).await.status, 200);
    assert_eq!(caller.chat(&ask("x/m")).await.status, 200);
    let refused = caller.chat(&ask("x/m")).await;
    assert_eq!(refused.json()["error"]["metadata"]["limit_source"], "account_requests");
    assert_eq!(set(Value::Null).await.json()["data"]["rate_limits"], Value::Null);
    let refused = caller.chat(&ask("x/m")).await;
    assert_eq!(refused.json()["error"]["metadata"]["limit_source"], "key_requests");
}
