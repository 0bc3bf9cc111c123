//! The order in which endpoints are tried.

use super::bond::Stay;
use super::candidate::{ATTEMPTS_MAX, Candidate, Considered, Plan};
use super::draw::Lots;
use super::filter::Filter;
use super::offers::{Offers, Wanted};
use super::rank::{Entry, Rank, Ranking, Standing};
use super::refusal;
use super::sticky::stick;
use crate::failure::Failure;
use crate::health::{EndpointHealth, Gate};
use crate::money::Money;
use crate::request::{Facts, Sort};
use crate::usage::Usage;

/// Completion tokens that a request is expected to make when it does not say.
const OUTPUT_TOKENS_EXPECTED: u32 = 512;

/// Orders the endpoints that may serve a request.
///
/// Model by model as the caller listed them: those that keep to every preference before those that
/// do not, the caller's order of providers first, the well before the shaky. Among equals the first
/// is drawn with a chance of one by the square of its price, or is the best by what the request
/// sorts by; the rest follow cheap before dear. `docs/routing.md` has the whole.
///
/// # Errors
/// `NotFound`, with what stands in the way of every endpoint and the smallest change that would
/// admit one, when nothing may serve it.
pub fn plan(facts: &Facts, wanted: &[Wanted], offers: &Offers<'_>) -> Result<Plan, Failure> {
    let mut considered = Vec::with_capacity(16);
    let mut ranked: Vec<Entry> = Vec::with_capacity(16);
    for (place, one) in wanted.iter().enumerate() {
        let from = considered.len();
        consider(facts, (place, one), offers, &mut considered);
        let peers = &considered[from..];
        let ranking = Ranking::new(facts, (place, one), offers, peers);
        for (seen, peer) in (from..).zip(peers).filter(|(_, peer)| peer.obstacles.is_empty()) {
            ranked.push(Entry { rank: ranking.rank(peer, offers), sort: ranking.sort(), seen });
        }
    }
    if ranked.is_empty() {
        return Err(refusal::refuse(facts, wanted, offers, &considered));
    }
    ranked.sort_by_key(|entry| entry.rank);
    let pool = Pool { considered: &considered, output: output_tokens(facts) };
    pool.lead(&mut ranked, &mut Lots::new(offers.entropy));
    let stay = offers.bond.map(|bond| stick(bond, &mut ranked, (facts, offers), &considered));
    let mut candidates = cut(&ranked, facts);
    if let (Some(Stay::Stays { .. }), Some(bond)) = (stay, offers.bond) {
        candidates[0].credential = bond.credential;
    }
    Ok(Plan { candidates, considered, stay })
}

/// Returns whether a model has an endpoint that nothing leaves out.
pub fn admits(facts: &Facts, wanted: &Wanted, offers: &Offers<'_>) -> bool {
    let filter = Filter::new(facts, wanted, offers);
    let prompt = prompt_tokens(facts);
    (offers.callable)(wanted.model).iter().any(|place| {
        let (provider, endpoint) = offers.look_up(*place);
        let card = endpoint.price.as_ref();
        let price = card.map(|card| card.at(offers.now, facts.priority).for_prompt(prompt));
        filter.obstacles(provider, endpoint, price.as_ref()).is_empty()
    })
}

/// Returns the tokens that a prompt probably has.
fn prompt_tokens(facts: &Facts) -> u32 {
    facts.prompt_bytes / 4
}

/// Looks at every endpoint of a model.
fn consider(
    facts: &Facts,
    (place, wanted): (usize, &Wanted),
    offers: &Offers<'_>,
    considered: &mut Vec<Considered>,
) {
    let filter = Filter::new(facts, wanted, offers);
    let prompt = prompt_tokens(facts);
    let output = output_tokens(facts);
    for endpoint in (offers.callable)(wanted.model) {
        let (provider, offer) = offers.look_up(*endpoint);
        let card = offer.price.as_ref();
        let price = card.map(|card| card.at(offers.now, facts.priority).for_prompt(prompt));
        let usage = Usage { input: prompt, output, ..facts.units };
        considered.push(Considered {
            endpoint: *endpoint,
            model: u16::try_from(place).unwrap_or(u16::MAX),
            obstacles: filter.obstacles(provider, offer, price.as_ref()),
            expected_cost: price.map_or(Money::ZERO, |price| price.charge(&usage)),
            health: (offers.health)(*endpoint),
        });
    }
}

/// Returns the tokens that an answer probably has.
fn output_tokens(facts: &Facts) -> u32 {
    let most = facts.output_tokens_max.unwrap_or(OUTPUT_TOKENS_EXPECTED);
    most.min(OUTPUT_TOKENS_EXPECTED)
}

/// How often one that does much worse than its peers is asked first, so that it is
/// seen when it does better.
const DEMOTED_SHARE: f64 = 0.02;

/// What is known of those among which the first is chosen.
struct Pool<'a> {
    considered: &'a [Considered],
    /// Tokens that the answer probably has.
    output: u32,
}

impl Pool<'_> {
    fn health(&self, entry: &Entry) -> &EndpointHealth {
        &self.considered[entry.seen].health
    }

    /// Moves the one that is to be tried first to the front.
    fn lead(&self, ranked: &mut [Entry], lots: &mut Lots) {
        let Entry { rank: first, sort, .. } = ranked[0];
        if first.group.closed {
            return;
        }
        let end = ranked.iter().take_while(|it| it.rank.group == first.group).count();
        let balances = sort.is_none_or(|sort| sort == Sort::Exacto) && !first.group.is_ordered();
        let mut chosen = 0;
        if balances && 1 < end {
            chosen = lots.weighted(
                ranked[..end]
                    .iter()
                    .map(|it| weight(it.rank.cost, first.cost) * share(self.health(it).gate)),
            );
        }
        chosen = self.lighter(&ranked[..end], chosen, lots);
        let demoted = first.group.standing(Standing::Demoted);
        let others = ranked[end..].iter().take_while(|it| it.rank.group == demoted).count();
        if balances && 0 < others && lots.unit() < DEMOTED_SHARE {
            chosen = end + lots.below(others);
        }
        // Whoever may try whether an endpoint is back does so with all the others behind it.
        let shaky = first.group.standing(Standing::Shaky);
        let may_try = |it: &Entry| {
            it.rank.group == shaky && first.group != shaky && self.health(it).gate == Gate::Trial
        };
        if let Some(trial) = ranked.iter().position(may_try) {
            chosen = trial;
        }
        ranked[..=chosen].rotate_right(1);
    }

    /// Returns the place of the less busy of two: `chosen`, and one drawn from its equals ("the
    /// power of two choices").
    fn lighter(&self, pool: &[Entry], chosen: usize, lots: &mut Lots) -> usize {
        let Rank { key, cost, .. } = pool[chosen].rank;
        let equals = || {
            let others = pool.iter().enumerate().filter(|(place, _)| *place != chosen);
            others.filter(|(_, it)| it.rank.key == key && it.rank.cost == cost)
        };
        let count = equals().count();
        if count == 0 {
            return chosen;
        }
        let load = |place: usize| {
            let health = self.health(&pool[place]);
            // One that is coming back is held to its share.
            health.load.weight(self.output) as f64 / share(health.gate)
        };
        match equals().nth(lots.below(count)) {
            Some((other, _)) if load(other) < load(chosen) => other,
            _ => chosen,
        }
    }
}

/// Returns how likely a price is to be drawn, beside the cheapest: by the square of how much dearer
/// it is. Beside what is free, only what is free is drawn.
fn weight(cost: Money, cheapest: Money) -> f64 {
    if cost == cheapest {
        return 1.0;
    }
    let ratio = cheapest.nanos() as f64 / cost.nanos() as f64;
    ratio * ratio
}

/// Returns the share of its traffic that an endpoint may get.
fn share(gate: Gate) -> f64 {
    match gate {
        Gate::Slow { share_percent } => f64::from(share_percent) / 100.0,
        _ => 1.0,
    }
}

/// Returns those that are tried: as many as may be, with a place for each of the models that the
/// caller listed after the first.
fn cut(ranked: &[Entry], facts: &Facts) -> Vec<Candidate> {
    let only_one = !facts.preferences.allow_fallbacks && facts.preferences.order.is_empty();
    let most = if only_one { 1 } else { ATTEMPTS_MAX };
    let mut later: Vec<u16> = Vec::new();
    for Entry { rank, .. } in ranked {
        let model = rank.group.model;
        if model != ranked[0].rank.group.model && !later.contains(&model) {
            later.push(model);
        }
    }
    let mut taken: Vec<&Rank> = Vec::with_capacity(most);
    for Entry { rank, .. } in ranked {
        later.retain(|model| *model != rank.group.model);
        let waiting = later.len().min(most - 1);
        if taken.len() + waiting < most {
            taken.push(rank);
        }
    }
    let tried = |rank: &&Rank| Candidate {
        endpoint: rank.endpoint,
        expected_cost: rank.cost,
        credential: None,
    };
    taken.iter().map(tried).collect()
}
