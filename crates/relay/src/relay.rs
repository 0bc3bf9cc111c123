//! One request, from admission to settlement. This is the file to read first.
//!
//! The steps: find the models, plan the endpoints, count it against its limits, read documents for
//! endpoints that cannot, hold what it may cost; then, in a task that outlives the caller, try
//! endpoints until one answers, pass the answer on, and settle. Every route and every dialect goes
//! this way, and there is no other.

use std::sync::Arc;

use bytes::Bytes;
use dialect::exchange::Stamp;
use domain::failure::Failure;
use tokio::sync::oneshot;

use crate::admit::{admit, allow};
use crate::attempt::Opened;
use crate::call::{Call, Heading, Refusal, Reply};
use crate::documents::Documents;
use crate::gate::Gate;
use crate::journey::{Journey, Served};
use crate::line::Line;
use crate::metadata::metadata;
use crate::mutant::Mutant;
use crate::outcome::last_word;
use crate::planning::route;
use crate::pump::pump;
use crate::settle::{Ending, itemise, receipt, settle, used};
use crate::sorting;
use crate::tries::first_that_answers;
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
    let permit = allow(world, &call, &plan).await?;
    let standings = permit.as_ref().map(|it| it.standings().to_vec()).unwrap_or_default();
    let mut documents = Documents::read(&call, &plan).await?;
    let (call, held) = admit(&*world.ledger, call, (&plan, &documents), route.models[0]).await?;
    let (to_caller, from_task) = oneshot::channel();
    let timeouts = call.snapshot.timeouts;
    let is_rash = world.breaks(Mutant::ShownBeforeDurable);
    let gate = Gate::new(world.ledger.clone(), held, is_rash);
    let line = Line::new(&call.request, to_caller, &timeouts, gate);
    let sorting = sorting::begin(world.sorter.as_ref(), &call);
    let journey = Box::new(Journey {
        call,
        plan,
        route,
        permit,
        attempts: Vec::new(),
        failed_in_words: Vec::new(),
        parts: Vec::new(),
        retry_after_ms: None,
        dropped: Vec::new(),
        compression: None,
        media: std::mem::take(&mut documents.fetched),
        documents,
        sorting,
    });
    world.tasks.spawn(Box::pin(travel(world.clone(), journey, line)));
    let told = from_task.await;
    let ended_early = |_| Err(Failure::house("the request's task ended early").into());
    told.unwrap_or_else(ended_early).map(|reply| reply.within(standings))
}

/// Tries endpoints, passes the answer on and settles. The one task of a request.
async fn travel(world: Arc<World>, mut journey: Box<Journey>, mut line: Line) {
    match first_that_answers(&world, &mut journey, &mut line).await {
        Ok(served) => pass_on(&world, journey, served, line).await,
        Err(last) => {
            let failure = last_word(&world, &journey, last);
            let lost = journey.parts.iter().map(|part| part.cost).sum();
            let ending = Ending::refused(&failure, line.is_gone()).after(lost);
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

/// Passes an answer on and settles it.
async fn pass_on(world: &Arc<World>, mut journey: Box<Journey>, served: Served, mut line: Line) {
    let Served { origin, opened, errand } = served;
    let answer = match opened {
        Opened::Stream(streaming) => {
            return pump(world, journey, origin, streaming, errand, line).await;
        }
        Opened::Whole(answer) => answer,
    };
    errand.served(answer.observed().usage.map(|usage| usage.output));
    let observed = answer.observed().clone();
    let usage = used(&journey, &origin, &observed, true).await;
    let ending = Ending::complete(world, &journey, &origin, (&observed, usage));
    let overtaken = itemise(&mut journey, &origin, &usage, ending.is_charged());
    let ending = ending.after(overtaken).shown_at(world.clock.now());
    let receipt = receipt(world, &ending, metadata(&journey, Some(origin.endpoint)));
    let heading = Heading {
        dropped: journey.dropped.clone(),
        cost: Some(receipt.cost),
        ..Heading::default()
    };
    settle(world, journey, ending).await;
    if line.streams() {
        let _ = line.send(answer.render_stream(&receipt), heading).await;
    } else {
        line.answer(answer.render(&receipt), heading);
    }
}
