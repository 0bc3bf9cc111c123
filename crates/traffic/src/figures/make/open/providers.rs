//! Cells of providers and of applications, by day.

use std::collections::{BTreeMap, BTreeSet};

use rankings::disclose::{Rule, Table, Totals, disclose};

use super::super::read::Terms;
use super::super::uses::number;
use super::cells::{Accounts, Base, Cell, Cells, add, parts};
use crate::event::Name;
use crate::figures::Day;
use crate::store::UseRow;

/// By name: what accounts used in a day.
type Line = BTreeMap<Name, Accounts>;

/// Returns which names of a line may be shown, whose total is known, with what is in none of them.
fn shown(line: &Line, rest: &Accounts) -> BTreeSet<Name> {
    let cells: Vec<_> = line.values().chain([rest]).map(parts).collect();
    let (rows, columns) = (Totals::Known, Totals::Untold);
    let table = Table { cells: vec![cells], rows, columns, has_rest: true };
    let shown = disclose(&table, Rule::BOARD).cells.swap_remove(0);
    line.keys().zip(shown).filter(|it| it.1).map(|it| it.0.clone()).collect()
}

/// Returns the cells of providers by day.
///
/// What a provider served of models that nobody else offers is known from these models. What it
/// served of the others stands in one line with all providers that share models with it, however
/// many stand between.
pub(super) fn providers(base: &Base, rows: &[UseRow], terms: &Terms) -> Cells {
    let groups = Groups::of(rows, terms);
    let mut days: BTreeMap<Day, (Line, Line)> = BTreeMap::new();
    for row in rows {
        let Some(counted) = base.counted(row) else { continue };
        let (all, shared) = days.entry(row.day).or_default();
        let put = |line: &mut Line| {
            let accounts = line.entry(row.value.clone()).or_default();
            accounts.entry(number(&row.account)).or_default().add(&counted);
        };
        put(all);
        if groups.is_shared(&row.model) {
            put(shared);
        }
    }
    let mut cells = Cells::new();
    for (day, (all, shared)) in days {
        let mut lines: BTreeMap<Name, Line> = BTreeMap::new();
        for (provider, accounts) in shared {
            lines.entry(groups.of_provider(&provider)).or_default().insert(provider, accounts);
        }
        let mut kept_back: BTreeSet<Name> = BTreeSet::new();
        for line in lines.values() {
            let shown = shown(line, &Accounts::new());
            kept_back.extend(line.keys().filter(|name| !shown.contains(*name)).cloned());
        }
        for (provider, accounts) in all {
            let cell = (!kept_back.contains(&provider)).then(|| Cell::of(accounts));
            cells.entry(provider).or_default().insert(day, cell);
        }
    }
    cells
}

/// Which providers share models.
struct Groups {
    by_model: BTreeMap<Name, BTreeSet<Name>>,
    /// By provider: the first name of its group.
    first: BTreeMap<Name, Name>,
}

impl Groups {
    fn of(rows: &[UseRow], terms: &Terms) -> Groups {
        let mut by_model: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
        for it in &terms.endpoints {
            let providers = by_model.entry(it.model.as_str().into()).or_default();
            providers.insert(it.provider.as_str().into());
        }
        for row in rows {
            by_model.entry(row.model.clone()).or_default().insert(row.value.clone());
        }
        let mut first: BTreeMap<Name, Name> = BTreeMap::new();
        for providers in by_model.values() {
            let known = |name: &Name| first.get(name).unwrap_or(name).clone();
            let joined: BTreeSet<Name> = providers.iter().map(known).collect();
            let Some(leader) = joined.first().cloned() else { continue };
            for name in first.values_mut().filter(|name| joined.contains(*name)) {
                *name = leader.clone();
            }
            first.extend(providers.iter().map(|name| (name.clone(), leader.clone())));
        }
        Groups { by_model, first }
    }

    fn is_shared(&self, model: &Name) -> bool {
        self.by_model.get(model).is_some_and(|providers| 1 < providers.len())
    }

    fn of_provider(&self, provider: &Name) -> Name {
        self.first.get(provider).unwrap_or(provider).clone()
    }
}

/// Returns the cells of verified applications by day. Whatever other applications used, and
/// requests of none, stand in the same line and are not told.
pub(super) fn apps(base: &Base, rows: &[UseRow], terms: &Terms) -> Cells {
    let mut days: BTreeMap<Day, Line> = BTreeMap::new();
    for row in rows.iter().filter(|row| terms.verified_apps.contains(&*row.value)) {
        let Some(counted) = base.counted(row) else { continue };
        let accounts = days.entry(row.day).or_default().entry(row.value.clone()).or_default();
        accounts.entry(number(&row.account)).or_default().add(&counted);
    }
    let mut cells = Cells::new();
    for (day, line) in days {
        let shown = shown(&line, &rest(base, day, &line));
        for (app, accounts) in line {
            let cell = shown.contains(&app).then(|| Cell::of(accounts));
            cells.entry(app).or_default().insert(day, cell);
        }
    }
    cells
}

/// Returns what of a day is in no cell of a line.
fn rest(base: &Base, day: Day, line: &Line) -> Accounts {
    let mut rest = Accounts::new();
    for cell in base.cells.values().filter_map(|days| days.get(&day)?.as_ref()) {
        add(&mut rest, &cell.accounts);
    }
    for (account, it) in line.values().flatten() {
        if let Some(rest) = rest.get_mut(account) {
            for measure in 0..it.used.len() {
                rest.used[measure] = rest.used[measure].saturating_sub(it.used[measure]);
                rest.counts[measure] = rest.counts[measure].saturating_sub(it.counts[measure]);
            }
        }
    }
    for it in rest.values_mut() {
        // What rounding left is nobody's use.
        for measure in 0..it.used.len() {
            it.counts[measure] = if it.used[measure] == 0 { 0 } else { it.counts[measure] };
        }
    }
    rest.retain(|_, it| it.counts.iter().any(|counts| *counts != 0));
    rest
}
