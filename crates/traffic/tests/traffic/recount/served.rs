//! How endpoints and providers serve, counted again.

use std::collections::{BTreeMap, BTreeSet};

use traffic::event::Event;
use traffic::figures::{Day, EndpointFigures, Figures, Paid, Percentiles, Service};

use crate::plain::{self, near};
use crate::world::{self, NOW, TODAY, terms};

/// Percentiles are off by two percent at most.
fn hold_percentiles(told: Option<Percentiles>, values: Vec<u32>) {
    let Some(told) = told else {
        assert!(values.is_empty());
        return;
    };
    let mut values = values;
    assert_eq!(told.count, values.len() as u64);
    for (share, value) in [(0.5, told.p50), (0.75, told.p75), (0.9, told.p90), (0.99, told.p99)] {
        let exact = plain::quantile(&mut values, share);
        assert!((value - exact).abs() <= 0.021 * exact + 0.51, "{value} {exact}");
    }
}

fn firsts(events: &[&Event]) -> Vec<u32> {
    let streamed = events.iter().filter(|it| plain::counts(it) && it.streamed);
    streamed.filter_map(|it| it.ttft_ms).collect()
}

fn speeds(events: &[&Event]) -> Vec<u32> {
    let timed = events.iter().filter(|it| plain::counts(it) && it.duration_ms != 0);
    timed
        .map(|it| (u64::from(it.tokens.output) * 1_000 / u64::from(it.duration_ms)) as u32)
        .collect()
}

fn hold_service(told: &Service, ids: &BTreeSet<String>, events: &[&Event]) {
    let [served, failed, busy] = plain::tries(events.iter().copied(), ids);
    assert_eq!((told.tries, told.busy), (served + failed, busy), "{ids:?}");
    let uptime = (served + failed != 0).then(|| served as f64 / (served + failed) as f64);
    assert_eq!(told.uptime, uptime, "{ids:?}");
    let own = plain::at(events, ids);
    hold_percentiles(told.ttft_ms, firsts(&own));
    hold_percentiles(told.speed, speeds(&own));
    plain::hold_calls(told, &own);
}

pub(super) fn hold_paid(told: Option<Paid>, events: &[&Event]) {
    let own: Vec<&&Event> = events.iter().filter(|it| plain::counts(it)).collect();
    let Some(told) = told else {
        assert!(own.is_empty());
        return;
    };
    let sum = |one: &dyn Fn(&Event) -> u64| own.iter().map(|it| one(it)).sum::<u64>();
    let prompt = sum(&|it| u64::from(it.tokens.prompt()));
    let output = sum(&|it| u64::from(it.tokens.output));
    assert_eq!((told.prompt_tokens, told.output_tokens), (Some(prompt), Some(output)));
    let million = |nanos: u64, tokens: u64| nanos as f64 * 1e6 / tokens as f64;
    let (for_prompt, for_all) = (sum(&|it| it.list_prompt_nanos), sum(&|it| it.list_nanos));
    assert!(near(told.prompt_nanos_per_million.unwrap(), million(for_prompt, prompt)));
    assert!(near(told.output_nanos_per_million.unwrap(), million(for_all - for_prompt, output)));
    let cached = sum(&|it| u64::from(it.tokens.cache_read));
    assert!(near(told.cached_share, cached as f64 / prompt as f64));
    let saved = own.iter().map(|it| it.cache_saved_nanos).sum::<i64>();
    assert_eq!(told.cache_saved_nanos, Some(saved));
}

fn hold_endpoint(told: &EndpointFigures, ids: &BTreeSet<String>, events: &[Event]) {
    let about = plain::about(events, ids);
    if about.is_empty() {
        assert!(told.days.is_empty(), "{ids:?} has a price and no traffic");
        return;
    }
    let minutes = |back: i64| {
        let recent = move |it: &&Event| NOW.ms() / 60_000 - back <= it.at.ms() / 60_000;
        about.iter().copied().filter(recent).collect::<Vec<_>>()
    };
    hold_service(told.last_5m.as_ref().unwrap(), ids, &minutes(5));
    hold_service(told.last_30m.as_ref().unwrap(), ids, &minutes(30));
    let last_day = |it: &&Event| NOW.ms() / 3_600_000 - 23 <= it.at.ms() / 3_600_000;
    hold_service(&told.last_1d, ids, &about.iter().copied().filter(last_day).collect::<Vec<_>>());
    hold_service(&told.last_90d, ids, &about);
    assert_eq!(told.days.len(), 90);
    for (place, day) in told.days.iter().enumerate() {
        assert_eq!(day.day, TODAY - 89 + place as Day);
        let of_day: Vec<&Event> =
            about.iter().copied().filter(|it| it.at.day() == day.day).collect();
        let [served, failed, _] = plain::tries(of_day.iter().copied(), ids);
        assert_eq!(day.tries, served + failed);
        let uptime = (day.tries != 0).then(|| served as f64 / day.tries as f64);
        assert_eq!(day.uptime, uptime);
        let own = plain::at(&of_day, ids);
        hold_percentiles(day.ttft_ms, firsts(&own));
        hold_percentiles(day.speed, speeds(&own));
    }
    let month: Vec<&Event> =
        plain::at(&about, ids).into_iter().filter(|it| TODAY - 30 < it.at.day()).collect();
    hold_paid(told.paid, &month);
}

/// Endpoints and providers: service, days, what was paid, prices.
pub(crate) fn served(events: &[Event], figures: &Figures) {
    let mut providers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for endpoint in &terms().endpoints {
        providers.entry(endpoint.provider.clone()).or_default().insert(endpoint.id.clone());
    }
    for told in figures.endpoints.keys() {
        hold_endpoint(&figures.endpoints[told], &BTreeSet::from([told.clone()]), events);
    }
    assert_eq!(figures.providers.keys().collect::<Vec<_>>(), providers.keys().collect::<Vec<_>>());
    for (name, ids) in &providers {
        hold_endpoint(&figures.providers[name], ids, events);
    }
    let mut seen: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for row in world::prices().iter().flatten() {
        let held = seen.entry(row.endpoint.to_string()).or_default();
        if held.last().is_none_or(|(_, price)| *price != row.price) {
            held.push((row.at, row.price));
        }
    }
    for (id, told) in &figures.endpoints {
        let told: Vec<_> = told.prices.iter().map(|it| (it.at, it.price)).collect();
        assert_eq!(told, seen.remove(id).unwrap_or_default(), "{id}");
    }
    assert!(seen.is_empty());
}
