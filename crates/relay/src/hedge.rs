//! A second endpoint asked beside the first, where the caller wants that and the first takes longer
//! than it nearly always does: whoever answers first serves, and the other is let go.
//!
//! The caller pays for one answer. What the one that was overtaken will bill is the house's.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use domain::failure::{Failure, FailureKind, Fault, Retry};
use domain::health::Gate;
use domain::operation::Operation;
use domain::plan::Candidate;
use domain::usage::Usage;
use tokio::time::timeout;

use crate::attempt::{Attempted, gone, unheard};
use crate::journey::Journey;
use crate::leg::{Leg, Tried, conclude, origin, record, set_out};
use crate::line::Line;
use crate::prepare::goes_as_it_is;
use crate::settle::part;
use crate::world::World;

/// Whom a request is sent to besides, and after which wait.
pub(crate) struct Hedge {
    candidate: Candidate,
    delay: Duration,
}

/// How far the second one came.
enum Second {
    /// It was not asked.
    Spared,
    /// It was overtaken, or the caller left.
    Overtaken(Leg),
    /// It answered, or failed.
    Done(Leg, Attempted),
}

/// Returns whom a request may be sent to besides: the next endpoint of its model, where the caller
/// wants that, nothing has failed yet, all endpoints of the model are well, it is known how long
/// the first one usually takes, and the house still bears what the slower one costs.
pub(crate) fn hedge(world: &World, journey: &Journey, leg: &Leg) -> Option<Hedge> {
    let facts = &journey.call.request.facts;
    let is_wanted = facts.preferences.hedge && facts.operation == Operation::Chat;
    if !is_wanted || !journey.attempts.is_empty() || !journey.is_insured(world) {
        return None;
    }
    let snapshot = journey.call.snapshot.clone();
    let first = leg.candidate.endpoint;
    let model = |candidate: &Candidate| snapshot.catalog.endpoint(candidate.endpoint).model;
    let candidates = &journey.plan.candidates;
    let place = candidates.iter().position(|it| it.endpoint == first)?;
    let next = *candidates.get(place + 1).filter(|it| model(it) == model(&leg.candidate))?;
    let peers = journey.plan.considered.iter();
    let mut peers = peers.filter(|it| snapshot.catalog.endpoint(it.endpoint).model == model(&next));
    if peers.any(|it| it.health.gate != Gate::Open) {
        return None;
    }
    let usual = snapshot.watch(first).state().usual_wait_ms(world.clock.now())?;
    // What has to be prepared for one of them costs more than it would save.
    if !goes_as_it_is(journey, next.endpoint) {
        return None;
    }
    Some(Hedge { candidate: next, delay: Duration::from_millis(u64::from(usual)) })
}

/// Asks an endpoint, and after a while another one beside it.
pub(crate) async fn race(
    world: &Arc<World>,
    journey: &mut Journey,
    line: &mut Line,
    leg: Leg,
    hedge: Hedge,
) -> Tried {
    let mut second = Second::Spared;
    let running = run(world, journey, &leg, &hedge, &mut second);
    let first = line.wait_for(running, leg.cancellable).await.unwrap_or_else(|_| Some(gone()));
    let (other, done) = match second {
        Second::Spared => {
            return conclude(world, journey, leg, first.unwrap_or_else(gone));
        }
        Second::Overtaken(other) => (other, None),
        Second::Done(other, done) => (other, Some(done)),
    };
    match (first, done) {
        // The one that serves is told last, as it is where endpoints are asked one by one.
        (Some(first), None) => {
            overtaken(world, journey, &other);
            conclude(world, journey, leg, first)
        }
        (None, Some(done)) => {
            overtaken(world, journey, &leg);
            conclude(world, journey, other, done)
        }
        (Some(first), Some(done)) if first.outcome.is_ok() => {
            conclude(world, journey, other, done);
            conclude(world, journey, leg, first)
        }
        (Some(first), Some(done)) => {
            conclude(world, journey, leg, first);
            conclude(world, journey, other, done)
        }
        (None, None) => conclude(world, journey, leg, gone()),
    }
}

/// Runs both until one answers. Returns what the first came to; none where it was overtaken.
async fn run(
    world: &Arc<World>,
    journey: &Journey,
    leg: &Leg,
    hedge: &Hedge,
    second: &mut Second,
) -> Option<Attempted> {
    let (clock, call) = (&*world.clock, &journey.call);
    let tried = leg.tried(call);
    let mut first = pin!(unheard(clock, call, &tried, &leg.errand));
    if let Ok(done) = timeout(hedge.delay, &mut first).await {
        return Some(done);
    }
    let watch = call.snapshot.watch(leg.candidate.endpoint);
    if !watch.state().may_hedge(clock.now()) {
        return Some(first.await);
    }
    let Ok(other) = set_out(world, journey, (hedge.candidate, None), false) else {
        return Some(first.await);
    };
    // So it is told of even where the caller leaves while both are under way.
    *second = Second::Overtaken(other);
    let (mut of_first, mut of_second) = (None, None);
    if let Second::Overtaken(other) = &*second {
        let tried = other.tried(call);
        let mut beside = pin!(unheard(clock, call, &tried, &other.errand));
        let is_answered =
            |done: &Option<Attempted>| done.as_ref().is_some_and(|it| it.outcome.is_ok());
        while !is_answered(&of_first)
            && !is_answered(&of_second)
            && (of_first.is_none() || of_second.is_none())
        {
            tokio::select! {
                biased;
                done = &mut first, if of_first.is_none() => of_first = Some(done),
                done = &mut beside, if of_second.is_none() => of_second = Some(done),
            }
        }
    }
    if let Some(done) = of_second
        && let Second::Overtaken(other) = std::mem::replace(second, Second::Spared)
    {
        *second = Second::Done(other, done);
    }
    of_first
}

/// Takes note of an endpoint that another one overtook, and of what it will bill: its prompt, and
/// an answer where it does not stop.
fn overtaken(world: &World, journey: &mut Journey, leg: &Leg) {
    let place = leg.candidate.endpoint;
    let let_go = Failure::new(
        FailureKind::Timeout,
        Fault::Caller,
        Retry::Never,
        "Another endpoint answered first.",
    );
    record(world, journey, (place, leg.ticket), leg.asked, (None, Some(&let_go)));
    if let Some(record) = journey.attempts.last_mut() {
        record.failure = Some("overtaken".to_owned());
    }
    let facts = &journey.call.request.facts;
    let written =
        if leg.cancellable { 0 } else { facts.output_tokens_max.unwrap_or(OUTPUT_GUESSED) };
    let input = facts.prompt_bytes / 4;
    let usage = Usage { input, output: written, estimated: true, ..Usage::default() };
    if let Some(origin) = origin(journey, (place, place), leg.ticket) {
        let part = part(journey, &origin, &usage, false);
        journey.parts.push(part);
    }
}

/// Tokens of an answer that nobody reads and nobody bounded.
const OUTPUT_GUESSED: u32 = 512;
