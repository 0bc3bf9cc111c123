//! What is behind the figures of a public instance, recounted from its events by the words of
//! `docs/rankings.md`.

use std::collections::{BTreeMap, BTreeSet};

use traffic::event::Event;
use traffic::figures::Day;

use super::crowd::HOUSE;
use crate::plain;

/// Tokens, spend, requests.
pub(super) type Three = [u64; 3];

/// By account: what it used, and how much of that counts.
pub(super) type Accounts = BTreeMap<String, (Three, Three)>;

/// What is behind the figures.
#[derive(Default)]
pub(super) struct Truth {
    /// By model and day.
    pub(super) cells: BTreeMap<(String, Day), Accounts>,
    /// Those of them that may be shown.
    pub(super) shown: BTreeSet<(String, Day)>,
    paid: BTreeMap<String, BTreeMap<Day, u64>>,
    events: Vec<Event>,
}

fn three(event: &Event) -> Three {
    let tokens = &event.tokens;
    let counted = tokens.input + tokens.cache_write + tokens.output;
    [u64::from(counted), event.list_nanos, 1]
}

impl Truth {
    pub(super) fn of(events: &[Event]) -> Truth {
        let mut truth = Truth::default();
        for event in events.iter().filter(|event| plain::counts(event)) {
            let days = truth.paid.entry(event.account.to_string()).or_default();
            *days.entry(event.at.day()).or_default() += event.cost_nanos;
        }
        let has_price = |event: &&Event| plain::counts(event) && event.list_nanos != 0;
        for event in events.iter().filter(has_price) {
            if truth.is_eligible(&event.account, event.at.day()) {
                truth.events.push(event.clone());
            }
        }
        for event in &truth.events {
            let cell = truth.cells.entry((event.model.to_string(), event.at.day())).or_default();
            let used = &mut cell.entry(event.account.to_string()).or_default().0;
            used.iter_mut().zip(three(event)).for_each(|(sum, own)| *sum += own);
        }
        for (name, cell) in &mut truth.cells {
            for measure in 0..3 {
                let part = part(cell.values().map(|it| it.0[measure]).collect());
                cell.values_mut().for_each(|it| it.1[measure] = it.0[measure].min(part));
            }
            if may_show(cell, 10) {
                truth.shown.insert(name.clone());
            }
        }
        truth
    }

    /// Seven days old, active on three, five dollars paid, all in the ninety days up to that one,
    /// and not the house.
    pub(super) fn is_eligible(&self, account: &str, day: Day) -> bool {
        let Some(days) = self.paid.get(account).filter(|_| account != HOUSE) else { return false };
        let back: Vec<(&Day, &u64)> =
            days.iter().filter(|(it, _)| day - 90 < **it && **it <= day).collect();
        let paid: u64 = back.iter().map(|it| *it.1).sum();
        let age = back.first().map_or(0, |it| day - *it.0);
        7 <= age && 3 <= back.len() && 5_000_000_000 <= paid
    }

    pub(super) fn eligible(&self, day: Day) -> usize {
        self.paid.keys().filter(|account| self.is_eligible(account, day)).count()
    }

    /// What is behind a part of the cells that may be shown, by a name and a time of events.
    pub(super) fn parts<K: Ord + Clone>(
        &self,
        key: impl Fn(&Event) -> Option<K>,
    ) -> BTreeMap<K, Accounts> {
        let mut used: BTreeMap<(K, String, Day, String), Three> = BTreeMap::new();
        for event in &self.events {
            let (model, day) = (event.model.to_string(), event.at.day());
            if !self.shown.contains(&(model.clone(), day)) {
                continue;
            }
            if let Some(key) = key(event) {
                let sum = used.entry((key, model, day, event.account.to_string())).or_default();
                sum.iter_mut().zip(three(event)).for_each(|(sum, own)| *sum += own);
            }
        }
        let mut parts: BTreeMap<K, Accounts> = BTreeMap::new();
        for ((key, model, day, account), own) in used {
            let (all, counts) = self.cells[&(model, day)][&account];
            let held = parts.entry(key).or_default().entry(account).or_default();
            for measure in 0..3 {
                let part = u128::from(own[measure]) * u128::from(counts[measure]);
                held.0[measure] += own[measure];
                held.1[measure] += (part / u128::from(all[measure])) as u64;
            }
        }
        parts
    }
}

/// The most that one of several amounts counts for: the largest T with T = Σ min(a, s·T), found
/// from above by repetition, times s.
fn part(amounts: Vec<u64>) -> u64 {
    let n = amounts.iter().filter(|it| **it != 0).count() as f64;
    if n <= 2.0 {
        return u64::MAX;
    }
    let share = f64::max(0.02, 2.0 / n);
    let mut total: f64 = amounts.iter().map(|it| *it as f64).sum();
    for _ in 0..3_000 {
        total = amounts.iter().map(|it| f64::min(*it as f64, share * total)).sum();
    }
    // The repetition comes down to it and never quite there.
    (share * total - 1e-6 * total).ceil().max(0.0) as u64
}

/// At least so many accounts, and all but the two largest are 15 % of the largest; by each measure.
pub(super) fn may_show(accounts: &Accounts, least: usize) -> bool {
    (0..3).all(|measure| {
        let mut amounts: Vec<u64> =
            accounts.values().map(|it| it.1[measure]).filter(|it| *it != 0).collect();
        amounts.sort_unstable_by(|a, b| b.cmp(a));
        let rest: u64 = amounts.iter().skip(2).sum();
        least <= amounts.len() && 0.15 * amounts[0] as f64 <= rest as f64
    })
}

pub(super) fn sum(accounts: &Accounts, measure: usize) -> u64 {
    accounts.values().map(|it| it.1[measure]).sum()
}

pub(super) fn largest(accounts: &Accounts, measure: usize) -> u64 {
    accounts.values().map(|it| it.1[measure]).max().unwrap_or_default()
}

/// Whether a number is another one, rounded to three digits. A token either way is the recount's.
pub(super) fn is_rounded(shown: u64, exact: u64) -> bool {
    let unit = 10_u64.pow(exact.max(1).ilog10().saturating_sub(2));
    let slack = exact / 100_000 + 30;
    let digits = shown.checked_ilog10().map_or(0, |log| log.saturating_sub(2));
    shown.is_multiple_of(10_u64.pow(digits)) && shown.abs_diff(exact) <= unit / 2 + slack
}
