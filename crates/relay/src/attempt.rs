//! One endpoint tried, up to its first content.

use std::time::Duration;

use bytes::Bytes;
use dialect::exchange::{Exchange, Step, StreamAnswer, WholeAnswer};
use domain::catalog::EndpointIx;
use domain::failure::{Failure, FailureKind, Fault, Retry};
use domain::port::Clock;
use domain::time::Timestamp;
use tokio::time::timeout;

use crate::call::Call;
use crate::collect::{next_piece, read_all, read_error, silence};
use crate::errand::Errand;
use crate::line::Line;
use crate::mutant::Mutant;
use crate::world::{Body, ContentType, Response};

/// What is tried.
pub(crate) struct Try<'a> {
    pub(crate) exchange: &'a dyn Exchange,
    pub(crate) endpoint: EndpointIx,
    /// The place of the credential that is shown.
    pub(crate) credential: usize,
    /// When the request as a whole has to be over.
    pub(crate) deadline: Timestamp,
    /// Closing the connection stops the provider's work and its bill.
    pub(crate) cancellable: bool,
    pub(crate) patience: Patience,
}

/// What decides on how long the first content is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// What nearly every first token comes within, where that is known.
    pub(crate) p99_ms: Option<u32>,
    /// Other endpoints may be asked after this one.
    pub(crate) has_others: bool,
    /// It is asked to see whether the endpoint is back.
    pub(crate) on_trial: bool,
}

/// The status that an endpoint answered, if any, and what became of the try.
pub(crate) struct Attempted {
    pub(crate) status: Option<u16>,
    pub(crate) outcome: Result<Opened, Failure>,
}

/// An answer that has begun.
pub(crate) enum Opened {
    Whole(Box<dyn WholeAnswer>),
    Stream(Streaming),
}

/// A stream that has shown its first content.
pub(crate) struct Streaming {
    pub(crate) answer: Box<dyn StreamAnswer>,
    pub(crate) body: Box<dyn Body>,
    /// What the caller sees of it so far.
    pub(crate) first: Vec<u8>,
    /// How far it has come.
    pub(crate) step: Step,
    /// The longest silence that is borne.
    pub(crate) idle: Duration,
    /// Closing the connection stops the provider's work and its bill.
    pub(crate) cancellable: bool,
    /// When the request as a whole has to be over.
    pub(crate) deadline: Timestamp,
}

/// Asks one endpoint.
///
/// While it waits the caller's stream is kept alive; a caller who leaves ends the attempt, unless
/// the provider would bill it all the same.
pub(crate) async fn attempt(
    clock: &dyn Clock,
    call: &Call,
    tried: &Try<'_>,
    errand: &Errand,
    line: &mut Line,
) -> Attempted {
    let work = unheard(clock, call, tried, errand);
    line.wait_for(work, tried.cancellable).await.unwrap_or_else(|_| gone())
}

/// Asks one endpoint, whether the caller is there or not.
pub(crate) async fn unheard(
    clock: &dyn Clock,
    call: &Call,
    tried: &Try<'_>,
    errand: &Errand,
) -> Attempted {
    let limits = Limits::of(clock, call, tried);
    if limits.first.is_zero() {
        return Attempted { status: None, outcome: Err(silence()) };
    }
    let mut status = None;
    let work = timeout(limits.first, open(call, tried, &limits, errand, &mut status));
    let outcome = work.await.unwrap_or_else(|_| Err(silence()));
    Attempted { status, outcome }
}

/// The attempt of a caller who has left.
pub(crate) fn gone() -> Attempted {
    Attempted { status: None, outcome: Err(left()) }
}

/// How long the phases of this attempt may take.
struct Limits {
    first: Duration,
    idle: Duration,
}

impl Limits {
    fn of(clock: &dyn Clock, call: &Call, tried: &Try<'_>) -> Limits {
        let timeouts = &call.snapshot.timeouts;
        let endpoint = call.snapshot.catalog.endpoint(tried.endpoint);
        let (first_ms, idle_ms) = if endpoint.reasoning {
            (timeouts.first_byte_reasoning_ms, timeouts.idle_reasoning_ms)
        } else {
            (timeouts.first_byte_ms, timeouts.idle_ms)
        };
        let first_ms = tried.patience.shortened(first_ms, tried.exchange.wire().streams);
        let left_ms = tried.deadline.ms_since(clock.now());
        Limits {
            first: Duration::from_millis(first_ms.min(left_ms)),
            idle: Duration::from_millis(idle_ms),
        }
    }
}

/// The least that the first content of a stream is waited for.
const FIRST_MIN_MS: u64 = 10_000;
/// The same, of a request that tries whether an endpoint is back.
const TRIAL_FIRST_MIN_MS: u64 = 5_000;

impl Patience {
    /// Returns how long the first content is waited for: three times what nearly every first token
    /// comes within, where others could answer instead. A whole answer has no first token.
    fn shortened(&self, first_ms: u64, streams: bool) -> u64 {
        if !streams || !self.has_others {
            return first_ms;
        }
        let usual = self.p99_ms.map(|ms| 3 * u64::from(ms));
        match (usual, self.on_trial) {
            (None, false) => first_ms,
            (usual, true) => first_ms.min(usual.unwrap_or(0).max(TRIAL_FIRST_MIN_MS)),
            (Some(usual), false) => first_ms.min(usual.max(FIRST_MIN_MS)),
        }
    }
}

async fn open(
    call: &Call,
    tried: &Try<'_>,
    limits: &Limits,
    errand: &Errand,
    status: &mut Option<u16>,
) -> Result<Opened, Failure> {
    let exchange = tried.exchange;
    let wire = exchange.wire();
    let response = call.snapshot.upstream.send(tried.endpoint, tried.credential, wire).await?;
    *status = Some(response.status);
    let Response { status, content_type, retry_after_ms, quota, mut body } = response;
    errand.learn(quota);
    if status != 200 || content_type == ContentType::Html {
        let read = read_error(&mut *body, limits.idle).await;
        let mut failure = exchange.decode_error(status, &read);
        if errand.breaks(Mutant::TextLeaked) {
            failure.detail = String::from_utf8_lossy(&read).into_owned();
        }
        return Err(Failure {
            retry_after_ms: failure.retry_after_ms.or(retry_after_ms),
            ..failure
        });
    }
    let arrives_streamed = match content_type {
        ContentType::EventStream => true,
        ContentType::Json => false,
        ContentType::Html | ContentType::Other => wire.streams,
    };
    match (arrives_streamed, call.request.facts.stream) {
        (true, true) => {
            let begun = begin(tried, body, limits).await?;
            Ok(Opened::Stream(begun))
        }
        (true, false) => gather(exchange, &mut *body, limits).await.map(Opened::Whole),
        (false, _) => {
            let read = read_all(&mut *body, limits.idle).await?;
            exchange.whole(read).map(Opened::Whole)
        }
    }
}

/// Reads a stream up to its first content: from there on no other endpoint may take over.
async fn begin(
    tried: &Try<'_>,
    mut body: Box<dyn Body>,
    limits: &Limits,
) -> Result<Streaming, Failure> {
    let Try { exchange, cancellable, deadline, .. } = *tried;
    let mut answer = exchange.stream();
    let mut first = Vec::new();
    loop {
        let step = match next_piece(&mut *body, limits.idle).await {
            // Content of a piece that also carries a failure was never shown: another may serve.
            Some(piece) => answer.push(&piece?, &mut first)?,
            None => {
                answer.end(&mut first)?;
                Step::Done
            }
        };
        if step != Step::Quiet {
            let idle = limits.idle;
            return Ok(Streaming { answer, body, first, step, idle, cancellable, deadline });
        }
    }
}

/// Gathers a stream for a caller who wants a whole answer.
async fn gather(
    exchange: &dyn Exchange,
    body: &mut dyn Body,
    limits: &Limits,
) -> Result<Box<dyn WholeAnswer>, Failure> {
    let mut collector = exchange.collect();
    while let Some(piece) = next_piece(body, limits.idle).await {
        let piece: Bytes = piece?;
        if collector.push(&piece)? == Step::Done {
            break;
        }
    }
    collector.finish()
}

fn left() -> Failure {
    Failure::new(FailureKind::Timeout, Fault::Caller, Retry::Never, "The caller has left.")
}
