//! How endpoints and providers served.

use std::collections::BTreeMap;

use domain::time::Timestamp;
use rankings::share::wilson;
use rankings::sketch::Sketch;

use super::read::{DAYS, Read, Terms};
use crate::event::Name;
use crate::figures::{
    DayOfService, EndpointFigures, Paid, Percentiles, PriceChange, Service, ToolErrors,
};
use crate::store::ServiceRow;
use crate::sums::{Grain, Tally};

/// Days behind what was paid.
const PAID_DAYS: i64 = 30;

type Figures = BTreeMap<String, EndpointFigures>;

/// Returns how each endpoint served, and each provider.
pub(super) fn served(read: &Read, terms: &Terms, now: Timestamp) -> (Figures, Figures) {
    let provider: BTreeMap<&str, &str> =
        terms.endpoints.iter().map(|it| (it.id.as_str(), it.provider.as_str())).collect();
    let mut endpoints = figures(read, now, |row| Some(row.endpoint.to_string()));
    for row in &read.prices {
        let figures = endpoints.entry(row.endpoint.to_string()).or_default();
        figures.prices.push(PriceChange { at: row.at, price: row.price });
    }
    let providers =
        figures(read, now, |row| provider.get(&*row.endpoint).map(|slug| (*slug).to_owned()));
    (endpoints, providers)
}

/// Sums of one name, by how far back.
#[derive(Default)]
struct Held {
    last_5m: Tally,
    last_30m: Tally,
    last_1d: Tally,
    last_90d: Tally,
    paid: Tally,
    days: BTreeMap<i64, Tally>,
}

fn figures(read: &Read, now: Timestamp, name: impl Fn(&ServiceRow) -> Option<String>) -> Figures {
    let (minute, today) = (Grain::Minute.period(now), now.day());
    let mut held: BTreeMap<String, Held> = BTreeMap::new();
    let mut put = |row: &ServiceRow, add: &dyn Fn(&mut Held, &Tally)| {
        if let Some(name) = name(row) {
            add(held.entry(name).or_default(), &row.tally);
        }
    };
    for row in &read.minutes {
        put(row, &|held, tally| {
            // The minute that has begun is on top of the whole ones.
            if minute - 5 <= row.period {
                held.last_5m.add(tally);
            }
            held.last_30m.add(tally);
        });
    }
    for row in &read.hours {
        put(row, &|held, tally| held.last_1d.add(tally));
    }
    for row in &read.days {
        put(row, &|held, tally| {
            held.last_90d.add(tally);
            if today - PAID_DAYS < row.period {
                held.paid.add(tally);
            }
            held.days.entry(row.period).or_default().add(tally);
        });
    }
    held.into_iter().map(|(name, held)| (name, told(&held, today))).collect()
}

fn told(held: &Held, today: i64) -> EndpointFigures {
    EndpointFigures {
        last_5m: Some(service(&held.last_5m)),
        last_30m: Some(service(&held.last_30m)),
        last_1d: service(&held.last_1d),
        last_90d: service(&held.last_90d),
        days: told_days(&held.days, today),
        paid: paid(&held.paid),
        prices: Vec::new(),
    }
}

/// Returns the ninety days that end with one.
pub(super) fn told_days(days: &BTreeMap<i64, Tally>, last: i64) -> Vec<DayOfService> {
    (last - DAYS + 1..=last).map(|day| one_day(day, days.get(&day))).collect()
}

fn one_day(day: i64, tally: Option<&Tally>) -> DayOfService {
    let tries = tally.map_or(0, |tally| tally.served + tally.failed);
    DayOfService {
        day,
        tries,
        uptime: tally.and_then(uptime),
        ttft_ms: tally.and_then(|tally| percentiles(&tally.ttft)),
        speed: tally.and_then(|tally| percentiles(&tally.speed)),
    }
}

fn uptime(tally: &Tally) -> Option<f64> {
    let tries = tally.served + tally.failed;
    (tries != 0).then(|| tally.served as f64 / tries as f64)
}

/// Returns how well somebody served.
pub(super) fn service(tally: &Tally) -> Service {
    Service {
        tries: tally.served + tally.failed,
        busy: tally.busy,
        uptime: uptime(tally),
        ttft_ms: percentiles(&tally.ttft),
        speed: percentiles(&tally.speed),
        tool_errors: tool_errors(tally),
    }
}

fn tool_errors(tally: &Tally) -> Option<ToolErrors> {
    let (unparseable, unknown_tool) = (tally.tool_unparseable, tally.tool_unknown);
    Some(ToolErrors {
        share: wilson(tally.tool_invalid, tally.tool_answers)?,
        unparseable,
        unknown_tool,
        schema_mismatch: tally.tool_invalid.saturating_sub(unparseable + unknown_tool),
        unjudged: tally.tool_unjudged,
    })
}

fn percentiles(sketch: &Sketch) -> Option<Percentiles> {
    Some(Percentiles {
        count: sketch.count(),
        p50: sketch.quantile(0.5)?,
        p75: sketch.quantile(0.75)?,
        p90: sketch.quantile(0.9)?,
        p99: sketch.quantile(0.99)?,
    })
}

/// Returns what was paid; `None` where nothing was used.
pub(super) fn paid(tally: &Tally) -> Option<Paid> {
    let used = &tally.used;
    let million =
        |nanos: u64, tokens: u64| (tokens != 0).then(|| nanos as f64 / tokens as f64 * 1_000_000.0);
    let output_nanos = used.list_nanos.saturating_sub(tally.list_prompt_nanos);
    (used.requests != 0).then(|| Paid {
        prompt_tokens: Some(used.prompt),
        output_tokens: Some(used.output),
        prompt_nanos_per_million: million(tally.list_prompt_nanos, used.prompt),
        output_nanos_per_million: million(output_nanos, used.output),
        cached_share: used.cache_read as f64 / used.prompt.max(1) as f64,
        cache_saved_nanos: Some(tally.cache_saved_nanos),
    })
}

/// Returns the tallies of days, by a name that a function finds for an endpoint.
pub(super) fn days_by<'a>(
    read: &Read,
    name: impl Fn(&Name) -> Option<&'a str>,
) -> BTreeMap<&'a str, BTreeMap<i64, Tally>> {
    let mut by: BTreeMap<&str, BTreeMap<i64, Tally>> = BTreeMap::new();
    for row in &read.days {
        if let Some(name) = name(&row.endpoint) {
            by.entry(name).or_default().entry(row.period).or_default().add(&row.tally);
        }
    }
    by
}
