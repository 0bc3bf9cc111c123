//! One request, from admission to settlement. This is the file to read first.
//!
//! The steps: find the models, plan the endpoints, hold what it may cost; then, in a task that
//! outlives the caller, try endpoints until one answers, pass the answer on, and settle. Every
//! route and every dialect goes this way, and there is no other.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use dialect::exchange::{Exchange, Stamp, Target};
use dialect::request::Request;
use domain::catalog::{Endpoint, EndpointIx};
use domain::failure::{Failure, Fault, Retry};
use domain::generation::AttemptRecord;
use domain::plan::Candidate;
use domain::time::Timestamp;
use tokio::sync::oneshot;

use crate::admit::admit;
use crate::attempt::{Opened, Try, attempt};
use crate::call::{Call, Heading, Refusal, Reply};
use crate::gate::Gate;
use crate::journey::{Journey, Origin, Served};
use crate::line::Line;
use crate::media::with_media;
use crate::metadata::metadata;
use crate::outcome::last_word;
use crate::planning::route;
use crate::pump::pump;
use crate::settle::{Ending, receipt, settle};
use crate::world::World;

/// Serves `call` from the first endpoint that will take it.
///
/// What it may cost at most is held before the first attempt and settled whatever happens after,
/// also when the returned future is dropped because the caller has left.
///
/// # Errors
/// Why nothing was or could be served; nothing of an answer has been shown then.
pub async fn relay(world: &Arc<World>, mut call: Call) -> Result<Reply, Box<Refusal>> {
    let (plan, route) = route(world, &mut call)?;
    let (call, held) = admit(&*world.ledger, call, &plan, route.models[0]).await?;
    let (to_caller, from_task) = oneshot::channel();
    let timeouts = call.snapshot.timeouts;
    let gate = Gate::new(world.ledger.clone(), held);
    let line = Line::new(&call.request, to_caller, &timeouts, gate);
    let journey = Box::new(Journey {
        call,
        plan,
        route,
        attempts: Vec::new(),
        retry_after_ms: None,
        dropped: Vec::new(),
        media: BTreeMap::new(),
    });
    world.tasks.spawn(Box::pin(travel(world.clone(), journey, line)));
    from_task.await.unwrap_or_else(|_| Err(Failure::house("the request's task ended early").into()))
}

/// Tries endpoints, passes the answer on and settles. The one task of a request.
async fn travel(world: Arc<World>, mut journey: Box<Journey>, mut line: Line) {
    match first_that_answers(&world, &mut journey, &mut line).await {
        Ok(served) => pass_on(&world, journey, served, line).await,
        Err(last) => {
            let failure = last_word(&journey, last);
            let ending = Ending::refused(&failure, line.is_gone());
            let (attempts, shown) = (journey.attempts.clone(), metadata(&journey, None));
            let event = broken_event(&journey, &failure);
            settle(&world, journey, ending).await;
            line.refuse(Refusal { failure, attempts, metadata: shown }, event).await;
        }
    }
}

/// Returns what ends a stream that was kept alive in vain: it names what was asked for, and whoever
/// failed last.
fn broken_event(journey: &Journey, failure: &Failure) -> Bytes {
    let call = &journey.call;
    let last = journey.attempts.last();
    let stamp = Stamp {
        id: call.id.to_string(),
        created: call.received.seconds(),
        model: call.snapshot.catalog.model(journey.route.models[0]).id.clone(),
        provider: last.map(|tried| tried.provider_name.clone()).unwrap_or_default(),
    };
    dialect::registry::failure_event(&call.request, failure, stamp)
}

/// Tries each endpoint in turn, until one answers or a failure says that none will.
async fn first_that_answers(
    world: &World,
    journey: &mut Journey,
    line: &mut Line,
) -> Result<Served, Failure> {
    let mut last = Failure::house("the plan is empty");
    let mut skipped_model = None;
    for candidate in journey.plan.candidates.clone() {
        let endpoint = journey.call.snapshot.catalog.endpoint(candidate.endpoint);
        if skipped_model == Some(endpoint.model) {
            continue;
        }
        let model = endpoint.model;
        match try_one(world, journey, line, candidate).await {
            Ok(served) => return Ok(served),
            Err(failure) => {
                match failure.retry {
                    Retry::Never => return Err(failure),
                    Retry::NextModel => skipped_model = Some(model),
                    Retry::NextEndpoint => (),
                }
                last = failure;
            }
        }
        if line.is_gone() {
            break;
        }
    }
    Err(last)
}

/// Tries one endpoint, and records how that went.
async fn try_one(
    world: &World,
    journey: &mut Journey,
    line: &mut Line,
    candidate: Candidate,
) -> Result<Served, Failure> {
    let snapshot = journey.call.snapshot.clone();
    let endpoint = snapshot.catalog.endpoint(candidate.endpoint);
    let asked = world.clock.now();
    let with_media = with_media(journey, candidate.endpoint).await?;
    let request = with_media.as_ref().unwrap_or(&journey.call.request);
    let exchange = exchange(&journey.call, request, candidate.endpoint)?;
    let deadline = deadline(&journey.call);
    let tried = Try { exchange: &*exchange, endpoint: candidate.endpoint, deadline };
    let cancellable = snapshot.catalog.provider(endpoint.provider).cancellable;
    let (status, outcome) = attempt(&*world.clock, &journey.call, &tried, cancellable, line).await;
    record(world, journey, candidate.endpoint, asked, (status, outcome.as_ref().err()));
    let opened = outcome?;
    let wire = exchange.wire();
    journey.dropped.clone_from(&wire.dropped);
    let card = endpoint.price.as_ref().ok_or_else(|| Failure::house("an endpoint has no price"))?;
    let price = card.at(journey.call.received, journey.call.request.facts.priority);
    let origin = Origin { endpoint: candidate.endpoint, price: price.to_owned_card() };
    Ok(Served { origin, opened })
}

fn record(
    world: &World,
    journey: &mut Journey,
    place: EndpointIx,
    asked: Timestamp,
    (status, failure): (Option<u16>, Option<&Failure>),
) {
    let snapshot = &journey.call.snapshot;
    let endpoint = snapshot.catalog.endpoint(place);
    let now = world.clock.now();
    match failure {
        None => snapshot.health.answered(place),
        Some(failure) if failure.fault == Fault::Caller => (),
        Some(failure) => {
            snapshot.health.failed(place, failure.retry_after_ms, now);
            let sooner =
                [journey.retry_after_ms, failure.retry_after_ms].into_iter().flatten().min();
            report(journey, endpoint, status, failure);
            journey.retry_after_ms = sooner;
        }
    }
    journey.attempts.push(AttemptRecord {
        endpoint: endpoint.id.clone(),
        provider_name: snapshot.catalog.provider(endpoint.provider).display_name.clone(),
        status,
        failure: failure.map(|failure| failure.kind.wire().1.to_owned()),
        latency_ms: now.ms_since(asked),
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
        tracing::info!(
            generation.id = %id,
            endpoint.id = place,
            failure.kind = ?failure.kind,
            failure.fault = ?failure.fault,
            status,
            "`{place}` failed"
        );
    }
}

/// Passes an answer on and settles it.
async fn pass_on(world: &Arc<World>, journey: Box<Journey>, served: Served, mut line: Line) {
    let Served { origin, opened } = served;
    let answer = match opened {
        Opened::Stream(streaming) => return pump(world, journey, origin, streaming, line).await,
        Opened::Whole(answer) => answer,
    };
    let ending = Ending::complete(world, &journey, &origin, answer.observed());
    let ending = ending.shown_at(world.clock.now());
    let receipt = receipt(&ending, metadata(&journey, Some(origin.endpoint)));
    let heading = Heading { dropped: journey.dropped.clone(), cost: Some(receipt.cost) };
    settle(world, journey, ending).await;
    if line.streams() {
        let _ = line.send(answer.render_stream(&receipt), heading).await;
    } else {
        line.answer(answer.render(&receipt), heading);
    }
}

/// Returns how an endpoint is asked and its answer read.
fn exchange(
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
    dialect::registry::exchange(request, target, stamp)
}

fn deadline(call: &Call) -> Timestamp {
    let timeouts = &call.snapshot.timeouts;
    let total =
        if call.request.facts.stream { timeouts.total_stream_ms } else { timeouts.total_ms };
    call.received.plus_ms(total as i64)
}
