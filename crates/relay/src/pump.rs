//! A stream passed on: the provider's bytes in, the caller's events out, then the bill.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use dialect::exchange::{FinishReason, Observed, Step, StreamAnswer};
use domain::failure::{Failure, FailureKind};
use domain::port::{Progress, Served};
use domain::price::Price;
use domain::request::Facts;
use domain::usage::Usage;
use tokio::task::yield_now;

use crate::attempt::Streaming;
use crate::call::Heading;
use crate::collect::{next_piece, silence};
use crate::drain::DRAIN_BYTES_MAX;
use crate::errand::Errand;
use crate::gate::Gate;
use crate::journey::{Journey, Origin};
use crate::line::Line;
use crate::metadata::metadata;
use crate::mutant::Mutant;
use crate::resume::resume;
use crate::settle::{Ending, cost_so_far, itemise, receipt, settle, usage_so_far, used};
use crate::world::World;

/// How a stream came to its end.
enum End {
    /// As its dialect prescribes.
    Complete,
    /// Otherwise.
    Broken(Failure),
    /// The caller left, and the provider was told so.
    Cancelled,
    /// The provider went far beyond the length that it was given, and was cut off.
    Overrun(Failure),
}

/// Whose answer passes, and from where.
#[derive(Clone, Copy)]
struct Route<'a> {
    journey: &'a Journey,
    origin: &'a Origin,
}

/// How long the end of a body is waited for after the end of its answer, so that the connection
/// can be used again.
const TAIL: Duration = Duration::from_millis(50);

/// Passes on a stream that has shown its first content, and settles it.
pub(crate) async fn pump(
    world: &Arc<World>,
    mut journey: Box<Journey>,
    mut origin: Origin,
    mut streaming: Streaming,
    mut errand: Errand,
    mut line: Line,
) {
    let first_content = world.clock.now();
    let first = std::mem::take(&mut streaming.first);
    let heading = heading(Route { journey: &journey, origin: &origin }, &*streaming.answer);
    let mut said = (first, heading);
    let end = loop {
        let route = Route { journey: &journey, origin: &origin };
        let end = flow(world, route, &mut streaming, &mut line, std::mem::take(&mut said)).await;
        let End::Broken(failure) = &end else { break end };
        if journey.call.request.facts.preferences.resume && has_ended(&*streaming.answer) {
            break End::Complete;
        }
        let resumed =
            resume(world, &mut journey, &origin, &mut streaming, failure, &mut line).await;
        let Some(resumed) = resumed else { break end };
        std::mem::replace(&mut errand, resumed.errand).failed(failure, None);
        origin = resumed.origin;
    };
    let Streaming { mut answer, body, .. } = streaming;
    // Only a closed connection stops the provider's work: that comes before everything else.
    let body = matches!(end, End::Complete).then_some(body);
    tell(errand, &end, &*answer);
    let observed = answer.observed().clone();
    let usage = used(&journey, &origin, &observed, matches!(end, End::Complete)).await;
    let route = Route { journey: &journey, origin: &origin };
    let ending = ending(world, route, (&observed, usage), &end, &line).shown_at(first_content);
    let broken = itemise(&mut journey, &origin, &usage, ending.is_charged());
    let ending = ending.after(broken);
    let route = Route { journey: &journey, origin: &origin };
    let last = last_words(world, route, &mut *answer, &end, &ending);
    settle(world, journey, ending).await;
    let says_so = !last.is_empty();
    if says_so {
        let _ = line.send(Bytes::from(last), Heading::default()).await;
    }
    match &end {
        End::Broken(_) if !says_so => line.break_off().await,
        _ => drop(line),
    }
    if let Some(mut body) = body {
        let _ = next_piece(&mut *body, TAIL).await;
    }
}

/// Returns what a stream ends with.
fn last_words(
    world: &World,
    Route { journey, origin }: Route<'_>,
    answer: &mut dyn StreamAnswer,
    end: &End,
    ending: &Ending,
) -> Vec<u8> {
    let mut last = Vec::new();
    let receipt = || receipt(world, ending, metadata(journey, Some(origin.endpoint)));
    let is_one = journey.call.request.facts.choices <= 1;
    match end {
        End::Complete => answer.close(&receipt(), &mut last),
        End::Overrun(_) if is_one && answer.cut(&mut last) => answer.close(&receipt(), &mut last),
        End::Broken(_) if world.breaks(Mutant::ErrorSwallowed) => {
            answer.close(&receipt(), &mut last);
        }
        End::Broken(failure) | End::Overrun(failure) => answer.fail(failure, &mut last),
        End::Cancelled => (),
    }
    if world.breaks(Mutant::EndedTwice) {
        last.extend_from_within(..);
    }
    last
}

/// Returns what is said before a stream. Its cost is known by then only where the answer has
/// nothing to add to it.
fn heading(Route { journey, origin }: Route<'_>, answer: &dyn StreamAnswer) -> Heading {
    let observed = answer.observed();
    let known = observed.usage.filter(|_| observed.finish.is_some());
    let cost = known.map(|usage| cost_so_far(origin, &usage).0);
    Heading { dropped: journey.dropped.clone(), cost, ..Heading::default() }
}

/// Tells how it went at the endpoint.
fn tell(errand: Errand, end: &End, answer: &dyn StreamAnswer) {
    match end {
        End::Complete => errand.served(answer.observed().usage.map(|usage| usage.output)),
        End::Broken(failure) | End::Overrun(failure) => {
            errand.failed(failure, None);
        }
        // Dropped, it counts for nothing.
        End::Cancelled => drop(errand),
    }
}

/// Returns whether an answer has said that it is over: only its count is missing then.
fn has_ended(answer: &dyn StreamAnswer) -> bool {
    answer.observed().finish.is_some_and(|finish| finish != FinishReason::Error)
}

fn ending(
    world: &World,
    Route { journey, origin }: Route<'_>,
    seen: (&Observed, Usage),
    end: &End,
    line: &Line,
) -> Ending {
    let ending = match end {
        End::Complete => Ending::complete(world, journey, origin, seen),
        End::Broken(_) if world.breaks(Mutant::BrokenCharged) => {
            Ending::cancelled(world, journey, origin, seen)
        }
        End::Broken(failure) => Ending::broken(world, journey, origin, seen, failure),
        End::Cancelled => Ending::cancelled(world, journey, origin, seen),
        End::Overrun(_) => Ending::cancelled(world, journey, origin, seen).overrun(),
    };
    if line.is_gone() { ending.unheard() } else { ending }
}

/// Moves pieces until the answer ends. A caller who leaves ends it at once, unless the provider
/// would bill the rest all the same: then it is read to its end, for the bill.
async fn flow(
    world: &World,
    route: Route<'_>,
    streaming: &mut Streaming,
    line: &mut Line,
    (first, heading): (Vec<u8>, Heading),
) -> End {
    let mut step = streaming.step;
    let (tokens, _) = meter(route, &*streaming.answer, &mut line.gate);
    line.gate.pass(tokens).await;
    if world.breaks(Mutant::FirstRepeated) {
        let _ = line.send(Bytes::from(first.clone()), heading.clone()).await;
    }
    let mut listening = match first.is_empty() {
        true => !line.is_gone(),
        false => line.send(Bytes::from(first), heading).await.is_ok(),
    };
    let mut earlier = None;
    let mut drain = None;
    let mut drained = 0;
    let mut has_lost = false;
    loop {
        if step == Step::Done {
            return End::Complete;
        }
        if !listening && streaming.cancellable {
            return End::Cancelled;
        }
        if !listening && drain.is_none() {
            drain = world.drains.begin();
        }
        if !listening && (drain.is_none() || DRAIN_BYTES_MAX < drained) {
            return End::Cancelled;
        }
        let now = world.clock.now();
        let is_hurried = earlier.replace(now) == Some(now);
        let left_ms = streaming.deadline.ms_since(now);
        if left_ms == 0 {
            return End::Broken(silence());
        }
        let idle = streaming.idle.min(Duration::from_millis(left_ms));
        let work = next_piece(&mut *streaming.body, idle);
        let Ok(piece) = line.listen_for(work, streaming.cancellable).await else {
            return End::Cancelled;
        };
        let mut out = Vec::new();
        let outcome = take(streaming, piece, is_hurried, &mut out).await;
        let (tokens, metered) = meter(route, &*streaming.answer, &mut line.gate);
        line.gate.pass(tokens).await;
        if world.breaks(Mutant::PieceLost) && !std::mem::replace(&mut has_lost, true) {
            out.clear();
        }
        drained += if listening { 0 } else { out.len() };
        if !out.is_empty() && listening {
            listening = line.send(Bytes::from(out), Heading::default()).await.is_ok();
        }
        match outcome {
            Ok(next) => step = step.max(next),
            Err(_) if world.breaks(Mutant::TruncationComplete) => return End::Complete,
            Err(failure) => return End::Broken(failure),
        }
        if let Err(failure) = metered {
            return End::Overrun(failure);
        }
    }
}

/// How far the house's own count may lie above the reservation before it is believed: a count from
/// bytes is right on average and not for every text.
const DISBELIEF: i64 = 2;

/// Notes how far the answer has come where that is due, and returns that in tokens; and a failure
/// where it costs more by now than it could if its provider kept to the length that it was given.
fn meter(
    Route { journey, origin }: Route<'_>,
    answer: &dyn StreamAnswer,
    gate: &mut Gate,
) -> (u32, Result<(), Failure>) {
    let usage = usage_so_far(&journey.call.request.facts, answer.observed());
    let held = gate.held().amount;
    let facts = &journey.call.request.facts;
    let mut outcome = if is_beyond(facts, answer.observed()) { Err(beyond()) } else { Ok(()) };
    if gate.is_due(usage.output) {
        let (cost, price) = cost_so_far(origin, &usage);
        let served = gate.is_new().then(|| served(journey, origin, price));
        let (generation, charge) = (journey.call.id.clone(), cost.min(held));
        gate.note(usage.output, Progress { generation, charge, usage, served });
        let believed = if usage.estimated { cost.nanos() / DISBELIEF } else { cost.nanos() };
        if held.nanos() < believed {
            outcome = Err(beyond());
        }
    }
    (usage.output, outcome)
}

/// More bytes of an answer than any token has, on average.
const BYTES_PER_TOKEN_MAX: u64 = 16;
/// Bytes beyond that for which no answer is cut off.
const BYTES_BEYOND: u64 = 1_024;

/// Returns whether an answer is longer than its request lets it be, whatever its provider counts.
fn is_beyond(facts: &Facts, observed: &Observed) -> bool {
    let most = |max: u32| u64::from(max) * u64::from(facts.choices.max(1)) * BYTES_PER_TOKEN_MAX;
    facts.output_tokens_max.is_some_and(|max| most(max) + BYTES_BEYOND < observed.content_bytes)
}

fn beyond() -> Failure {
    let detail = "The provider went beyond the length that it was given.";
    Failure::upstream(FailureKind::ProviderUnavailable, detail)
}

fn served(journey: &Journey, origin: &Origin, price: Price) -> Served {
    let catalog = &journey.call.snapshot.catalog;
    let endpoint = catalog.endpoint(origin.endpoint);
    let provider = catalog.provider(endpoint.provider);
    Served {
        model: catalog.model(endpoint.model).id.clone(),
        endpoint: endpoint.id.clone(),
        provider: provider.slug.clone(),
        provider_name: provider.display_name.clone(),
        price,
    }
}

/// The most that is sent to the caller in one go while more is there.
const GO_BYTES_MAX: usize = 16 << 10;

/// Takes a piece, and those that have come after it already: what came together goes on together.
///
/// Where pieces come within a millisecond, the connection is given a turn to bring the next one: a
/// packet for each event would cost more than everything else about it.
async fn take(
    streaming: &mut Streaming,
    piece: Option<Result<Bytes, Failure>>,
    is_hurried: bool,
    out: &mut Vec<u8>,
) -> Result<Step, Failure> {
    let mut step = Step::Quiet;
    let mut next = Poll::Ready(piece);
    while let Poll::Ready(piece) = next {
        let Some(piece) = piece else {
            streaming.answer.end(out)?;
            return Ok(Step::Done);
        };
        step = step.max(streaming.answer.push(&piece?, out)?);
        if step == Step::Done || GO_BYTES_MAX <= out.len() {
            break;
        }
        if is_hurried {
            yield_now().await;
        }
        // Nothing is lost by not being woken: whoever waits for the next piece asks again first.
        next = streaming.body.poll_piece(&mut Context::from_waker(Waker::noop()));
    }
    Ok(step)
}
