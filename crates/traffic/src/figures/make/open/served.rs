//! How endpoints and providers served, for everybody.

use std::collections::{BTreeMap, BTreeSet};

use domain::time::{DAY_MS, Timestamp};
use rankings::cap::Amount;
use rankings::disclose::{Rule, three_digits};

use super::super::read::{Read as Sums, Terms};
use super::super::served::{paid, told_days};
use super::super::special::stable;
use super::super::uses::number;
use super::boards::hundredths;
use super::eligible::Eligible;
use super::read::Read;
use crate::event::Name;
use crate::figures::{
    Day, DayOfService, EndpointFigures, Paid, Percentiles, PriceChange, Service, StableProvider,
    ToolErrors,
};
use crate::store::ServiceRow;
use crate::sums::{Tally, Use};

/// Days behind what was paid.
const PAID_DAYS: Day = 30;
/// Of how many a distribution is told.
const PERCENTILES_MIN: u64 = 100;
/// Answers with calls of tools before the share that was not valid is told.
const TOOL_ANSWERS_MIN: u64 = 200;

type Figures = BTreeMap<String, EndpointFigures>;

/// How endpoints served.
pub(super) struct Served {
    pub(super) endpoints: Figures,
    pub(super) providers: Figures,
    pub(super) stable: Vec<StableProvider>,
    /// What was paid for models.
    pub(super) paid: BTreeMap<String, Paid>,
}

/// A model at a provider.
type Offer<'a> = (&'a str, &'a str);

/// Returns how endpoints served. An offer of a model counts on days on which ten accounts that are
/// eligible used it, and nobody more than the rest may bear. Two endpoints with the same provider
/// and model cannot be told apart by accounts: they count for their provider alone.
pub(super) fn served(read: &Read, terms: &Terms, eligible: &Eligible, last: Day) -> Served {
    let offers: BTreeMap<&str, Offer<'_>> = terms
        .endpoints
        .iter()
        .map(|it| (it.id.as_str(), (it.provider.as_str(), it.model.as_str())))
        .collect();
    let mut endpoints_of: BTreeMap<Offer<'_>, usize> = BTreeMap::new();
    for offer in offers.values() {
        *endpoints_of.entry(*offer).or_default() += 1;
    }
    let told = told(read, eligible);
    let days: Vec<ServiceRow> = read
        .services
        .iter()
        .filter(|row| {
            let offer = offers.get(&*row.endpoint);
            offer.is_some_and(|offer| told.service.contains(&(offer.0, offer.1, row.period)))
        })
        .cloned()
        .collect();
    let offer_of = |row: &ServiceRow| offers.get(&*row.endpoint).copied();
    let is_sole = |offer: &Offer<'_>| endpoints_of.get(offer) == Some(&1);
    let may_price = |row: &ServiceRow| {
        let offer = offer_of(row).filter(|_| last - PAID_DAYS < row.period);
        offer.is_some_and(|it| told.price.contains(&(it.0, it.1, row.period)))
    };
    let make =
        |name: &dyn Fn(&ServiceRow) -> Option<String>| figures(&days, last, name, &may_price);
    let endpoints = make(&|row| offer_of(row).filter(is_sole).map(|_| row.endpoint.to_string()));
    let providers = make(&|row| offer_of(row).map(|offer| offer.0.to_owned()));
    let models = make(&|row| offer_of(row).map(|offer| offer.1.to_owned()));
    let paid = models.into_iter().filter_map(|(model, it)| Some((model, it.paid?))).collect();
    let read = Sums { days, ..Sums::default() };
    let stable = stable(&read, terms, last + 1).into_iter().map(rounded_standing).collect();
    Served { endpoints, providers, stable, paid }
}

/// The days on which something of an offer is told: provider, model, day.
#[derive(Default)]
struct Told<'a> {
    service: BTreeSet<(&'a str, &'a str, Day)>,
    price: BTreeSet<(&'a str, &'a str, Day)>,
}

/// An offer on a day.
type OfferOfDay<'a> = (&'a str, &'a str, Day);

fn told<'a>(read: &'a Read, eligible: &Eligible) -> Told<'a> {
    let mut offers: BTreeMap<OfferOfDay<'_>, Vec<(&Name, &Use)>> = BTreeMap::new();
    for row in &read.providers {
        let accounts = offers.entry((&row.value, &row.model, row.day)).or_default();
        accounts.push((&row.account, &row.used));
    }
    let mut told = Told::default();
    for (offer, accounts) in offers {
        let count = accounts.iter().filter(|it| eligible.is(it.0, offer.2)).count();
        let may = |unit: fn(&Use) -> u64| {
            let amount = |it: &(&Name, &Use)| Amount { account: number(it.0), amount: unit(it.1) };
            Rule::BOARD.allows(&accounts.iter().map(amount).collect::<Vec<_>>())
        };
        if count < Rule::BOARD.accounts_min as usize || !may(|used| used.requests) {
            continue;
        }
        told.service.insert(offer);
        // What was paid for a million tokens tells who reads from caches.
        let units: [fn(&Use) -> u64; 4] =
            [|it| it.prompt, |it| it.output, |it| it.list_nanos, |it| it.cache_read];
        if units.into_iter().all(may) {
            told.price.insert(offer);
        }
    }
    told
}

fn figures(
    days: &[ServiceRow],
    last: Day,
    name: &dyn Fn(&ServiceRow) -> Option<String>,
    may_price: &dyn Fn(&ServiceRow) -> bool,
) -> Figures {
    let mut held: BTreeMap<String, (BTreeMap<Day, Tally>, Tally, Tally)> = BTreeMap::new();
    for row in days {
        let Some(name) = name(row) else { continue };
        let (days, all, priced) = held.entry(name).or_default();
        days.entry(row.period).or_default().add(&row.tally);
        all.add(&row.tally);
        if may_price(row) {
            priced.add(&row.tally);
        }
    }
    let one = |(days, all, priced): (BTreeMap<Day, Tally>, Tally, Tally)| EndpointFigures {
        last_5m: None,
        last_30m: None,
        last_1d: days.get(&last).map(service).unwrap_or_default(),
        last_90d: service(&all),
        days: told_days(&days, last).into_iter().map(rounded_day).collect(),
        paid: paid(&priced).map(rounded_paid),
        prices: Vec::new(),
    };
    held.into_iter().map(|(name, held)| (name, one(held))).collect()
}

/// Adds what endpoints were seen to charge, which is no traffic.
pub(super) fn prices(endpoints: &mut Figures, read: &Read) {
    for row in &read.prices {
        let figures = endpoints.entry(row.endpoint.to_string()).or_default();
        (figures.last_5m, figures.last_30m) = (None, None);
        figures.prices.push(PriceChange { at: row.at, price: row.price });
    }
}

/// Returns the power of ten below a count: how many stand behind a share, and not how many for
/// sure.
fn magnitude(count: u64) -> u64 {
    count.checked_ilog10().map_or(0, |digits| 10_u64.pow(digits))
}

/// Rounds a share to as many digits as its count bears: a hundredth for hundreds.
fn share_of(share: f64, count: u64) -> f64 {
    let unit = magnitude(count).clamp(1, 10_000) as f64;
    (share * unit).round() / unit
}

fn service(tally: &Tally) -> Service {
    let plain = super::super::served::service(tally);
    Service {
        tries: magnitude(plain.tries),
        busy: magnitude(plain.busy),
        uptime: plain.uptime.map(|share| share_of(share, plain.tries)),
        ttft_ms: plain.ttft_ms.and_then(distribution),
        speed: plain.speed.and_then(distribution),
        tool_errors: plain.tool_errors.and_then(tool_errors),
    }
}

/// Returns how often calls of tools are not valid where it is of enough.
fn tool_errors(it: ToolErrors) -> Option<ToolErrors> {
    let count = it.share.count;
    let round = |share: f64| share_of(share, count);
    (TOOL_ANSWERS_MIN <= count).then(|| ToolErrors {
        share: rankings::share::Share {
            share: round(it.share.share),
            low: round(it.share.low),
            high: round(it.share.high),
            count: magnitude(count),
        },
        unparseable: magnitude(it.unparseable),
        unknown_tool: magnitude(it.unknown_tool),
        schema_mismatch: magnitude(it.schema_mismatch),
        unjudged: magnitude(it.unjudged),
    })
}

fn rounded_day(day: DayOfService) -> DayOfService {
    DayOfService {
        day: day.day,
        tries: magnitude(day.tries),
        uptime: day.uptime.map(|share| share_of(share, day.tries)),
        ttft_ms: day.ttft_ms.and_then(distribution),
        speed: day.speed.and_then(distribution),
    }
}

/// Returns a distribution where it is of enough.
fn distribution(it: Percentiles) -> Option<Percentiles> {
    (PERCENTILES_MIN <= it.count).then(|| Percentiles { count: magnitude(it.count), ..it })
}

fn rounded_paid(paid: Paid) -> Paid {
    let round = |nanos: f64| three_digits(nanos.round().max(0.0) as u64) as f64;
    Paid {
        prompt_tokens: None,
        output_tokens: None,
        prompt_nanos_per_million: paid.prompt_nanos_per_million.map(round),
        output_nanos_per_million: paid.output_nanos_per_million.map(round),
        cached_share: hundredths(paid.cached_share),
        cache_saved_nanos: None,
    }
}

fn rounded_standing(it: StableProvider) -> StableProvider {
    StableProvider {
        mean: it.mean.map(|mean| share_of(mean, it.requests)),
        // The worst day had thirty requests at least.
        worst: it.worst.map(hundredths),
        requests: magnitude(it.requests),
        ..it
    }
}

/// Returns the last instant of a day.
pub(super) fn end_of(day: Day) -> Timestamp {
    Timestamp::from_ms((day + 1) * DAY_MS - 1)
}

#[cfg(test)]
mod tests {
    use super::super::super::read::DAYS;
    use super::*;

    #[test]
    fn a_count_is_told_by_its_size_and_a_share_by_as_many_digits_as_it_bears() {
        assert_eq!([0, 7, 10, 99, 5_000].map(magnitude), [0, 1, 10, 10, 1_000]);
        let told = [(0.987_654, 7), (0.987_654, 70), (0.987_654, 700), (0.987_654, 70_000_000)];
        assert_eq!(told.map(|(share, count)| share_of(share, count)), [1.0, 1.0, 0.99, 0.9877]);
        assert_eq!(end_of(0).ms(), DAY_MS - 1);
    }

    #[test]
    fn ninety_days_are_told() {
        let days = told_days(&BTreeMap::new(), 100);
        assert_eq!((days.len() as Day, days[0].day), (DAYS, 11));
    }
}
