//! What the simulator remembers, and the control paths that show it.
use crate::raw::{End, ask, post, question, read, send, simulator};
use serde_json::{Value, json};
use simulator::{Ending, Fault, RecordedRequest, Script, Simulator, SimulatorOptions};
use std::io::{Read, Write};
use std::net::TcpStream;

fn control(simulator: &Simulator, method: &str, path: &str, body: &str) -> (u16, Value) {
    let request = format!(
        "{method} /_sim{path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let reply = send(simulator, request.as_bytes());
    (reply.status(), reply.json())
}

/// Asks for the record until the last request to `acme` has ended.
fn ended(simulator: &Simulator) -> RecordedRequest {
    for _ in 0..2_000 {
        let last = simulator.requests("acme").pop().unwrap();
        if last.ending != Ending::Open {
            return last;
        }
        // Each round trip gives the connection under watch its turn.
        control(simulator, "GET", "/health", "");
    }
    panic!("the request does not end");
}

#[test]
fn a_request_is_remembered_with_how_it_ended() {
    let simulator = simulator();
    let headers = "authorization: Bearer sk-0123456789wxyz\r\nX-Title: t\r\nconnection: close\r\n";
    send(&simulator, &post("acme", &question(json!({ "stream": true })), headers));
    let request = ended(&simulator);
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!((request.model.as_deref(), request.stream), (Some("m"), true));
    assert_eq!(request.authorization.as_deref(), Some("Bearer …wxyz"));
    assert_eq!(request.headers["x-title"], "t");
    assert!(!serde_json::to_string(&request).unwrap().contains("0123456789"));
    assert!(request.body.contains("hello"));
    assert_eq!((request.ending, request.chunks), (Ending::Answered, 16));
    assert_eq!((simulator.attempts("acme"), simulator.attempts("other")), (1, 0));
}

#[test]
fn a_caller_that_leaves_between_two_chunks_is_noticed_at_once() {
    let simulator = simulator();
    simulator.script("acme", Script { chunk_ms: 3_600_000, ..Script::default() });
    let mut stream = TcpStream::connect(simulator.addr()).unwrap();
    stream.write_all(&post("acme", &question(json!({ "stream": true })), "")).unwrap();
    let mut first = [0; 64];
    stream.read_exact(&mut first).unwrap();
    drop(stream);
    let request = ended(&simulator);
    assert_eq!((request.ending, request.chunks), (Ending::ClientGone, 0));
    assert_eq!(simulator.counters("acme").client_gone, 1);
}

#[test]
fn a_caller_that_leaves_a_stall_is_noticed_with_what_it_got() {
    let simulator = simulator();
    simulator.script("acme", Script::failing(Fault::Stall { after_chunks: 3 }));
    let mut stream = TcpStream::connect(simulator.addr()).unwrap();
    stream.write_all(&post("acme", &question(json!({ "stream": true })), "")).unwrap();
    assert_eq!(read(&mut stream, End::Quiet).payloads().len(), 4);
    drop(stream);
    let request = ended(&simulator);
    assert_eq!((request.ending, request.chunks), (Ending::ClientGone, 3));
    assert_eq!(request.fault.as_deref(), Some("stall"));
}

#[test]
fn what_the_provider_breaks_is_remembered_as_broken() {
    let simulator = simulator();
    simulator.script("acme", Script::failing(Fault::ResetMid { after_chunks: 2 }));
    ask(&simulator, json!({ "stream": true }));
    let request = ended(&simulator);
    assert_eq!((request.ending, request.chunks), (Ending::Broken, 2));
}

#[test]
fn the_record_tells_connections_apart() {
    let simulator = simulator();
    let mut stream = TcpStream::connect(simulator.addr()).unwrap();
    for _ in 0..2 {
        let request = post("acme", &question(json!({ "stream": true })), "");
        stream.write_all(&request).unwrap();
        read(&mut stream, End::Quiet);
    }
    ask(&simulator, json!({}));
    let seen = simulator.requests("acme");
    assert_eq!((seen[0].chunks, seen[1].chunks), (16, 16));
    assert_eq!(seen[0].connection, seen[1].connection);
    assert_ne!(seen[1].connection, seen[2].connection);
}

#[test]
fn without_a_record_requests_are_still_counted() {
    let simulator =
        Simulator::start(SimulatorOptions { record: false, ..SimulatorOptions::default() })
            .unwrap();
    ask(&simulator, json!({}));
    assert!(simulator.requests("acme").is_empty());
    assert_eq!(simulator.counters("acme").attempts, 1);
}

#[test]
fn scripts_are_set_shown_and_reset_over_http() {
    let simulator = simulator();
    let fault = r#"{"fault": {"kind": "status", "status": 500}, "fault_first_n": 1}"#;
    let (status, shown) = control(&simulator, "PUT", "/providers/acme", fault);
    assert_eq!((status, &shown["script"]["fault"]["status"]), (200, &json!(500)));
    assert_eq!(ask(&simulator, json!({})).status(), 500);
    assert_eq!(ask(&simulator, json!({})).status(), 200);
    let (_, shown) = control(&simulator, "GET", "/providers/acme", "");
    assert_eq!(shown["counters"]["faulted"], 1);
    assert_eq!(shown["counters"]["attempts"], 2);
    let (_, shown) = control(&simulator, "DELETE", "/providers/acme", "");
    assert_eq!(shown["script"], json!(Script::default()));
    let (status, refusal) = control(&simulator, "PUT", "/providers/acme", r#"{"speed": 1}"#);
    assert_eq!(status, 400);
    assert!(refusal["error"]["message"].as_str().unwrap().contains("unknown field `speed`"));
}

#[test]
fn requests_are_listed_and_cleared_over_http() {
    let simulator = simulator();
    ask(&simulator, json!({}));
    send(&simulator, &post("other", &question(json!({})), "connection: close\r\n"));
    let listed = |query: &str| {
        let (_, shown) = control(&simulator, "GET", &format!("/requests{query}"), "");
        shown["requests"].as_array().unwrap().clone()
    };
    assert_eq!(listed("").len(), 2);
    assert_eq!(listed("?provider=other")[0]["provider"], "other");
    control(&simulator, "DELETE", "/requests?provider=other", "");
    assert_eq!((listed("?provider=other").len(), listed("").len()), (0, 1));
}
