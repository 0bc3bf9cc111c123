//! What a request means, and where it may go: what the world knows, given to the pure planner.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use domain::catalog::{EndpointIx, ModelIx};
use domain::failure::Failure;
use domain::models::{Resolved, resolve};
use domain::plan::{Bond, Offers, Plan, Receipt, Turn, plan};
use domain::request::ReasoningAsk;
use domain::time::Timestamp;
use domain::usage::Usage;

use crate::call::{Call, Refusal, prompt_size};
use crate::metadata::unrouted;
use crate::route::Route;
use crate::world::World;

/// Finds out which models a request means and plans where it may go.
///
/// # Errors
/// When its names mean nothing, or nothing may serve it.
pub(crate) fn route(world: &World, call: &mut Call) -> Result<(Plan, Route), Box<Refusal>> {
    let snapshot = call.snapshot.clone();
    call.request.facts.code = is_routed(call) && holds_code(&call.request.body);
    let conversation = conversation(call);
    let bond = conversation.and_then(|it| world.bonds.find(it, call.received));
    let (request, received) = (&call.request, call.received);
    let size = prompt_size(call);
    let offers = Offers {
        catalog: &snapshot.catalog,
        callable: &|model| snapshot.callable(model),
        health: &|endpoint| snapshot.health(endpoint, received, size),
        takes_all: &|endpoint| dialect::registry::takes_all(request, endpoint),
        takes: &|endpoint, name| dialect::registry::takes(name, endpoint),
        turn: &|_| Turn::House,
        defaults: &snapshot.defaults,
        bond: bond.as_ref(),
        now: received,
        entropy: world.entropy.draw(),
    };
    let facts = &request.facts;
    let held = bond.as_ref().and_then(|bond| held(&offers, bond));
    let resolved = resolve(facts, &offers, &snapshot.index, held)?;
    let found = plan(facts, &resolved.wanted, &offers)
        .map_err(|failure| refused(call, &resolved, failure))?;
    let keeps = snapshot.keeps_receipts;
    let receipt = keeps.then(|| Arc::new(Receipt::of(facts, &resolved, &offers, &found)));
    let thinks = resolved.wanted.iter().any(|it| it.lane.thinking);
    if thinks && facts.reasoning.is_none() {
        let ask = ReasoningAsk { enabled: Some(true), ..ReasoningAsk::default() };
        call.request.facts.reasoning = Some(ask);
    }
    let word = |task| serde_json::to_value(task).ok()?.as_str().map(str::to_owned);
    let route = Route {
        models: resolved.wanted.iter().map(|it| it.model).collect(),
        strategy: resolved.strategy,
        router: resolved.routed.map(|it| (it.router, it.task.and_then(word))),
        receipt,
        conversation,
        bond,
    };
    Ok((found, route))
}

fn refused(call: &Call, resolved: &Resolved, failure: Failure) -> Box<Refusal> {
    let metadata = unrouted(call, resolved);
    Box::new(Refusal { failure, attempts: Vec::new(), metadata })
}

/// Returns whether the house chooses the model.
fn is_routed(call: &Call) -> bool {
    call.request
        .facts
        .models
        .iter()
        .any(|name| ["openrouter/", "interline/"].iter().any(|prefix| name.starts_with(prefix)))
}

/// Bytes of a body that are looked through for code.
const CODE_BYTES_MAX: usize = 65_536;

/// Returns whether a prompt holds a block of code, fenced as Markdown has it.
fn holds_code(body: &[u8]) -> bool {
    let seen = &body[..body.len().min(CODE_BYTES_MAX)];
    seen.windows(3).any(|window| window == b"```")
}

/// Returns what tells the conversation of a request apart, under the key that pays and the models
/// that were asked for.
fn conversation(call: &Call) -> Option<u64> {
    let facts = &call.request.facts;
    let mut hasher = DefaultHasher::new();
    match (&facts.session_id, facts.conversation) {
        (Some(session), _) => session.hash(&mut hasher),
        (None, Some(conversation)) => conversation.hash(&mut hasher),
        (None, None) => return None,
    }
    call.key.id.as_str().hash(&mut hasher);
    facts.models.hash(&mut hasher);
    Some(hasher.finish())
}

/// Returns the model of the endpoint that holds a conversation's cache.
fn held(offers: &Offers<'_>, bond: &Bond) -> Option<ModelIx> {
    let (_, model) = bond.endpoint.split_once(':')?;
    offers.catalog.find_model(model)
}

/// Takes note of where a conversation has its prompt cache after an answer.
pub(crate) fn remember(
    world: &World,
    (call, route): (&Call, &Route),
    (place, credential): (EndpointIx, Option<u64>),
    usage: &Usage,
    now: Timestamp,
) {
    let Some(conversation) = route.conversation.filter(|_| !usage.estimated) else { return };
    let facts = &call.request.facts;
    let endpoint = call.snapshot.catalog.endpoint(place);
    let Some(card) = &endpoint.price else { return };
    let price = card.at(call.received, facts.priority).for_prompt(usage.bounded().prompt());
    let is_named = facts.session_id.is_some();
    let at = (endpoint.id.as_str(), credential);
    let bond = Bond::after(route.bond.as_ref(), at, (usage, &price), is_named, now);
    if bond.is_some() || route.bond.is_some() {
        world.bonds.keep(conversation, bond, now);
    }
}
