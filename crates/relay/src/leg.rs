//! A request on its way to one endpoint: setting out, and what is taken note of when it is back.

use std::sync::Arc;

use dialect::exchange::{Exchange, Stamp, Target};
use dialect::request::Request;
use domain::catalog::{Endpoint, EndpointIx};
use domain::failure::{Failure, FailureKind, Fault};
use domain::generation::AttemptRecord;
use domain::health::{Blame, Cause};
use domain::plan::Candidate;
use domain::time::Timestamp;

use crate::attempt::{Attempted, Patience, Try};
use crate::call::{Call, deadline, prompt_size, tokens};
use crate::errand::Errand;
use crate::hash::hash;
use crate::health::{Obstacle, Parcel, Ticket, Why};
use crate::journey::{Journey, Origin, Served};
use crate::mutant::Mutant;
use crate::world::World;

/// What became of a candidate.
pub(crate) enum Tried {
    Served(Box<Served>),
    PassedOver(Obstacle),
    Failed(Failure),
}

/// A request on its way to one endpoint.
pub(crate) struct Leg {
    pub(crate) candidate: Candidate,
    pub(crate) exchange: Box<dyn Exchange>,
    pub(crate) ticket: Ticket,
    pub(crate) errand: Errand,
    /// When it set out.
    pub(crate) asked: Timestamp,
    pub(crate) patience: Patience,
    /// Closing the connection stops the provider's work and its bill.
    pub(crate) cancellable: bool,
}

impl Leg {
    /// Returns what is tried.
    pub(crate) fn tried(&self, call: &Call) -> Try<'_> {
        Try {
            exchange: &*self.exchange,
            endpoint: self.candidate.endpoint,
            credential: self.ticket.credential,
            deadline: deadline(call),
            cancellable: self.cancellable,
            patience: self.patience,
        }
    }
}

/// Sets out to an endpoint with a request that is prepared for it.
pub(crate) fn set_out(
    world: &Arc<World>,
    journey: &Journey,
    (candidate, prepared): (Candidate, Option<&Request>),
    is_last_resort: bool,
) -> Result<Leg, Tried> {
    let snapshot = &journey.call.snapshot;
    let asked = world.clock.now();
    let request = prepared.unwrap_or(&journey.call.request);
    let exchange = exchange(&journey.call, request, candidate.endpoint).map_err(Tried::Failed)?;
    let watch = snapshot.watch(candidate.endpoint);
    let size = prompt_size(&journey.call);
    if !journey.attempts.is_empty() && !watch.state().may_take_over(asked) {
        let until = asked.plus_ms(1_000);
        return Err(Tried::PassedOver(Obstacle { until, why: Why::Limited }));
    }
    let prefers = journey.prefers(candidate.endpoint);
    let parcel = Parcel { size, tokens: tokens(&journey.call), prefers, is_last_resort };
    let ticket = watch.admit(parcel, asked).map_err(Tried::PassedOver)?;
    let errand = Errand::new(world.clone(), watch.clone(), ticket, cause(&journey.call));
    let patience = Patience {
        p99_ms: watch.view(asked, size).latency_ms.map(|latency| latency.p99),
        has_others: has_others(journey, candidate),
        on_trial: ticket.on_trial,
    };
    let cancellable = snapshot.catalog.behind().provider_of(candidate.endpoint).cancellable;
    Ok(Leg { candidate, exchange, ticket, errand, asked, patience, cancellable })
}

/// Takes note of how an endpoint answered.
pub(crate) fn conclude(
    world: &Arc<World>,
    journey: &mut Journey,
    leg: Leg,
    Attempted { status, outcome }: Attempted,
) -> Tried {
    let place = leg.candidate.endpoint;
    record(world, journey, (place, leg.ticket), leg.asked, (status, outcome.as_ref().err()));
    let opened = match outcome {
        Ok(opened) => opened,
        Err(failure) => {
            let blame = leg.errand.failed(&failure, status);
            suspect(world, journey, place, (status, blame));
            return Tried::Failed(failure);
        }
    };
    leg.errand.first_content();
    journey.dropped.clone_from(&leg.exchange.wire().dropped);
    let first = journey.plan.candidates[0].endpoint;
    let priced = if world.breaks(Mutant::PriceOfTheFirst) { first } else { place };
    let Some(origin) = origin(journey, (place, priced), leg.ticket) else {
        return Tried::Failed(Failure::house("an endpoint has no price"));
    };
    Tried::Served(Box::new(Served { origin, opened, errand: leg.errand }))
}

/// Returns where an answer comes from, and what it costs there.
pub(crate) fn origin(
    journey: &Journey,
    (endpoint, priced): (EndpointIx, EndpointIx),
    ticket: Ticket,
) -> Option<Origin> {
    let card = journey.call.snapshot.catalog.endpoint(priced).price.as_ref()?;
    let price = card.at(journey.call.received, journey.call.request.facts.priority);
    Some(Origin { endpoint, credential: ticket.lane, price: price.to_owned_card() })
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
    // What a provider answers, and how fast, tells who it is.
    let is_told = !endpoint.veiled;
    journey.attempts.push(AttemptRecord {
        endpoint: endpoint.id.clone(),
        provider_name: snapshot.catalog.provider(endpoint.provider).display_name.clone(),
        status: status.filter(|_| is_told),
        failure: failure.map(|failure| failure.kind.wire().1.to_owned()),
        latency_ms: is_told.then(|| world.clock.now().ms_since(asked)),
        credential: number.filter(|_| is_told && snapshot.watch(place).has_several()),
        left: ticket.left.filter(|_| is_told),
    });
}

/// Logs a try that failed: loudly where only the operator can mend it.
fn report(journey: &Journey, endpoint: &Endpoint, status: Option<u16>, failure: &Failure) {
    let (id, place) = (&journey.call.id, &endpoint.id);
    if failure.fault == Fault::Credential {
        tracing::warn!(
            generation.id = %id,
            endpoint.id = place,
            status = status.filter(|_| !endpoint.veiled),
            "`{place}` refuses our credential"
        );
    } else {
        let is_limit = failure.kind == FailureKind::RateLimited;
        tracing::info!(
            generation.id = %id,
            endpoint.id = place,
            failure.kind = ?failure.kind,
            failure.fault = ?failure.fault,
            status = status.filter(|_| !endpoint.veiled),
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
    let called = catalog.behind().endpoint(place);
    let target = Target { endpoint: called, user_hash: call.user_hash.as_deref() };
    let facts = &call.request.facts;
    if facts.preferences.resume && facts.stream {
        return dialect::registry::resumable(request, target, stamp);
    }
    dialect::registry::exchange(request, target, stamp)
}
