//! What each model and each application did.

use std::collections::BTreeMap;

use classify::Tag;

use super::read::{DAYS, Read, Terms};
use super::served::paid;
use super::uses::{Group, grouped};
use crate::event::Name;
use crate::figures::{App, Day, ModelFigures, Series};
use crate::store::{UseRow, app_task};
use crate::sums::{Side, Tally, Use};

/// Names that are listed beside a model or an application, at most.
const LISTED_MAX: usize = 20;

/// Returns what each model did.
pub(super) fn models(read: &Read, terms: &Terms, last: Day) -> BTreeMap<String, ModelFigures> {
    let series = series(&read.daily, |row| Some(row.model.clone()), last);
    let mut models: BTreeMap<String, ModelFigures> = series
        .into_iter()
        .map(|(name, series)| {
            (name.to_string(), ModelFigures { series, ..ModelFigures::default() })
        })
        .collect();
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    let by_id: BTreeMap<&str, &str> =
        terms.endpoints.iter().map(|it| (it.id.as_str(), it.model.as_str())).collect();
    for row in read.days.iter().filter(|row| last - 30 < row.period) {
        if let Some(model) = by_id.get(&*row.endpoint) {
            tallies.entry(model).or_default().add(&row.tally);
        }
    }
    for (model, tally) in tallies {
        if let Some(figures) = models.get_mut(model) {
            figures.paid = paid(&tally);
        }
    }
    for (side, put) in [(Side::App, put_app as Put), (Side::Task, put_task)] {
        for (model, values) in shares(read, side) {
            if let Some(figures) = models.get_mut(&*model) {
                values.into_iter().take(LISTED_MAX).for_each(|value| put(figures, value));
            }
        }
    }
    models
}

type Put = fn(&mut ModelFigures, (Name, Use, f64));

fn put_app(figures: &mut ModelFigures, (app, used, _): (Name, Use, f64)) {
    figures.apps.push((app.to_string(), used.counted()));
}

fn put_task(figures: &mut ModelFigures, (task, _, share): (Name, Use, f64)) {
    figures.tasks.extend(Tag::parse(&task).map(|tag| (tag, share)));
}

/// Returns, by model, the values of a side in the last seven days: what was used, and its share of
/// the requests that are on the side, the largest first.
fn shares(read: &Read, side: Side) -> BTreeMap<Name, Vec<(Name, Use, f64)>> {
    let week = read.sides.get(&side).and_then(|windows| windows.get(1));
    let rows = week.into_iter().flatten();
    let mut models: BTreeMap<Name, BTreeMap<Name, Group>> = BTreeMap::new();
    for row in rows {
        let values = models.entry(row.model.clone()).or_default();
        values.entry(row.value.clone()).or_default().add(&row.account, &row.used);
    }
    let ranked = |values: BTreeMap<Name, Group>| {
        let all: u64 = values.values().map(|group| group.total().requests).sum();
        let mut list: Vec<(Name, Use, f64)> = values
            .into_iter()
            .map(|(value, group)| {
                let used = group.total();
                (value, used, used.requests as f64 / all.max(1) as f64)
            })
            .collect();
        list.sort_by(|a, b| b.1.requests.cmp(&a.1.requests).then_with(|| a.0.cmp(&b.0)));
        list
    };
    models.into_iter().map(|(model, values)| (model, ranked(values))).collect()
}

/// Returns the applications, the most used of the last thirty days first.
pub(super) fn apps(read: &Read, terms: &Terms, last: Day) -> Vec<App> {
    let rows = &read.app_days;
    let series = series(rows, |row| Some(row.value.clone()), last);
    let month = || rows.iter().filter(|row| last - 30 < row.day);
    let totals = grouped(month(), |row| Some(row.value.clone()));
    let mut models: BTreeMap<Name, BTreeMap<Name, u64>> = BTreeMap::new();
    for row in month() {
        let used = models.entry(row.value.clone()).or_default();
        *used.entry(row.model.clone()).or_default() += row.used.counted();
    }
    let mut tasks = app_tasks(read);
    let mut apps: Vec<App> = Vec::new();
    for (id, url, title) in &read.apps {
        let Some(group) = totals.get(url) else { continue };
        let mut used: Vec<(String, u64)> = models
            .get(url)
            .into_iter()
            .flatten()
            .map(|(model, tokens)| (model.to_string(), *tokens))
            .collect();
        used.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        used.truncate(LISTED_MAX);
        apps.push(App {
            id: *id,
            url: url.to_string(),
            title: title.as_ref().filter(|it| !it.is_empty()).unwrap_or(url).to_string(),
            is_verified: terms.verified_apps.contains(&**url),
            tokens: group.total().counted(),
            requests: group.total().requests,
            models: used,
            tasks: tasks.remove(url).unwrap_or_default(),
            series: series.get(url).cloned().unwrap_or_default(),
        });
    }
    apps.sort_by(|a, b| b.tokens.cmp(&a.tokens).then_with(|| a.url.cmp(&b.url)));
    apps
}

/// Returns what applications asked for in the last thirty days, as shares of requests.
fn app_tasks(read: &Read) -> BTreeMap<Name, Vec<(Tag, f64)>> {
    let month = read.sides.get(&Side::AppTask).and_then(|windows| windows.get(2));
    let mut apps: BTreeMap<Name, BTreeMap<Tag, Group>> = BTreeMap::new();
    for row in month.into_iter().flatten() {
        let told = app_task(&row.value).filter(|(_, task)| *task != Tag::OTHER);
        if let Some((app, task)) = told {
            let tasks = apps.entry(app.into()).or_default();
            tasks.entry(task).or_default().add(&row.account, &row.used);
        }
    }
    let shares = |tasks: BTreeMap<Tag, Group>| {
        let all: u64 = tasks.values().map(|group| group.total().requests).sum();
        let share = |group: &Group| group.total().requests as f64 / all.max(1) as f64;
        let mut shares: Vec<(Tag, f64)> =
            tasks.iter().map(|(tag, group)| (*tag, share(group))).collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        shares.truncate(LISTED_MAX);
        shares
    };
    apps.into_iter().map(|(app, tasks)| (app, shares(tasks))).collect()
}

/// Returns the last ninety days by name.
fn series(
    rows: &[UseRow],
    name: impl Fn(&UseRow) -> Option<Name>,
    last: Day,
) -> BTreeMap<Name, Series> {
    let first = last - DAYS + 1;
    let mut days: BTreeMap<Name, Vec<Use>> = BTreeMap::new();
    for row in rows.iter().filter(|row| first <= row.day && row.day <= last) {
        let Some(name) = name(row) else { continue };
        let days = days.entry(name).or_insert_with(|| vec![Use::default(); DAYS as usize]);
        days[(row.day - first) as usize].add(&row.used);
    }
    let told =
        |days: &[Use], unit: fn(&Use) -> u64| days.iter().map(|day| Some(unit(day))).collect();
    let one = |(name, days): (Name, Vec<Use>)| {
        let series = Series {
            first,
            tokens: told(&days, Use::tokens),
            requests: told(&days, |day| day.requests),
            spend_nanos: told(&days, |day| day.list_nanos),
        };
        (name, series)
    };
    days.into_iter().map(one).collect()
}
