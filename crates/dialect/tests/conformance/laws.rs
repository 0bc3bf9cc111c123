//! The laws of style: cuts, ends, errors, what is unknown, usage.

use bytes::Bytes;
use dialect::exchange::{Exchange, Observed};
use domain::catalog::Dialect;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

use crate::callers::{CALLERS, CHAT, Caller};
use crate::fixtures::{Fixture, Kind, ROWS, Row};
use crate::seen::{Breaches, Streamed, gather, stream, told, whole};

/// A way of an answer to a caller.
struct Lane {
    caller: &'static Caller,
    exchange: Box<dyn Exchange>,
}

/// Every kind of way that an answer can go: as it is to who speaks its dialect, and rebuilt.
fn lanes(row: &Row, fixture: &Fixture) -> [Lane; 2] {
    let own = Caller::of(row.dialect);
    let mut rebuilt = fixture.endpoint.clone();
    rebuilt.quirks.content_may_be_parts = Some(true);
    [
        Lane { caller: own, exchange: own.attempt(&fixture.endpoint) },
        Lane { caller: &CHAT, exchange: CHAT.attempt(&rebuilt) },
    ]
}

fn streams() -> impl Iterator<Item = (&'static Row, Fixture)> {
    ROWS.iter().flat_map(|row| row.streams().into_iter().map(move |fixture| (row, fixture)))
}

/// Tries a law on the streams of every folder, side by side.
fn each_folder(law: impl Fn(&Row, &Fixture, &mut Breaches) + Sync) {
    let own =
        |place: usize, row: &Row| ROWS[..place].iter().all(|before| before.folder != row.folder);
    std::thread::scope(|scope| {
        for (_, row) in ROWS.iter().enumerate().filter(|(place, row)| own(*place, row)) {
            let law = &law;
            scope.spawn(move || {
                let mut breaches = Breaches::default();
                row.streams().iter().for_each(|fixture| law(row, fixture, &mut breaches));
            });
        }
    });
}

#[test]
fn wherever_the_network_cuts_callers_see_the_same() {
    each_folder(|row, fixture, breaches| {
        let upstream = fixture.upstream.as_slice();
        let [own, rebuilt] = lanes(row, fixture);
        let as_stream = told(&stream(&*own.exchange, [upstream]));
        for cut in 0..=upstream.len() {
            let (head, tail) = upstream.split_at(cut);
            let same = told(&stream(&*own.exchange, [head, tail])) == as_stream;
            breaches.check(same, || format!("{} cut at byte {cut}", fixture.name));
        }
        // The cutting is the same code in both lanes; small pieces of every size find the rest.
        let translated = told(&stream(&*rebuilt.exchange, [upstream]));
        let gathered = gather(&*own.exchange, [upstream]);
        for size in 1..9 {
            let pieces = || upstream.chunks(size);
            let same = told(&stream(&*own.exchange, pieces())) == as_stream
                && told(&stream(&*rebuilt.exchange, pieces())) == translated
                && gather(&*own.exchange, pieces()) == gathered;
            breaches.check(same, || format!("{} in pieces of {size}", fixture.name));
        }
    });
}

#[test]
fn what_should_be_an_object_and_is_none_breaks_the_stream() {
    let strange = [
        (Dialect::GoogleGemini, "data: true\n\n"),
        (Dialect::GoogleGemini, "data: [{\"candidates\":[]}]\n\n"),
        (
            Dialect::AnthropicMessages,
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":true}\n\n",
        ),
        (
            Dialect::OpenaiResponses,
            "data: {\"type\":\"response.created\",\"response\":\"none\"}\n\n",
        ),
        (Dialect::OpenaiResponses, "data: {\"type\":\"response.completed\",\"response\":[]}\n\n"),
    ];
    for (dialect, event) in strange {
        let row = ROWS.iter().find(|row| row.dialect == dialect).expect("a dialect with fixtures");
        let fixture = &row.streams()[0];
        let [own, _] = lanes(row, fixture);
        let seen = stream(&*own.exchange, [event.as_bytes()]);
        assert!(seen.outcome.is_err(), "{event}");
    }
}

/// Returns a stream of events with the JSON of each in as many lines as it takes.
fn in_lines(stream: &str) -> String {
    let line = |line: &str| {
        let data = line.strip_prefix("data: ")?;
        let value: Value = serde_json::from_str(data).ok()?;
        let lines = format!("{value:#}");
        Some(lines.lines().map(|line| format!("data: {line}\n")).collect::<String>())
    };
    let whole = |it: &str| format!("{it}\n");
    stream.lines().map(|it| line(it).unwrap_or_else(|| whole(it))).collect()
}

/// Returns what a caller sees, with the JSON of each line written in one way.
fn in_one_way(told: &str) -> Vec<String> {
    let one = |line: &str| {
        let data = line.strip_prefix("data: ")?;
        let value: Value = serde_json::from_str(data).ok()?;
        Some(format!("data: {value}"))
    };
    told.lines().map(|line| one(line).unwrap_or_else(|| line.to_owned())).collect()
}

#[test]
fn json_in_several_lines_reaches_callers_in_one() {
    each_folder(|row, fixture, breaches| {
        let Ok(upstream) = std::str::from_utf8(&fixture.upstream) else { return };
        let [own, rebuilt] = lanes(row, fixture);
        for Lane { exchange, .. } in [own, rebuilt] {
            let expected = told(&stream(&*exchange, [upstream.as_bytes()]));
            let seen = told(&stream(&*exchange, [in_lines(upstream).as_bytes()]));
            let same = in_one_way(&seen) == in_one_way(&expected);
            breaches.check(same, || format!("{}:\n{seen}", fixture.name));
        }
    });
}

#[test]
fn a_stream_that_breaks_anywhere_ends_once_and_shows_a_prefix() {
    each_folder(|row, fixture, breaches| {
        for Lane { caller, exchange } in lanes(row, fixture) {
            let full = stream(&*exchange, [fixture.upstream.as_slice()]);
            // Every byte of the small ones; of the large ones so many that none takes long.
            let step = 1 + fixture.upstream.len() / 400;
            for length in (0..=fixture.upstream.len()).rev().step_by(step) {
                let broken = stream(&*exchange, [&fixture.upstream[..length]]);
                let dialect = caller.dialect;
                let name = format!("{} broken at byte {length} for {dialect:?}", fixture.name);
                breaches.check(full.seen.starts_with(&broken.seen), || name.clone());
                breaches.ends(&name, caller.read(&broken.closed), broken.outcome.is_err());
            }
        }
    });
}

#[test]
fn every_answer_reaches_every_caller_in_good_form() {
    let mut breaches = Breaches::default();
    for fixture in ROWS.iter().flat_map(Row::fixtures) {
        for caller in CALLERS {
            let exchange = caller.attempt(&fixture.endpoint);
            let name = format!("{} for {:?}", fixture.name, caller.dialect);
            match fixture.kind {
                Kind::Error(_) => (),
                Kind::Whole => {
                    let read = exchange.whole(Bytes::from(fixture.upstream.clone()));
                    let Ok(answer) = read else { continue };
                    let receipt = crate::seen::receipt(answer.observed());
                    let told = caller.read(&answer.render_stream(&receipt));
                    breaches.ends(&name, told, false);
                }
                Kind::Stream => {
                    let seen = stream(&*exchange, [fixture.upstream.as_slice()]);
                    breaches.ends(&name, caller.read(&seen.closed), seen.outcome.is_err());
                }
            }
        }
    }
}

#[test]
fn both_lanes_observe_the_same() {
    let mut breaches = Breaches::default();
    for (row, fixture) in streams() {
        let upstream = [fixture.upstream.as_slice()];
        let [own, rebuilt] = lanes(row, &fixture).map(|it| stream(&*it.exchange, upstream));
        let facts = |seen: &Streamed| {
            // Bytes of content are an estimate where events pass unread.
            let Observed { usage, finish, native_finish, upstream_id, content_bytes, .. } =
                seen.observed.clone();
            let (called, outcome) = (&seen.observed.called, seen.outcome.clone());
            format!(
                "{usage:?} {finish:?} {native_finish:?} {upstream_id:?} {} {called:?} {outcome:?}",
                content_bytes == 0
            )
        };
        let (left, right) = (facts(&own), facts(&rebuilt));
        breaches.check(left == right, || format!("{}:\n  {left}\n  {right}", fixture.name));
    }
}

#[test]
fn every_status_with_any_body_is_a_failure() {
    let html = "<html><h1>502 Bad Gateway</h1></html>".repeat(100);
    for row in &ROWS {
        let endpoint =
            domain::catalog::Endpoint { dialect: row.dialect, ..crate::endpoint::endpoint() };
        let exchange = Caller::of(row.dialect).attempt(&endpoint);
        for status in 300..=599 {
            for body in ["", "\u{0}\u{1}", "{\"error\":", "[[[[", "null", html.as_str()] {
                let failure = exchange.decode_error(status, body.as_bytes());
                assert!(400 <= failure.status(), "{status}");
                assert!(!failure.detail.is_empty() && failure.detail.len() < 400, "{status}");
            }
        }
    }
}

#[test]
fn what_nobody_knows_is_passed_over() {
    let mut breaches = Breaches::default();
    for (row, fixture) in streams() {
        let Ok(text) = std::str::from_utf8(&fixture.upstream) else { continue };
        let lines = fixture.folder.join("upstream.ndjson").exists();
        // An unknown event between all others, and an unknown field in every event.
        let parted = match lines {
            true => text.replace('\n', "\n{\"brand_new\":1}\n"),
            false => {
                let strange = "event: brand_new\ndata: {\"type\":\"brand_new\",\"is\":1}\n\n";
                text.replace("\n\n", &format!("\n\n{strange}"))
            }
        };
        let begins = if lines { "\n{\"" } else { "data: {\"" };
        let strange = parted.replace(begins, &format!("{begins}brand_new\":[{{}}],\""));
        let chat = CHAT.attempt(&fixture.endpoint);
        let own = Caller::of(row.dialect).attempt(&fixture.endpoint);
        let plain = stream(&*chat, [text.as_bytes()]);
        for (text, what) in [(&parted, "events"), (&strange, "fields")] {
            for exchange in [&chat, &own] {
                let seen = stream(&**exchange, [text.as_bytes()]);
                let same = seen.outcome == plain.outcome
                    && seen.observed.usage == plain.observed.usage
                    && seen.observed.finish == plain.observed.finish;
                breaches.check(same, || {
                    format!("{} with unknown {what}: {:?}", fixture.name, seen.outcome)
                });
            }
        }
        let seen = told(&stream(&*chat, [parted.as_bytes()]));
        breaches.check(seen == told(&plain), || format!("{}: {seen}", fixture.name));
    }
}

#[test]
fn usage_classes_are_disjoint_and_add_up_to_the_provider_s_own_total() {
    let (mut totals, mut counted) = (0, 0);
    for (row, fixture) in streams() {
        let upstream = [fixture.upstream.as_slice()];
        let seen = stream(&*Caller::of(row.dialect).attempt(&fixture.endpoint), upstream);
        if let Some(expected) = fixture.usage {
            assert_eq!(seen.observed.usage, Some(expected), "{}", fixture.name);
            counted += 1;
        }
        let Some(usage) = seen.observed.usage else { continue };
        assert!(usage.reasoning + usage.output_audio <= usage.output, "{}", fixture.name);
        let text = String::from_utf8_lossy(&fixture.upstream);
        let names = ["\"total_tokens\":", "\"totalTokenCount\":", "\"totalTokens\":"];
        let Some((_, total)) = names.iter().find_map(|name| text.rsplit_once(name)) else {
            continue;
        };
        let digits: String = total.chars().take_while(char::is_ascii_digit).collect();
        assert_eq!((usage.prompt() + usage.output).to_string(), digits, "{}", fixture.name);
        totals += 1;
    }
    assert!(20 <= totals && 8 <= counted, "{totals} totals, {counted} counts");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever a provider sends, callers see whole events in good form and one end.
    #[test]
    fn damaged_answers_are_still_told_in_good_form(
        which: Index,
        place: Index,
        damage in prop::collection::vec((any::<Index>(), any::<u8>()), 1..6),
        size in 1_usize..64,
    ) {
        let row = &ROWS[which.index(ROWS.len())];
        let all = row.fixtures();
        let fixture = &all[place.index(all.len())];
        let mut upstream = fixture.upstream.clone();
        for (place, byte) in damage {
            if !upstream.is_empty() {
                let place = place.index(upstream.len());
                upstream[place] = byte;
            }
        }
        for Lane { caller, exchange } in lanes(row, fixture) {
            let closed = stream(&*exchange, upstream.chunks(size)).closed;
            let told = caller.read(&closed);
            let text = String::from_utf8_lossy(&closed);
            let ended = told.as_ref().is_ok_and(|told| told.errors + told.ends == 1);
            prop_assert!(ended, "{}: {:?}: {}", fixture.name, told.err(), text);
            gather(&*exchange, upstream.chunks(size));
            let read = exchange.whole(Bytes::from(upstream.clone()));
            if read.is_ok() {
                let text = whole(&*exchange, &upstream, false);
                prop_assert!(serde_json::from_str::<Value>(&text).is_ok(), "{}", text);
                let text = whole(&*exchange, &upstream, true);
                let told = caller.read(text.as_bytes());
                prop_assert!(told.is_ok_and(|told| told.ends == 1), "{}", text);
            }
        }
    }
}
