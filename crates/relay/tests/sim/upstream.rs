//! Providers that do what their fate says.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use dialect::exchange::Wire;
use domain::catalog::EndpointIx;
use domain::failure::{Failure, FailureKind};
use domain::health::Quota;
use domain::port::Waiting;
use relay::{Body, ContentType, Response, Upstream};
use tokio::time::{Instant, Sleep, sleep};

use crate::world::Dice;

/// What an endpoint does when it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Answers after a while, piece by piece.
    Answer { after_ms: u64, gap_ms: u64 },
    /// Answers with a status and no sense.
    Status(u16),
    /// Refuses the connection.
    Refuse,
    /// Never says anything.
    Hang,
    /// Sends a head and nothing else.
    HeadOnly,
    /// Answers a page for people.
    Html,
    /// Answers something that is no JSON.
    Garbage,
    /// Answers nothing at all.
    Empty,
    /// Answers an error inside a 200.
    ErrorInside,
    /// Breaks the connection after some pieces.
    Cut { pieces: usize },
    /// Ends properly, as far as HTTP goes, after some pieces.
    Truncate { pieces: usize },
    /// Falls silent after some pieces.
    Stall { pieces: usize },
}

impl Fate {
    pub fn roll(dice: &mut Dice) -> Fate {
        const STATUSES: [u16; 12] = [400, 401, 403, 404, 408, 413, 429, 500, 502, 503, 504, 529];
        match dice.roll(16) {
            0..=3 => Fate::Answer { after_ms: dice.roll(900), gap_ms: dice.roll(500) },
            4..=5 => Fate::Status(STATUSES[dice.roll(12) as usize]),
            6 => Fate::Refuse,
            7 => Fate::Hang,
            8 => Fate::HeadOnly,
            9 => Fate::Html,
            10 => Fate::Garbage,
            11 => Fate::Empty,
            12 => Fate::ErrorInside,
            13 => Fate::Cut { pieces: dice.roll(6) as usize },
            14 => Fate::Truncate { pieces: dice.roll(5) as usize },
            _ => Fate::Stall { pieces: dice.roll(6) as usize },
        }
    }

    pub fn word(&self) -> &'static str {
        match self {
            Fate::Answer { .. } => "answer",
            Fate::Status(400 | 413) => "the caller's",
            Fate::Status(401 | 403) => "credential",
            Fate::Status(404) => "gone",
            Fate::Status(429) => "limited",
            Fate::Status(_) => "down",
            Fate::Refuse => "refuse",
            Fate::Hang => "hang",
            Fate::HeadOnly => "head only",
            Fate::Html => "html",
            Fate::Garbage => "garbage",
            Fate::Empty => "empty",
            Fate::ErrorInside => "error inside",
            Fate::Cut { .. } => "cut",
            Fate::Truncate { .. } => "truncate",
            Fate::Stall { .. } => "stall",
        }
    }
}

/// The words of every answer; a streamed one has a piece for each.
pub const WORDS: [&str; 3] = ["Alpha ", "béta ", "gamma."];
/// What every answer says that it used.
pub const USAGE: &str = r#"{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}"#;

/// Providers that do what their fates say, and note that they were asked.
pub struct Scripted {
    fates: Vec<Fate>,
    /// Who was asked, and how many milliseconds after the beginning.
    asked: Mutex<Vec<(u32, u64)>>,
    begun: Instant,
}

impl Scripted {
    pub fn new(fates: Vec<Fate>) -> Scripted {
        Scripted { fates, asked: Mutex::default(), begun: Instant::now() }
    }

    /// Returns which endpoints were asked, in order.
    pub fn asked(&self) -> Vec<u32> {
        self.asked.lock().unwrap().iter().map(|(endpoint, _)| *endpoint).collect()
    }

    /// Returns when the last one was asked, in milliseconds since the beginning.
    pub fn last_asked(&self) -> u64 {
        self.asked.lock().unwrap().last().map_or(0, |(_, at)| *at)
    }
}

impl Upstream for Scripted {
    fn send<'a>(
        &'a self,
        endpoint: EndpointIx,
        _credential: usize,
        wire: &'a Wire,
    ) -> Waiting<'a, Result<Response, Failure>> {
        let at = self.begun.elapsed().as_millis() as u64;
        self.asked.lock().unwrap().push((endpoint.0, at));
        let fate = self.fates[endpoint.0 as usize].clone();
        let streams = wire.streams;
        Box::pin(act(fate, streams))
    }
}

pub async fn act(fate: Fate, streams: bool) -> Result<Response, Failure> {
    match fate {
        Fate::Answer { after_ms, gap_ms } => {
            sleep(Duration::from_millis(after_ms)).await;
            let gap_ms = if streams { gap_ms } else { 0 };
            Ok(response(200, streams, Script::of(answer(streams), gap_ms, End::Proper)))
        }
        Fate::Status(status) => {
            let body = Bytes::from_static(b"{\"error\":{\"message\":\"upstream says no\"}}");
            Ok(response(status, false, Script::of(vec![body], 0, End::Proper)))
        }
        Fate::Refuse => Err(broken()),
        Fate::Hang => std::future::pending().await,
        Fate::HeadOnly => Ok(response(200, streams, Script::of(vec![], 0, End::Silence))),
        Fate::Html => {
            let page = Bytes::from_static(b"<html>upstream says no</html>");
            let body = Box::new(Script::of(vec![page], 0, End::Proper));
            Ok(Response {
                status: 200,
                content_type: ContentType::Html,
                retry_after_ms: None,
                quota: Quota::default(),
                body,
            })
        }
        Fate::Garbage => {
            let body = Bytes::from_static(b"data: {{{ upstream says no\n\n");
            Ok(response(200, streams, Script::of(vec![body], 0, End::Proper)))
        }
        Fate::Empty => Ok(response(200, streams, Script::of(vec![], 0, End::Proper))),
        Fate::ErrorInside => {
            let error = "{\"error\":{\"message\":\"upstream says no\",\"code\":503}}";
            let text = if streams { format!("data: {error}\n\n") } else { error.to_owned() };
            Ok(response(200, streams, Script::of(vec![Bytes::from(text)], 0, End::Proper)))
        }
        Fate::Cut { pieces } => Ok(partial(streams, pieces, End::Broken)),
        Fate::Truncate { pieces } => Ok(partial(streams, pieces, End::Proper)),
        Fate::Stall { pieces } => Ok(partial(streams, pieces, End::Silence)),
    }
}

/// The first pieces of an answer, never all of it.
fn partial(streams: bool, pieces: usize, end: End) -> Response {
    let mut all = answer(streams);
    if streams {
        all.truncate(pieces.min(1 + WORDS.len()));
    } else {
        let half = all[0].slice(..all[0].len() / 2);
        all = if pieces == 0 { vec![] } else { vec![half] };
    }
    response(200, streams, Script::of(all, 10, end))
}

fn answer(streams: bool) -> Vec<Bytes> {
    if !streams {
        let text = format!(
            "{{\"id\":\"up-1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"one\",\
             \"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\",\"content\":\"{}\"}},\
             \"finish_reason\":\"stop\"}}],\"usage\":{USAGE}}}",
            WORDS.concat()
        );
        return vec![Bytes::from(text)];
    }
    let chunk = |inner: &str| {
        Bytes::from(format!(
            "data: {{\"id\":\"up-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\
             \"model\":\"one\",{inner}}}\n\n"
        ))
    };
    let delta = |delta: &str, finish: &str| {
        chunk(&format!(
            "\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}]"
        ))
    };
    let mut pieces = vec![delta("{\"role\":\"assistant\",\"content\":\"\"}", "null")];
    pieces.extend(WORDS.map(|word| delta(&format!("{{\"content\":\"{word}\"}}"), "null")));
    pieces.push(delta("{}", "\"stop\""));
    pieces.push(chunk(&format!("\"choices\":[],\"usage\":{USAGE}")));
    pieces.push(Bytes::from_static(b"data: [DONE]\n\n"));
    pieces
}

fn response(status: u16, streams: bool, body: Script) -> Response {
    let content_type = if streams { ContentType::EventStream } else { ContentType::Json };
    let quota = Quota::default();
    Response { status, content_type, retry_after_ms: None, quota, body: Box::new(body) }
}

fn broken() -> Failure {
    Failure::upstream(FailureKind::ProviderUnavailable, "The connection broke.")
}

enum End {
    Proper,
    Broken,
    Silence,
}

/// A body that comes piece by piece and then ends in some way.
struct Script {
    pieces: VecDeque<Bytes>,
    gap: Duration,
    end: End,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Script {
    fn of(pieces: Vec<Bytes>, gap_ms: u64, end: End) -> Script {
        Script { pieces: pieces.into(), gap: Duration::from_millis(gap_ms), end, pause: None }
    }
}

impl Body for Script {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        if !self.gap.is_zero() && !self.pieces.is_empty() {
            let gap = self.gap;
            let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(gap)));
            if pause.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.pause = None;
        }
        match (self.pieces.pop_front(), &self.end) {
            (Some(piece), _) => Poll::Ready(Some(Ok(piece))),
            (None, End::Proper) => Poll::Ready(None),
            (None, End::Broken) => Poll::Ready(Some(Err(broken()))),
            (None, End::Silence) => Poll::Pending,
        }
    }
}
