//! What traffic told of an endpoint, as the API shows it beside the endpoint, and who may see it.

use std::sync::Arc;

use domain::catalog::ModelIx;
use domain::money::Money;
use domain::time::Timestamp;
use relay::Snapshot;
use serde_json::{Value, json};
use traffic::figures::{EndpointFigures, Figures, Percentiles, Scope, Service, date};

use super::endpoint;
use super::kept::with_view;
use crate::app::App;

/// Returns what traffic told, where it is for everybody: on a public instance, on one whose traffic
/// is made up, and where the operator says so. Elsewhere the API tells it to whoever has a key.
pub(crate) fn open(app: &App) -> Option<Arc<Figures>> {
    let figures = app.figures.get();
    let current = app.current();
    let config = &current.config;
    // Figures that were never made hold nothing that a stranger may not see.
    let is_empty = figures.made.ms() == 0;
    let is_open = matches!(figures.scope, Scope::Public { .. })
        || figures.has_synthetic
        || config.site.figures
        || (config.public.enabled && is_empty);
    is_open.then_some(figures)
}

/// Returns a model with those of its endpoints that can be called, or with `all` of them, each with
/// what traffic told of it, where it told anything to whoever asks.
pub(crate) fn endpoints(
    snapshot: &Snapshot,
    figures: Option<&Figures>,
    (place, all): (ModelIx, bool),
    now: Timestamp,
) -> Value {
    let mut shown = with_view(snapshot, now, |view| endpoint::endpoints(view, place, all));
    let listed = if all { snapshot.catalog.endpoints_of(place) } else { snapshot.callable(place) };
    let rows = shown["endpoints"].as_array_mut().into_iter().flatten();
    for (row, place) in rows.zip(listed) {
        let id = &snapshot.catalog.endpoint(*place).id;
        let told = figures.and_then(|figures| figures.endpoints.get(id));
        row["traffic"] = told.map_or(Value::Null, traffic);
    }
    shown
}

/// Returns what traffic told of an endpoint. Uptimes and shares are percent, times milliseconds,
/// prices dollars.
pub(crate) fn traffic(figures: &EndpointFigures) -> Value {
    let days: Vec<Value> = figures
        .days
        .iter()
        .filter(|day| day.tries != 0)
        .map(|day| {
            json!({
                "date": date(day.day),
                "tries": day.tries,
                "uptime": percent(day.uptime),
                "latency": day.ttft_ms.map(percentiles),
                "throughput": day.speed.map(percentiles),
            })
        })
        .collect();
    let million = |nanos: Option<f64>| nanos.map(|nanos| nanos / 1e9);
    let paid = figures.paid.map(|paid| {
        json!({
            "prompt_per_million": million(paid.prompt_nanos_per_million),
            "completion_per_million": million(paid.output_nanos_per_million),
            "cached_share": percent(Some(paid.cached_share)),
            "cache_savings": paid.cache_saved_nanos.map(|nanos| Money::from_nanos(nanos).dollars()),
        })
    });
    let prices: Vec<Value> = figures
        .prices
        .iter()
        .map(|change| {
            let rate = |rate: Option<domain::price::Rate>| rate.map(|rate| rate.dollars_per(1));
            json!({
                "since": change.at.to_string(),
                "prompt": rate(change.price.input),
                "completion": rate(change.price.output),
                "input_cache_read": rate(change.price.cache_read),
            })
        })
        .collect();
    json!({
        "last_5m": figures.last_5m.as_ref().map(service),
        "last_30m": figures.last_30m.as_ref().map(service),
        "last_1d": service(&figures.last_1d),
        "last_90d": service(&figures.last_90d),
        "days": days,
        "paid_last_30d": paid,
        "price_history": prices,
    })
}

fn service(service: &Service) -> Value {
    json!({
        "tries": service.tries,
        "busy": service.busy,
        "uptime": percent(service.uptime),
        "latency": service.ttft_ms.map(percentiles),
        "throughput": service.speed.map(percentiles),
        "tool_call_error_rate": service.tool_errors.and_then(|it| percent(Some(it.share.share))),
        "tool_call_errors": service.tool_errors.map(|it| {
            json!({
                "rate": percent(Some(it.share.share)),
                "low": percent(Some(it.share.low)),
                "high": percent(Some(it.share.high)),
                "count": it.share.count,
                "unparseable": it.unparseable,
                "unknown_tool": it.unknown_tool,
                "schema_mismatch": it.schema_mismatch,
                "not_judged": it.unjudged,
            })
        }),
    })
}

fn percentiles(it: Percentiles) -> Value {
    json!({ "count": it.count, "p50": it.p50, "p75": it.p75, "p90": it.p90, "p99": it.p99 })
}

/// Returns a share of 0 to 1 as percent, to four decimals.
pub(crate) fn percent(share: Option<f64>) -> Option<f64> {
    share.map(|share| (share * 1_000_000.0).round() / 10_000.0)
}
