//! Bytes of whoever: requests of callers, answers and streams of providers, mutated at random from
//! seeds. Nothing may panic, hang, or grow beyond a bound of what came in.
//!
//! The seeds are the recorded answers of `fixtures` and the requests of `tests/fuzz/seeds`. A run
//! is a number of mutations; with `INTERLINE_FUZZ_SECONDS` it is so many seconds for each target:
//!
//! ```sh
//! INTERLINE_FUZZ_SECONDS=200 cargo test -p dialect --test fuzz --profile ci -- --nocapture
//! ```

#[path = "../endpoint/mod.rs"]
mod endpoint;
mod mutation;

use std::io::Write;
use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use bytes::Bytes;
use dialect::documents::{Held, documents};
use dialect::door::Door;
use dialect::exchange::{Exchange, Receipt, Stamp, Target};
use dialect::registry::{decode, exchange, is_spoken};
use domain::catalog::{Dialect, Endpoint};
use endpoint::endpoint;
use mutation::Mutation;

/// Mutations of a run that is not told how long to take.
const MUTATIONS: u64 = 3_000;
/// What may come of a byte that came in: a face, an event and its escapes around it.
const GROWTH: usize = 4_096;
/// What comes of nothing, at most.
const GROUND: usize = 64 << 10;

/// Runs a target on mutations of its seeds.
fn fuzz(name: &str, seeds: &[Vec<u8>], mut target: impl FnMut(&[u8], &mut Mutation)) {
    assert!(!seeds.is_empty(), "{name} has no seeds");
    let seconds = seconds();
    let mut mutation = Mutation::new(seconds.map_or(1, |_| u64::from(std::process::id())));
    let (mut runs, mut bytes) = (0_u64, 0_u64);
    let begun = now();
    let goes_on = |runs: u64| match seconds {
        Some(seconds) => !runs.is_multiple_of(64) || begun.elapsed().as_secs() < seconds,
        None => runs < MUTATIONS,
    };
    for seed in seeds {
        target(seed, &mut mutation);
    }
    while goes_on(runs) {
        let input = mutation.of(seeds);
        target(&input, &mut mutation);
        runs += 1;
        bytes += input.len() as u64;
    }
    let told = format!("{name}: {runs} inputs, {bytes} bytes, from {} seeds\n", seeds.len());
    std::io::stderr().write_all(told.as_bytes()).expect("the terminal takes text");
}

#[expect(clippy::disallowed_methods, reason = "whoever runs it says for how long")]
fn seconds() -> Option<u64> {
    env::var("INTERLINE_FUZZ_SECONDS").ok()?.parse().ok()
}

#[expect(clippy::disallowed_methods, reason = "a run may be told how long to take")]
fn now() -> Instant {
    Instant::now()
}

fn bounded(out: usize, input: usize) {
    assert!(out <= GROUND + input * GROWTH, "{input} bytes became {out}");
}

fn dialects() -> impl Iterator<Item = Dialect> {
    Dialect::ALL.into_iter().filter(|it| is_spoken(*it))
}

/// The ways in, each with a request that is small and good.
fn doors() -> Vec<Door> {
    vec![
        Door::ChatCompletions,
        Door::Completions,
        Door::Responses,
        Door::Messages,
        Door::Gemini { model: "acme/tiny".to_owned(), streams: true, sse: true },
        Door::Gemini { model: "acme/tiny".to_owned(), streams: true, sse: false },
        Door::OllamaChat,
        Door::OllamaGenerate,
    ]
}

/// Returns the attempts of callers of every dialect at an endpoint of one.
fn attempts(dialect: Dialect) -> Vec<Box<dyn Exchange>> {
    let endpoint = Endpoint { dialect, ..endpoint() };
    let bodies = requests();
    let asked = doors().into_iter().filter_map(|door| {
        let body =
            bodies.iter().find(|body| decode(&door, Bytes::from((*body).clone())).is_ok())?;
        attempt(&door, body, &endpoint)
    });
    asked.collect()
}

fn attempt(door: &Door, body: &[u8], endpoint: &Endpoint) -> Option<Box<dyn Exchange>> {
    let request = decode(door, Bytes::copy_from_slice(body)).ok()?;
    let stamp = Stamp {
        id: "gen-1".to_owned(),
        created: 7,
        model: "acme/tiny".to_owned(),
        provider: "Acme".to_owned(),
    };
    exchange(&request, Target { endpoint, user_hash: None }, stamp).ok()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the requests that are committed as seeds.
fn requests() -> Vec<Vec<u8>> {
    let files = fs::read_dir(root().join("tests/fuzz/seeds")).expect("the seeds are there");
    let mut paths: Vec<_> = files.map(|file| file.expect("a seed can be read").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a seed can be read")).collect()
}

/// Returns the recorded answers whose files are named so.
fn answers(name: &str) -> Vec<Vec<u8>> {
    let folders = fs::read_dir(root().join("fixtures")).expect("the fixtures are there");
    let mut found = Vec::new();
    for folder in folders.map(|folder| folder.expect("a folder can be read").path()) {
        let fixtures = fs::read_dir(folder).expect("a folder has fixtures");
        for fixture in fixtures.map(|it| it.expect("a fixture can be read").path()) {
            let files = fs::read_dir(fixture).expect("a fixture is a folder");
            let paths = files.map(|file| file.expect("a file can be read").path());
            let fits = |path: &std::path::PathBuf| {
                path.file_name().is_some_and(|it| it.to_string_lossy().starts_with(name))
            };
            found.extend(paths.filter(fits));
        }
    }
    found.sort();
    found.iter().map(|path| fs::read(path).expect("a fixture can be read")).collect()
}

#[test]
fn requests_of_whoever_are_refused_or_sent_in_good_form() {
    let endpoints: Vec<Endpoint> =
        dialects().map(|dialect| Endpoint { dialect, ..endpoint() }).collect();
    let doors = doors();
    fuzz("requests", &requests(), |input, mutation| {
        let door = &doors[mutation.below(doors.len())];
        let endpoint = &endpoints[mutation.below(endpoints.len())];
        let request = decode(door, Bytes::copy_from_slice(input));
        let held = request.and_then(|request| documents(&request)).unwrap_or_default();
        for document in held {
            if let Ok(Held::Bytes(bytes)) = dialect::documents::held(&document) {
                assert!(bytes.len() <= input.len());
                let _ = dialect::documents::content(&bytes);
            }
        }
        if let Some(attempt) = attempt(door, input, endpoint) {
            let body = &attempt.wire().body;
            let read: Result<serde::de::IgnoredAny, _> = serde_json::from_slice(body);
            assert!(read.is_ok(), "what is sent is JSON");
            assert!(body.len() <= GROUND + 16 * input.len(), "{}", body.len());
        }
    });
}

#[test]
fn whole_answers_of_whoever_are_told_or_refused() {
    let attempts: Vec<_> = dialects().flat_map(attempts).collect();
    let mut seeds = answers("upstream.json");
    seeds.extend(answers("error_"));
    fuzz("whole answers", &seeds, |input, mutation| {
        let attempt = &attempts[mutation.below(attempts.len())];
        attempt.decode_error(400 + mutation.below(200) as u16, input);
        let read = || attempt.whole(Bytes::copy_from_slice(input)).ok();
        if let (Some(whole), Some(streamed)) = (read(), read()) {
            bounded(whole.render(&Receipt::default()).len(), input.len());
            bounded(streamed.render_stream(&Receipt::default()).len(), input.len());
        }
    });
}

#[test]
fn streams_of_whoever_are_told_and_ended() {
    let attempts: Vec<_> = dialects().flat_map(attempts).collect();
    fuzz("streams", &answers("upstream."), |input, mutation| hear(&attempts, input, mutation));
}

/// Frames with wrong checksums are refused before anything else is read, so these have right ones.
#[test]
fn event_streams_of_whoever_are_told_and_ended() {
    let attempts = attempts(Dialect::BedrockConverse);
    let frames: Vec<(Vec<u8>, Vec<u8>)> =
        answers("upstream.bin").iter().flat_map(|stream| frames(stream)).collect();
    let (heads, payloads): (Vec<_>, Vec<_>) = frames.iter().cloned().unzip();
    fuzz("event streams", &payloads, |input, mutation| {
        let mut stream = Vec::new();
        for place in 0..=mutation.below(6) {
            let (head, payload) = &frames[mutation.below(frames.len())];
            let head = if mutation.below(6) == 0 { mutation.of(&heads) } else { head.clone() };
            put_frame(&mut stream, &head, if place == 0 { input } else { payload });
        }
        hear(&attempts, &stream, mutation);
    });
}

/// The headers and payloads of the whole frames that a stream begins with.
fn frames(mut stream: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let number =
        |bytes: &[u8]| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
    let mut found = Vec::new();
    while 16 <= stream.len() && number(stream) <= stream.len() && 16 <= number(stream) {
        let (frame, rest) = stream.split_at(number(stream));
        stream = rest;
        let (head, payload) = frame[12..frame.len() - 4].split_at(number(&frame[4..]));
        found.push((head.to_vec(), payload.to_vec()));
    }
    found
}

fn put_frame(out: &mut Vec<u8>, head: &[u8], payload: &[u8]) {
    let begin = out.len();
    out.extend((16 + head.len() as u32 + payload.len() as u32).to_be_bytes());
    out.extend((head.len() as u32).to_be_bytes());
    out.extend(crc32fast::hash(&out[begin..]).to_be_bytes());
    out.extend(head);
    out.extend(payload);
    out.extend(crc32fast::hash(&out[begin..]).to_be_bytes());
}

/// Hears a stream cut into pieces, for a caller who wants one and for a caller who waits.
fn hear(attempts: &[Box<dyn Exchange>], input: &[u8], mutation: &mut Mutation) {
    let attempt = &attempts[mutation.below(attempts.len())];
    let size = 1 + mutation.below(input.len().max(1));
    let (mut stream, mut out) = (attempt.stream(), Vec::new());
    let pushed = input.chunks(size).try_for_each(|it| stream.push(it, &mut out).map(|_| ()));
    match pushed.and_then(|()| stream.end(&mut out)) {
        Ok(()) => stream.close(&Receipt::default(), &mut out),
        Err(failure) => stream.fail(&failure, &mut out),
    }
    bounded(out.len(), input.len());
    let mut collector = attempt.collect();
    let taken = input.chunks(size).try_for_each(|it| collector.push(it).map(|_| ()));
    if taken.is_ok()
        && let Ok(answer) = collector.finish()
    {
        bounded(answer.render(&Receipt::default()).len(), input.len());
    }
}
