//! What requests were for.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use classify::{Macro, Tag};
use rankings::correct::corrected;

use super::read::Read;
use super::uses::{Group, grouped};
use crate::event::Name;
use crate::figures::{Day, TaskShare, Tasks};
use crate::store::UseRow;
use crate::sums::{Side, Use};

/// Models that are told of each task, at most.
pub(super) const MODELS_MAX: usize = 20;

/// Returns the shares of tasks in the last seven days.
pub(super) fn tasks(read: &Read, last: Day) -> Option<Tasks> {
    let week = read.sides.get(&Side::Task)?.get(1)?;
    let of = |row: &UseRow| Tag::parse(&row.value).filter(|tag| *tag != Tag::OTHER);
    let groups = grouped(week.iter(), |row| of(row).map(|tag| Name::from(tag.key())));
    let all = total(week.iter());
    let told = total(week.iter().filter(|row| of(row).is_some()));
    if told.requests == 0 {
        return None;
    }
    let counted: Vec<f64> = Tag::all()
        .take(Tag::CLASSES)
        .map(|tag| groups.get(tag.key()).map_or(0, |group| group.total().requests))
        .map(|requests| requests as f64 / told.requests as f64)
        .collect();
    let right = corrected(&counted, confusion()).unwrap_or_else(|| counted.clone());
    let mut tasks: Vec<TaskShare> = groups
        .iter()
        .filter_map(|(key, group)| {
            let tag = Tag::parse(key)?;
            let used = group.total();
            Some(TaskShare {
                tag,
                requests: right[tag.place()],
                requests_uncorrected: counted[tag.place()],
                tokens: part(used.counted(), told.counted()),
                spend: part(used.list_nanos, told.list_nanos),
                models: models(week.iter().filter(|row| of(row) == Some(tag)), &used),
            })
        })
        .collect();
    tasks.sort_by(|a, b| b.requests.total_cmp(&a.requests).then_with(|| a.tag.cmp(&b.tag)));
    Some(Tasks {
        first_day: last - 6,
        last_day: last,
        requests: all.requests,
        other_share: part(all.requests - told.requests, all.requests),
        groups: grouped_tasks(&tasks),
        tasks,
    })
}

/// Returns the shares of groups: those of their tasks together.
pub(super) fn grouped_tasks(tasks: &[TaskShare]) -> Vec<(Macro, f64, f64, f64)> {
    let shares = |group: Macro| {
        let of_it = || tasks.iter().filter(|task| task.tag.group() == group);
        let sum = |share: fn(&TaskShare) -> f64| of_it().map(share).sum::<f64>();
        (group, sum(|it| it.requests), sum(|it| it.tokens), sum(|it| it.spend))
    };
    Macro::ALL.map(shares).to_vec()
}

fn total<'a>(rows: impl Iterator<Item = &'a UseRow>) -> Use {
    let mut total = Use::default();
    rows.for_each(|row| total.add(&row.used));
    total
}

fn models<'a>(rows: impl Iterator<Item = &'a UseRow>, all: &Use) -> Vec<(String, f64, f64, f64)> {
    let groups: BTreeMap<Name, Group> = grouped(rows, |row| Some(row.model.clone()));
    let mut models: Vec<(String, f64, f64, f64)> = groups
        .into_iter()
        .map(|(model, group)| {
            let used = group.total();
            (
                model.to_string(),
                part(used.requests, all.requests),
                part(used.counted(), all.counted()),
                part(used.list_nanos, all.list_nanos),
            )
        })
        .collect();
    models.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    models.truncate(MODELS_MAX);
    models
}

fn part(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Returns how the classifier errs, among the tasks that it tells.
pub(super) fn confusion() -> &'static [Vec<u32>] {
    static CONFUSION: OnceLock<Vec<Vec<u32>>> = OnceLock::new();
    CONFUSION.get_or_init(|| {
        let whole = classify::train::confusion();
        whole.into_iter().map(|row| row.into_iter().take(Tag::CLASSES).collect()).collect()
    })
}
