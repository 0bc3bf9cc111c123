//! What rises, what is stable, when it is cheap, what is worth its price, and what it is for.

use serde_json::{Map, Value, json};
use traffic::figures::{Cheapest, Figures, Rising, StableProvider, TaskShare, date};

use crate::shelf::sheet::Sheet;

/// Models by whether they rise.
pub(super) fn rising(figures: &Figures) -> Sheet {
    let row = |it: &Rising| {
        json!({
            "model": it.model,
            "is_rising": it.is_rising,
            "growth": it.growth,
            "growth_without_largest": it.growth_without_largest,
            "account_growth": it.account_growth,
            "z": it.z,
        })
    };
    Sheet::of(figures.rising.iter().map(row))
}

/// Providers by how reliably they answered.
pub(super) fn stable(figures: &Figures) -> Sheet {
    let row = |it: &StableProvider| {
        json!({
            "provider": it.provider,
            "group": it.group,
            "mean": it.mean,
            "worst_day": it.worst,
            "requests": it.requests,
            "days": it.days,
        })
    };
    Sheet::of(figures.stable.iter().map(row))
}

/// Returns the models of whose hours something is told, by their id: all that have cheap or posted
/// ones, or the one that is asked for.
pub(crate) fn hours<'a>(
    figures: &'a Figures,
    model: Option<&str>,
) -> Vec<(&'a String, &'a Cheapest)> {
    let is_told = |(id, it): &(&String, &Cheapest)| match model {
        Some(model) => *id == model,
        None => !it.spans.is_empty() || !it.posted.is_empty(),
    };
    figures.cheapest.iter().filter(is_told).collect()
}

/// Models with their cheap hours; the one that is asked for with all 168 hours of its week.
pub(super) fn of_hours(figures: &Figures, model: Option<&str>) -> Sheet {
    let row = |(id, it): (&String, &Cheapest)| {
        let cheap = it
            .spans
            .iter()
            .map(|span| json!({ "start": span.start, "hours": span.hours, "effect": span.effect }));
        let posted = it
            .posted
            .iter()
            .map(|it| json!({ "endpoint": it.endpoint, "basket_nanos": it.basket_nanos }));
        let mut told = json!({
            "model": id,
            "weeks": it.weeks,
            "cheap": cheap.collect::<Value>(),
            "posted": posted.collect::<Value>(),
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
    Sheet::of(hours(figures, model).into_iter().map(row))
}

/// Models by what they give for their price. What a request costs is a figure in the middle and no
/// amount that was paid.
pub(super) fn value(figures: &Figures) -> Sheet {
    let row = |it: &traffic::figures::Value| {
        json!({
            "model": it.model,
            "value": it.value,
            "quality": it.quality,
            "quality_source": it.source,
            "cost_per_request": it.cost_nanos / 1e9,
            "cost_nanos": it.cost_nanos,
            "frontier": it.frontier,
        })
    };
    Sheet::of(figures.value.iter().map(row))
}

/// Models that are told of a task; `GET /classifications/task` has all.
const TASK_MODELS: usize = 5;

/// Tasks by how often they are asked for, each with the models that are used for it.
pub(super) fn tasks(figures: &Figures) -> Sheet {
    let Some(tasks) = &figures.tasks else { return Sheet::default() };
    let row = |it: &TaskShare| {
        let models = it.models.iter().take(TASK_MODELS);
        let models = models.map(|(model, requests, tokens, spend)| {
            json!({ "model": model, "requests": requests, "tokens": tokens, "spend": spend })
        });
        json!({
            "tag": it.tag.key(),
            "group": it.tag.group().key(),
            "requests": it.requests,
            "requests_uncorrected": it.requests_uncorrected,
            "tokens": it.tokens,
            "spend": it.spend,
            "models": models.collect::<Value>(),
        })
    };
    let about = Map::from_iter([
        ("window_first_day".to_owned(), json!(date(tasks.first_day))),
        ("window_last_day".to_owned(), json!(date(tasks.last_day))),
        ("requests".to_owned(), json!(tasks.requests)),
        ("other_share".to_owned(), json!(tasks.other_share)),
    ]);
    Sheet { about, ..Sheet::of(tasks.tasks.iter().map(row)) }
}
