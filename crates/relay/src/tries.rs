//! Which endpoints of a plan are asked, and what follows when one fails.

use std::sync::Arc;
use std::time::Duration;

use domain::catalog::ModelIx;
use domain::failure::{Failure, Fault, Retry};
use domain::plan::{ATTEMPTS_MAX, Candidate};
use tokio::time::sleep;

use crate::attempt::attempt;
use crate::call::deadline;
use crate::health::{Obstacle, Why};
use crate::hedge::{hedge, race};
use crate::journey::{Journey, Served};
use crate::leg::{Tried, conclude, set_out};
use crate::line::Line;
use crate::mutant::Mutant;
use crate::outcome::closed;
use crate::prepare::prepared;
use crate::world::World;

/// The longest time for which the only endpoint is waited for before it is asked again.
const PATIENCE_MAX_MS: u64 = 2_000;
/// About how long the only endpoint is left alone after it failed.
const PAUSE_MS: u64 = 250;

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
    let prepared = match prepared(journey, candidate.endpoint).await {
        Ok(prepared) => prepared,
        Err(failure) => return Tried::Failed(failure),
    };
    let leg = match set_out(world, journey, (candidate, prepared.as_ref()), is_last_resort) {
        Ok(leg) => leg,
        Err(tried) => return tried,
    };
    if prepared.is_none()
        && let Some(hedge) = hedge(world, journey, &leg)
    {
        return race(world, journey, line, leg, hedge).await;
    }
    let tried = leg.tried(&journey.call);
    let attempted = attempt(&*world.clock, &journey.call, &tried, &leg.errand, line).await;
    conclude(world, journey, leg, attempted)
}
