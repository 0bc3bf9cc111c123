//! What each model and each application did, for everybody.

use std::collections::BTreeMap;

use classify::Tag;

use super::super::read::{DAYS, Terms};
use super::boards::thousandths;
use super::cells::{Base, Cell, Cells, REQUESTS, SPEND, Sum, TOKENS, sums};
use super::read::WEEK;
use super::slices::Slices;
use crate::event::Name;
use crate::figures::{App, Day, ModelFigures, Series};
use crate::sums::Side;

/// Names that are listed beside a model, at most.
const LISTED_MAX: usize = 20;
/// Days behind the figures of an application.
const APP_DAYS: Day = 30;

/// Returns what each model did of which any day is told, with the tasks of the last complete week.
pub(super) fn models(base: &Base, slices: &Slices, last: Day) -> BTreeMap<String, ModelFigures> {
    let week = (slices.week, slices.week + WEEK - 1);
    let requests = sums(&base.cells, week, |name| Some(name.clone()));
    let mut models: BTreeMap<String, ModelFigures> = base
        .cells
        .iter()
        .filter(|(_, days)| days.values().any(Option::is_some))
        .map(|(name, days)| {
            let series = series(days, last);
            (name.to_string(), ModelFigures { series, ..ModelFigures::default() })
        })
        .collect();
    for (task, model, share) in shares(slices, &requests) {
        let Some(figures) = models.get_mut(&*model) else { continue };
        figures.tasks.extend(Tag::parse(&task).map(|tag| (tag, share)));
    }
    for figures in models.values_mut() {
        figures.tasks.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        figures.tasks.truncate(LISTED_MAX);
    }
    models
}

/// Returns the share of a model's requests that each of its tasks has, of what is told of both.
fn shares(slices: &Slices, all: &BTreeMap<Name, Sum>) -> Vec<(Name, Name, f64)> {
    let mut shares = Vec::new();
    for (task, models) in slices.side(Side::Task).into_iter().flat_map(|side| &side.models) {
        for (model, weeks) in models {
            let cell = weeks.get(&slices.week).and_then(Option::as_ref);
            let all = all.get(model).map(|sum| sum.shown[REQUESTS]).filter(|all| *all != 0);
            if let (Some(cell), Some(all)) = (cell, all) {
                let share = (cell.shown[REQUESTS] as f64 / all as f64).min(1.0);
                shares.push((task.clone(), model.clone(), thousandths(share)));
            }
        }
    }
    shares
}

/// Returns ninety days: nothing of days that are kept back, and zero of days without use.
fn series(days: &BTreeMap<Day, Option<Cell>>, last: Day) -> Series {
    let first = last - DAYS + 1;
    let mut series = Series { first, ..Series::default() };
    for day in first..=last {
        let told = |measure: usize| match days.get(&day) {
            None => Some(0),
            Some(cell) => cell.as_ref().map(|cell| cell.shown[measure]),
        };
        series.tokens.push(told(TOKENS));
        series.requests.push(told(REQUESTS));
        series.spend_nanos.push(told(SPEND));
    }
    series
}

/// Returns verified applications, the most used of the last thirty days first. Which models they
/// used, and for what, is not told.
pub(super) fn apps(
    cells: &Cells,
    names: &[(u32, Name, Option<Name>)],
    terms: &Terms,
    last: Day,
) -> Vec<App> {
    let month = sums(cells, (last - APP_DAYS + 1, last), |name| Some(name.clone()));
    let mut apps: Vec<App> = Vec::new();
    for (id, url, title) in names {
        let Some(sum) = month.get(url).filter(|sum| sum.told != 0) else { continue };
        apps.push(App {
            id: *id,
            url: url.to_string(),
            title: title.as_ref().filter(|it| !it.is_empty()).unwrap_or(url).to_string(),
            is_verified: terms.verified_apps.contains(&**url),
            tokens: sum.shown[TOKENS],
            requests: sum.shown[REQUESTS],
            models: Vec::new(),
            tasks: Vec::new(),
            series: cells.get(url).map(|days| series(days, last)).unwrap_or_default(),
        });
    }
    apps.sort_by(|a, b| b.tokens.cmp(&a.tokens).then_with(|| a.url.cmp(&b.url)));
    apps
}
