//! Speech and transcripts that are told in events, as OpenAI's clients ask for them.

mod endpoint;

use bytes::Bytes;
use dialect::door::Door;
use dialect::exchange::{Exchange, Receipt, Stamp, Step, Target};
use dialect::registry;
use domain::catalog::{Dialect, Endpoint};
use domain::failure::Failure;
use domain::money::Money;
use domain::usage::Usage;
use endpoint::endpoint;
use serde_json::{Value, json};

fn attempt(door: &Door, body: &Value, dialect: Dialect) -> Result<Box<dyn Exchange>, Failure> {
    let request = registry::decode(door, Bytes::from(body.to_string()))?;
    let stamp = Stamp {
        id: "gen-1".to_owned(),
        created: 7,
        model: "acme/tiny".to_owned(),
        provider: "Acme".to_owned(),
    };
    let endpoint = Endpoint { dialect, ..endpoint() };
    registry::exchange(&request, Target { endpoint: &endpoint, user_hash: None }, stamp)
}

fn receipt(usage: Usage) -> Receipt {
    Receipt { usage, cost: Money::from_nanos(1_500), ..Receipt::default() }
}

/// The events of a stream; the terminator is a null.
fn events(stream: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(stream).expect("events are text");
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|it| serde_json::from_str(it).unwrap_or_default()).collect()
}

#[test]
fn speech_is_told_in_events_where_that_is_asked_for() {
    let body = json!({"model": "m", "input": "Hi.", "stream_format": "sse"});
    let attempt = attempt(&Door::Speech, &body, Dialect::OpenaiSpeech).unwrap();
    let sent: Value = serde_json::from_slice(&attempt.wire().body).unwrap();
    assert!(sent.get("stream_format").is_none(), "a provider is always asked for plain sound");
    let mut stream = attempt.stream();
    let mut out = Vec::new();
    assert_eq!(stream.push(b"", &mut out).unwrap(), Step::Quiet);
    assert!(out.is_empty());
    stream.push(b"ab", &mut out).unwrap();
    stream.push(b"c", &mut out).unwrap();
    stream.end(&mut out).unwrap();
    let used = stream.observed().usage.unwrap();
    stream.close(&receipt(used), &mut out);
    let events = events(&out);
    let delta = |audio: &str| json!({"type": "speech.audio.delta", "audio": audio});
    assert_eq!(events[..2], [delta("YWI="), delta("Yw==")]);
    assert_eq!(events[2]["type"], "speech.audio.done");
    assert_eq!(events[2]["usage"]["cost"], json!(1.5e-6));
    assert_eq!(events[3], Value::Null);
    let mut failed = Vec::new();
    stream.fail(&Failure::house("it broke"), &mut failed);
    assert!(failed.starts_with(b"event: error\n"));
}

#[test]
fn speech_in_one_piece_is_told_in_events_too() {
    let body = json!({"model": "m", "input": "Hi.", "stream_format": "sse"});
    let attempt = attempt(&Door::Speech, &body, Dialect::GoogleGemini).unwrap();
    let inline = json!({"mimeType": "audio/L16;rate=24000", "data": "YWJj"});
    let answer = json!({"candidates": [{"content": {"parts": [{"inlineData": inline}]}}]});
    let whole = attempt.whole(Bytes::from(answer.to_string())).unwrap();
    let used = whole.observed().usage.unwrap();
    let events = events(&whole.render_stream(&receipt(used)));
    assert_eq!(events[0], json!({"type": "speech.audio.delta", "audio": "YWJj"}));
    assert_eq!(events[1]["type"], "speech.audio.done");
}

#[test]
fn a_transcript_comes_as_a_stream_where_that_is_asked_for() {
    let door = Door::transcriptions("application/json");
    let asked = |more: Value| {
        let mut body = json!({"model": "m", "input_audio": {"data": "UklGRg==", "format": "mp3"}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for stream in [json!(true), json!("true")] {
        let body = asked(json!({"stream": stream}));
        let request = registry::decode(&door, Bytes::from(body.to_string())).unwrap();
        assert!(request.facts.stream);
        assert!(!registry::keep_alive(&request).is_empty());
        let attempt = attempt(&door, &body, Dialect::OpenaiTranscriptions).unwrap();
        let answer = json!({"text": "Hello.", "usage": {"type": "duration", "seconds": 2}});
        let whole = attempt.whole(Bytes::from(answer.to_string())).unwrap();
        let used = whole.observed().usage.unwrap();
        let events = events(&whole.render_stream(&receipt(used)));
        assert_eq!(events[0], json!({"type": "transcript.text.delta", "delta": "Hello."}));
        assert_eq!(events[1]["text"], "Hello.");
        assert_eq!(events[1]["usage"]["cost"], json!(1.5e-6));
        assert_eq!(events[2], Value::Null);
    }
    for (more, param) in [
        (json!({"stream": "perhaps"}), "stream"),
        (json!({"stream": true, "response_format": "srt"}), "response_format"),
    ] {
        let failure = registry::decode(&door, Bytes::from(asked(more).to_string())).unwrap_err();
        assert_eq!(failure.param.as_deref(), Some(param));
    }
    let wrong = json!({"model": "m", "input": "Hi.", "stream_format": "mp3"});
    let failure = registry::decode(&Door::Speech, Bytes::from(wrong.to_string())).unwrap_err();
    assert_eq!(failure.param.as_deref(), Some("stream_format"));
}
