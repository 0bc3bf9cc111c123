//! An answer that broke off, continued by another endpoint: only where the caller asked for that,
//! and only from the plan that was made for the request.

use std::sync::Arc;
use std::time::Duration;

use dialect::exchange::{Continuation, Delivered, Target};
use domain::failure::{Failure, FailureKind, Fault, Retry};
use domain::plan::{ATTEMPTS_MAX, Candidate};
use tokio::time::timeout;

use crate::attempt::Streaming;
use crate::call::{deadline, prompt_size, tokens};
use crate::collect::{read_error, silence};
use crate::errand::Errand;
use crate::health::Parcel;
use crate::journey::{Journey, Origin};
use crate::leg::{cause, record};
use crate::line::Line;
use crate::prepare::prepared;
use crate::settle::{part, usage_so_far};
use crate::world::{Body, ContentType, Response, World};

/// Who goes on.
pub(crate) struct Resumed {
    pub(crate) origin: Origin,
    pub(crate) errand: Errand,
}

/// Has another endpoint go on with a stream that broke. Returns who does; none where the caller did
/// not ask for that, where nobody can, where what was delivered cannot be continued, or where the
/// house bears no more of what the account is not charged for.
pub(crate) async fn resume(
    world: &Arc<World>,
    journey: &mut Journey,
    origin: &Origin,
    streaming: &mut Streaming,
    failure: &Failure,
    line: &mut Line,
) -> Option<Resumed> {
    let is_wanted = journey.call.request.facts.preferences.resume;
    if !is_wanted || failure.fault == Fault::Caller || line.is_gone() {
        return None;
    }
    if !journey.is_insured(world) {
        return None;
    }
    let delivered = streaming.answer.delivered()?;
    let usage = usage_so_far(&journey.call.request.facts, streaming.answer.observed());
    let broken = part(journey, origin, &usage, false);
    for candidate in journey.plan.candidates.clone() {
        let snapshot = journey.call.snapshot.clone();
        let endpoint = snapshot.catalog.endpoint(candidate.endpoint);
        let was_tried = journey.attempts.iter().any(|tried| tried.endpoint == endpoint.id);
        let model = snapshot.catalog.endpoint(origin.endpoint).model;
        if was_tried || endpoint.model != model || ATTEMPTS_MAX <= journey.attempts.len() {
            continue;
        }
        let Some((body, continuation, errand)) =
            go_on(world, journey, &delivered, candidate, line).await
        else {
            continue;
        };
        let card = endpoint.price.as_ref()?;
        let price = card.at(journey.call.received, journey.call.request.facts.priority);
        let credential = errand.credential();
        let price = price.to_owned_card();
        let origin = Origin { endpoint: candidate.endpoint, credential, price };
        streaming.answer.take_over(continuation);
        streaming.body = body;
        streaming.step = dialect::exchange::Step::Quiet;
        let called = snapshot.catalog.behind().provider_of(candidate.endpoint);
        streaming.cancellable = called.cancellable;
        journey.parts.push(broken);
        tracing::info!(
            generation.id = %journey.call.id,
            endpoint.id = endpoint.id,
            "an answer that broke off goes on at `{}`",
            endpoint.id
        );
        return Some(Resumed { origin, errand });
    }
    None
}

/// Asks one endpoint for the rest, and records how that went.
async fn go_on(
    world: &Arc<World>,
    journey: &mut Journey,
    delivered: &Delivered,
    candidate: Candidate,
    line: &mut Line,
) -> Option<(Box<dyn Body>, Continuation, Errand)> {
    let snapshot = journey.call.snapshot.clone();
    let behind = snapshot.catalog.behind();
    let endpoint = behind.endpoint(candidate.endpoint);
    let prepared = prepared(journey, candidate.endpoint).await.ok()?;
    let target = Target { endpoint, user_hash: journey.call.user_hash.as_deref() };
    let request = prepared.as_ref().unwrap_or(&journey.call.request);
    let continuation = dialect::registry::continuation(request, delivered, target).ok()?;
    let asked = world.clock.now();
    let watch = snapshot.watch(candidate.endpoint);
    let (size, tokens) = (prompt_size(&journey.call), tokens(&journey.call));
    let prefers = journey.prefers(candidate.endpoint);
    let parcel = Parcel { size, tokens, prefers, is_last_resort: false };
    let ticket = watch.admit(parcel, asked).ok()?;
    let errand = Errand::new(world.clone(), watch, ticket, cause(&journey.call));
    let left_ms = deadline(&journey.call).ms_since(asked);
    let wait = Duration::from_millis(snapshot.timeouts.first_byte_ms.min(left_ms));
    let mut status = None;
    let work = async {
        let sent =
            snapshot.upstream.send(candidate.endpoint, ticket.credential, &continuation.wire);
        let response = sent.await?;
        status = Some(response.status);
        begun(response, &continuation, wait).await
    };
    let cancellable = behind.provider_of(candidate.endpoint).cancellable;
    let outcome = match line.wait_for(timeout(wait, work), cancellable).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(silence()),
        Err(_) => return None,
    };
    let place = (candidate.endpoint, ticket);
    record(world, journey, place, asked, (status, outcome.as_ref().err()));
    match outcome {
        Ok(body) => {
            errand.first_content();
            Some((body, continuation, errand))
        }
        Err(failure) => {
            errand.failed(&failure, status);
            None
        }
    }
}

/// Returns the stream that a response opens.
async fn begun(
    response: Response,
    continuation: &Continuation,
    idle: Duration,
) -> Result<Box<dyn Body>, Failure> {
    let Response { status, content_type, retry_after_ms, mut body, .. } = response;
    let streams = matches!(content_type, ContentType::EventStream | ContentType::Other);
    if status == 200 && streams {
        return Ok(body);
    }
    if status == 200 && content_type == ContentType::Json {
        let detail = "The provider did not stream the rest of an answer.";
        let kind = FailureKind::ProviderUnavailable;
        return Err(Failure::new(kind, Fault::Upstream, Retry::NextEndpoint, detail));
    }
    let read = read_error(&mut *body, idle).await;
    let failure = continuation.decode_error(status, &read);
    Err(Failure { retry_after_ms: failure.retry_after_ms.or(retry_after_ms), ..failure })
}
