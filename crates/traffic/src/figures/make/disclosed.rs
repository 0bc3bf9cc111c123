//! What of a table may be shown.

use std::collections::BTreeMap;

use rankings::disclose::{Rule, Table, disclose};

use super::uses::Group;
use crate::event::Name;
use crate::sums::Use;

/// What may be shown of a column of rows: each row's amount, and the total of all.
pub(super) struct Column {
    /// By row in the order of the names; `None` where it is kept back.
    pub(super) cells: Vec<Option<u64>>,
    /// The total.
    pub(super) total: Option<u64>,
}

/// Returns what may be shown in public of one column: rows with too few accounts, or with one that
/// would stand out, are kept back, with others that would give them away. The rest is rounded.
pub(super) fn column(groups: &BTreeMap<Name, Group>, unit: fn(&Use) -> u64, rule: Rule) -> Column {
    let cells = groups.values().map(|group| vec![group.amounts(unit)]).collect();
    let shown = disclose(&Table { cells }, rule);
    let cells = shown.cells.into_iter().map(|row| row.into_iter().next().flatten()).collect();
    Column { cells, total: shown.total }
}
