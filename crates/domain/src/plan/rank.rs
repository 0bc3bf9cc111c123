//! What candidates are compared by.

use super::candidate::Considered;
use super::naming::calls;
use super::offers::{Offers, Turn, Wanted};
use super::quality::{Bar, Quality};
use crate::catalog::{Endpoint, EndpointIx, Tier};
use crate::health::{EndpointHealth, Gate};
use crate::money::Money;
use crate::request::{DocumentForm, Facts, Sort};

/// What candidates are sorted by, most important first. Those of one group are equal but for what
/// they are sorted or balanced by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) group: Group,
    /// What the request sorts by, the smaller the better.
    pub(super) key: u64,
    pub(super) cost: Money,
    pub(super) endpoint: EndpointIx,
}

/// An endpoint that nothing leaves out.
pub(super) struct Entry {
    pub(super) rank: Rank,
    /// What its model's endpoints are sorted by; none where load is balanced by price.
    pub(super) sort: Option<Sort>,
    /// Its place among those that were looked at.
    pub(super) seen: usize,
}

impl Entry {
    /// Returns which of the models that were asked for it offers.
    pub(super) fn model(&self, considered: &[Considered]) -> u16 {
        considered[self.seen].model
    }
}

/// What decides before sorting and balancing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) turn: Turn,
    /// It takes no requests now: behind everything, so that other models come before it.
    pub(super) closed: bool,
    pub(super) model: u16,
    /// It misses what `preferred_*` asks for, or nothing is known of that.
    threshold: Threshold,
    /// It is sent the text of documents, for it reads none, and others do.
    reads_no_documents: bool,
    /// How many of the parameters that change an answer's form it does not take.
    lacks: u8,
    /// Its tier is not the one that was asked for.
    other_tier: bool,
    /// Its place in the caller's order of providers.
    order: u16,
    pub(super) standing: Standing,
    quality: Quality,
}

/// How an endpoint meets the thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Threshold {
    Met,
    Unknown,
    Missed,
}

/// How an endpoint has been lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    Well,
    /// Much worse than its peers.
    Demoted,
    /// It failed lately, or nobody knows whether it is back.
    Shaky,
}

/// The place of what the caller's order does not name.
const UNORDERED: u16 = u16::MAX;

impl Group {
    /// Returns whether it is there because the caller said in which order providers come.
    pub(super) fn is_ordered(&self) -> bool {
        self.order != UNORDERED
    }

    /// Returns the same group of another standing.
    pub(super) fn standing(self, standing: Standing) -> Group {
        Group { standing, ..self }
    }
}

/// What one model's candidates are ranked by.
pub(super) struct Ranking<'a> {
    facts: &'a Facts,
    sort: Option<Sort>,
    model: u16,
    bar: Option<Bar>,
    /// Parameters that change the form of an answer, where the request sets some.
    formal: Vec<String>,
}

/// Parameters that are better not dropped: endpoints that take them come first (OpenRouter's
/// documentation).
pub(super) const FORMAL: [&str; 2] = ["response_format", "verbosity"];

impl<'a> Ranking<'a> {
    pub(super) fn new(
        facts: &'a Facts,
        (place, wanted): (usize, &Wanted),
        offers: &Offers<'_>,
        peers: &[Considered],
    ) -> Ranking<'a> {
        let wants = &facts.preferences;
        let sort = effective_sort(facts, wanted, offers);
        // Requests with tools go to whoever calls them well (OpenRouter's "Auto Exacto").
        let minds_quality =
            sort == Some(Sort::Exacto) || (facts.tools && sort.is_none() && wants.order.is_empty());
        let bar = minds_quality.then(|| Bar::of(peers.iter().map(|peer| peer.health)));
        let is_formal = |name: &&String| FORMAL.contains(&name.as_str());
        let formal = facts.parameters.iter().filter(is_formal).cloned().collect();
        let model =
            if wants.sort_across_models { 0 } else { u16::try_from(place).unwrap_or(u16::MAX) };
        Ranking { facts, sort, model, bar, formal }
    }

    /// Returns what this model's endpoints are sorted by; none where load is balanced by price.
    pub(super) fn sort(&self) -> Option<Sort> {
        self.sort
    }

    pub(super) fn rank(&self, candidate: &Considered, offers: &Offers<'_>) -> Rank {
        let Considered { endpoint: place, health, expected_cost: cost, .. } = *candidate;
        let (provider, endpoint) = offers.look_up(place);
        let wants = &self.facts.preferences;
        let order = wants.order.iter().position(|name| calls(name, provider, endpoint, true));
        let closed = health.gate.opens_at();
        let quality = self.quality(&health);
        let group = Group {
            turn: (offers.turn)(place),
            closed: closed.is_some(),
            model: self.model,
            threshold: threshold(self.facts, &health),
            reads_no_documents: self.reads_no_documents(endpoint),
            lacks: self.lacks(endpoint, offers),
            other_tier: self.facts.priority && !has_priority(endpoint),
            order: order.map_or(UNORDERED, |at| u16::try_from(at).unwrap_or(UNORDERED - 1)),
            standing: if order.is_some() { Standing::Well } else { standing(&health) },
            quality,
        };
        let key = match closed {
            Some(until) => until.ms().unsigned_abs(),
            None => key(self.sort, &health, cost),
        };
        Rank { group, key, cost, endpoint: place }
    }

    /// Returns how many of the parameters that change an answer's form it does not take.
    fn lacks(&self, endpoint: &Endpoint, offers: &Offers<'_>) -> u8 {
        let drops = |name: &str| !(offers.takes)(endpoint, name);
        let dropped = self.formal.iter().filter(|name| drops(name)).count();
        u8::try_from(dropped).unwrap_or(u8::MAX)
            + u8::from(self.facts.schema && !endpoint.structured_output)
    }

    /// Returns whether it is better left to others that read documents as they are.
    fn reads_no_documents(&self, endpoint: &Endpoint) -> bool {
        self.facts.documents == DocumentForm::Either && self.facts.sends_text_of_documents(endpoint)
    }

    fn quality(&self, health: &EndpointHealth) -> Quality {
        let quality = self.bar.as_ref().map_or(Quality::Good, |bar| bar.quality(health));
        // Unless quality was asked for by name, whoever is unknown is given a chance.
        match quality {
            Quality::Unknown if self.sort.is_none() => Quality::Good,
            quality => quality,
        }
    }
}

/// Returns what one model's endpoints are sorted by: the request's own word before that of the
/// model's variant, the tier's habit, and the house's.
fn effective_sort(facts: &Facts, wanted: &Wanted, offers: &Offers<'_>) -> Option<Sort> {
    let by_tier = match (facts.priority, facts.flex) {
        (true, _) => Some(Sort::Throughput),
        (_, true) => Some(Sort::Price),
        _ => None,
    };
    facts.preferences.sort.or(wanted.lane.sort).or(by_tier).or(offers.defaults.sort)
}

fn key(sort: Option<Sort>, health: &EndpointHealth, cost: Money) -> u64 {
    match sort {
        None | Some(Sort::Price | Sort::Exacto) => cost.nanos().unsigned_abs(),
        Some(Sort::Throughput) => {
            health.throughput.map_or(u64::MAX, |it| u64::from(u32::MAX - it.p50))
        }
        Some(Sort::Latency) => health.latency_ms.map_or(u64::MAX, |it| u64::from(it.p50)),
    }
}

fn has_priority(endpoint: &Endpoint) -> bool {
    let priced = endpoint.price.as_ref().is_some_and(|card| card.priority.is_some());
    priced || endpoint.tier() == Tier::Priority
}

fn threshold(facts: &Facts, health: &EndpointHealth) -> Threshold {
    let wants = &facts.preferences;
    let (fast, soon) = (&wants.min_throughput, &wants.max_latency_ms);
    let one = |is_empty: bool, holds: Option<bool>| match (is_empty, holds) {
        (true, _) | (_, Some(true)) => Threshold::Met,
        (_, None) => Threshold::Unknown,
        (_, Some(false)) => Threshold::Missed,
    };
    let is_fast = health.throughput.map(|it| fast.hold(&it, |measured, bound| bound <= measured));
    let is_soon = health.latency_ms.map(|it| soon.hold(&it, |measured, bound| measured <= bound));
    one(fast.is_empty(), is_fast).max(one(soon.is_empty(), is_soon))
}

fn standing(health: &EndpointHealth) -> Standing {
    match health.gate {
        Gate::Slow { .. } => Standing::Well,
        Gate::Open if !health.had_outage_lately && !health.is_demoted => Standing::Well,
        Gate::Open if !health.had_outage_lately => Standing::Demoted,
        Gate::Open | Gate::Trial | Gate::Closed { .. } | Gate::Held { .. } => Standing::Shaky,
    }
}
