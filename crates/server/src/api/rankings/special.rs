//! What rises, what is stable, when it is cheap, and what is worth its price, as it is told.

use serde_json::{Value, json};
use traffic::figures::{Cheapest, Figures};

use super::sheet::Sheet;

/// Models by whether they rise.
pub(super) fn rising(figures: &Figures) -> Sheet {
    let row = |it: &traffic::figures::Rising| {
        json!({
            "model": it.model,
            "is_rising": it.is_rising,
            "growth": it.growth,
            "growth_without_largest": it.growth_without_largest,
            "account_growth": it.account_growth,
            "z": it.z,
        })
    };
    Sheet::of(figures.rising.iter().map(row).collect())
}

/// Providers by how reliably they answered.
pub(super) fn stable(figures: &Figures) -> Sheet {
    let row = |it: &traffic::figures::StableProvider| {
        json!({
            "provider": it.provider,
            "group": it.group,
            "mean": it.mean,
            "worst_day": it.worst,
            "requests": it.requests,
            "days": it.days,
        })
    };
    Sheet::of(figures.stable.iter().map(row).collect())
}

/// Hours of one model, all 168 of them; of all models, those that have cheap ones.
pub(super) fn hours(figures: &Figures, model: Option<&str>) -> Sheet {
    let is_told = |(name, it): &(&String, &Cheapest)| match model {
        Some(model) => *name == model,
        None => !it.spans.is_empty() || !it.posted.is_empty(),
    };
    let row = |(name, it): (&String, &Cheapest)| {
        let spans: Vec<Value> = it
            .spans
            .iter()
            .map(|span| json!({ "start": span.start, "hours": span.hours, "effect": span.effect }))
            .collect();
        let posted: Vec<Value> = it
            .posted
            .iter()
            .map(|it| json!({ "endpoint": it.endpoint, "basket_nanos": it.basket_nanos }))
            .collect();
        let mut told = json!({
            "model": name,
            "weeks": it.weeks,
            "cheap": spans,
            "posted": posted,
        });
        if model.is_some() {
            let hours = it.hours.iter().map(|hour| {
                json!({
                    "effect": hour.effect,
                    "weeks": hour.weeks,
                    "is_cheap": hour.is_cheap,
                    "is_dear": hour.is_dear,
                })
            });
            told["hours"] = hours.collect();
        }
        told
    };
    Sheet::of(figures.cheapest.iter().filter(is_told).map(row).collect())
}

/// Models by what they give for their price.
pub(super) fn value(figures: &Figures) -> Sheet {
    let row = |it: &traffic::figures::Value| {
        json!({
            "model": it.model,
            "value": it.value,
            "quality": it.quality,
            "quality_source": it.source,
            "cost_per_request": it.cost_nanos / 1e9,
            "frontier": it.frontier,
        })
    };
    Sheet::of(figures.value.iter().map(row).collect())
}
