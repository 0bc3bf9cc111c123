//! What rises, what is stable, when it is cheap, and what is worth its price.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use domain::time::Timestamp;
use rankings::hours::{BASKET_PROMPT, HOURS, cheap_spans, judge};
use rankings::rising::{Series, WEEKS_MIN, trends};
use rankings::stability::{Day as GoodDay, Record, standings};
use rankings::value::{LAMBDA, Measure, Offer, worth};

use super::read::{RATE_WEEKS, Read, Terms};
use super::served::days_by;
use super::uses::{Group, grouped};
use crate::event::Name;
use crate::figures::{Cheapest, Day, PostedHours, Rising, StableProvider, Value};
use crate::sums::{Tally, Use};

/// Days behind a standing.
const STABLE_DAYS: i64 = 28;
/// Requests that a model needs before its cost is told.
pub(super) const COST_REQUESTS_MIN: u64 = 200;
/// Accounts that came to a model at least 28 days ago, before their staying tells of it.
const OLD_ACCOUNTS_MIN: u64 = 10;
const VALUE_SEED: u64 = 0x1a7e_0002;

/// Returns whether models rise, over weeks that end with the last complete day.
pub(super) fn rising(read: &Read, today: Day) -> Vec<Rising> {
    let weeks = WEEKS_MIN as i64 + 1;
    let week = |day: Day| {
        let back = (today - 1 - day).div_euclid(7);
        (0 <= back && back < weeks).then(|| (weeks - 1 - back) as usize)
    };
    let mut models: BTreeMap<&Name, Vec<Group>> = BTreeMap::new();
    for row in &read.daily {
        if let Some(place) = week(row.day) {
            let groups =
                models.entry(&row.model).or_insert_with(|| vec![Group::default(); weeks as usize]);
            groups[place].add(&row.account, &row.used);
        }
    }
    let rows: Vec<Series> = models
        .into_iter()
        .map(|(model, groups)| Series {
            name: model.to_string(),
            weeks: groups.iter().map(|group| group.amounts(Use::counted)).collect(),
        })
        .collect();
    let mut rising: Vec<Rising> = trends(&rows)
        .into_iter()
        .map(|trend| Rising {
            model: trend.name,
            growth: trend.growth,
            growth_without_largest: Some(trend.growth_without_largest),
            account_growth: trend.account_growth,
            z: trend.z,
            is_rising: trend.is_rising,
        })
        .collect();
    rising.sort_by(by_rise);
    rising
}

/// Compares models by whether they rise, then by how much they grew.
pub(super) fn by_rise(a: &Rising, b: &Rising) -> Ordering {
    let order = (b.is_rising, b.growth).partial_cmp(&(a.is_rising, a.growth));
    order.unwrap_or(Ordering::Equal).then_with(|| a.model.cmp(&b.model))
}

/// Returns where providers stand, over the last 28 complete days.
pub(super) fn stable(read: &Read, terms: &Terms, today: Day) -> Vec<StableProvider> {
    let provider: BTreeMap<&str, &str> =
        terms.endpoints.iter().map(|it| (it.id.as_str(), it.provider.as_str())).collect();
    let by = days_by(read, |endpoint| provider.get(&**endpoint).copied());
    let one = |tally: Option<&Tally>| {
        tally.map_or_else(GoodDay::default, |tally| GoodDay {
            requests: tally.served + tally.failed,
            good: tally.good.min(tally.served),
        })
    };
    let records: Vec<Record> = by
        .iter()
        .map(|(name, days)| Record {
            name: (*name).to_owned(),
            days: (today - STABLE_DAYS..today).map(|day| one(days.get(&day))).collect(),
        })
        .filter(|record| record.days.iter().any(|day| day.requests != 0))
        .collect();
    let standing = |it: rankings::stability::Standing| StableProvider {
        provider: it.name,
        group: it.group,
        mean: it.mean,
        worst: it.worst,
        requests: it.requests,
        days: it.days,
    };
    standings(&records).into_iter().map(standing).collect()
}

/// Returns the hours of models: as posted, and as they were paid over twelve complete weeks.
pub(super) fn cheapest(read: &Read, terms: &Terms, now: Timestamp) -> BTreeMap<String, Cheapest> {
    let mut models: BTreeMap<String, Cheapest> = BTreeMap::new();
    let monday = now.week_start();
    for endpoint in &terms.endpoints {
        if let Some(basket_nanos) = posted(endpoint.price.as_ref(), monday) {
            let held = models.entry(endpoint.model.clone()).or_default();
            held.posted.push(PostedHours { endpoint: endpoint.id.clone(), basket_nanos });
        }
    }
    let end = monday.ms() / 3_600_000;
    let first = end - RATE_WEEKS * HOURS as i64;
    let mut weeks: BTreeMap<&Name, Vec<Vec<Option<f64>>>> = BTreeMap::new();
    for row in read.rates.iter().filter(|row| first <= row.hour && row.hour < end) {
        let table =
            weeks.entry(&row.model).or_insert_with(|| vec![vec![None; HOURS]; RATE_WEEKS as usize]);
        let place = (row.hour - first) as usize;
        table[place / HOURS][place % HOURS] = row.cell.basket();
    }
    for (model, table) in weeks {
        let held = models.entry(model.to_string()).or_default();
        held.hours = judge(&table);
        held.spans = cheap_spans(&held.hours);
        let is_seen = |week: &&Vec<Option<f64>>| week.iter().any(Option::is_some);
        held.weeks = table.iter().filter(is_seen).count() as u32;
    }
    models
}

/// Returns what a card posts for each hour of a week; `None` where hours make no difference.
fn posted(card: Option<&domain::price::PriceCard>, monday: Timestamp) -> Option<Vec<u64>> {
    let card = card.filter(|card| !card.windows.is_empty())?;
    let basket = |hour: usize| {
        let at = monday.plus_ms(hour as i64 * 3_600_000);
        let price = card.at(at, false).for_prompt(0);
        let rate = |rate: Option<domain::price::Rate>| rate.map_or(0, |it| it.picos()) as f64;
        let picos = BASKET_PROMPT * rate(price.input) + (1.0 - BASKET_PROMPT) * rate(price.output);
        // Pico-dollars a token are micro-dollars a million: a thousand nano-dollars.
        (picos * 1_000.0).round() as u64
    };
    Some((0..HOURS).map(basket).collect())
}

/// Returns what models give for their price: what a request costs with them, and which share of the
/// accounts that came at least 28 days ago used them in the last seven, as a rank among all.
pub(super) fn value(read: &Read, last: Day) -> Vec<Value> {
    let month = read.daily.iter().filter(|row| last - 30 < row.day);
    let costs = grouped(month, |row| Some(row.model.clone()));
    let kept = retention(read, last);
    let mut offers = Vec::new();
    for (model, group) in &costs {
        let total = group.total();
        let Some((stayed, old)) = kept.get(model).filter(|it| OLD_ACCOUNTS_MIN <= it.1) else {
            continue;
        };
        if total.requests < COST_REQUESTS_MIN {
            continue;
        }
        let share = *stayed as f64 / *old as f64;
        let spread = (share * (1.0 - share) / *old as f64).sqrt();
        let cost = total.list_nanos as f64 / total.requests as f64;
        let error = 1.0 / (group.accounts.len() as f64).sqrt();
        offers.push(Offer {
            name: model.to_string(),
            cost: Measure { mean: cost / 1e9, error },
            quality: Measure { mean: share * 100.0, error: spread * 100.0 },
        });
    }
    worths(&offers)
}

/// Returns what offers are worth, with what makes it up.
pub(super) fn worths(offers: &[Offer]) -> Vec<Value> {
    let by_name: BTreeMap<&str, &Offer> =
        offers.iter().map(|offer| (offer.name.as_str(), offer)).collect();
    let told = |it: rankings::value::Worth| {
        let offer = by_name.get(it.name.as_str())?;
        Some(Value {
            cost_nanos: offer.cost.mean * 1e9,
            quality: offer.quality.mean,
            source: "retention",
            frontier: it.frontier,
            value: it.value,
            model: it.name,
        })
    };
    worth(offers, LAMBDA, VALUE_SEED).into_iter().filter_map(told).collect()
}

/// Returns by model: accounts that came at least 28 days ago and used it in the last seven, and all
/// that came then.
fn retention(read: &Read, last: Day) -> BTreeMap<Name, (u64, u64)> {
    let (mut first, mut lately) = (BTreeMap::new(), BTreeSet::new());
    for row in &read.daily {
        let day = first.entry((&row.model, &row.account)).or_insert(row.day);
        *day = row.day.min(*day);
        if last - 7 < row.day {
            lately.insert((&row.model, &row.account));
        }
    }
    let mut kept: BTreeMap<Name, (u64, u64)> = BTreeMap::new();
    for (pair, day) in first {
        if day <= last - 28 {
            let held = kept.entry(pair.0.clone()).or_default();
            held.0 += u64::from(lately.contains(&pair));
            held.1 += 1;
        }
    }
    kept
}
