//! What a plan was made from and what came of it: enough to explain it, and to make it again.

use serde::{Deserialize, Serialize};

use super::bond::{Bond, Stay};
use super::candidate::{Considered, Plan};
use super::filter::Obstacles;
use super::offers::{Defaults, Lane, Offers, Turn, Wanted};
use super::order::plan;
use super::rank::FORMAL;
use crate::catalog::{Catalog, Endpoint, EndpointIx, ModelIx};
use crate::health::{EndpointHealth, Gate, Load, Percentiles};
use crate::models::{Resolved, Routed, Strategy};
use crate::money::Money;
use crate::price::Rate;
use crate::request::Facts;
use crate::time::Timestamp;

/// What a plan was made from and what came of it. It holds nothing of a prompt.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Receipt {
    /// What the request wanted.
    pub facts: Facts,
    /// What the house insisted on.
    #[serde(skip_serializing_if = "is_default")]
    pub defaults: Defaults,
    /// How its models were found.
    pub strategy: Strategy,
    /// What a router chose among.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routed: Option<Routed>,
    /// The models, by their ids, and what their variants ask for.
    pub models: Vec<(String, Lane)>,
    /// When it was planned.
    pub now: Timestamp,
    /// The lots that were drawn.
    pub entropy: u64,
    /// The endpoints that were looked at.
    pub seen: Vec<Seen>,
    /// Those that were to be tried, in order, as places in `seen`.
    pub order: Vec<u16>,
    /// Where the conversation's prompt cache was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bond: Option<Bond>,
    /// What became of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stay: Option<Stay>,
    /// How much was left out because it was too long to keep; the plan cannot be made again then.
    #[serde(skip_serializing_if = "is_default")]
    pub cut: usize,
}

/// An endpoint that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// Its tag. With its model's id behind a colon that is its id.
    #[serde(rename = "t")]
    pub tag: String,
    /// Which of the models it offers, as a place in the list.
    #[serde(rename = "m", skip_serializing_if = "is_default")]
    pub model: u16,
    /// The rules that left it out.
    #[serde(rename = "x", skip_serializing_if = "is_default")]
    pub obstacles: Obstacles,
    /// What the request would probably have cost there.
    #[serde(rename = "c", skip_serializing_if = "is_default")]
    pub expected_cost: Money,
    /// What it quoted for a token of prompt and of completion, where it was to be tried.
    #[serde(rename = "p", skip_serializing_if = "Option::is_none")]
    pub rates: Option<(Option<Rate>, Option<Rate>)>,
    /// It does not take every parameter of the request, and that mattered.
    #[serde(rename = "r", skip_serializing_if = "is_default")]
    pub lacks_some: bool,
    /// Parameters that change an answer's form and that it does not take.
    #[serde(rename = "l", skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
    /// Whose credential it would have been called with.
    #[serde(rename = "k", skip_serializing_if = "is_default")]
    pub turn: Turn,
    /// How it fared, compactly.
    #[serde(rename = "h", skip_serializing_if = "is_default")]
    fared: Fared,
}

/// How an endpoint fared: a gate, then latency, throughput and load as lists of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Fared {
    #[serde(rename = "g", skip_serializing_if = "is_default")]
    gate: Gate,
    #[serde(rename = "o", skip_serializing_if = "is_default")]
    had_outage_lately: bool,
    #[serde(rename = "d", skip_serializing_if = "is_default")]
    is_demoted: bool,
    #[serde(rename = "l", skip_serializing_if = "is_default")]
    latency_ms: Option<[u32; 4]>,
    #[serde(rename = "t", skip_serializing_if = "is_default")]
    throughput: Option<[u32; 4]>,
    #[serde(rename = "b", skip_serializing_if = "is_default")]
    load: [u32; 3],
}

/// Endpoints that a receipt keeps, at most.
const SEEN_MAX: usize = 128;
/// Bytes of names in a request that a receipt keeps, at most.
const NAMES_MAX: usize = 4_096;

/// Why a plan cannot be made again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unrepeatable {
    /// The receipt was cut.
    #[error("{0} of what was looked at was too long to keep")]
    Cut(usize),
    /// A model or an endpoint is no longer in the catalog.
    #[error("the catalog at hand has no {0}")]
    Gone(String),
    /// The catalog says something else of an endpoint now.
    #[error("the catalog says something else of {0} now")]
    Changed(String),
    /// The same inputs leave nothing now.
    #[error("nothing may serve it now")]
    Nothing,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Receipt {
    /// Writes a receipt of a plan.
    pub fn of(facts: &Facts, resolved: &Resolved, offers: &Offers<'_>, plan: &Plan) -> Receipt {
        let catalog = offers.catalog;
        let id = |it: &Wanted| (catalog.model(it.model).id.clone(), it.lane);
        let kept = &plan.considered[..plan.considered.len().min(SEEN_MAX)];
        let place = |endpoint: EndpointIx| {
            let place = kept.iter().position(|it| it.endpoint == endpoint)?;
            u16::try_from(place).ok()
        };
        let (facts, names_cut) = trimmed(facts);
        let is_tried =
            |it: &Considered| plan.candidates.iter().any(|own| own.endpoint == it.endpoint);
        Receipt {
            defaults: offers.defaults.clone(),
            strategy: resolved.strategy,
            routed: resolved.routed.clone(),
            models: resolved.wanted.iter().map(id).collect(),
            now: offers.now,
            entropy: (offers.entropy >> 64) as u64 ^ offers.entropy as u64,
            seen: kept.iter().map(|it| seen((it, is_tried(it)), &facts, offers)).collect(),
            order: plan.candidates.iter().filter_map(|it| place(it.endpoint)).collect(),
            // What tells credentials apart is nobody's to see.
            bond: offers.bond.map(|bond| Bond { credential: None, ..bond.clone() }),
            stay: plan.stay,
            cut: plan.considered.len() - kept.len() + names_cut,
            facts,
        }
    }

    /// Returns the id of an endpoint that was looked at.
    pub fn id_of(&self, seen: &Seen) -> String {
        let model = self.models.get(usize::from(seen.model));
        format!("{}:{}", seen.tag, model.map_or("", |(id, _)| id.as_str()))
    }

    /// Makes the plan again from what is kept, and the catalog as it is now.
    ///
    /// # Errors
    /// When the catalog is no longer the one that the plan was made from, or the receipt was cut.
    pub fn replay(&self, catalog: &Catalog) -> Result<Plan, Unrepeatable> {
        if self.cut != 0 {
            return Err(Unrepeatable::Cut(self.cut));
        }
        let wanted = self.wanted(catalog)?;
        let places = self.places(catalog, &wanted)?;
        let callable: Vec<(ModelIx, Vec<EndpointIx>)> = (0_u16..)
            .zip(&wanted)
            .map(|(at, one)| {
                let own = self.seen.iter().zip(&places).filter(|(seen, _)| seen.model == at);
                (one.model, own.map(|(_, place)| *place).collect())
            })
            .collect();
        let found = |place: EndpointIx| {
            let at = places.iter().position(|it| *it == place)?;
            self.seen.get(at)
        };
        let offers = Offers {
            catalog,
            callable: &|model| {
                let own = callable.iter().find(|(it, _)| *it == model);
                own.map_or(&[], |(_, places)| places.as_slice())
            },
            health: &|place| found(place).map(Seen::health).unwrap_or_default(),
            takes_all: &|endpoint| !self.find(catalog, endpoint).is_some_and(|it| it.lacks_some),
            takes: &|endpoint, name| {
                let seen = self.find(catalog, endpoint);
                !seen.is_some_and(|it| it.lacks.iter().any(|own| own == name))
            },
            turn: &|place| found(place).map(|seen| seen.turn).unwrap_or_default(),
            defaults: &self.defaults,
            bond: self.bond.as_ref(),
            now: self.now,
            entropy: u128::from(self.entropy),
        };
        let again = plan(&self.facts, &wanted, &offers).map_err(|_| Unrepeatable::Nothing)?;
        let same = |(seen, it): (&Seen, &Considered)| {
            seen.obstacles == it.obstacles && seen.expected_cost == it.expected_cost
        };
        match self.seen.iter().zip(&again.considered).find(|pair| !same(*pair)) {
            Some((seen, _)) => Err(Unrepeatable::Changed(self.id_of(seen))),
            None => Ok(again),
        }
    }

    /// Returns whether a plan tries the same endpoints in the same order.
    pub fn is_of(&self, plan: &Plan) -> bool {
        let order = plan.candidates.iter().map(|candidate| {
            plan.considered.iter().position(|it| it.endpoint == candidate.endpoint)
        });
        order.eq(self.order.iter().map(|place| Some(usize::from(*place)))) && plan.stay == self.stay
    }

    fn wanted(&self, catalog: &Catalog) -> Result<Vec<Wanted>, Unrepeatable> {
        let find = |(id, lane): &(String, Lane)| match catalog.find_model(id) {
            Some(model) => Ok(Wanted { model, lane: *lane }),
            None => Err(Unrepeatable::Gone(id.clone())),
        };
        self.models.iter().map(find).collect()
    }

    fn places(
        &self,
        catalog: &Catalog,
        wanted: &[Wanted],
    ) -> Result<Vec<EndpointIx>, Unrepeatable> {
        let find = |seen: &Seen| {
            let gone = || Unrepeatable::Gone(self.id_of(seen));
            let model = wanted.get(usize::from(seen.model)).ok_or_else(gone)?.model;
            let mut own = catalog.endpoints_of(model).iter();
            own.find(|it| catalog.endpoint(**it).tag == seen.tag).copied().ok_or_else(gone)
        };
        self.seen.iter().map(find).collect()
    }

    /// Finds what was seen of an endpoint.
    fn find(&self, catalog: &Catalog, endpoint: &Endpoint) -> Option<&Seen> {
        let id = &catalog.model(endpoint.model).id;
        self.seen.iter().find(|seen| {
            let model = self.models.get(usize::from(seen.model));
            seen.tag == endpoint.tag && model.is_some_and(|(own, _)| own == id)
        })
    }
}

impl Seen {
    /// Returns how it fared.
    pub fn health(&self) -> EndpointHealth {
        let Fared { gate, had_outage_lately, is_demoted, latency_ms, throughput, load } =
            self.fared;
        let points = |[p50, p75, p90, p99]: [u32; 4]| Percentiles { p50, p75, p90, p99 };
        let [first_token_ms, tokens_per_second, in_flight] = load;
        EndpointHealth {
            gate,
            had_outage_lately,
            is_demoted,
            latency_ms: latency_ms.map(points),
            throughput: throughput.map(points),
            load: Load { first_token_ms, tokens_per_second, in_flight },
        }
    }
}

impl Fared {
    fn of(health: &EndpointHealth) -> Fared {
        let points = |it: Percentiles| [it.p50, it.p75, it.p90, it.p99];
        let Load { first_token_ms, tokens_per_second, in_flight } = health.load;
        Fared {
            gate: health.gate,
            had_outage_lately: health.had_outage_lately,
            is_demoted: health.is_demoted,
            latency_ms: health.latency_ms.map(points),
            throughput: health.throughput.map(points),
            load: [first_token_ms, tokens_per_second, in_flight],
        }
    }
}

fn seen((it, is_tried): (&Considered, bool), facts: &Facts, offers: &Offers<'_>) -> Seen {
    let endpoint = offers.catalog.endpoint(it.endpoint);
    let card = endpoint.price.as_ref().filter(|_| is_tried);
    let price =
        card.map(|card| card.at(offers.now, facts.priority).for_prompt(facts.prompt_bytes / 4));
    let formal = facts.parameters.iter().filter(|name| FORMAL.contains(&name.as_str()));
    let lacks = formal.filter(|name| !(offers.takes)(endpoint, name)).cloned().collect();
    let lacks_some = facts.preferences.require_parameters && !(offers.takes_all)(endpoint);
    Seen {
        tag: endpoint.tag.clone(),
        model: it.model,
        obstacles: it.obstacles,
        expected_cost: it.expected_cost,
        rates: price.map(|price| (price.input, price.output)),
        lacks_some,
        lacks,
        turn: (offers.turn)(it.endpoint),
        fared: Fared::of(&it.health),
    }
}

/// Returns what planning looks at, without who asked, and how many lists were too long to keep.
fn trimmed(facts: &Facts) -> (Facts, usize) {
    let mut kept = Facts { user: None, session_id: None, ..facts.clone() };
    kept.parameters.retain(|name| FORMAL.contains(&name.as_str()));
    let wants = &mut kept.preferences;
    let mut cut = 0;
    for names in [&mut wants.order, &mut wants.only, &mut wants.ignore, &mut kept.models] {
        if NAMES_MAX < names.iter().map(String::len).sum() {
            names.clear();
            cut += 1;
        }
    }
    (kept, cut)
}
