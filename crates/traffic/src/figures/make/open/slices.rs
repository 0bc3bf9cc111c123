//! Models within slices of requests, by complete weeks.

use std::collections::{BTreeMap, BTreeSet};

use rankings::disclose::{Rule, Table, Totals, disclose};

use super::super::uses::number;
use super::cells::{Accounts, Amounts, Base, Cell, Cells, MEASURES, add, amounts, parts};
use super::read::{Read, SLICE_WEEKS, WEEK, monday};
use crate::event::Name;
use crate::figures::Day;
use crate::store::UseRow;
use crate::sums::Side;

/// A side: models by value, and the values of all models together.
#[derive(Default)]
pub(super) struct Slice {
    /// By value, then by model and the Monday of the week.
    pub(super) models: BTreeMap<Name, Cells>,
    /// By value and the Monday of the week. Of tasks alone.
    pub(super) totals: Cells,
}

/// The sides that are told by complete weeks.
pub(super) struct Slices {
    /// The Monday of the last week.
    pub(super) week: Day,
    sides: BTreeMap<Side, Slice>,
}

impl Slices {
    /// Makes the slices of the last four complete weeks.
    pub(super) fn of(base: &Base, read: &Read, last: Day) -> Slices {
        let week = monday(last) - WEEK;
        let mut slices = Slices { week, sides: BTreeMap::new() };
        for (side, rows) in &read.sides {
            let mut slice = Slice::default();
            for back in 0..SLICE_WEEKS {
                add_week(&mut slice, base, *side, rows, week - back * WEEK);
            }
            slices.sides.insert(*side, slice);
        }
        slices
    }

    /// Returns a side.
    pub(super) fn side(&self, side: Side) -> Option<&Slice> {
        self.sides.get(&side)
    }
}

/// What of a week is on a side, and what is not.
#[derive(Default)]
struct Week {
    /// By model and value.
    cells: BTreeMap<Name, BTreeMap<Name, Accounts>>,
    /// By model: what is in no cell.
    rest: BTreeMap<Name, Accounts>,
}

fn week_of(base: &Base, rows: &[UseRow], monday: Day) -> Week {
    let days = monday..monday + WEEK;
    let mut week = Week::default();
    let mut left: BTreeMap<(&Name, Day, u64), Amounts> = BTreeMap::new();
    for (model, cells) in &base.cells {
        for (day, cell) in cells.range(days.clone()) {
            for (account, it) in cell.iter().flat_map(|cell| &cell.accounts) {
                left.insert((model, *day, *account), it.used);
            }
        }
    }
    for row in rows.iter().filter(|row| days.contains(&row.day)) {
        let Some(counted) = base.counted(row) else { continue };
        let account = number(&row.account);
        let values = week.cells.entry(row.model.clone()).or_default();
        let cell = values.entry(row.value.clone()).or_default();
        cell.entry(account).or_default().add(&counted);
        if let Some(left) = left.get_mut(&(&row.model, row.day, account)) {
            for (left, used) in left.iter_mut().zip(amounts(&row.used)) {
                *left = left.saturating_sub(used);
            }
        }
    }
    for ((model, day, account), used) in left {
        let all = base.cell(model, day).and_then(|cell| cell.accounts.get(&account));
        if let Some(all) = all.filter(|_| used != [0; MEASURES]) {
            let rest = week.rest.entry(model.clone()).or_default();
            rest.entry(account).or_default().add(&all.of(used));
        }
    }
    week
}

/// Adds a week to a slice. What a model used in a week is known from its days, so what is kept back
/// of it has to be more than one cell, and not one account's.
fn add_week(slice: &mut Slice, base: &Base, side: Side, rows: &[UseRow], monday: Day) {
    let week = week_of(base, rows, monday);
    let models: Vec<&Name> = week.cells.keys().collect();
    let values: Vec<&Name> =
        week.cells.values().flat_map(BTreeMap::keys).collect::<BTreeSet<_>>().into_iter().collect();
    if values.is_empty() {
        return;
    }
    let empty = Accounts::new();
    let of = |model: &Name, value: &Name| week.cells[model].get(value).unwrap_or(&empty);
    let row = |model: &&Name| {
        let cells = values.iter().map(|value| parts(of(model, value)));
        let rest = week.rest.get(*model).map(parts).unwrap_or_default();
        cells.chain([rest]).collect()
    };
    let is_task = side == Side::Task;
    let table = Table {
        cells: models.iter().map(row).collect(),
        rows: Totals::Known,
        columns: if is_task { Totals::Shown } else { Totals::Untold },
        has_rest: true,
    };
    let shown = disclose(&table, if is_task { Rule::FINE } else { Rule::BOARD });
    for (column, value) in values.into_iter().enumerate() {
        let mut all = Accounts::new();
        for (row, model) in models.iter().enumerate() {
            let Some(accounts) = week.cells[*model].get(value) else { continue };
            add(&mut all, accounts);
            let cell = shown.cells[row][column].then(|| Cell::of(accounts.clone()));
            let cells = slice.models.entry(value.clone()).or_default();
            cells.entry((*model).clone()).or_default().insert(monday, cell);
        }
        if is_task {
            let cell = shown.columns[column].then(|| Cell::of(all));
            slice.totals.entry(value.clone()).or_default().insert(monday, cell);
        }
    }
}
