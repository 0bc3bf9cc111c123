//! Speech and transcription.

use http::Method;
use http_body_util::BodyExt;
use serde_json::json;

use super::{assert_nanos, stand};

/// Forms carry the house's fields as JSON.
const ORDER: &[u8] = br#"{"order": ["north", "south"]}"#;

/// A second of silence: 16-bit samples of one channel at 16 kHz.
pub fn wav() -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    file.extend(16_000_u32.to_le_bytes());
    file.extend(32_000_u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(32_000_u32.to_le_bytes());
    file.extend(vec![0; 32_000]);
    file
}

#[tokio::test]
async fn a_text_is_spoken_as_it_comes_and_its_cost_is_said_before() {
    let stand = stand().await;
    for (model, nanos, cost) in
        [("x/speak", 180_000, "0.00018"), ("x/speak-voice", 2_160_000, "0.00216")]
    {
        let body = json!({"model": model, "input": "Hello there!", "voice": "alloy", "response_format": "mp3"});
        let answer = stand.ask("/audio/speech", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("content-type"), "audio/mpeg");
        assert_eq!(answer.header("x-interline-cost"), cost);
        assert_eq!(answer.text.len(), 16 * 1_024);
        let record = stand.record(&answer).await;
        assert_eq!((&record["api_type"], &record["streamed"]), (&json!("tts"), &json!(true)));
        assert_nanos(&record["total_cost"], nanos);
    }
}

#[tokio::test]
async fn speech_that_comes_in_one_piece_is_billed_by_its_tokens() {
    let stand = stand().await;
    let mut body = json!({"model": "x/speak-studio", "input": "Hello there!"});
    let answer = stand.ask("/audio/speech", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "audio/pcm");
    assert_eq!(answer.text.len(), 16, "eight samples");
    let record = stand.record(&answer).await;
    assert_eq!(record["tokens_completion"], 16);
    assert_eq!(
        answer.header("x-interline-cost").parse::<f64>().ok(),
        record["total_cost"].as_f64()
    );
    body["response_format"] = json!("wav");
    let answer = stand.ask("/audio/speech", &body).await;
    assert!(answer.text.starts_with("RIFF"), "a head comes before the samples");
    body["response_format"] = json!("mp3");
    let answer = stand.ask("/audio/speech", &body).await;
    assert_eq!(answer.json()["error"]["param"], "response_format");
}

#[tokio::test]
async fn a_provider_that_fails_before_the_first_sound_is_replaced() {
    let stand = stand().await;
    for fault in
        [r#"{"kind": "status", "status": 500}"#, r#"{"kind": "error_in_body", "code": 500}"#]
    {
        stand.script("north", &format!(r#"{{"fault": {fault}}}"#));
        let body = json!({"model": "x/speak", "input": "Hello there!"});
        let answer = stand.ask("/audio/speech", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(stand.record(&answer).await["provider_name"], "south", "{fault}");
    }
}

#[tokio::test]
async fn sound_that_breaks_off_ends_in_a_broken_connection_and_costs_nothing() {
    let stand = stand().await;
    stand.script("north", r#"{"chunk_ms": 5, "fault": {"kind": "reset_mid", "after_chunks": 3}}"#);
    let order = json!({"order": ["north"]});
    let body = json!({"model": "x/speak", "input": "Hello there!", "provider": order}).to_string();
    let response = stand.caller.open(Method::POST, "/audio/speech", body).await;
    assert_eq!(response.status(), 200);
    let id = response.headers()["x-generation-id"].to_str().unwrap().to_owned();
    assert!(response.into_body().collect().await.is_err(), "nobody takes it for the whole");
    let record = stand.caller.get(&format!("/generation?id={id}")).await.json()["data"].clone();
    assert_eq!(record["outcome"], "broken", "{record}");
    assert_nanos(&record["total_cost"], 0);
}

#[tokio::test]
async fn a_recording_is_transcribed_from_a_form_and_from_json() {
    let stand = stand().await;
    stand.script("north", r#"{"text": "Hello there."}"#);
    let file = wav();
    let form = stand
        .caller
        .form(
            "/audio/transcriptions",
            &[
                ("model", None, b"x/hear"),
                ("provider", None, ORDER),
                ("file", Some("a.wav"), &file),
                ("language", None, b"en"),
            ],
        )
        .await;
    use base64::Engine;
    let data = base64::engine::general_purpose::STANDARD.encode(&file);
    let body = json!({"model": "x/hear", "input_audio": {"data": data, "format": "wav"}});
    let json = stand.ask("/audio/transcriptions", &body).await;
    for answer in [form, json] {
        assert_eq!(answer.status, 200, "{}", answer.text);
        let told = answer.json();
        assert_eq!(told["text"], "Hello there.");
        // The simulator takes the file's head for sound, too.
        assert_eq!(told["usage"]["seconds"], 1.001, "{told}");
        assert_nanos(&told["usage"]["cost"], 100_100);
        assert_eq!(stand.record(&answer).await["api_type"], "stt");
    }
}

#[tokio::test]
async fn a_recording_whose_length_nobody_tells_is_measured() {
    let stand = stand().await;
    stand.script("north", r#"{"usage": "never"}"#);
    let file = wav();
    for model in ["x/hear", "x/hear-voice"] {
        let parts: [(&str, Option<&str>, &[u8]); 3] = [
            ("model", None, model.as_bytes()),
            ("provider", None, ORDER),
            ("file", Some("a.wav"), &file),
        ];
        let told = stand.caller.form("/audio/transcriptions", &parts).await.json();
        assert_eq!(
            (&told["usage"]["seconds"], &told["usage"]["estimated"]),
            (&json!(1.0), &json!(true))
        );
        assert_nanos(&told["usage"]["cost"], 100_000);
    }
}

#[tokio::test]
async fn transcripts_are_written_in_every_format() {
    let stand = stand().await;
    stand.script("north", r#"{"text": "Hello there."}"#);
    let file = wav();
    for (format, kind, start) in [
        ("json", "application/json", r#"{"text":"Hello there.""#),
        ("verbose_json", "application/json", r#"{"text":"Hello there.","task":"transcribe""#),
        ("text", "text/plain; charset=utf-8", "Hello there.\n"),
        ("srt", "text/plain; charset=utf-8", "1\n00:00:00,000 --> 00:00:01,001\nHello there.\n"),
        ("vtt", "text/vtt; charset=utf-8", "WEBVTT\n\n00:00:00.000 --> 00:00:01.001\nHello"),
    ] {
        let answer = stand
            .caller
            .form(
                "/audio/transcriptions",
                &[
                    ("model", None, b"x/hear"),
                    ("provider", None, ORDER),
                    ("file", Some("a.wav"), &file),
                    ("response_format", None, format.as_bytes()),
                ],
            )
            .await;
        assert_eq!(answer.status, 200, "{format}: {}", answer.text);
        assert_eq!(answer.header("content-type"), kind);
        assert!(answer.text.starts_with(start), "{format}: {}", answer.text);
        assert!(answer.header("x-interline-cost").starts_with("0.0001"));
    }
}

#[tokio::test]
async fn what_cannot_be_spoken_or_heard_is_told_by_its_field() {
    let stand = stand().await;
    for (path, body, param) in [
        ("/audio/speech", json!({"model": "x/speak"}), "input"),
        (
            "/audio/speech",
            json!({"model": "x/speak", "input": "a", "response_format": "midi"}),
            "response_format",
        ),
        (
            "/audio/speech",
            json!({"model": "x/speak-voice", "input": "a", "voice": "../../v1"}),
            "voice",
        ),
        ("/audio/transcriptions", json!({"model": "x/hear"}), "input_audio.data"),
        (
            "/audio/transcriptions",
            json!({"model": "x/hear", "input_audio": {"data": "*"}}),
            "input_audio.data",
        ),
    ] {
        let answer = stand.ask(path, &body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        assert_eq!(answer.json()["error"]["param"], param, "{body}: {}", answer.text);
    }
    let answer = stand.caller.form("/audio/transcriptions", &[("model", None, b"x/hear")]).await;
    assert_eq!(answer.json()["error"]["param"], "file", "{}", answer.text);
}

#[tokio::test]
async fn a_key_s_limit_bounds_speech_before_anything_is_said() {
    let stand = stand().await;
    let made = stand.operator.post("/keys", &json!({"name": "small", "limit": 0.001})).await;
    let small = stand.caller.with_key(made.json()["key"].as_str().unwrap());
    // At 15 dollars a million, 67 characters cost more than a tenth of a cent.
    let fits =
        json!({"model": "x/speak", "input": "a".repeat(20), "provider": {"only": ["north"]}});
    assert_eq!(small.post("/audio/speech", &fits).await.status, 200);
    let beyond =
        json!({"model": "x/speak", "input": "a".repeat(67), "provider": {"only": ["north"]}});
    let refused = small.post("/audio/speech", &beyond).await;
    assert!([402, 403].contains(&refused.status), "{}: {}", refused.status, refused.text);
}
