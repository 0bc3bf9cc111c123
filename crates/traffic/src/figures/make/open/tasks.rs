//! What requests were for, for everybody.

use classify::Tag;
use rankings::correct::corrected;

use super::super::tasks::{MODELS_MAX, confusion, grouped_tasks};
use super::boards::thousandths;
use super::cells::{Amounts, Cell, REQUESTS, SPEND, TOKENS};
use super::read::WEEK;
use super::slices::{Slice, Slices};
use crate::figures::{Day, TaskShare, Tasks};
use crate::sums::Side;

/// Returns the shares of tasks in the last complete week, of what is told of tasks.
pub(super) fn tasks(slices: &Slices, last: Day) -> Option<Tasks> {
    debug_assert!(slices.week + WEEK - 1 <= last);
    let slice = slices.side(Side::Task)?;
    let week = slices.week;
    let told: Vec<(Tag, Amounts)> = slice
        .totals
        .iter()
        .filter_map(|(value, weeks)| Some((Tag::parse(value)?, weeks.get(&week)?.as_ref()?.shown)))
        .collect();
    let sum = |of: &dyn Fn(Tag) -> bool, measure: usize| -> u64 {
        told.iter().filter(|it| of(it.0)).map(|it| it.1[measure]).sum()
    };
    let is_told = |tag: Tag| tag != Tag::OTHER;
    let all: Amounts = std::array::from_fn(|measure| sum(&is_told, measure));
    if all[REQUESTS] == 0 {
        return None;
    }
    let other = sum(&|tag| tag == Tag::OTHER, REQUESTS);
    let part = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let counted: Vec<f64> = Tag::all()
        .take(Tag::CLASSES)
        .map(|tag| part(sum(&|it| it == tag, REQUESTS), all[REQUESTS]))
        .collect();
    let right = corrected(&counted, confusion()).unwrap_or_else(|| counted.clone());
    let mut tasks: Vec<TaskShare> = told
        .iter()
        .filter(|it| is_told(it.0))
        .map(|(tag, own)| TaskShare {
            tag: *tag,
            requests: thousandths(right[tag.place()]),
            requests_uncorrected: thousandths(counted[tag.place()]),
            tokens: thousandths(part(own[TOKENS], all[TOKENS])),
            spend: thousandths(part(own[SPEND], all[SPEND])),
            models: models(slice, *tag, own, week),
        })
        .collect();
    tasks.sort_by(|a, b| b.requests.total_cmp(&a.requests).then_with(|| a.tag.cmp(&b.tag)));
    Some(Tasks {
        first_day: week,
        last_day: week + WEEK - 1,
        requests: all[REQUESTS] + other,
        other_share: thousandths(part(other, all[REQUESTS] + other)),
        groups: grouped_tasks(&tasks)
            .into_iter()
            .map(|(group, requests, tokens, spend)| {
                (group, thousandths(requests), thousandths(tokens), thousandths(spend))
            })
            .collect(),
        tasks,
    })
}

/// Returns the models of a task whose cells may be shown, as shares of what is told of the task.
fn models(slice: &Slice, tag: Tag, all: &Amounts, week: Day) -> Vec<(String, f64, f64, f64)> {
    let told = slice.models.get(tag.key()).into_iter().flatten();
    let cell = |weeks: &std::collections::BTreeMap<Day, Option<Cell>>| -> Option<Amounts> {
        Some(weeks.get(&week)?.as_ref()?.shown)
    };
    let mut models: Vec<(String, f64, f64, f64)> = told
        .filter_map(|(model, weeks)| {
            let own = cell(weeks)?;
            let share = |measure: usize| {
                let part = own[measure] as f64 / all[measure].max(1) as f64;
                thousandths(part.min(1.0))
            };
            Some((model.to_string(), share(REQUESTS), share(TOKENS), share(SPEND)))
        })
        .collect();
    models.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    models.truncate(MODELS_MAX);
    models
}
