//! What rises, when it is cheap, and what is worth its price, for everybody.

use std::collections::{BTreeMap, BTreeSet};

use rankings::cap::Amount;
use rankings::disclose::{Rule, three_digits};
use rankings::rising::{Series, Trend, WEEKS_MIN, trends};
use rankings::value::{Measure, Offer};

use super::super::read::{RATE_WEEKS, Read, Terms};
use super::super::special::{COST_REQUESTS_MIN, by_rise, cheapest as judged, worths};
use super::boards::{hundredths, thousandths};
use super::cells::{Base, Cell, REQUESTS, SPEND, Sum, TOKENS, counts, parts, sums};
use super::read::{WEEK, monday};
use super::served::end_of;
use crate::event::Name;
use crate::figures::{Cheapest, Day, Rising, Value};
use crate::store::RateRow;

/// Accounts that came to a model at least 28 days ago, before their staying tells of it.
const OLD_ACCOUNTS_MIN: u64 = 25;
const COST_DAYS: Day = 30;

fn own(name: &Name) -> Option<Name> {
    Some(name.clone())
}

/// Returns whether models rise, of those of which no day of nine weeks is kept back. Whether they
/// do is judged by all that is known; the numbers are made of what is told.
pub(super) fn rising(base: &Base, last: Day) -> Vec<Rising> {
    let weeks = WEEKS_MIN as Day + 1;
    let all: Vec<BTreeMap<Name, Sum>> = (0..weeks)
        .map(|week| {
            let end = last - (weeks - 1 - week) * WEEK;
            sums(&base.cells, (end - WEEK + 1, end), own)
        })
        .collect();
    let is_whole = |model: &&Name| {
        all.iter().all(|week| week.get(*model).is_some_and(|sum| sum.kept_back == 0))
    };
    let models: Vec<&Name> = base.cells.keys().filter(is_whole).collect();
    let series = |of: &dyn Fn(&Sum) -> Vec<Amount>| -> Vec<Trend> {
        let one = |model: &&Name| Series {
            name: model.to_string(),
            weeks: all.iter().map(|week| of(&week[*model])).collect(),
        };
        trends(&models.iter().map(one).collect::<Vec<_>>())
    };
    let known = series(&|sum| counts(&sum.accounts, TOKENS));
    let told = series(&|sum| vec![Amount { account: 0, amount: sum.shown[TOKENS] }]);
    let told: BTreeMap<&str, &Trend> = told.iter().map(|it| (it.name.as_str(), it)).collect();
    let mut rising: Vec<Rising> = known
        .iter()
        .filter_map(|trend| {
            let told = told.get(trend.name.as_str())?;
            Some(Rising {
                model: trend.name.clone(),
                growth: thousandths(told.growth),
                growth_without_largest: None,
                account_growth: thousandths(trend.account_growth),
                z: (told.z * 10.0).round() / 10.0,
                is_rising: trend.is_rising,
            })
        })
        .collect();
    rising.sort_by(by_rise);
    rising
}

/// Returns posted prices with hours, which are no traffic.
pub(super) fn posted(terms: &Terms, last: Day) -> BTreeMap<String, Cheapest> {
    judged(&Read::default(), terms, end_of(last).plus_ms(1))
}

/// Adds the hours of models as they were paid: of models that fifty accounts used in each of the
/// twelve weeks, on no day of which anything is kept back. Effects are whole percent.
pub(super) fn cheapest(
    cheapest: &mut BTreeMap<String, Cheapest>,
    base: &Base,
    rates: &[RateRow],
    last: Day,
) {
    let monday = monday(last);
    let weeks: Vec<Day> = (1..=RATE_WEEKS).map(|back| monday - back * WEEK).collect();
    let is_broad = |days: &BTreeMap<Day, Option<Cell>>| {
        weeks.iter().all(|week| {
            let mut sum = Sum::default();
            sum.add_days(days, (*week, *week + WEEK - 1));
            let is_whole = sum.kept_back == 0 && sum.told != 0;
            is_whole && Rule::PLACE.allows_all(&parts(&sum.accounts))
        })
    };
    let broad: BTreeSet<&Name> =
        base.cells.iter().filter(|it| is_broad(it.1)).map(|it| it.0).collect();
    let rates = rates.iter().filter(|row| broad.contains(&row.model)).cloned().collect();
    let read = Read { rates, ..Read::default() };
    let judged = judged(&read, &Terms::default(), end_of(last).plus_ms(1));
    for (model, mut it) in judged {
        for hour in &mut it.hours {
            hour.effect = hour.effect.map(hundredths);
            hour.weeks = hour.effect.map_or(0, |_| hour.weeks);
        }
        for span in &mut it.spans {
            span.effect = hundredths(span.effect);
        }
        let held = cheapest.entry(model).or_default();
        (held.hours, held.spans, held.weeks) = (it.hours, it.spans, it.weeks);
    }
}

/// Returns what models give for their price, from what is told of thirty days and from how many
/// accounts stayed, of those that may be told of.
pub(super) fn value(base: &Base, last: Day) -> Vec<Value> {
    let month = sums(&base.cells, (last - COST_DAYS + 1, last), own);
    let mut offers = Vec::new();
    for (model, sum) in &month {
        let (stayed, old) = retention(base, model, last);
        let requests = sum.shown[REQUESTS];
        if old < OLD_ACCOUNTS_MIN || requests < COST_REQUESTS_MIN {
            continue;
        }
        let share = hundredths(stayed as f64 / old as f64);
        let spread = (share * (1.0 - share) / old as f64).sqrt();
        let nanos = three_digits((sum.shown[SPEND] as f64 / requests as f64).round() as u64);
        let error = 1.0 / (sum.accounts.len() as f64).sqrt();
        offers.push(Offer {
            name: model.to_string(),
            cost: Measure { mean: nanos as f64 / 1e9, error },
            quality: Measure { mean: share * 100.0, error: spread * 100.0 },
        });
    }
    let round = |it: Value| Value {
        cost_nanos: it.cost_nanos.round(),
        quality: it.quality.round(),
        frontier: hundredths(it.frontier),
        value: it.value.map(|value| (value * 10.0).round() / 10.0),
        ..it
    };
    worths(&offers).into_iter().map(round).collect()
}

/// Returns how many accounts that came to a model at least 28 days ago used it in the last seven,
/// and how many came then.
fn retention(base: &Base, model: &Name, last: Day) -> (u64, u64) {
    let (mut first, mut lately) = (BTreeMap::new(), BTreeSet::new());
    for (day, cell) in base.cells.get(model).into_iter().flatten() {
        for account in cell.iter().flat_map(|cell| cell.accounts.keys()) {
            first.entry(*account).or_insert(*day);
            if last - WEEK < *day {
                lately.insert(*account);
            }
        }
    }
    let old = || first.iter().filter(|it| *it.1 <= last - 28);
    (old().filter(|it| lately.contains(it.0)).count() as u64, old().count() as u64)
}
