//! Every fault of the connection and of HTTP itself, by the bytes on the wire.
use crate::raw::{End, ask, failing, failing_until, post, question, read, simulator};
use serde_json::json;
use simulator::{ContentLength, Fault, Script};
use std::io::Write;
use std::net::{Shutdown, TcpStream};

#[test]
fn a_connection_ends_or_falls_silent_before_the_first_byte() {
    for (fault, end) in [
        (Fault::Reset { only_reused: false }, End::Reset),
        (Fault::Close { only_reused: false }, End::Closed),
        (Fault::Silence {}, End::Quiet),
        (Fault::HalfClose {}, End::Closed),
    ] {
        for reply in failing_until(end, fault.clone()) {
            assert_eq!((reply.end, reply.bytes.len()), (end, 0), "{fault:?}");
        }
    }
}

#[test]
fn only_a_used_connection_is_reset_when_the_fault_says_so() {
    let simulator = simulator();
    simulator.script("acme", Script::failing(Fault::Reset { only_reused: true }));
    let mut stream = TcpStream::connect(simulator.addr()).unwrap();
    let request = post("acme", &question(json!({})), "");
    stream.write_all(&request).unwrap();
    let first = read(&mut stream, End::Quiet);
    assert_eq!((first.status(), first.end), (200, End::Quiet));
    stream.write_all(&request).unwrap();
    assert_eq!(read(&mut stream, End::Reset).end, End::Reset);
}

#[test]
fn headers_drip_byte_by_byte() {
    let [slow, _] = failing_until(End::Quiet, Fault::HeaderDrip { byte_ms: 10_000 });
    assert_eq!((slow.bytes.len(), slow.end), (0, End::Quiet));
    for reply in failing(Fault::HeaderDrip { byte_ms: 1 }) {
        assert_eq!((reply.status(), reply.end), (200, End::Closed));
    }
}

#[test]
fn headers_come_and_then_nothing() {
    for reply in failing_until(End::Quiet, Fault::HeadersThenSilence {}) {
        assert_eq!((reply.status(), reply.body(), reply.end), (200, &b""[..], End::Quiet));
        assert!(reply.head().ends_with("\r\n\r\n"));
    }
}

#[test]
fn headers_are_endless_big_or_many() {
    let [reply, _] = failing(Fault::InfiniteHeaders {});
    assert_eq!((reply.end, reply.body().len()), (End::Enough, 0));
    for reply in failing(Fault::BigHeader { bytes: 1 << 20 }) {
        assert!((1 << 20) < reply.head().len());
        assert!(reply.body().starts_with(b"{\"id\"") || reply.body().starts_with(b"data: "));
    }
    let [reply, _] = failing(Fault::ManyInterim { count: 1_000 });
    let text = String::from_utf8(reply.bytes).unwrap();
    assert_eq!(text.matches("HTTP/1.1 103 Early Hints\r\n").count(), 1_000);
    assert_eq!(text.matches("HTTP/1.1 200 OK\r\n").count(), 1);
}

#[test]
fn a_callers_close_can_go_unheard() {
    let simulator = simulator();
    simulator.script("acme", Script::failing(Fault::IgnoreClose { gap_ms: 5 }));
    let mut stream = TcpStream::connect(simulator.addr()).unwrap();
    stream.write_all(&post("acme", &question(json!({ "stream": true })), "")).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    stream.set_read_timeout(None).unwrap();
    let mut buffer = [0; 4_096];
    let mut seen: Vec<u8> = Vec::new();
    while seen.windows(10).filter(|bytes| *bytes == b"keep-alive").count() < 10 {
        let count = std::io::Read::read(&mut stream, &mut buffer).unwrap();
        assert_ne!(count, 0, "the close was heard");
        seen.extend(&buffer[..count]);
    }
}

#[test]
fn a_content_length_is_short_long_or_double() {
    let lengths = |head: &str| -> Vec<usize> {
        let lines = head.lines().filter_map(|line| line.strip_prefix("content-length: "));
        lines.map(|digits| digits.parse().unwrap()).collect()
    };
    for reply in failing(Fault::ContentLength { how: ContentLength::Short }) {
        assert_eq!(lengths(&reply.head()), [reply.body().len() / 2]);
    }
    for reply in failing(Fault::ContentLength { how: ContentLength::Long }) {
        assert_eq!(lengths(&reply.head()), [reply.body().len() + 100]);
        assert_eq!(reply.end, End::Closed);
    }
    for reply in failing(Fault::ContentLength { how: ContentLength::Duplicate }) {
        assert_eq!(lengths(&reply.head()), [reply.body().len(), reply.body().len() + 1]);
    }
}

#[test]
fn length_and_chunks_come_together() {
    for reply in failing(Fault::LengthAndChunked {}) {
        let head = reply.head();
        assert!(head.contains("content-length: ") && head.contains("transfer-encoding: chunked"));
        assert!(reply.is_finished());
    }
}

#[test]
fn a_chunk_size_overflows() {
    for reply in failing(Fault::ChunkOverflow {}) {
        assert!(reply.body().starts_with(b"fffffffffffffffff0\r\n"));
    }
}

#[test]
fn a_shut_down_simulator_refuses_connections() {
    let simulator = simulator();
    assert_eq!(ask(&simulator, json!({})).status(), 200);
    simulator.shutdown();
    assert!(TcpStream::connect(simulator.addr()).is_err());
    simulator.shutdown();
}
