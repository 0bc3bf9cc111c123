//! One offer: a model at a provider, as the source and the hand-kept tables tell it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::curated::Serving;
use super::identity::Origin;
use super::price::Price;
use super::row::{Caps, Controls, Fast};

/// An offer on its way into a provider's file.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    /// Whose offer it is.
    pub(super) provider: String,
    /// The directory of the source that has it; none for one that was supplied by hand.
    pub(super) directory: Option<String>,
    /// Its id there.
    pub(super) source_id: String,
    /// What to send as the model.
    pub(super) id: String,
    /// Other ids that answer the same.
    pub(super) aliases: Vec<String>,
    /// Which model it serves, and how.
    pub(super) serving: Serving,
    pub(super) kind: String,
    pub(super) origin: Origin,
    pub(super) dialect: String,
    pub(super) base_url: Option<String>,
    pub(super) billing: String,
    pub(super) price: Price,
    /// Prices above a count of prompt tokens.
    pub(super) tiers: Vec<(u64, Price)>,
    /// Prices by time of day: the bodies of their sections, and the prices.
    pub(super) windows: Vec<(String, Price)>,
    pub(super) priority: Option<Price>,
    pub(super) fast: Option<Fast>,
    pub(super) body: BTreeMap<String, Value>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) caps: Caps,
    pub(super) controls: Controls,
    pub(super) status: Option<String>,
    pub(super) resold: bool,
    pub(super) note: Option<String>,
    /// Where a hand-supplied offer is from.
    pub(super) source: Option<String>,
    pub(super) facts: RowFacts,
}

/// What the source's row says of the model rather than of the offer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RowFacts {
    pub(super) name: Option<String>,
    pub(super) knowledge: Option<String>,
    pub(super) released: Option<String>,
    pub(super) open_weights: Option<bool>,
}

/// What sets the offers of one provider apart.
pub(super) type Slot = (String, String, String, String, String, bool);

impl Offer {
    /// The model that it serves.
    pub(super) fn model(&self) -> &str {
        &self.serving.model
    }

    /// `provider:id of the source`, for reports.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.provider, self.source_id)
    }

    /// The place that it takes at its provider.
    pub(super) fn slot(&self) -> Slot {
        slot(&self.serving)
    }

    /// Whether its status is `deprecated`.
    pub(super) fn is_deprecated(&self) -> bool {
        self.status.as_deref() == Some("deprecated")
    }
}

/// The place that a serving takes at its provider.
pub(super) fn slot(serving: &Serving) -> Slot {
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    (
        serving.model.clone(),
        or_empty(&serving.variant),
        or_empty(&serving.region),
        or_empty(&serving.mode),
        or_empty(&serving.quantization),
        serving.tee,
    )
}
