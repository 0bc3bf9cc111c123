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
use crate::line::Line;
use crate::world::{Body, ContentType, Response};

/// What is tried.
pub(crate) struct Try<'a> {
    pub(crate) exchange: &'a dyn Exchange,
    pub(crate) endpoint: EndpointIx,
    /// When the request as a whole has to be over.
    pub(crate) deadline: Timestamp,
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

/// Asks one endpoint. Returns the status it answered, if any, and what became of it.
///
/// While it waits the caller's stream is kept alive; a caller who leaves ends the attempt, unless
/// the provider would bill it all the same.
pub(crate) async fn attempt(
    clock: &dyn Clock,
    call: &Call,
    tried: &Try<'_>,
    cancellable: bool,
    line: &mut Line,
) -> (Option<u16>, Result<Opened, Failure>) {
    let limits = Limits::of(clock, call, tried);
    if limits.first.is_zero() {
        return (None, Err(silence()));
    }
    let mut status = None;
    let work = timeout(limits.first, open(call, tried, &limits, cancellable, &mut status));
    let outcome = match line.wait_for(work, cancellable).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(silence()),
        Err(_) => Err(left()),
    };
    (status, outcome)
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
        let left_ms = tried.deadline.ms_since(clock.now());
        Limits {
            first: Duration::from_millis(first_ms.min(left_ms)),
            idle: Duration::from_millis(idle_ms),
        }
    }
}

async fn open(
    call: &Call,
    tried: &Try<'_>,
    limits: &Limits,
    cancellable: bool,
    status: &mut Option<u16>,
) -> Result<Opened, Failure> {
    let exchange = tried.exchange;
    let wire = exchange.wire();
    let response = call.snapshot.upstream.send(tried.endpoint, wire).await?;
    *status = Some(response.status);
    let Response { status, content_type, retry_after_ms, mut body } = response;
    if status != 200 || content_type == ContentType::Html {
        let read = read_error(&mut *body, limits.idle).await;
        let failure = exchange.decode_error(status, &read);
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
            let begun = begin(exchange, body, limits, cancellable, tried.deadline).await?;
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
    exchange: &dyn Exchange,
    mut body: Box<dyn Body>,
    limits: &Limits,
    cancellable: bool,
    deadline: Timestamp,
) -> Result<Streaming, Failure> {
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
