//! Too much to do is told at the door, at once and in the caller's words.

use std::time::Duration;

use serde_json::{Value, json};

use crate::stand::{Offer, Stand};

fn ask(stream: bool) -> Value {
    json!({
        "model": "x/m", "max_tokens": 10, "stream": stream,
        "messages": [{ "role": "user", "content": "hi" }],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_no_room_is_told_so_and_the_operator_still_gets_in() {
    let settings = "[limits]\nin_flight = 2\n";
    let stand = Stand::set(&[Offer::of("slow", "x/m", "1")], settings).await;
    stand.script("slow", r#"{"text":"one two three","first_byte_ms":600,"chunk_ms":300}"#);
    let front = stand.front();
    let operator = stand.operator.at(front.base().to_owned());
    // A stream has its place until its end, a whole answer until it is there.
    let (whole, streamed, ()) = tokio::join!(
        async { stand.caller.chat(&ask(false)).await },
        async { stand.caller.chat(&ask(true)).await },
        async {
            while stand.simulator.attempts("slow") < 2 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let chat = stand.caller.chat(&ask(false)).await;
            let named = stand.caller.named("once").chat(&ask(false)).await;
            let messages = stand.caller.post("/messages", &ask(false)).await;
            let counted = stand.caller.post("/messages/count_tokens", &ask(false)).await;
            let gemini = json!({ "contents": [{ "role": "user", "parts": [{ "text": "hi" }] }] });
            let gemini = front.post("/v1beta/models/x/m:generateContent", &gemini).await;
            assert_eq!(chat.json()["error"]["code"], 503, "{}", chat.text);
            assert_eq!(messages.json()["error"]["type"], "overloaded_error", "{}", messages.text);
            assert_eq!(gemini.json()["error"]["status"], "UNAVAILABLE", "{}", gemini.text);
            for refused in [chat, named, messages, counted, gemini] {
                assert_eq!(refused.status, 503, "{}", refused.text);
                let wait = refused.headers["retry-after"].to_str().unwrap();
                assert!((1..=3).contains(&wait.parse::<u32>().unwrap()), "{wait}");
            }
            assert_eq!(front.get("/healthz").await.status, 200);
            let made = stand.operator.named("made").post("/keys", &json!({ "name": "k" })).await;
            assert_eq!(made.status, 201, "{}", made.text);
            assert_eq!(stand.operator.get("/keys").await.status, 200);
            let metrics = operator.get("/metrics").await.text;
            assert!(metrics.contains("\ninterline_requests_shed_total 5\n"), "{metrics}");
        },
    );
    assert_eq!((whole.status, streamed.status), (200, 200), "{} {}", whole.text, streamed.text);
    // Who was refused reached nobody, and there is room again.
    assert_eq!(stand.simulator.attempts("slow"), 2);
    assert_eq!(stand.caller.named("once").chat(&ask(false)).await.status, 200);
}
