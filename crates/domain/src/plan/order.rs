//! The order in which endpoints are tried.

use super::filter::{Exclusion, excluded, is_called};
use super::offers::{Excluded, Offers};
use super::refusal;
use crate::catalog::{EndpointIx, ModelIx};
use crate::failure::Failure;
use crate::money::Money;
use crate::request::Facts;
use crate::usage::Usage;

/// The most endpoints that one request tries.
pub const ATTEMPTS_MAX: usize = 5;

/// Completion tokens that a request is expected to make when it does not say.
const OUTPUT_TOKENS_EXPECTED: u32 = 512;

/// The endpoints to try, in order. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is tried, and in what order.
    pub candidates: Vec<Candidate>,
    /// How many endpoints were looked at.
    pub considered: usize,
}

/// An endpoint that may serve a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The endpoint.
    pub endpoint: EndpointIx,
    /// What the request would probably cost there: what candidates are compared by.
    pub expected_cost: Money,
}

/// Orders the endpoints that may serve a request: model by model as the caller listed them, the
/// caller's order of providers first, those without an outage before the others, cheap before dear.
///
/// # Errors
/// `NotFound`, with the reason and what would have to give, when nothing may serve it.
pub fn plan(facts: &Facts, models: &[ModelIx], offers: &Offers<'_>) -> Result<Plan, Failure> {
    let mut ranked: Vec<(Rank, Candidate)> = Vec::new();
    let mut excluded_all: Vec<Excluded> = Vec::new();
    let mut considered = 0;
    for (place, model) in models.iter().enumerate() {
        let callable = (offers.callable)(*model);
        considered += callable.len();
        let schema_matters = facts.schema
            && callable.iter().any(|endpoint| offers.catalog.endpoint(*endpoint).structured_output);
        for endpoint in callable {
            match consider(facts, *endpoint, offers) {
                Ok(candidate) => {
                    let rank = rank(facts, place, *endpoint, schema_matters, offers, &candidate);
                    ranked.push((rank, candidate));
                }
                Err(rule) => excluded_all.push((*endpoint, rule)),
            }
        }
    }
    if ranked.is_empty() {
        return Err(refusal::refuse(facts, models, offers, &excluded_all));
    }
    ranked.sort_by_key(|(rank, candidate)| (*rank, candidate.endpoint));
    let tries = if facts.preferences.allow_fallbacks || !facts.preferences.order.is_empty() {
        ATTEMPTS_MAX
    } else {
        1
    };
    let candidates = ranked.into_iter().take(tries).map(|(_, candidate)| candidate).collect();
    Ok(Plan { candidates, considered })
}

/// What candidates are sorted by, most important first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    model: usize,
    schema_missing: bool,
    order: usize,
    unwell: bool,
    cost: Money,
}

fn rank(
    facts: &Facts,
    model_place: usize,
    place: EndpointIx,
    schema_matters: bool,
    offers: &Offers<'_>,
    candidate: &Candidate,
) -> Rank {
    let (provider, endpoint) = offers.look_up(place);
    let wants = &facts.preferences;
    let order = wants.order.iter().position(|name| is_called(name, provider, endpoint));
    Rank {
        model: if wants.sort_across_models { 0 } else { model_place },
        schema_missing: schema_matters && !endpoint.structured_output,
        order: order.unwrap_or(usize::MAX),
        unwell: order.is_none() && (offers.health)(place).had_outage_lately,
        cost: candidate.expected_cost,
    }
}

fn consider(facts: &Facts, place: EndpointIx, offers: &Offers<'_>) -> Result<Candidate, Exclusion> {
    let (provider, endpoint) = offers.look_up(place);
    let Some(card) = &endpoint.price else { return Err(Exclusion::MaxPrice) };
    let in_force = card.at(offers.now, facts.priority);
    let prompt = facts.prompt_bytes / 4;
    let price = in_force.for_prompt(prompt);
    if let Some(rule) = excluded(facts, provider, endpoint, &price, offers.takes_all) {
        return Err(rule);
    }
    let output = facts
        .output_tokens_max
        .map_or(OUTPUT_TOKENS_EXPECTED, |max| max.min(OUTPUT_TOKENS_EXPECTED));
    let expected_cost = price.charge(&Usage { input: prompt, output, ..Usage::default() });
    Ok(Candidate { endpoint: place, expected_cost })
}
