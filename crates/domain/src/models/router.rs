//! The choice of a model for a caller who leaves it to the house.

use serde::{Deserialize, Serialize};

use super::index::{Index, Scored};
use super::task::Task;
use crate::catalog::ModelIx;
use crate::plan::{Lane, Lots, Offers, Wanted, admits};
use crate::request::Facts;

/// What a router chose among, as receipts keep it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Routed {
    /// Its name, as it was asked for.
    pub router: String,
    /// What the request is about; none where that did not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<Task>,
    /// The models that were chosen, best first, each with its quality, cheapness and score.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chosen: Vec<(String, u8, u8, u8)>,
    /// How many models were looked at.
    pub looked_at: usize,
}

/// Models that a router proposes: one, and two to fall back on.
const PROPOSED: usize = 3;
/// Models that are looked at, at most.
const LOOKED_AT_MAX: usize = 256;

/// Chooses the best models for what the request is about, of those that something may serve.
/// `held`: the model that holds the conversation, which goes first where it still fits.
pub(super) fn auto(
    facts: &Facts,
    lane: Lane,
    (offers, index): (&Offers<'_>, &Index),
    held: Option<ModelIx>,
) -> (Vec<Wanted>, Routed) {
    let task = Task::of(facts);
    let ranked = index.ranked(task);
    let wanted = |it: &Scored| Wanted { model: it.model, lane };
    let mut looked_at = 0;
    let mut found: Vec<&Scored> = Vec::with_capacity(PROPOSED);
    let first = held.and_then(|held| ranked.iter().find(|it| it.model == held));
    for it in first.into_iter().chain(ranked.iter().filter(|it| Some(it.model) != held)) {
        if found.len() == PROPOSED || looked_at == LOOKED_AT_MAX {
            break;
        }
        looked_at += 1;
        if admits(facts, &wanted(it), offers) {
            found.push(it);
        }
    }
    let told = |it: &&Scored| {
        (offers.catalog.model(it.model).id.clone(), it.quality, it.cheapness, it.score)
    };
    let chosen = found.iter().map(told).collect();
    let routed = Routed { router: String::new(), task: Some(task), chosen, looked_at };
    (found.into_iter().map(wanted).collect(), routed)
}

/// Draws free models, each as likely, of those that something may serve for nothing.
pub(super) fn free(
    facts: &Facts,
    (offers, index): (&Offers<'_>, &Index),
    held: Option<ModelIx>,
) -> (Vec<Wanted>, Routed) {
    let lane = Lane { free: true, ..Lane::default() };
    let all = index.free().iter().take(LOOKED_AT_MAX).map(|model| Wanted { model: *model, lane });
    let mut left: Vec<Wanted> = all.filter(|it| admits(facts, it, offers)).collect();
    let looked_at = index.free().len().min(LOOKED_AT_MAX);
    // Another sequence than the one that endpoints are drawn from.
    let mut lots = Lots::new(offers.entropy ^ 0x5851_f42d_4c95_7f2d);
    let mut found = Vec::with_capacity(PROPOSED);
    if let Some(place) = left.iter().position(|it| Some(it.model) == held) {
        found.push(left.swap_remove(place));
    }
    while found.len() < PROPOSED && !left.is_empty() {
        found.push(left.swap_remove(lots.below(left.len())));
    }
    let chosen = found.iter().map(|it| (offers.catalog.model(it.model).id.clone(), 0, 0, 0));
    let routed = Routed { router: String::new(), task: None, chosen: chosen.collect(), looked_at };
    (found, routed)
}
