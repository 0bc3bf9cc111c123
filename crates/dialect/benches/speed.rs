//! How long the hot paths take: reading a request, writing it for an endpoint, passing on an event.
//!
//! `cargo bench -p dialect` prints nanoseconds per operation; the best of several rounds is told,
//! because what disturbs a round only ever makes it longer.

#[path = "../tests/endpoint/mod.rs"]
mod endpoint;

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use bytes::Bytes;
use dialect::door::Door;
use dialect::exchange::{Stamp, Target};
use dialect::judge::{ended_in, judge};
use dialect::registry::{decode, exchange};
use domain::generation::ToolVerdict;

const ROUNDS: u32 = 15;

fn main() -> std::io::Result<()> {
    let small = small();
    let large = large();
    let endpoint = endpoint::endpoint();
    let target = || Target { endpoint: &endpoint, user_hash: None };
    let request = decode(&Door::ChatCompletions, small.clone()).expect("the body is a request");
    let attempt = exchange(&request, target(), stamp()).expect("the endpoint takes it");
    let event = event();
    let mut out = Vec::with_capacity(1 << 20);
    let mut lines = vec![
        told("decode a request", small.len(), 20_000, || {
            black_box(decode(&Door::ChatCompletions, small.clone())).is_ok()
        }),
        told("decode a request", large.len(), 500, || {
            black_box(decode(&Door::ChatCompletions, large.clone())).is_ok()
        }),
        told("make an attempt", small.len(), 20_000, || {
            black_box(exchange(&request, target(), stamp())).is_ok()
        }),
    ];
    let mut stream = attempt.stream();
    lines.push(told("pass an event on", event.len(), 20_000, || {
        out.clear();
        black_box(stream.push(&event, &mut out)).is_ok()
    }));
    let (tools, calls) = (with_tools(), calls());
    let request = decode(&Door::ChatCompletions, tools.clone()).expect("the body is a request");
    let attempt = exchange(&request, target(), stamp()).expect("the endpoint takes it");
    let mut stream = attempt.stream();
    stream.push(&calls, &mut Vec::new()).expect("the answer can be read");
    let called = ended_in(stream.observed()).expect("it ended in a call");
    lines.push(told("judge a call", tools.len(), 20_000, || {
        black_box(judge(&request, called)).is_some_and(|it| it.verdict == ToolVerdict::Valid)
    }));
    std::io::stdout().lock().write_all(lines.concat().as_bytes())
}

/// A request that offers twelve tools, as agents do.
fn with_tools() -> Bytes {
    let tool = |place: usize| {
        format!(
            r#"{{"type":"function","function":{{"name":"tool_{place}","description":"{}",
                "parameters":{{"type":"object","properties":{{
                    "path":{{"type":"string","description":"{}"}},
                    "lines":{{"type":"array","items":{{"type":"integer","minimum":1}}}},
                    "mode":{{"enum":["read","write","append"]}}}},
                "required":["path","mode"],"additionalProperties":false}}}}}}"#,
            "What it is good for, at some length. ".repeat(12),
            "What is meant by it. ".repeat(4)
        )
    };
    let tools = (0..12).map(tool).collect::<Vec<_>>().join(",");
    Bytes::from(format!(
        r#"{{"model":"acme/tiny","stream":true,"messages":[{{"role":"user","content":"x"}}],
            "tools":[{tools}]}}"#
    ))
}

/// A stream that ends in a call of one of them.
fn calls() -> Vec<u8> {
    let arguments = r#"{\"path\":\"src/main.rs\",\"lines\":[1,2,3,40],\"mode\":\"read\"}"#;
    format!(
        "data: {{\"id\":\"c\",\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{{\"index\":0,\
         \"id\":\"a\",\"type\":\"function\",\"function\":{{\"name\":\"tool_7\",\"arguments\":\
         \"{arguments}\"}}}}]}},\"finish_reason\":\"tool_calls\"}}]}}\n\ndata: [DONE]\n\n"
    )
    .into_bytes()
}

/// Measures one operation and returns a line about it.
fn told(what: &str, bytes: usize, times: u32, mut work: impl FnMut() -> bool) -> String {
    let best = (0..ROUNDS).map(|_| round(times, &mut work)).min().unwrap_or_default();
    format!("{what:<20} {bytes:>7} bytes {best:>9} ns\n")
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn round(times: u32, work: &mut impl FnMut() -> bool) -> u128 {
    let start = Instant::now();
    for _ in 0..times {
        assert!(work());
    }
    start.elapsed().as_nanos() / u128::from(times)
}

fn stamp() -> Stamp {
    Stamp {
        id: "gen-1787000123-h2Kq81LmZx0TnB7cWvYd".to_owned(),
        created: 1_787_000_123,
        model: "acme/tiny".to_owned(),
        provider: "Acme".to_owned(),
    }
}

fn small() -> Bytes {
    let body = r#"{"model":"acme/tiny","messages":[{"role":"system","content":"You answer in one short sentence and never apologise."},{"role":"user","content":"Why is the sky blue at noon and red in the evening?"}],"stream":true,"temperature":0.7,"max_tokens":256,"top_p":0.9}"#;
    Bytes::from(body)
}

fn large() -> Bytes {
    let text = "Prose of an ordinary length, with a \\\"quotation\\\" now and then,\\nand lines. ";
    let turn = |role: &str| format!(r#"{{"role":"{role}","content":"{}"}}"#, text.repeat(32));
    let turns: Vec<String> = (0..40).map(|place| turn(["user", "assistant"][place % 2])).collect();
    Bytes::from(format!(r#"{{"model":"acme/tiny","messages":[{}]}}"#, turns.join(",")))
}

fn event() -> Vec<u8> {
    let event = r#"data: {"id":"chatcmpl-9f2c41d07b6e4f0d9a51c3","object":"chat.completion.chunk","created":1787000124,"model":"tiny-1","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,"delta":{"content":" evening"},"logprobs":null,"finish_reason":null}]}"#;
    format!("{event}\n\n").into_bytes()
}
