//! Every fault of the answer, by the bytes it puts on the wire.
use crate::raw::{End, ask, failing, failing_until, post, question, send, simulator};
use serde_json::{Value, json};
use simulator::{BrokenJson, CutInside, Encoding, Fault, MalformedSse, OddUsage, Script};
use std::time::Instant;

#[test]
fn a_status_comes_in_the_dialects_words() {
    for (status, code) in [
        (400, Value::Null),
        (401, json!("invalid_api_key")),
        (402, json!("insufficient_balance")),
        (404, json!("model_not_found")),
        (429, json!("rate_limit_exceeded")),
        (500, Value::Null),
        (529, json!("overloaded")),
    ] {
        for reply in failing(Fault::status(status)) {
            assert_eq!((reply.status(), &reply.json()["error"]["code"]), (status, &code));
        }
    }
}

#[test]
fn retry_after_and_body_are_sent_as_scripted() {
    let [reply, _] = failing(Fault::rate_limited("1000000000"));
    assert!(reply.head().contains("\r\nretry-after: 1000000000\r\n"));
    let fault = json!({ "kind": "status", "status": 503, "body": "upstream connect error" });
    let [reply, _] = failing(serde_json::from_value(fault).unwrap());
    assert_eq!(reply.body(), b"upstream connect error");
    assert!(reply.head().contains("text/plain"));
}

#[test]
fn a_redirect_leads_elsewhere() {
    let fault = json!({ "kind": "redirect", "status": 308, "location": "http://other.invalid/" });
    let [reply, _] = failing(serde_json::from_value(fault).unwrap());
    assert_eq!(reply.status(), 308);
    assert!(reply.head().contains("\r\nlocation: http://other.invalid/\r\n"));
}

#[test]
fn a_200_can_be_no_answer() {
    for reply in failing(Fault::EmptyBody {}) {
        assert_eq!((reply.status(), reply.body()), (200, &b""[..]));
    }
    for reply in failing(Fault::Html { status: 200 }) {
        assert!(reply.head().contains("text/html") && reply.body().starts_with(b"<!DOCTYPE"));
    }
    for reply in failing(Fault::ErrorInBody { code: 502 }) {
        assert_eq!((reply.status(), &reply.json()["error"]["code"]), (200, &json!(502)));
        assert!(reply.head().contains("application/json"));
    }
}

#[test]
fn the_shape_can_be_the_one_not_asked_for() {
    let [whole, stream] = failing(Fault::OtherShape {});
    assert!(whole.head().contains("text/event-stream"));
    assert_eq!(whole.payloads().last().unwrap(), "[DONE]");
    assert_eq!(stream.json()["object"], "chat.completion");
}

/// How many contents a stream of sixteen words shows, its empty first among them: the broken one
/// keeps its own where it is written in front of it.
fn healthy_contents(how: BrokenJson) -> usize {
    match how {
        BrokenJson::DuplicateKeys | BrokenJson::Nan => 17,
        BrokenJson::Truncated | BrokenJson::Garbage | BrokenJson::DeepNesting => 16,
    }
}

#[test]
fn json_breaks_in_each_way() {
    for how in [
        BrokenJson::Truncated,
        BrokenJson::Garbage,
        BrokenJson::DeepNesting,
        BrokenJson::DuplicateKeys,
        BrokenJson::Nan,
    ] {
        let [whole, stream] = failing(Fault::BrokenJson { how });
        assert_eq!((whole.status(), whole.end), (200, End::Closed));
        let parsed = serde_json::from_slice::<Value>(whole.body());
        assert_eq!(parsed.is_ok(), how == BrokenJson::DuplicateKeys, "{how:?}");
        assert!(stream.is_finished());
        let body = stream.dechunked();
        let text = String::from_utf8_lossy(&body);
        assert_eq!(text.matches(r#""content":"#).count(), healthy_contents(how), "{how:?}");
        let payload = text.split("\n\n").nth(1).unwrap().strip_prefix("data: ").unwrap();
        let parsed = serde_json::from_str::<Value>(payload);
        assert_eq!(parsed.is_ok(), how == BrokenJson::DuplicateKeys, "{how:?}");
    }
}

#[test]
fn an_error_can_be_the_first_event_or_a_later_one() {
    let [whole, stream] = failing(Fault::FirstEventError { code: 503 });
    assert_eq!(whole.json()["error"]["code"], 503);
    assert_eq!(stream.payloads().len(), 1);
    assert!(stream.payloads()[0].starts_with(r#"{"error":"#) && stream.is_finished());

    let [_, stream] = failing(Fault::MidStreamError { after_chunks: 2, code: 529 });
    let payloads = stream.payloads();
    assert_eq!(payloads.len(), 4, "a role, two words and the error");
    assert!(payloads[3].contains(r#""code":529"#));
}

#[test]
fn a_stream_stalls_ends_or_breaks_after_so_many_words() {
    for (fault, end, finished) in [
        (Fault::Stall { after_chunks: 2 }, End::Quiet, false),
        (Fault::Fin { after_chunks: 2, clean: false }, End::Closed, false),
        (Fault::Fin { after_chunks: 2, clean: true }, End::Closed, true),
        (Fault::ResetMid { after_chunks: 2 }, End::Reset, false),
    ] {
        let [whole, stream] = failing_until(end, fault.clone());
        assert_eq!((stream.end, stream.is_finished()), (end, finished), "{fault:?}");
        assert_eq!(stream.payloads().len(), 3, "{fault:?}");
        assert_eq!(stream.streamed_text().split_whitespace().count(), 2, "{fault:?}");
        assert_eq!(whole.end, end, "{fault:?}");
        assert!(serde_json::from_slice::<Value>(whole.body()).is_err(), "{fault:?}");
    }
}

#[test]
fn nothing_of_the_end_is_sent_when_the_answer_is_shorter_than_the_fault() {
    let [_, stream] = failing(Fault::Fin { after_chunks: 1_000, clean: true });
    assert_eq!(stream.payloads().len(), 17);
    assert!(stream.payloads().iter().all(|payload| payload.contains(r#""finish_reason":null"#)));
}

#[test]
fn a_cut_falls_inside_what_it_is_asked_to() {
    let cut = |inside| {
        let [_, stream] = failing(Fault::Cut { after_chunks: 1, inside, clean: true });
        assert!(stream.is_finished());
        stream.dechunked()
    };
    let json = cut(CutInside::Json);
    let last = String::from_utf8(json).unwrap();
    let last = last.rsplit("\n\n").next().unwrap().strip_prefix("data: ").unwrap().to_owned();
    assert!(last.starts_with('{') && serde_json::from_str::<Value>(&last).is_err());
    assert!(cut(CutInside::Utf8).ends_with(&"🙂".as_bytes()[..2]));
    let blank = cut(CutInside::BlankLine);
    assert!(blank.ends_with(b"}\n") && !blank.ends_with(b"\n\n"));
}

#[test]
fn a_cut_that_is_not_clean_ends_the_connection() {
    let inside = CutInside::Json;
    let [whole, stream] = failing(Fault::Cut { after_chunks: 1, inside, clean: false });
    assert_eq!((whole.end, stream.end), (End::Closed, End::Closed));
    assert!(!stream.is_finished());
}

#[test]
fn a_drip_takes_its_time() {
    let simulator = simulator();
    let script = Script { output_tokens: 4, ..Script::failing(Fault::Drip { chunk_ms: 20 }) };
    simulator.script("acme", script);
    for stream in [true, false] {
        #[expect(clippy::disallowed_methods, reason = "the test is about time")]
        let started = Instant::now();
        let reply = ask(&simulator, json!({ "stream": stream }));
        assert_eq!(reply.end, End::Closed);
        assert!(100 <= started.elapsed().as_millis());
    }
}

#[test]
fn the_event_format_is_bent_as_asked() {
    let bytes = |how| {
        let [whole, stream] = failing(Fault::MalformedSse { how, bytes: 2 << 20 });
        assert_eq!(whole.json()["object"], "chat.completion");
        assert!(stream.is_finished());
        stream.dechunked()
    };
    let contains = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|at| at == part);
    let cr = bytes(MalformedSse::CrOnly);
    assert!(cr.ends_with(b"data: [DONE]\r\r") && !cr.contains(&b'\n'));
    assert!(bytes(MalformedSse::CrLf).ends_with(b"data: [DONE]\r\n\r\n"));
    assert!(bytes(MalformedSse::Bom).starts_with(b"\xef\xbb\xbfdata: {"));
    assert!(bytes(MalformedSse::Nul).starts_with(b"\0\0\0\ndata: {"));
    assert!(contains(&bytes(MalformedSse::LongLine), &[b'x'; 2 << 20]));
    let flood = bytes(MalformedSse::CommentFlood);
    assert!(flood.starts_with(b": keep-alive\n\n") && (2 << 20) - 100 < flood.len());
    assert!(bytes(MalformedSse::NoColon).starts_with(b"a line without its mark\ndata: {"));
    assert!(bytes(MalformedSse::NoPrefix).starts_with(b"{\"id\""));
}

#[test]
fn a_stream_without_end_goes_past_the_maximum() {
    let simulator = simulator();
    simulator.script("acme", Script::failing(Fault::InfiniteStream { gap_ms: 0 }));
    for stream in [true, false] {
        let reply = ask(&simulator, json!({ "stream": stream, "max_tokens": 1 }));
        assert_eq!(reply.end, End::Enough);
    }
}

#[test]
fn a_bomb_is_small_on_the_wire() {
    for (encoding, bytes) in [(Encoding::Gzip, 1_062..70_000), (Encoding::Zstd, 1_000..3_000)] {
        for reply in failing(Fault::Bomb { encoding, mib: 64 }) {
            assert!(reply.is_finished());
            assert!(bytes.contains(&reply.dechunked().len()), "{}", reply.dechunked().len());
            assert!(reply.head().contains("content-encoding: "));
        }
    }
}

#[test]
fn a_lying_encoding_heads_a_plain_body() {
    let [whole, stream] = failing(Fault::LyingEncoding { encoding: Encoding::Gzip });
    assert!(whole.head().contains("content-encoding: gzip"));
    assert!(whole.dechunked().starts_with(b"{\"id\""));
    assert_eq!(stream.payloads().last().unwrap(), "[DONE]");
}

#[test]
fn usage_is_misreported_as_asked() {
    for (how, told) in [
        (OddUsage::Missing, Value::Null),
        (OddUsage::Negative, json!(-17)),
        (OddUsage::Huge, json!(1_000_000_000_016_u64)),
        (OddUsage::Float, json!(16.5)),
        (OddUsage::String, json!("16")),
        (OddUsage::Decreasing, json!(16)),
    ] {
        let simulator = simulator();
        simulator.script("acme", Script::failing(Fault::Usage { how }));
        let whole = ask(&simulator, json!({})).json();
        assert_eq!(whole["usage"]["completion_tokens"], told, "{how:?}");
        let options = json!({ "stream": true, "stream_options": { "include_usage": true } });
        let payloads = ask(&simulator, options).payloads();
        let chunks = payloads.iter().filter_map(|payload| serde_json::from_str(payload).ok());
        let told_in_stream: Vec<Value> = chunks
            .map(|mut chunk: Value| chunk["usage"]["completion_tokens"].take())
            .filter(|count| !count.is_null())
            .collect();
        match how {
            OddUsage::Missing => assert!(told_in_stream.is_empty()),
            OddUsage::Decreasing => {
                assert_eq!(told_in_stream.first(), Some(&json!(16)));
                assert_eq!(told_in_stream.last(), Some(&json!(0)));
            }
            _ => assert_eq!(told_in_stream, [told], "{how:?}"),
        }
    }
}

#[test]
fn a_stream_can_go_on_after_its_last_word() {
    let [_, stream] = failing(Fault::DataAfterDone {});
    let payloads = stream.payloads();
    assert_eq!(payloads[payloads.len() - 2], "[DONE]");
    assert!(payloads.last().unwrap().contains("late"));
    let [_, stream] = failing(Fault::TwoDone {});
    assert_eq!(stream.payloads().iter().filter(|payload| *payload == "[DONE]").count(), 2);
}

#[test]
fn an_answer_can_lack_its_finish_reason() {
    let [whole, stream] = failing(Fault::NoFinishReason {});
    assert_eq!(whole.json()["choices"][0]["finish_reason"], Value::Null);
    let payloads = stream.payloads();
    assert_eq!(payloads.last().unwrap(), "[DONE]");
    assert!(payloads.iter().all(|payload| !payload.contains(r#""finish_reason":""#)));
}

#[test]
fn a_fault_can_travel_in_a_header_or_in_the_callers_words() {
    let simulator = simulator();
    let header = "x-sim-script: {\"fault\": {\"kind\": \"status\", \"status\": 503}}\r\nconnection: close\r\n";
    assert_eq!(send(&simulator, &post("acme", &question(json!({})), header)).status(), 503);
    let words = json!([{ "role": "user", "content": "hi [[sim {\"fault\": \"empty_body\"}]]" }]);
    assert_eq!(ask(&simulator, json!({ "messages": words })).body(), b"");
    let typo = json!([{ "role": "user", "content": "hi [[sim {\"fault\": \"emptybody\"}]]" }]);
    let reply = ask(&simulator, json!({ "messages": typo }));
    assert_eq!(reply.status(), 400);
    assert!(reply.json()["error"]["message"].as_str().unwrap().contains("unknown variant"));
    assert_eq!(ask(&simulator, json!({})).status(), 200);
}
