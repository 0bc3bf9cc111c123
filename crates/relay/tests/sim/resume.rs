//! Answers that break off and go on elsewhere: cut at every chunk, their callers see one stream.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use dialect::exchange::Wire;
use domain::catalog::EndpointIx;
use domain::failure::{Failure, FailureKind};
use domain::generation::{Generation, Outcome};
use domain::health::Quota;
use domain::key::Spend;
use domain::port::Waiting;
use relay::{Body, ContentType, Offer, Response, Snapshot, Upstream};
use serde_json::{Value, json};

use crate::books::{Memory, MemoryLedger};
use crate::oracle::Seen;
use crate::world::{Drawn, TIMEOUTS, alone, call, catalog, key, offer, overlay, world};

const THOUGHT: [&str; 3] = ["First I ", "look at the ", "river. "];
pub const TEXT: [&str; 6] = ["The river ", "Fulda ", "flößt ", "into the ", "Weser ", "at Münden."];

/// How the second provider goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// From a beginning, exactly.
    Exact,
    /// From a beginning, which it repeats.
    Echoes,
    /// Asked in words, and repeats the last of them.
    Overlaps,
}

/// One provider that breaks off after some pieces, and others that go on.
struct Relaying {
    cuts: Vec<usize>,
    habit: Habit,
    sent: Mutex<Vec<Value>>,
}

impl Upstream for Relaying {
    fn send<'a>(
        &'a self,
        endpoint: EndpointIx,
        _credential: usize,
        wire: &'a Wire,
    ) -> Waiting<'a, Result<Response, Failure>> {
        let request: Value = serde_json::from_slice(&wire.body).unwrap();
        let (skipped, thinks) = self.rest(&request);
        self.sent.lock().unwrap().push(request);
        let mut pieces = pieces(skipped, thinks);
        let cut = self.cuts.get(endpoint.0 as usize);
        if let Some(cut) = cut {
            pieces.truncate(*cut);
        }
        let body = Box::new(Pieces { pieces: pieces.into(), breaks: cut.is_some() });
        let (content_type, quota) = (ContentType::EventStream, Quota::default());
        let response = Response { status: 200, content_type, retry_after_ms: None, quota, body };
        Box::pin(std::future::ready(Ok(response)))
    }
}

impl Relaying {
    /// Returns how many bytes of the text are left out, and whether there is a thought before it.
    fn rest(&self, request: &Value) -> (usize, bool) {
        let messages = request["messages"].as_array().unwrap();
        let said = messages.iter().rfind(|it| it["role"] == "assistant");
        let Some(said) = said.and_then(|it| it["content"].as_str()) else { return (0, true) };
        assert!(TEXT.concat().starts_with(said), "what was delivered is told: {said}");
        match self.habit {
            Habit::Exact => {
                assert_eq!(messages.last().unwrap()["role"], "assistant");
                (said.len(), false)
            }
            Habit::Echoes => (0, true),
            Habit::Overlaps => {
                assert_eq!(messages.last().unwrap()["role"], "user");
                let back = said.len().saturating_sub(14);
                let from = (0..=back).rev().find(|at| said.is_char_boundary(*at)).unwrap_or(0);
                (if said.len() < 16 { said.len() } else { from }, true)
            }
        }
    }
}

pub fn pieces(skipped: usize, thinks: bool) -> Vec<Bytes> {
    let chunk = |choice: Value| {
        let chunk = json!({
            "id": "up-1", "object": "chat.completion.chunk", "created": 1, "model": "one",
            "choices": [choice],
        });
        Bytes::from(format!("data: {chunk}\n\n"))
    };
    let delta = |delta: Value| chunk(json!({"index": 0, "delta": delta, "finish_reason": null}));
    let mut pieces = vec![delta(json!({"role": "assistant", "content": ""}))];
    if thinks {
        pieces.extend(THOUGHT.map(|word| delta(json!({"reasoning": word}))));
    }
    let mut left = skipped;
    for word in TEXT {
        let dropped = left.min(word.len());
        left -= dropped;
        if dropped < word.len() {
            pieces.push(delta(json!({"content": word[dropped..]})));
        }
    }
    pieces.push(chunk(json!({"index": 0, "delta": {}, "finish_reason": "stop"})));
    let usage = json!({
        "id": "up-1", "object": "chat.completion.chunk", "created": 1, "model": "one",
        "choices": [],
        "usage": {"prompt_tokens": 20, "completion_tokens": 9, "total_tokens": 29},
    });
    pieces.push(Bytes::from(format!("data: {usage}\n\n")));
    pieces.push(Bytes::from_static(b"data: [DONE]\n\n"));
    pieces
}

pub struct Pieces {
    pub pieces: VecDeque<Bytes>,
    pub breaks: bool,
}

impl Body for Pieces {
    fn poll_piece(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        let broken = || Failure::upstream(FailureKind::ProviderUnavailable, "It broke.");
        Poll::Ready(match self.pieces.pop_front() {
            Some(piece) => Some(Ok(piece)),
            None => self.breaks.then(|| Err(broken())),
        })
    }
}

/// What came of one request.
struct Outcomes {
    seen: Seen,
    settled: Vec<Generation>,
    requests: usize,
}

async fn perform(cuts: Vec<usize>, habit: Habit, wants: bool) -> Outcomes {
    let rows = [("a", "1"), ("b", "2"), ("c", "3")];
    let mut text = overlay(&rows, true);
    if habit != Habit::Overlaps {
        text = text.replace("cancellable = true", "quirks = { continues_assistant = true }");
    }
    let upstream = Arc::new(Relaying { cuts, habit, sent: Mutex::default() });
    let archived = Arc::new(Memory::default());
    let ledger = Arc::new(MemoryLedger::new(archived.clone()));
    let key = Arc::new(key("k"));
    ledger.open(&key.id, Spend::default());
    let world = Arc::new(world(Drawn(1), ledger.clone()));
    let offers: Vec<Offer> = (0..3).map(EndpointIx).map(offer).collect();
    let snapshot =
        Arc::new(Snapshot::new(catalog(text), upstream.clone(), TIMEOUTS, &offers, &world.health));
    let body = json!({
        "model": "sim/one", "stream": true, "max_tokens": 100,
        "provider": {"sort": "price", "resume": wants},
        "messages": [{"role": "user", "content": "Where does the Fulda go?"}],
    });
    let seen = alone(&world, call(&world, key, body.to_string(), snapshot)).await;
    assert_eq!(ledger.holds_open(), 0);
    let settled = archived.0.lock().unwrap().clone();
    let requests = upstream.sent.lock().unwrap().len();
    Outcomes { seen, settled, requests }
}

/// Reads a stream as a client does. Returns thought and text.
pub fn read(seen: &Seen) -> (String, String) {
    let Seen::Streamed(stream) = seen else { panic!("no stream: {seen:?}") };
    assert_eq!(stream.matches("data: [DONE]").count(), 1, "{stream}");
    assert_eq!(stream.matches("\"finish_reason\":\"stop\"").count(), 1, "{stream}");
    assert!(!stream.contains("\"error\""), "{stream}");
    let (mut thought, mut text, mut ids) = (String::new(), String::new(), Vec::new());
    for event in stream.split("\n\n").filter_map(|it| it.strip_prefix("data: ")) {
        let Ok(event) = serde_json::from_str::<Value>(event) else { continue };
        ids.push(event["id"].clone());
        let delta = &event["choices"][0]["delta"];
        thought += delta["reasoning"].as_str().unwrap_or_default();
        text += delta["content"].as_str().unwrap_or_default();
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "one answer has one name");
    (thought, text)
}

fn whole(outcomes: &Outcomes, case: &str) {
    let (thought, text) = read(&outcomes.seen);
    assert_eq!(text, TEXT.concat(), "{case}");
    assert_eq!(thought, THOUGHT.concat(), "{case}");
    let [generation] = outcomes.settled.as_slice() else {
        panic!("{case}: settled {} times", outcomes.settled.len());
    };
    assert_eq!(generation.outcome, Outcome::Finished, "{case}");
}

/// Pieces after which something was delivered and the end was not.
fn cuts() -> std::ops::Range<usize> {
    2..1 + THOUGHT.len() + TEXT.len() + 1
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_cut_at_any_chunk_goes_on_elsewhere() {
    for habit in [Habit::Exact, Habit::Echoes, Habit::Overlaps] {
        for cut in cuts() {
            let case = format!("{habit:?}, cut after {cut}");
            let outcomes = perform(vec![cut], habit, true).await;
            whole(&outcomes, &case);
            let generation = &outcomes.settled[0];
            let [first, second] = generation.detail.parts.as_slice() else {
                panic!("{case}: {:?}", generation.detail.parts);
            };
            assert_eq!((first.is_charged, second.is_charged), (false, true), "{case}");
            assert_eq!(generation.cost, second.cost, "{case}");
            assert!(first.usage.estimated && 0 < first.cost.nanos(), "{case}");
            assert_eq!(generation.provider.as_deref(), Some("b"), "{case}");
            assert_eq!(outcomes.requests, 2, "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_may_break_twice() {
    for cut in cuts() {
        for again in 1..4 {
            let outcomes = perform(vec![cut, again], Habit::Exact, true).await;
            whole(&outcomes, &format!("cut after {cut}, then after {again}"));
            assert!(2 <= outcomes.settled[0].detail.parts.len());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_ask_for_it_gets_the_error() {
    for cut in cuts() {
        let outcomes = perform(vec![cut], Habit::Exact, false).await;
        let Seen::Streamed(stream) = &outcomes.seen else { panic!("{:?}", outcomes.seen) };
        assert!(stream.contains("\"error\""), "{stream}");
        assert_eq!((outcomes.requests, outcomes.settled.len()), (1, 1));
        assert_eq!(outcomes.settled[0].outcome, Outcome::Broken);
    }
}

#[tokio::test(start_paused = true)]
async fn with_nobody_left_the_stream_ends_with_one_error() {
    let outcomes = perform(vec![6, 2, 2], Habit::Exact, true).await;
    let Seen::Streamed(stream) = &outcomes.seen else { panic!("{:?}", outcomes.seen) };
    assert_eq!(stream.matches("\"error\":{").count(), 1, "{stream}");
    assert_eq!(stream.matches("data: [DONE]").count(), 1, "{stream}");
    assert_eq!(outcomes.settled[0].cost.nanos(), 0);
}
