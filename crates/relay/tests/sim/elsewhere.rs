//! Broken answers that go on in another dialect, and answers that break inside a tool's call.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use dialect::exchange::Wire;
use domain::catalog::EndpointIx;
use domain::failure::Failure;
use domain::generation::{Generation, Outcome};
use domain::health::Quota;
use domain::key::Spend;
use domain::port::Waiting;
use relay::{ContentType, Offer, Response, Snapshot, Upstream};
use serde_json::{Value, json};

use crate::books::{Memory, MemoryLedger};
use crate::oracle::Seen;
use crate::resume::{Pieces, TEXT, pieces, read};
use crate::world::{Drawn, TIMEOUTS, alone, call, catalog, key, offer, overlay, world};

/// How the second provider answers a request.
type Second = fn(&Value) -> Vec<Bytes>;

/// A provider that breaks off, and one that goes on.
struct Pair {
    first: Vec<Bytes>,
    second: Second,
    asked: Mutex<u32>,
}

impl Upstream for Pair {
    fn send<'a>(
        &'a self,
        endpoint: EndpointIx,
        _credential: usize,
        wire: &'a Wire,
    ) -> Waiting<'a, Result<Response, Failure>> {
        *self.asked.lock().unwrap() += 1;
        let breaks = endpoint.0 == 0;
        let request: Value = serde_json::from_slice(&wire.body).unwrap();
        let pieces = if breaks { self.first.clone() } else { (self.second)(&request) };
        let body = Box::new(Pieces { pieces: pieces.into(), breaks });
        let (content_type, quota) = (ContentType::EventStream, Quota::default());
        let response = Response { status: 200, content_type, retry_after_ms: None, quota, body };
        Box::pin(std::future::ready(Ok(response)))
    }
}

/// Has a request served by the two, the second speaking `dialect` with these quirks.
async fn perform(first: Vec<Bytes>, second: Second, spoken: (&str, &str)) -> (Seen, Generation) {
    let (dialect, quirks) = spoken;
    let one = overlay(&[("a", "1")], true);
    let both = overlay(&[("a", "1"), ("b", "2")], true);
    let other = both.strip_prefix(&one).unwrap().replace("openai-chat", dialect);
    let other = other.replace("cancellable = true", &format!("quirks = {{ {quirks} }}"));
    let text = format!("{one}{other}")
        .replace("[\"text\"]\n[provider", "[\"text\"]\ntools = true\n[provider");
    let upstream = Arc::new(Pair { first, second, asked: Mutex::default() });
    let archived = Arc::new(Memory::default());
    let ledger = Arc::new(MemoryLedger::new(archived.clone()));
    let key = Arc::new(key("k"));
    ledger.open(&key.id, Spend::default());
    let world = Arc::new(world(Drawn(1), ledger.clone()));
    let offers: Vec<Offer> = (0..2).map(EndpointIx).map(offer).collect();
    let snapshot =
        Arc::new(Snapshot::new(catalog(text), upstream.clone(), TIMEOUTS, &offers, &world.health));
    let body = json!({
        "model": "sim/one", "stream": true, "max_tokens": 100,
        "provider": {"sort": "price", "resume": true},
        "messages": [{"role": "user", "content": "Where does the Fulda go?"}],
    });
    let seen = alone(&world, call(&world, key, body.to_string(), snapshot)).await;
    assert_eq!((ledger.holds_open(), *upstream.asked.lock().unwrap()), (0, 2));
    let settled = archived.0.lock().unwrap().clone();
    assert_eq!(settled.len(), 1, "one settlement");
    (seen, settled[0].clone())
}

fn event(value: &Value) -> Bytes {
    match value["type"].as_str() {
        Some(name) => Bytes::from(format!("event: {name}\ndata: {value}\n\n")),
        None => Bytes::from(format!("data: {value}\n\n")),
    }
}

/// Goes on from the beginning that it is given, as Anthropic's Messages do.
fn anthropic(request: &Value) -> Vec<Bytes> {
    let last = request["messages"].as_array().unwrap().last().unwrap();
    assert_eq!(last["role"], "assistant");
    let said = match &last["content"] {
        Value::String(text) => text.clone(),
        parts => parts[0]["text"].as_str().unwrap().to_owned(),
    };
    assert_eq!(said, said.trim_end(), "no blank at the end of a beginning");
    let whole = TEXT.concat();
    let rest = whole.strip_prefix(said.as_str()).expect("what was delivered is told");
    let letters: Vec<char> = rest.chars().collect();
    let mut events = vec![
        event(&json!({"type": "message_start", "message": {
            "id": "msg_1", "type": "message", "role": "assistant", "model": "one", "content": [],
            "stop_reason": null, "usage": {"input_tokens": 20, "output_tokens": 1},
        }})),
        event(&json!({"type": "content_block_start", "index": 0,
            "content_block": {"type": "text", "text": ""}})),
    ];
    for piece in letters.chunks(3) {
        let text: String = piece.iter().collect();
        events.push(event(&json!({"type": "content_block_delta", "index": 0,
            "delta": {"type": "text_delta", "text": text}})));
    }
    events.push(event(&json!({"type": "content_block_stop", "index": 0})));
    events.push(event(&json!({"type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": null},
        "usage": {"output_tokens": 9}})));
    events.push(event(&json!({"type": "message_stop"})));
    events
}

/// Asked in words, repeats the last of what it is told was said, in Gemini's form.
fn gemini(request: &Value) -> Vec<Bytes> {
    let contents = request["contents"].as_array().unwrap();
    let [.., told, asked] = contents.as_slice() else { panic!("{request}") };
    assert_eq!((told["role"].as_str(), asked["role"].as_str()), (Some("model"), Some("user")));
    let said = told["parts"][0]["text"].as_str().unwrap();
    let whole = TEXT.concat();
    assert!(whole.starts_with(said), "what was delivered is told: {said}");
    let back = said.len().saturating_sub(14);
    let from = (0..=back).rev().find(|at| said.is_char_boundary(*at)).unwrap_or(0);
    let from = if said.len() < 16 { said.len() } else { from };
    let letters: Vec<char> = whole[from..].chars().collect();
    let part = |text: String, more: Value| {
        let mut candidate =
            json!({"index": 0, "content": {"role": "model", "parts": [{"text": text}]}});
        if let (Some(candidate), Value::Object(more)) = (candidate.as_object_mut(), more) {
            candidate.extend(more);
        }
        candidate
    };
    let mut events: Vec<Bytes> = letters
        .chunks(5)
        .map(|piece| event(&json!({"candidates": [part(piece.iter().collect(), json!({}))]})))
        .collect();
    events.push(event(&json!({
        "candidates": [part(String::new(), json!({"finishReason": "STOP"}))],
        "usageMetadata": {"promptTokenCount": 20, "candidatesTokenCount": 9, "totalTokenCount": 29},
    })));
    events
}

#[tokio::test(start_paused = true)]
async fn an_answer_goes_on_in_another_dialect_wherever_it_is_cut() {
    let speakers: [(Second, &str, &str); 2] = [
        (anthropic, "anthropic-messages", "continues_assistant = true"),
        (gemini, "google-gemini", ""),
    ];
    for (second, dialect, quirks) in speakers {
        for cut in 2..=TEXT.len() + 1 {
            let mut first = pieces(0, false);
            first.truncate(cut);
            let (seen, generation) = perform(first, second, (dialect, quirks)).await;
            let case = format!("{dialect}, cut after {cut}");
            assert_eq!(read(&seen).1, TEXT.concat(), "{case}");
            assert_eq!(generation.outcome, Outcome::Finished, "{case}");
            let [broken, last] = generation.detail.parts.as_slice() else { panic!("{case}") };
            assert!(!broken.is_charged && 0 < broken.cost.nanos(), "{case}");
            assert!(last.is_charged && generation.cost == last.cost, "{case}");
        }
    }
}

const SAID: &str = "Let me see. ";
const ARGUMENTS: &str = r#"{"river": "Fulda", "from": 1, "deep": {"to": [2, 3]}}"#;

/// Some words, and a call in pieces.
fn calling(says: bool) -> Vec<Bytes> {
    let chunk = |delta: Value, finish: Value| {
        event(&json!({
            "id": "up-1", "object": "chat.completion.chunk", "created": 1, "model": "one",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }))
    };
    let mut all = vec![chunk(json!({"role": "assistant", "content": ""}), Value::Null)];
    if says {
        all.push(chunk(json!({ "content": SAID }), Value::Null));
    }
    all.push(chunk(
        json!({"tool_calls": [{"index": 0, "id": "call_1", "type": "function",
            "function": {"name": "look", "arguments": ""}}]}),
        Value::Null,
    ));
    for piece in ARGUMENTS.as_bytes().chunks(11) {
        let arguments = std::str::from_utf8(piece).unwrap();
        let call = json!({"tool_calls": [{"index": 0, "function": {"arguments": arguments}}]});
        all.push(chunk(call, Value::Null));
    }
    all.push(chunk(json!({}), json!("tool_calls")));
    all.push(event(&json!({
        "id": "up-1", "object": "chat.completion.chunk", "created": 1, "model": "one",
        "choices": [],
        "usage": {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29},
    })));
    all.push(Bytes::from_static(b"data: [DONE]\n\n"));
    all
}

/// Calls the tool, after the words that it has not said yet.
fn calls_anew(request: &Value) -> Vec<Bytes> {
    let last = request["messages"].as_array().unwrap().last().unwrap();
    let has_begun = last["role"] == "assistant";
    assert!(!has_begun || last["content"].as_str().unwrap() == SAID.trim_end(), "{request}");
    calling(!has_begun)
}

#[tokio::test(start_paused = true)]
async fn a_call_of_a_tool_is_never_joined_from_two_answers() {
    let all = calling(true);
    // From before the words to just before the reason for the end.
    for cut in 1..all.len() - 3 {
        let first = all[..cut].to_vec();
        let spoken = ("openai-chat", "continues_assistant = true");
        let (seen, generation) = perform(first, calls_anew, spoken).await;
        let Seen::Streamed(stream) = &seen else { panic!("cut after {cut}: {seen:?}") };
        let chunks: Vec<Value> = stream
            .split("\n\n")
            .filter_map(|it| serde_json::from_str(it.strip_prefix("data: ")?).ok())
            .collect();
        let deltas = || chunks.iter().map(|it| &it["choices"][0]["delta"]);
        let text: String = deltas().filter_map(|it| it["content"].as_str()).collect();
        assert_eq!(text, SAID, "cut after {cut}");
        let calls = || deltas().filter_map(|it| it["tool_calls"][0].as_object());
        let arguments: String =
            calls().filter_map(|it| it["function"]["arguments"].as_str()).collect();
        assert_eq!(arguments, ARGUMENTS, "cut after {cut}");
        assert_eq!(calls().filter(|it| it.contains_key("id")).count(), 1, "cut after {cut}");
        let ends = chunks.iter().filter_map(|it| it["choices"][0]["finish_reason"].as_str());
        assert_eq!(ends.collect::<Vec<_>>(), ["tool_calls"], "cut after {cut}");
        assert_eq!(generation.outcome, Outcome::Finished, "cut after {cut}");
        let is_resumed = 1 < cut;
        assert_eq!(generation.detail.parts.len(), if is_resumed { 2 } else { 0 }, "{cut}");
    }
}
