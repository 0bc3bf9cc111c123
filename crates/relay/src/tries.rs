//! Which endpoints of a plan are asked, and what follows when one fails.

use std::sync::Arc;
use std::time::Duration;

use dialect::exchange::{Exchange, Stamp, Target};
use dialect::request::Request;
use domain::catalog::{Endpoint, EndpointIx, ModelIx};
use domain::failure::{Failure, FailureKind, Fault, Retry};
use domain::generation::AttemptRecord;
use domain::health::{Blame, Cause};
use domain::plan::{ATTEMPTS_MAX, Candidate};
use domain::time::Timestamp;
use tokio::time::sleep;

use crate::attempt::{Attempted, Patience, Try, attempt};
use crate::call::{Call, prompt_size, tokens};
use crate::errand::Errand;
use crate::hash::hash;
use crate::health::{Obstacle, Parcel, Ticket, Why};
use crate::journey::{Journey, Origin, Served};
use crate::line::Line;
use crate::mutant::Mutant;
use crate::outcome::closed;
use crate::prepare::prepared;
use crate::world::World;

/// The longest time for which the only endpoint is waited for before it is asked again.
const PATIENCE_MAX_MS: u64 = 2_000;
/// About how long the only endpoint is left alone after it failed.
const PAUSE_MS: u64 = 250;

/// What became of a candidate.
enum Tried {
    Served(Box<Served>),
    PassedOver(Obstacle),
    Failed(Failure),
}

/// Tries each endpoint in turn, until one answers or a failure says that none will.
pub(crate) async fn first_that_answers(
    world: &Arc<World>,
    journey: &mut Journey,
    line: &mut Line,
) -> Result<Served, Failure> {
    let mut candidates = journey.plan.candidates.clone();
    if world.breaks(Mutant::OutOfOrder) {
        candidates.reverse();
    }
    let mut last: Option<(Candidate, Failure)> = None;
    let mut passed_over: Vec<(Candidate, Obstacle)> = Vec::new();
    let mut skipped_model: Option<ModelIx> = None;
    for candidate in &candidates {
        let model = journey.call.snapshot.catalog.endpoint(candidate.endpoint).model;
        if skipped_model == Some(model) || ATTEMPTS_MAX <= journey.attempts.len() {
            continue;
        }
        match try_one(world, journey, line, *candidate, false).await {
            Tried::Served(served) => return Ok(*served),
            Tried::PassedOver(obstacle) => passed_over.push((*candidate, obstacle)),
            Tried::Failed(failure) => {
                match failure.retry {
                    Retry::Never if world.breaks(Mutant::CallersFaultRetried) => (),
                    Retry::Never => return Err(failure),
                    Retry::NextModel => skipped_model = Some(model),
                    Retry::NextEndpoint if world.breaks(Mutant::NoFailover) => return Err(failure),
                    Retry::NextEndpoint if world.breaks(Mutant::AskedTwice) => {
                        let _ = try_one(world, journey, line, *candidate, false).await;
                    }
                    Retry::NextEndpoint => (),
                }
                last = Some((*candidate, failure));
            }
        }
        if line.is_gone() && !world.breaks(Mutant::AskedAfterLeaving) {
            break;
        }
    }
    match last {
        Some((candidate, failure)) => once_more(world, journey, line, candidate, failure).await,
        None => last_resort(world, journey, line, &passed_over).await,
    }
}

/// Asks an endpoint again that was the only one, where that may help.
async fn once_more(
    world: &Arc<World>,
    journey: &mut Journey,
    line: &mut Line,
    candidate: Candidate,
    failure: Failure,
) -> Result<Served, Failure> {
    let [only] = journey.attempts.as_slice() else { return Err(failure) };
    let Some(pause) = pause(&failure, only.status, world.entropy.draw() as u64) else {
        return Err(failure);
    };
    let now = world.clock.now();
    let watch = journey.call.snapshot.watch(candidate.endpoint);
    let fits = pause < deadline(&journey.call).ms_since(now);
    if line.is_gone() || !fits || !watch.state().may_retry(now) {
        return Err(failure);
    }
    if line.wait_for(sleep(Duration::from_millis(pause)), true).await.is_err() {
        return Err(failure);
    }
    match try_one(world, journey, line, candidate, false).await {
        Tried::Served(served) => Ok(*served),
        Tried::PassedOver(_) => Err(failure),
        Tried::Failed(failure) => Err(failure),
    }
}

/// Returns after how many milliseconds the only endpoint may be asked again, if at all: at once
/// where nothing was sent, soon where it said that it had failed, and as it asks.
fn pause(failure: &Failure, status: Option<u16>, draw: u64) -> Option<u64> {
    if failure.retry != Retry::NextEndpoint || failure.fault != Fault::Upstream {
        return None;
    }
    match status {
        None => {
            let unsent = failure.provider_code.as_deref() == Some("connection_failed");
            unsent.then_some(0)
        }
        Some(429) => failure.retry_after_ms.filter(|ms| *ms <= PATIENCE_MAX_MS),
        Some(408 | 500 | 502 | 503 | 504 | 529) => match failure.retry_after_ms {
            Some(asked) => Some(asked).filter(|ms| *ms <= PATIENCE_MAX_MS),
            None => Some(PAUSE_MS / 2 + draw % PAUSE_MS),
        },
        Some(_) => None,
    }
}

/// Asks the closed endpoint that will be tried soonest, where every one is closed and the caller
/// did not insist on it.
async fn last_resort(
    world: &Arc<World>,
    journey: &mut Journey,
    line: &mut Line,
    passed_over: &[(Candidate, Obstacle)],
) -> Result<Served, Failure> {
    let now = world.clock.now();
    let down = passed_over.iter().filter(|(_, obstacle)| obstacle.why == Why::Down);
    let soonest = down.min_by_key(|(_, obstacle)| obstacle.until);
    let is_pinned = !journey.call.request.facts.preferences.allow_fallbacks;
    if let Some((candidate, _)) = soonest.filter(|_| !is_pinned) {
        match try_one(world, journey, line, *candidate, true).await {
            Tried::Served(served) => return Ok(*served),
            Tried::Failed(failure) => return Err(failure),
            Tried::PassedOver(_) => (),
        }
    }
    let obstacles: Vec<Obstacle> = passed_over.iter().map(|(_, obstacle)| *obstacle).collect();
    Err(closed(journey, &obstacles, now))
}

/// Tries one endpoint, and records how that went.
async fn try_one(
    world: &Arc<World>,
    journey: &mut Journey,
    line: &mut Line,
    candidate: Candidate,
    is_last_resort: bool,
) -> Tried {
    let snapshot = journey.call.snapshot.clone();
    let endpoint = snapshot.catalog.endpoint(candidate.endpoint);
    let asked = world.clock.now();
    let prepared = match prepared(journey, candidate.endpoint).await {
        Ok(prepared) => prepared,
        Err(failure) => return Tried::Failed(failure),
    };
    let request = prepared.as_ref().unwrap_or(&journey.call.request);
    let exchange = match exchange(&journey.call, request, candidate.endpoint) {
        Ok(exchange) => exchange,
        Err(failure) => return Tried::Failed(failure),
    };
    let watch = snapshot.watch(candidate.endpoint);
    let size = prompt_size(&journey.call);
    if !journey.attempts.is_empty() && !watch.state().may_take_over(asked) {
        return Tried::PassedOver(Obstacle { until: asked.plus_ms(1_000), why: Why::Limited });
    }
    let prefers = journey.prefers(candidate.endpoint);
    let parcel = Parcel { size, tokens: tokens(&journey.call), prefers, is_last_resort };
    let ticket = match watch.admit(parcel, asked) {
        Ok(ticket) => ticket,
        Err(obstacle) => return Tried::PassedOver(obstacle),
    };
    let errand = Errand::new(world.clone(), watch.clone(), ticket, cause(&journey.call));
    let patience = Patience {
        p99_ms: watch.view(asked, size).latency_ms.map(|latency| latency.p99),
        has_others: has_others(journey, candidate),
        on_trial: ticket.on_trial,
    };
    let tried = Try {
        exchange: &*exchange,
        endpoint: candidate.endpoint,
        credential: ticket.credential,
        deadline: deadline(&journey.call),
        cancellable: snapshot.catalog.provider(endpoint.provider).cancellable,
        patience,
    };
    let Attempted { status, outcome } =
        attempt(&*world.clock, &journey.call, &tried, &errand, line).await;
    let place = (candidate.endpoint, ticket);
    record(world, journey, place, asked, (status, outcome.as_ref().err()));
    let opened = match outcome {
        Ok(opened) => opened,
        Err(failure) => {
            let blame = errand.failed(&failure, status);
            suspect(world, journey, candidate.endpoint, (status, blame));
            return Tried::Failed(failure);
        }
    };
    errand.first_content();
    journey.dropped.clone_from(&exchange.wire().dropped);
    let first = journey.plan.candidates[0].endpoint;
    let priced = if world.breaks(Mutant::PriceOfTheFirst) { first } else { candidate.endpoint };
    let Some(card) = &snapshot.catalog.endpoint(priced).price else {
        return Tried::Failed(Failure::house("an endpoint has no price"));
    };
    let price = card.at(journey.call.received, journey.call.request.facts.priority);
    let credential = ticket.lane;
    let origin = Origin { endpoint: candidate.endpoint, credential, price: price.to_owned_card() };
    Tried::Served(Box::new(Served { origin, opened, errand }))
}

/// Returns whether the plan holds endpoints after this one.
fn has_others(journey: &Journey, candidate: Candidate) -> bool {
    let last = journey.plan.candidates.last();
    last.is_some_and(|last| last.endpoint != candidate.endpoint)
}

/// Takes a request's failures back where it makes several endpoints fail in words: then it may be
/// the request.
fn suspect(
    world: &World,
    journey: &mut Journey,
    place: EndpointIx,
    (status, blame): (Option<u16>, Blame),
) {
    let in_words = status.is_some_and(|status| 500 <= status);
    if !in_words || !matches!(blame, Blame::Hard { .. }) {
        return;
    }
    journey.failed_in_words.push(place);
    if journey.failed_in_words.len() < 2 {
        return;
    }
    let (request, now) = (cause(&journey.call).request, world.clock.now());
    for place in &journey.failed_in_words {
        journey.call.snapshot.watch(*place).state().take_back(request, now);
    }
}

pub(crate) fn cause(call: &Call) -> Cause {
    Cause { caller: hash(call.key.id.as_str().as_bytes()), request: hash(&call.request.body) }
}

pub(crate) fn record(
    world: &World,
    journey: &mut Journey,
    (place, ticket): (EndpointIx, Ticket),
    asked: Timestamp,
    (status, failure): (Option<u16>, Option<&Failure>),
) {
    let snapshot = journey.call.snapshot.clone();
    let endpoint = snapshot.catalog.endpoint(place);
    if let Some(failure) = failure.filter(|failure| failure.fault != Fault::Caller) {
        let asked_for = [journey.retry_after_ms, failure.retry_after_ms];
        journey.retry_after_ms = asked_for.into_iter().flatten().min();
        report(journey, endpoint, status, failure);
    }
    if failure.is_some() && world.breaks(Mutant::AttemptUnrecorded) {
        return;
    }
    let number = u16::try_from(ticket.credential).ok();
    journey.attempts.push(AttemptRecord {
        endpoint: endpoint.id.clone(),
        provider_name: snapshot.catalog.provider(endpoint.provider).display_name.clone(),
        status,
        failure: failure.map(|failure| failure.kind.wire().1.to_owned()),
        latency_ms: world.clock.now().ms_since(asked),
        credential: number.filter(|_| snapshot.watch(place).has_several()),
        left: ticket.left,
    });
}

/// Logs a try that failed: loudly where only the operator can mend it.
fn report(journey: &Journey, endpoint: &Endpoint, status: Option<u16>, failure: &Failure) {
    let (id, place) = (&journey.call.id, &endpoint.id);
    if failure.fault == Fault::Credential {
        tracing::warn!(
            generation.id = %id,
            endpoint.id = place,
            status,
            "`{place}` refuses our credential"
        );
    } else {
        let is_limit = failure.kind == FailureKind::RateLimited;
        tracing::info!(
            generation.id = %id,
            endpoint.id = place,
            failure.kind = ?failure.kind,
            failure.fault = ?failure.fault,
            status,
            "`{place}` {}", if is_limit { "has had too many requests" } else { "failed" }
        );
    }
}

/// Returns how an endpoint is asked and its answer read.
pub(crate) fn exchange(
    call: &Call,
    request: &Request,
    place: EndpointIx,
) -> Result<Box<dyn Exchange>, Failure> {
    let catalog = &call.snapshot.catalog;
    let endpoint = catalog.endpoint(place);
    let stamp = Stamp {
        id: call.id.to_string(),
        created: call.received.seconds(),
        model: catalog.model(endpoint.model).id.clone(),
        provider: catalog.provider(endpoint.provider).display_name.clone(),
    };
    let target = Target { endpoint, user_hash: call.user_hash.as_deref() };
    let facts = &call.request.facts;
    if facts.preferences.resume && facts.stream {
        return dialect::registry::resumable(request, target, stamp);
    }
    dialect::registry::exchange(request, target, stamp)
}

/// Returns when the request as a whole has to be over.
pub(crate) fn deadline(call: &Call) -> Timestamp {
    let timeouts = &call.snapshot.timeouts;
    let total =
        if call.request.facts.stream { timeouts.total_stream_ms } else { timeouts.total_ms };
    call.received.plus_ms(total as i64)
}
