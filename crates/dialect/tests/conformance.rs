//! Laws that hold for every dialect, tried on every fixture.
//!
//! A fixture is a folder: `upstream.sse` or `upstream.json` is what a provider sent, `quirks.json`
//! the flags of its endpoint where it has any, and the snapshots beside them are what callers see.

mod endpoint;

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use dialect::door::Door;
use dialect::exchange::{Exchange, Observed, Receipt, Stamp, Step, Target};
use dialect::registry::{decode, exchange};
use domain::catalog::Endpoint;
use domain::failure::Failure;
use domain::money::Money;
use domain::usage::Usage;
use endpoint::endpoint;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

/// One recorded answer.
struct Fixture {
    name: String,
    folder: PathBuf,
    upstream: Vec<u8>,
    is_stream: bool,
    endpoint: Endpoint,
}

fn fixtures() -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/openai_chat");
    let mut folders: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the fixtures are there")
        .map(|entry| entry.expect("a fixture can be read").path())
        .collect();
    folders.sort();
    folders.into_iter().map(fixture).collect()
}

fn fixture(folder: PathBuf) -> Fixture {
    let is_stream = folder.join("upstream.sse").exists();
    let file = if is_stream { "upstream.sse" } else { "upstream.json" };
    let upstream = fs::read(folder.join(file)).expect("a fixture has an answer");
    let mut endpoint = endpoint();
    if let Ok(quirks) = fs::read(folder.join("quirks.json")) {
        endpoint.quirks = serde_json::from_slice(&quirks).expect("flags are known");
    }
    let name = folder.file_name().expect("a fixture has a name").to_string_lossy().into_owned();
    Fixture { name, folder, upstream, is_stream, endpoint }
}

fn attempt(endpoint: &Endpoint, extra: &str) -> Box<dyn Exchange> {
    let body = format!(
        r#"{{"model":"acme/tiny","messages":[{{"role":"user","content":"Why?"}}]{extra}}}"#
    );
    let request = decode(&Door::ChatCompletions, Bytes::from(body)).expect("the body is a request");
    let stamp = Stamp {
        id: "gen-1".to_owned(),
        created: 7,
        model: "acme/tiny".to_owned(),
        provider: "Acme".to_owned(),
    };
    exchange(&request, Target { endpoint, user_hash: None }, stamp).expect("it is taken")
}

fn receipt(observed: &Observed) -> Receipt {
    let estimate = Usage { input: 1, output: 1, estimated: true, ..Usage::default() };
    Receipt {
        usage: observed.usage.unwrap_or(estimate),
        cost: Money::from_nanos(1_760),
        prompt_cost: Money::from_nanos(1_320),
        metadata: None,
    }
}

/// What a caller who wants a stream saw, and how it ended.
struct Streamed {
    seen: Vec<u8>,
    outcome: Result<(), Failure>,
    observed: Observed,
    /// With what the house adds at its end.
    closed: Vec<u8>,
}

fn stream<'a>(exchange: &dyn Exchange, pieces: impl IntoIterator<Item = &'a [u8]>) -> Streamed {
    let mut answer = exchange.stream();
    let mut seen = Vec::new();
    let mut outcome = Ok(());
    for piece in pieces {
        outcome = answer.push(piece, &mut seen).map(|_| ());
        if outcome.is_err() {
            break;
        }
    }
    let outcome = outcome.and_then(|()| answer.end(&mut seen));
    let observed = answer.observed().clone();
    let mut closed = seen.clone();
    match &outcome {
        Ok(()) => answer.close(&receipt(&observed), &mut closed),
        Err(failure) => answer.fail(failure, &mut closed),
    }
    Streamed { seen, outcome, observed, closed }
}

fn gather<'a>(exchange: &dyn Exchange, pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut collector = exchange.collect();
    for piece in pieces {
        if let Err(failure) = collector.push(piece) {
            return format!("{failure}\n");
        }
    }
    match collector.finish() {
        Ok(answer) => {
            let receipt = receipt(answer.observed());
            text(answer.render(&receipt).to_vec())
        }
        Err(failure) => format!("{failure}\n"),
    }
}

fn whole(exchange: &dyn Exchange, body: &[u8], streamed: bool) -> String {
    match exchange.whole(Bytes::copy_from_slice(body)) {
        Ok(answer) => {
            let receipt = receipt(answer.observed());
            text(match streamed {
                true => answer.render_stream(&receipt).to_vec(),
                false => answer.render(&receipt).to_vec(),
            })
        }
        Err(failure) => format!("{failure}\n"),
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("what callers see is UTF-8")
}

fn told(streamed: &Streamed) -> String {
    let end = match &streamed.outcome {
        Ok(()) => String::new(),
        Err(failure) => format!("-- {failure}\n"),
    };
    text(streamed.closed.clone()) + &end
}

/// Returns the events of a stream, each of which has to be JSON but the last.
fn events(stream: &[u8]) -> Vec<Value> {
    let stream = std::str::from_utf8(stream).expect("a stream is UTF-8");
    let events = stream.strip_suffix("data: [DONE]\n\n").expect("a stream ends as prescribed");
    let event = |event: &str| {
        let data = event.strip_prefix("data: ").expect("an event is one line of data");
        serde_json::from_str(data).expect("an event is JSON")
    };
    events.split_terminator("\n\n").map(event).collect()
}

#[test]
fn every_fixture_is_shown_to_callers_as_committed() {
    let all = fixtures();
    assert!(40 <= all.len(), "{} fixtures", all.len());
    for fixture in all {
        let exchange = attempt(&fixture.endpoint, "");
        let upstream = fixture.upstream.as_slice();
        let (as_stream, as_whole) = match fixture.is_stream {
            true => (told(&stream(&*exchange, [upstream])), gather(&*exchange, [upstream])),
            false => (whole(&*exchange, upstream, true), whole(&*exchange, upstream, false)),
        };
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&fixture.folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| {
            insta::assert_snapshot!("caller_streams", as_stream);
            insta::assert_snapshot!("caller_waits", as_whole);
        });
    }
}

/// Every lane through which the fixture can go: as it is, and rebuilt.
fn lanes(fixture: &Fixture) -> [Box<dyn Exchange>; 2] {
    let mut rebuilt = fixture.endpoint.clone();
    rebuilt.quirks.content_may_be_parts = Some(true);
    [attempt(&fixture.endpoint, ""), attempt(&rebuilt, "")]
}

#[test]
fn wherever_the_network_cuts_callers_see_the_same() {
    for fixture in fixtures().iter().filter(|fixture| fixture.is_stream) {
        let upstream = fixture.upstream.as_slice();
        let [own, rebuilt] = lanes(fixture);
        let as_stream = told(&stream(&*own, [upstream]));
        for cut in 0..=upstream.len() {
            let (head, tail) = upstream.split_at(cut);
            let cut_stream = told(&stream(&*own, [head, tail]));
            assert_eq!(cut_stream, as_stream, "{} cut at byte {cut}", fixture.name);
        }
        // The cutting is the same code in both lanes; small pieces of every size find the rest.
        let (translated, gathered) =
            (told(&stream(&*rebuilt, [upstream])), gather(&*own, [upstream]));
        for size in 1..9 {
            let name = format!("{} in pieces of {size}", fixture.name);
            assert_eq!(told(&stream(&*own, upstream.chunks(size))), as_stream, "{name}");
            assert_eq!(told(&stream(&*rebuilt, upstream.chunks(size))), translated, "{name}");
            assert_eq!(gather(&*own, upstream.chunks(size)), gathered, "{name}");
        }
    }
}

#[test]
fn a_stream_that_breaks_anywhere_ends_once_and_shows_a_prefix() {
    for fixture in fixtures().iter().filter(|fixture| fixture.is_stream) {
        for exchange in lanes(fixture) {
            let full = stream(&*exchange, [fixture.upstream.as_slice()]);
            for length in (0..=fixture.upstream.len()).rev().step_by(2) {
                let broken = stream(&*exchange, [&fixture.upstream[..length]]);
                let name = format!("{} broken at byte {length}", fixture.name);
                assert!(full.seen.starts_with(&broken.seen), "{name}");
                let events = events(&broken.closed);
                let errors = events.iter().filter(|event| event.get("error").is_some()).count();
                let usages = events.iter().filter(|event| event.get("usage").is_some()).count();
                let failed = usize::from(broken.outcome.is_err());
                assert_eq!((errors, usages), (failed, 1 - failed), "{name}");
                let finishes = events.iter().filter(|event| {
                    event["choices"][0]["index"] == 0
                        && event["choices"][0]["finish_reason"].is_string()
                });
                assert!(finishes.count() <= 1 + errors, "{name}");
                let identity = |event: &Value| {
                    event["id"] == "gen-1"
                        && event["model"] == "acme/tiny"
                        && event["provider"] == "Acme"
                        && event["created"] == 7
                };
                assert!(events.iter().all(identity), "{name}");
            }
        }
    }
}

#[test]
fn both_lanes_observe_the_same() {
    for fixture in fixtures().iter().filter(|fixture| fixture.is_stream) {
        let [own, rebuilt] = lanes(fixture);
        let upstream = [fixture.upstream.as_slice()];
        let (own, rebuilt) = (stream(&*own, upstream), stream(&*rebuilt, upstream));
        assert_eq!(own.observed, rebuilt.observed, "{}", fixture.name);
        assert_eq!(own.outcome, rebuilt.outcome, "{}", fixture.name);
    }
}

#[test]
fn usage_classes_are_disjoint_and_add_up_to_the_provider_s_own_total() {
    let mut seen = 0;
    for fixture in fixtures().iter().filter(|fixture| fixture.is_stream) {
        let streamed = stream(&*attempt(&fixture.endpoint, ""), [fixture.upstream.as_slice()]);
        let Some(usage) = streamed.observed.usage else { continue };
        let upstream = std::str::from_utf8(&fixture.upstream).unwrap();
        let total = upstream.rsplit_once("\"total_tokens\":").unwrap().1;
        let digits: String = total.chars().take_while(char::is_ascii_digit).collect();
        assert_eq!((usage.prompt() + usage.output).to_string(), digits, "{}", fixture.name);
        assert!(usage.reasoning + usage.output_audio <= usage.output, "{}", fixture.name);
        seen += 1;
    }
    assert!(8 <= seen);
}

#[test]
fn every_status_with_any_body_is_a_failure() {
    let exchange = attempt(&endpoint(), "");
    let html = "<html><h1>502 Bad Gateway</h1></html>".repeat(100);
    for status in 300..=599 {
        for body in ["", "\u{0}\u{1}", "{\"error\":", "[[[[", "null", html.as_str()] {
            let failure = exchange.decode_error(status, body.as_bytes());
            assert!(400 <= failure.status(), "{status}");
            assert!(!failure.detail.is_empty() && failure.detail.len() < 400, "{status}");
        }
    }
}

#[test]
fn a_caller_who_does_not_want_to_see_thinking_does_not() {
    for fixture in fixtures().iter().filter(|it| it.name.starts_with("reasoning")) {
        let exchange = attempt(&fixture.endpoint, r#","reasoning":{"exclude":true}"#);
        let upstream = fixture.upstream.as_slice();
        for seen in [told(&stream(&*exchange, [upstream])), gather(&*exchange, [upstream])] {
            assert!(!seen.contains("\"reasoning\"") && !seen.contains("Check"), "{seen}");
            assert!(seen.contains("Nine."), "{seen}");
        }
    }
}

#[test]
fn thinking_that_is_not_shown_is_no_content_yet() {
    let mut tagged = endpoint();
    tagged.quirks.content_may_be_parts = Some(true);
    let event = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"hm\"}}]}\n\n";
    for endpoint in [endpoint(), tagged] {
        for (extra, expected) in
            [("", Step::Content), (r#","include_reasoning":false"#, Step::Quiet)]
        {
            let exchange = attempt(&endpoint, extra);
            let mut out = Vec::new();
            assert_eq!(exchange.stream().push(event, &mut out), Ok(expected));
            assert_eq!(out.is_empty(), expected == Step::Quiet);
            assert_eq!(exchange.collect().push(event), Ok(expected));
        }
    }
}

#[test]
fn a_stream_that_never_ends_is_not_gathered_for_ever() {
    let exchange = attempt(&endpoint(), "");
    let mut collector = exchange.collect();
    let comment = [b": ".as_slice(), &[b'x'; 1 << 19], b"\n"].concat();
    let taken = (0..100).take_while(|_| collector.push(&comment).is_ok()).count();
    assert!((60..65).contains(&taken), "{taken}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a provider sends, callers see whole events of JSON and one end.
    #[test]
    fn damaged_answers_are_still_told_in_good_form(
        which: Index,
        damage in prop::collection::vec((any::<Index>(), any::<u8>()), 1..6),
        size in 1_usize..64,
    ) {
        let all = fixtures();
        let fixture = &all[which.index(all.len())];
        let mut upstream = fixture.upstream.clone();
        for (place, byte) in damage {
            if !upstream.is_empty() {
                let place = place.index(upstream.len());
                upstream[place] = byte;
            }
        }
        for exchange in lanes(fixture) {
            events(&stream(&*exchange, upstream.chunks(size)).closed);
            gather(&*exchange, upstream.chunks(size));
            if !fixture.is_stream && !whole(&*exchange, &upstream, true).starts_with("data: ") {
                prop_assert!(exchange.whole(Bytes::from(upstream.clone())).is_err());
            }
        }
    }
}
