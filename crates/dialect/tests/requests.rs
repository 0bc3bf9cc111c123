//! What callers ask: what is refused, and what is understood.

use bytes::Bytes;
use dialect::door::Door;
use dialect::registry;
use dialect::request::Request;
use domain::catalog::Modality;
use domain::failure::{Failure, FailureKind, Fault, Retry};
use domain::request::{Effort, ReasoningAsk};
use serde_json::{Value, json};

fn decode(body: &Value) -> Result<Request, Failure> {
    registry::decode(&Door::ChatCompletions, Bytes::from(body.to_string()))
}

/// Returns a request with these fields beside a short conversation.
fn asking(fields: Value) -> Value {
    let mut body = json!({"model": "acme/tiny", "messages": [{"role": "user", "content": "Why?"}]});
    let fields = fields.as_object().expect("fields are an object").clone();
    body.as_object_mut().expect("a body is an object").extend(fields);
    body
}

/// Checks that each request is refused, and that the failure names the field.
fn check_refused(cases: &[(Value, &str)]) {
    for (body, param) in cases {
        let failure = decode(body).expect_err(param);
        assert_eq!(failure.param.as_deref(), Some(*param), "{}", failure.detail);
        assert_eq!(failure.kind, FailureKind::InvalidRequest);
        assert_eq!((failure.fault, failure.retry), (Fault::Caller, Retry::Never));
        assert!(failure.detail.ends_with('.'), "{}", failure.detail);
    }
}

#[test]
fn messages_and_numbers_that_make_no_sense_are_refused_by_name() {
    let messages = |messages: Value| json!({"model": "acme/tiny", "messages": messages});
    check_refused(&[
        (json!({"model": "a/b"}), "messages"),
        (messages(json!([])), "messages"),
        (messages(json!({})), "messages"),
        (messages(json!(["hi"])), "messages[0]"),
        (messages(json!([{"content": "hi"}])), "messages[0].role"),
        (messages(json!([{"role": "robot", "content": "hi"}])), "messages[0].role"),
        (messages(json!([{"role": "user"}])), "messages[0].content"),
        (messages(json!([{"role": "user", "content": 7}])), "messages[0].content"),
        (messages(json!([{"role": "user", "content": [7]}])), "messages[0].content[0]"),
        (
            messages(json!([{"role": "user", "content": [{"type": "smell"}]}])),
            "messages[0].content[0].type",
        ),
        (
            messages(json!([{"role": "user", "content": [{"type": "image_url"}]}])),
            "messages[0].content[0]",
        ),
        (messages(json!([{"role": "tool", "content": "4"}])), "messages[0].tool_call_id"),
        (asking(json!({"model": 7})), "model"),
        (asking(json!({"models": "a/b"})), "models"),
        (asking(json!({"temperature": 2.1})), "temperature"),
        (asking(json!({"temperature": "hot"})), "temperature"),
        (asking(json!({"top_p": -0.1})), "top_p"),
        (asking(json!({"top_k": -1})), "top_k"),
        (asking(json!({"min_p": 2})), "min_p"),
        (asking(json!({"frequency_penalty": 3})), "frequency_penalty"),
        (asking(json!({"repetition_penalty": 2.5})), "repetition_penalty"),
        (asking(json!({"max_tokens": 0})), "max_tokens"),
        (asking(json!({"max_completion_tokens": 1.5})), "max_completion_tokens"),
        (asking(json!({"seed": 1.5})), "seed"),
        (asking(json!({"n": 0})), "n"),
        (asking(json!({"top_logprobs": 21})), "top_logprobs"),
        (asking(json!({"stop": ["a", "b", "c", "d", "e"]})), "stop"),
        (asking(json!({"stop": 1})), "stop"),
        (asking(json!({"stream": "yes"})), "stream"),
    ]);
}

#[test]
fn objects_that_make_no_sense_are_refused_by_name() {
    check_refused(&[
        (asking(json!({"tools": {}})), "tools"),
        (asking(json!({"tools": [{"function": {"name": "f"}}]})), "tools[0].type"),
        (asking(json!({"tools": [{"type": "function"}]})), "tools[0].function.name"),
        (
            asking(json!({"tools": [{"type": "function", "function": {"name": "f".repeat(65)}}]})),
            "tools[0].function.name",
        ),
        (asking(json!({"tool_choice": "perhaps"})), "tool_choice"),
        (asking(json!({"response_format": {"type": "xml"}})), "response_format.type"),
        (
            asking(json!({"response_format": {"type": "json_schema"}})),
            "response_format.json_schema",
        ),
        (asking(json!({"reasoning_effort": "huge"})), "reasoning_effort"),
        (asking(json!({"reasoning": {"effort": "huge"}})), "reasoning.effort"),
        (asking(json!({"reasoning": {"max_tokens": -1}})), "reasoning.max_tokens"),
        (
            asking(json!({"reasoning": {"effort": "low"}, "reasoning_effort": "high"})),
            "reasoning_effort",
        ),
        (asking(json!({"reasoning": {"max_tokens": 100}, "max_tokens": 100})), "max_tokens"),
        (asking(json!({"session_id": "s".repeat(257)})), "session_id"),
        (asking(json!({"metadata": {"a[0]": "x"}})), "metadata"),
        (asking(json!({"metadata": {"a": "x".repeat(513)}})), "metadata"),
        (asking(json!({"service_tier": "gold"})), "service_tier"),
        (asking(json!({"route": "scenic"})), "route"),
        (asking(json!({"provider": "groq"})), "provider"),
        (asking(json!({"provider": {"order": "groq"}})), "provider.order"),
        (asking(json!({"plugins": [{"id": "teleport"}]})), "plugins[0].id"),
    ]);
}

#[test]
fn a_body_that_is_no_json_object_is_refused() {
    let deep = format!("{{\"a\":{}", "[".repeat(10_000));
    for body in ["", "null", "[]", "{", "{} {}", "{\"a\":NaN}", "\u{feff}{}", deep.as_str()] {
        let failure =
            registry::decode(&Door::ChatCompletions, Bytes::from(body.to_owned())).unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidRequest, "{body}");
    }
    let invalid =
        registry::decode(&Door::ChatCompletions, Bytes::from_static(b"{\"model\":\"\xff\"}"))
            .unwrap_err();
    assert_eq!(
        invalid.detail,
        "The body is not the JSON it should be: it is not UTF-8, at byte 10."
    );
    let twice = r#"{"model":"a","mod\u0065l":"b","messages":[{"role":"user","content":"x"}]}"#;
    let failure = registry::decode(&Door::ChatCompletions, Bytes::from(twice)).unwrap_err();
    assert_eq!(failure.param.as_deref(), Some("model"));
}

#[test]
fn the_facts_of_a_request_are_read() {
    let body = asking(json!({
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
                {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "https://example.org"}},
            ]},
        ],
        "models": ["acme/small", "acme/large"],
        "route": "sort",
        "stream": true,
        "n": 2,
        "max_tokens": 10,
        "max_completion_tokens": 64,
        "temperature": null,
        "top_p": 0.5,
        "stop": "END",
        "tools": [{"type": "function", "function": {"name": "f", "description": "d".repeat(5000)}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}},
        "reasoning": {"effort": "high", "exclude": true},
        "service_tier": "fast",
        "session_id": "s1",
        "user": "u1",
        "provider": {"only": ["groq"]},
    }));
    let facts = decode(&body).unwrap().facts;
    assert_eq!(facts.models, ["acme/tiny", "acme/small", "acme/large"]);
    assert!(facts.stream && facts.tools && facts.schema && facts.priority);
    assert!(!facts.legacy_prompt && facts.preferences.sort_across_models);
    assert_eq!((facts.messages, facts.choices), (2, 2));
    assert_eq!(facts.output_tokens_max, Some(64));
    assert_eq!(facts.modalities, [Modality::Image, Modality::File]);
    let known = 3 * 2048 + 5000;
    assert!((known..known + 400).contains(&facts.prompt_bytes), "{}", facts.prompt_bytes);
    let parameters = [
        "max_tokens",
        "max_completion_tokens",
        "top_p",
        "stop",
        "tools",
        "response_format",
        "reasoning",
        "structured_outputs",
    ];
    let mut read = facts.parameters.clone();
    read.sort();
    let mut expected = parameters.map(str::to_owned);
    expected.sort();
    assert_eq!(read, expected);
    let ask = ReasoningAsk { effort: Some(Effort::High), exclude: true, ..ReasoningAsk::default() };
    assert_eq!(facts.reasoning, Some(ask));
    assert_eq!(facts.session_id.as_deref(), Some("s1"));
    assert_eq!(facts.user.as_deref(), Some("u1"));
    assert_eq!(facts.preferences.only, ["groq"]);
}

#[test]
fn fields_stand_where_they_stand() {
    let text = r#" { "mod\u0065l" : "a/b" , "messages":[{"role":"user","content":"\u0041"}] } "#;
    let request = registry::decode(&Door::ChatCompletions, Bytes::from(text)).unwrap();
    let names: Vec<&str> = request.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["model", "messages"]);
    assert_eq!(request.value("model"), Some(&b"\"a/b\""[..]));
    let field = &request.fields[0];
    assert_eq!(&text[field.start..field.end], r#""mod\u0065l" : "a/b""#);
}
