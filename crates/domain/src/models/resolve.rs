//! Names made into models.

use serde::{Deserialize, Serialize};

use super::index::Index;
use super::name::{Name, read};
use super::router::{Routed, auto, free};
use super::unknown::{ambiguous, nothing_fits, refused, retired, unknown, wrong_route};
use crate::catalog::{Catalog, ModelIx};
use crate::failure::Failure;
use crate::operation::Operation;
use crate::plan::{Offers, Wanted};
use crate::request::Facts;

/// The models that a request means, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// What is asked for. There is at least one.
    pub wanted: Vec<Wanted>,
    /// By which way the first was found.
    pub strategy: Strategy,
    /// What a router chose among, where one did.
    pub routed: Option<Routed>,
}

/// By which way a request came to its models, in OpenRouter's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// By the model's own name.
    #[default]
    Direct,
    /// By another name of it.
    Alias,
    /// As the newest of its family.
    Latest,
    /// By a list.
    Fallback,
    /// By the house's choice of the best.
    Auto,
    /// By the house's choice among the free.
    Free,
}

impl Strategy {
    /// Returns OpenRouter's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Strategy::Direct => "direct",
            Strategy::Alias => "alias",
            Strategy::Latest => "latest",
            Strategy::Fallback => "fallback",
            Strategy::Auto => "auto",
            Strategy::Free => "free",
        }
    }
}

/// Finds the models that a request names, in its order.
///
/// A name that nobody has is an error only where no other name of the list is known; a variant
/// that is not offered always is. `held`: the model that holds the conversation's prompt cache,
/// which a router prefers.
///
/// # Errors
/// `InvalidRequest`, with the nearest names, or with the route that the model answers on;
/// `NotFound` where a router finds no model that may serve, or the name is one that a stealth model
/// had.
pub fn resolve(
    facts: &Facts,
    offers: &Offers<'_>,
    index: &Index,
    held: Option<ModelIx>,
) -> Result<Resolved, Failure> {
    let mut found: Vec<Wanted> = Vec::new();
    let mut first: Option<(Strategy, Option<Routed>)> = None;
    let mut failure: Option<Failure> = None;
    for name in &facts.models {
        let (wanted, strategy, routed) = match read(name, offers.catalog, offers.now) {
            Name::Model { model, lane, by_id } => {
                let strategy = if by_id { Strategy::Direct } else { Strategy::Alias };
                (vec![Wanted { model, lane }], strategy, None)
            }
            Name::Latest { family, lane } => match index.latest(family) {
                Some(model) => (vec![Wanted { model, lane }], Strategy::Latest, None),
                None => {
                    failure.get_or_insert_with(|| unknown(name, facts, offers.catalog));
                    continue;
                }
            },
            Name::Auto { lane } => {
                let (wanted, routed) = auto(facts, lane, (offers, index), held);
                (wanted, Strategy::Auto, Some(Routed { router: name.clone(), ..routed }))
            }
            Name::Free => {
                let (wanted, routed) = free(facts, (offers, index), held);
                (wanted, Strategy::Free, Some(Routed { router: name.clone(), ..routed }))
            }
            Name::Refused { variant, base } => return Err(refused(variant, base)),
            read @ (Name::Ambiguous { .. } | Name::Retired { .. } | Name::Unknown) => {
                failure.get_or_insert_with(|| meaningless(name, &read, facts, offers.catalog));
                continue;
            }
        };
        if wanted.is_empty() {
            failure.get_or_insert_with(|| nothing_fits(name, facts));
        }
        for one in wanted {
            if !found.contains(&one) {
                found.push(one);
            }
        }
        first.get_or_insert((strategy, routed));
    }
    let (strategy, routed) = first.unwrap_or_default();
    let Some(one) = found.first().copied() else {
        return Err(failure.unwrap_or_else(|| unknown("", facts, offers.catalog)));
    };
    let answers = |operation: Operation, model: ModelIx| {
        let endpoints = offers.catalog.endpoints_of(model).iter();
        let offered = endpoints.map(|it| offers.catalog.endpoint(*it));
        operation.is_answered_by(offers.catalog.model(model), offered)
    };
    found.retain(|it| answers(facts.operation, it.model));
    if found.is_empty() {
        let other = Operation::ALL.into_iter().find(|it| answers(*it, one.model));
        return Err(wrong_route(offers.catalog.model(one.model), other, facts));
    }
    let strategy = if 1 < facts.models.len() { Strategy::Fallback } else { strategy };
    Ok(Resolved { wanted: found, strategy, routed })
}

/// A name that stands for no one model.
fn meaningless(name: &str, read: &Name<'_>, facts: &Facts, catalog: &Catalog) -> Failure {
    match read {
        Name::Ambiguous { models } => ambiguous(name, models, (facts, catalog)),
        Name::Retired { reveal } => retired(reveal, &facts.models),
        _ => unknown(name, facts, catalog),
    }
}
