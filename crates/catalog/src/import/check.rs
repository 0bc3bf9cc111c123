//! What speaks against the identity or the price of something that an import touches.
//!
//! What stands in the catalog unchanged was looked at when it came in, and is not told again.

use std::collections::{BTreeMap, BTreeSet};

use super::amount::Amount;
use super::clean::{key, slugify, strip_precision};
use super::decision::{Decision, DecisionKind};
use super::facts::bare_name;
use super::flavour::{bare_slug, flavours, sizes};
use super::identity::{Identity, Origin, slug_of};
use super::model::Model;
use super::offer::Offer;

/// A price that is more than this many times off the median is an outlier.
const PRICE_FACTOR: i64 = 3;
/// So many prices make a median.
const PRICES_MIN: usize = 3;

/// What is to be checked.
pub(super) struct Checked<'a> {
    pub(super) identity: &'a Identity<'a>,
    pub(super) offers: &'a [Offer],
    pub(super) models: &'a BTreeMap<String, Model>,
    /// The offers that are new or changed.
    pub(super) touched: &'a BTreeSet<usize>,
    pub(super) new_models: &'a BTreeSet<String>,
}

/// Returns what a person should look at.
pub(super) fn check(checked: &Checked<'_>) -> Vec<Decision> {
    let mut by_model: BTreeMap<&str, Vec<(usize, &Offer)>> = BTreeMap::new();
    for (at, offer) in checked.offers.iter().enumerate() {
        by_model.entry(offer.model()).or_default().push((at, offer));
    }
    let mut decisions = Vec::new();
    for (id, offers) in &by_model {
        let Some(model) = checked.models.get(*id) else { continue };
        for (at, offer) in offers {
            if checked.touched.contains(at) {
                decisions.extend(doubts(checked, model, offer));
                decisions.extend(size_conflict(offer, offers));
                decisions.extend(outlier(offer, offers));
            }
        }
    }
    decisions.extend(near_duplicates(checked));
    decisions
}

/// What one offer and its model say differently.
fn doubts(checked: &Checked<'_>, model: &Model, offer: &Offer) -> Vec<Decision> {
    let mut decisions = Vec::new();
    let mut tell = |kind, detail| decisions.push(Decision::new(kind, offer.name(), detail));
    if let (Some(whole), Some(own)) = (model.caps.context, offer.caps.context)
        && own * 10 > whole * 13
    {
        tell(DecisionKind::ContextAboveModel, format!("{own} tokens, {} has {whole}", model.id));
    }
    if offer.facts.open_weights == Some(true) && model.open_weights == Some(false) {
        tell(DecisionKind::WeightsDisagree, format!("calls the weights of {} open", model.id));
    }
    let curated =
        matches!(offer.origin, Origin::CuratedId | Origin::CuratedSlug | Origin::CuratedModel);
    if let Some(name) = offer.facts.name.as_ref().filter(|_| offer.origin != Origin::CuratedId) {
        let bare = bare_name(name);
        let stripped = strip_precision(&slugify(&bare)).0;
        let named = checked.identity.model_named(&bare);
        let named = named.or_else(|| checked.identity.model_named(&stripped));
        if let Some(other) = named.filter(|other| *other != model.id) {
            tell(
                DecisionKind::NamePointsElsewhere,
                format!("`{name}` is {other}, not {}", model.id),
            );
        }
    }
    let known = [Some(model.id.as_str()), model.hf.as_deref(), model.permaslug.as_deref()];
    let mut known: Vec<String> = known.into_iter().flatten().map(str::to_lowercase).collect();
    known.push(model.name.to_lowercase());
    known.extend([&offer.serving.variant, &offer.serving.mode].into_iter().flatten().cloned());
    for word in flavours(&offer.source_id) {
        if !curated && !known.iter().any(|text| text.contains(&word)) {
            tell(DecisionKind::ExtraFlavour, format!("`{word}` is not in {}", model.id));
        }
    }
    decisions
}

/// An id that states another size than the other ids of its model do.
fn size_conflict(offer: &Offer, offers: &[(usize, &Offer)]) -> Option<Decision> {
    let own = sizes(&offer.source_id);
    let apart = |other: &Offer| {
        let theirs = sizes(&other.source_id);
        !own.is_empty() && !theirs.is_empty() && own.is_disjoint(&theirs)
    };
    let (_, other) = offers.iter().find(|(_, other)| apart(other))?;
    let detail = format!("its size is not that of {}, both {}", other.name(), offer.model());
    Some(Decision::new(DecisionKind::SizeConflict, offer.name(), detail))
}

/// A price of output far from what others ask for the same model.
fn outlier(offer: &Offer, offers: &[(usize, &Offer)]) -> Option<Decision> {
    let asked = |offer: &Offer| -> Option<Amount> {
        let plain =
            offer.billing == "token" && offer.serving.variant.is_none() && !offer.is_deprecated();
        offer.price.part("output").filter(|amount| plain && !amount.is_zero())
    };
    let own = asked(offer)?;
    let mut all: Vec<Amount> = offers.iter().filter_map(|(_, offer)| asked(offer)).collect();
    all.sort();
    let median = *all.get(all.len() / 2).filter(|_| all.len() >= PRICES_MIN)?;
    if !own.exceeds(median, PRICE_FACTOR) && !median.exceeds(own, PRICE_FACTOR) {
        return None;
    }
    let yuan = if own.differs_like_yuan(median) { ", like yuan to dollars" } else { "" };
    let detail = format!(
        "output {own}, the median of {} for {} is {median}{yuan}",
        all.len(),
        offer.model()
    );
    Some(Decision::new(DecisionKind::PriceOutlier, offer.name(), detail))
}

/// New models whose names differ from others' in words that often say nothing.
fn near_duplicates(checked: &Checked<'_>) -> Vec<Decision> {
    let bare = |model: &Model| {
        (model.author().to_owned(), key(&bare_slug(slug_of(&model.id).unwrap_or(""))))
    };
    let mut near: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for model in checked.models.values() {
        near.entry(bare(model)).or_default().push(&model.id);
    }
    let is_new = |id: &&&str| checked.new_models.contains(**id);
    let mut decisions = Vec::new();
    for twins in near.values().filter(|twins| twins.len() > 1) {
        if let Some(new) = twins.iter().find(is_new) {
            let others: Vec<&str> = twins.iter().copied().filter(|id| id != new).collect();
            let detail = format!("beside {}", others.join(", "));
            decisions.push(Decision::new(DecisionKind::NearDuplicate, *new, detail));
        }
    }
    decisions
}
