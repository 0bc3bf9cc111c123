//! Answers without fault.
use crate::raw::{End, ask, post, question, read, send, simulator};
use serde_json::{Value, json};
use simulator::{Fault, ReasoningShape, Script, ToolUse, UsagePlace};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn scripted(script: Script, fields: Value) -> crate::raw::Reply {
    let simulator = simulator();
    simulator.script("acme", script);
    ask(&simulator, fields)
}

/// The chunks of a stream, without the last word.
fn chunks(script: Script, fields: Value) -> Vec<Value> {
    let reply = scripted(script, fields);
    assert!(reply.is_finished());
    let mut payloads = reply.payloads();
    assert_eq!(payloads.pop().as_deref(), Some("[DONE]"));
    payloads.iter().map(|payload| serde_json::from_str(payload).unwrap()).collect()
}

fn saying(text: &str) -> Script {
    Script { text: Some(text.into()), ..Script::default() }
}

#[test]
fn a_whole_answer_looks_like_openais() {
    let reply = scripted(saying("hello there"), json!({}));
    let mut body = reply.json();
    assert!(body["id"].take().as_str().unwrap().starts_with("chatcmpl-"));
    assert!(1_700_000_000 < body["created"].take().as_u64().unwrap());
    assert_eq!(
        body,
        json!({
            "id": null, "object": "chat.completion", "created": null, "model": "m",
            "choices": [{
                "index": 0,
                "message": {
                    "role": "assistant", "content": "hello there",
                    "refusal": null, "annotations": [],
                },
                "logprobs": null,
                "finish_reason": "stop",
            }],
            "usage": {
                "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3,
                "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
                "completion_tokens_details": {
                    "reasoning_tokens": 0, "audio_tokens": 0,
                    "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
                },
            },
            "service_tier": "default",
            "system_fingerprint": "fp_simulated",
        })
    );
}

#[test]
fn a_stream_opens_with_a_role_and_ends_with_a_finish_and_done() {
    let chunks = chunks(saying("hello there"), json!({ "stream": true }));
    let choices: Vec<String> = chunks.iter().map(|chunk| chunk["choices"].to_string()).collect();
    assert_eq!(
        choices,
        [
            r#"[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{"content":"hello "},"logprobs":null,"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{"content":"there"},"logprobs":null,"finish_reason":null}]"#,
            r#"[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]"#,
        ]
    );
    assert!(chunks.iter().all(|chunk| chunk.get("usage").is_none()));
}

#[test]
fn usage_stands_where_the_script_puts_it() {
    let usages = |usage, asked: bool| -> Vec<u64> {
        let options = json!({ "stream": true, "stream_options": { "include_usage": asked } });
        let chunks = chunks(Script { usage, ..saying("one two") }, options);
        let count = |usage: &Value| usage["completion_tokens"].as_u64().unwrap_or(99);
        chunks
            .iter()
            .map(|chunk| match (chunk.get("usage"), chunk.get("x_groq")) {
                (Some(usage), _) if chunk["choices"] == json!([]) => 100 + count(usage),
                (Some(usage), _) => count(usage),
                (None, Some(groq)) => 200 + count(&groq["usage"]),
                (None, None) => 0,
            })
            .collect()
    };
    assert_eq!(usages(UsagePlace::OwnChunk, true), [99, 99, 99, 99, 102]);
    assert_eq!(usages(UsagePlace::OwnChunk, false), [0, 0, 0, 0]);
    assert_eq!(usages(UsagePlace::Always, false), [0, 0, 0, 0, 102]);
    assert_eq!(usages(UsagePlace::EveryChunk, false), [0, 1, 2, 2]);
    assert_eq!(usages(UsagePlace::XGroq, false), [0, 0, 0, 202]);
    assert_eq!(usages(UsagePlace::Never, true), [0, 0, 0, 0]);
}

#[test]
fn reasoning_is_shown_in_the_shape_asked_for() {
    let script = |reasoning| Script { reasoning, reasoning_tokens: 2, ..saying("answer") };
    let message = |shape| scripted(script(shape), json!({})).json()["choices"][0]["message"].take();
    let thought = message(ReasoningShape::ReasoningContent)["reasoning_content"].take();
    let thought = thought.as_str().unwrap();
    assert_eq!(thought.split(' ').count(), 2);
    assert_eq!(message(ReasoningShape::Reasoning)["reasoning"], thought);
    assert_eq!(
        message(ReasoningShape::ThinkTags)["content"],
        format!("<think>{thought}</think>answer")
    );
    assert_eq!(
        message(ReasoningShape::ContentParts)["content"],
        json!([{ "type": "reasoning", "text": thought }, { "type": "text", "text": "answer" }])
    );

    let deltas = |shape| -> Vec<String> {
        let chunks = chunks(script(shape), json!({ "stream": true }));
        let deltas = chunks.iter().map(|chunk| chunk["choices"][0]["delta"].to_string());
        deltas.collect()
    };
    let (first, last) = thought.split_once(' ').unwrap();
    assert_eq!(
        deltas(ReasoningShape::ThinkTags)[1..5],
        [
            format!(r#"{{"content":"<think>{first} "}}"#),
            format!(r#"{{"content":"{last}"}}"#),
            r#"{"content":"</think>"}"#.to_owned(),
            r#"{"content":"answer"}"#.to_owned(),
        ]
    );
    assert_eq!(
        deltas(ReasoningShape::ReasoningContent)[1],
        format!(r#"{{"reasoning_content":"{first} "}}"#)
    );
}

#[test]
fn a_tool_is_called_and_its_result_is_quoted() {
    let weather = json!({ "type": "function", "function": { "name": "weather", "parameters": {
        "type": "object", "required": ["city"], "properties": { "city": { "type": "string" } } } } });
    let offer = |fields: Value| {
        let mut body = json!({ "tools": [weather] });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        body
    };
    let reply = scripted(Script::default(), offer(json!({ "tool_choice": "required" })));
    let choice = &reply.json()["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(choice["message"]["content"], Value::Null);
    let function = &choice["message"]["tool_calls"][0]["function"];
    assert_eq!(function, &json!({ "name": "weather", "arguments": r#"{"city":"city"}"# }));

    let named = json!({ "type": "function", "function": { "name": "weather" } });
    let chunks = chunks(Script::default(), offer(json!({ "stream": true, "tool_choice": named })));
    let calls = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]["tool_calls"][0]);
    let calls: Vec<&Value> = calls.filter(|call| !call.is_null()).collect();
    assert_eq!(calls[0]["function"], json!({ "name": "weather", "arguments": "" }));
    assert!(calls[0]["id"].is_string() && calls[1].get("id").is_none());
    let fragments = calls.iter().map(|call| call["function"]["arguments"].as_str().unwrap());
    assert_eq!(fragments.collect::<String>(), r#"{"city":"city"}"#);

    let result = json!([{ "role": "user", "content": "use tool" },
        { "role": "tool", "tool_call_id": "c", "content": "12°" }]);
    let reply = scripted(
        Script { tools: ToolUse::Always, ..Script::default() },
        offer(json!({ "messages": result })),
    );
    assert_eq!(reply.json()["choices"][0]["message"]["content"], "The tool returned: 12°");
}

#[test]
fn structured_output_satisfies_its_schema() {
    let schema = json!({ "type": "object", "required": ["n"], "properties": {
        "n": { "type": "integer", "minimum": 7 } } });
    let format = json!({ "type": "json_schema", "json_schema": { "name": "x", "schema": schema } });
    let reply = scripted(Script::default(), json!({ "response_format": format }));
    assert_eq!(reply.json()["choices"][0]["message"]["content"], r#"{"n":7}"#);
}

#[test]
fn choices_maximum_stop_and_probabilities_are_heeded() {
    let fields = json!({ "n": 2, "max_tokens": 2, "logprobs": true, "top_logprobs": 1 });
    let body = scripted(saying("one two three"), fields).json();
    assert_eq!(body["choices"].as_array().unwrap().len(), 2);
    assert_eq!(body["choices"][1]["message"]["content"], "one two ");
    assert_eq!(body["choices"][1]["finish_reason"], "length");
    assert_eq!(body["choices"][1]["logprobs"]["content"][1]["token"], "two ");
    assert_eq!(body["usage"]["completion_tokens"], 4);
    let body = scripted(saying("one two three"), json!({ "stop": "two" })).json();
    assert_eq!(body["choices"][0]["message"]["content"], "one ");
}

#[test]
fn the_choices_of_a_stream_take_turns() {
    let chunks = chunks(saying("one two"), json!({ "stream": true, "n": 2 }));
    let turns: Vec<&Value> = chunks.iter().map(|chunk| &chunk["choices"][0]["index"]).collect();
    assert_eq!(turns, [0, 1, 0, 1, 0, 1, 0, 1]);
}

#[test]
fn the_first_byte_takes_the_time_it_is_told_to() {
    for fault in [None, Some(Fault::status(500))] {
        #[expect(clippy::disallowed_methods, reason = "the test is about time")]
        let started = Instant::now();
        scripted(Script { first_byte_ms: 50, fault, ..Script::default() }, json!({}));
        assert!(50 <= started.elapsed().as_millis());
    }
}

#[test]
fn a_caller_that_waits_for_leave_to_send_gets_it() {
    let simulator = simulator();
    let mut stream = TcpStream::connect(simulator.addr()).unwrap();
    let body = question(json!({})).to_string();
    let length = body.len();
    let head = format!(
        "POST /acme/v1/chat/completions HTTP/1.1\r\nexpect: 100-continue\r\n\
         connection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut leave = [0; 25];
    stream.read_exact(&mut leave).unwrap();
    assert_eq!(&leave, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).unwrap();
    assert_eq!(read(&mut stream, End::Closed).status(), 200);
}

#[test]
fn echo_quotes_the_caller() {
    let script = Script { echo: true, ..Script::default() };
    let body = scripted(script, json!({})).json();
    assert_eq!(body["choices"][0]["message"]["content"], "echo: hello");
}

#[test]
fn a_padded_answer_has_about_the_bytes_asked_for() {
    let reply = scripted(Script { body_bytes: Some(1_024), ..Script::default() }, json!({}));
    assert!((1_000..1_050).contains(&reply.body().len()), "{}", reply.body().len());
}

#[test]
fn only_the_right_bearer_is_let_in() {
    let simulator = simulator();
    simulator.script("acme", Script { auth: Some("sk-right".into()), ..Script::default() });
    for (header, status) in [
        ("", 401),
        ("authorization: Bearer sk-wrong\r\n", 401),
        ("authorization: Bearer sk-right\r\n", 200),
    ] {
        let headers = format!("{header}connection: close\r\n");
        let reply = send(&simulator, &post("acme", &question(json!({})), &headers));
        assert_eq!(reply.status(), status, "{header}");
        if status == 401 {
            assert_eq!(reply.json()["error"]["code"], "invalid_api_key");
        }
    }
}

#[test]
fn requests_in_a_row_are_answered_in_a_row() {
    let simulator = simulator();
    let mut stream = TcpStream::connect(simulator.addr()).unwrap();
    let more = post("acme", &question(json!({ "stream": true })), "");
    let last = post("acme", &question(json!({})), "connection: close\r\n");
    stream.write_all(&[&more[..], &more, &last].concat()).unwrap();
    let reply = read(&mut stream, End::Closed);
    let text = String::from_utf8(reply.bytes).unwrap();
    assert_eq!(reply.end, End::Closed);
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3);
    assert_eq!(text.matches("[DONE]").count(), 2);
}

#[test]
fn an_http_1_0_caller_gets_a_stream_without_chunks() {
    let simulator = simulator();
    let body = question(json!({ "stream": true })).to_string();
    let request = format!(
        "POST /acme/v1/chat/completions HTTP/1.0\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let reply = send(&simulator, request.as_bytes());
    assert!(!reply.head().contains("chunked"));
    assert!(reply.body().starts_with(b"data: ") && reply.body().ends_with(b"data: [DONE]\n\n"));
    assert_eq!(reply.end, End::Closed);
}

#[test]
fn what_is_no_request_is_refused_in_openais_words() {
    let simulator = simulator();
    let cases: [(&str, u16); 5] = [
        ("nonsense\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nconnection: close\r\n\r\n", 404),
        ("GET /acme/v1/chat/completions HTTP/1.1\r\nconnection: close\r\n\r\n", 405),
        ("POST /acme/v1/chat/completions HTTP/1.1\r\nconnection: close\r\n\r\n", 400),
        ("GET /_other/v1/models HTTP/1.1\r\nconnection: close\r\n\r\n", 404),
    ];
    for (bytes, status) in cases {
        let reply = send(&simulator, bytes.as_bytes());
        assert_eq!((reply.status(), reply.end), (status, End::Closed), "{bytes}");
        assert!(reply.json()["error"]["message"].is_string());
    }
}

#[test]
fn prompts_are_completed_too() {
    let simulator = simulator();
    simulator.script("acme", saying("once upon"));
    let text = |stream: bool| {
        let body = json!({ "model": "m", "prompt": "tale", "stream": stream }).to_string();
        let head = "POST /acme/v1/completions HTTP/1.1\r\nconnection: close\r\n";
        let length = body.len();
        send(&simulator, format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes())
    };
    assert_eq!(text(false).json()["choices"][0]["text"], "once upon");
    let payloads = text(true).payloads();
    assert!(payloads[0].contains(r#""text":"once ""#), "{}", payloads[0]);
    assert_eq!(payloads.last().unwrap(), "[DONE]");
}
