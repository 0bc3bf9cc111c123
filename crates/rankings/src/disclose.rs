//! What may be shown of counts in public without telling what any one account did.
//!
//! A table stands with its totals. A cell is kept back when too few accounts are behind it or when
//! the second largest of them could work out the largest (the p % rule of official statistics), by
//! any of the measures that are told of it. Then others are kept back with it until no cell that is
//! kept back can be worked out from those that are shown.

mod forest;

use crate::cap::Amount;
use forest::Forest;

/// When a cell may be shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The least number of accounts behind it.
    pub accounts_min: u32,
    /// What all accounts but the two largest have to be together, as a share of the largest.
    pub p: f64,
}

/// What one account used, in each of the measures that are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<const N: usize> {
    /// The account, by any number that stays the same.
    pub account: u64,
    /// How much, by measure.
    pub amounts: [u64; N],
}

impl Rule {
    /// For what is counted by day and by model.
    pub const BOARD: Rule = Rule { accounts_min: 10, p: 0.15 };
    /// For tasks.
    pub const FINE: Rule = Rule { accounts_min: 25, p: 0.15 };
    /// For places, and for hours.
    pub const PLACE: Rule = Rule { accounts_min: 50, p: 0.15 };

    /// Returns whether what these accounts used may be shown.
    pub fn allows(&self, amounts: &[Amount]) -> bool {
        self.holds(amounts.iter().map(|it| it.amount))
    }

    /// Returns whether what these accounts used may be shown, in all measures together.
    pub fn allows_all<const N: usize>(&self, parts: &[Part<N>]) -> bool {
        (0..N).all(|measure| self.holds(parts.iter().map(|it| it.amounts[measure])))
    }

    fn holds(&self, amounts: impl Iterator<Item = u64>) -> bool {
        let (mut count, mut sum, mut first, mut second) = (0_u32, 0_f64, 0_f64, 0_f64);
        for amount in amounts.filter(|amount| *amount != 0).map(|amount| amount as f64) {
            count += 1;
            sum += amount;
            if first < amount {
                second = first;
                first = amount;
            } else if second < amount {
                second = amount;
            }
        }
        count == 0 || (self.accounts_min <= count && self.p * first <= sum - first - second)
    }
}

/// What is told of the totals of rows, or of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Totals {
    /// Everybody knows them: they are shown elsewhere.
    Known,
    /// They are shown where they may be.
    Shown,
    /// They are not told.
    Untold,
}

/// A table of what accounts used, by row and column.
#[derive(Clone, Debug)]
pub struct Table<const N: usize> {
    /// By row, then by column; each account once in a cell. All rows have the same length.
    pub cells: Vec<Vec<Vec<Part<N>>>>,
    /// What is told of the totals of rows.
    pub rows: Totals,
    /// What is told of the totals of columns.
    pub columns: Totals,
    /// The last column is what is in no other: it is never shown.
    pub has_rest: bool,
}

/// What may be shown of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// By row, then by column.
    pub cells: Vec<Vec<bool>>,
    /// The totals of rows.
    pub rows: Vec<bool>,
    /// The totals of columns.
    pub columns: Vec<bool>,
    /// The total of all.
    pub total: bool,
}

/// Returns what may be shown of a table together with its totals.
///
/// Every line of a table says that its cells and its total make zero together. A kept-back cell
/// can be worked out from the lines exactly if it is a bridge in the graph that joins the rows and
/// columns of all kept-back cells; so further cells, the smallest first, are kept back until no
/// cell that may not be shown is a bridge and the kept-back cells of each line whose total is
/// known, taken as one, pass the rule themselves.
pub fn disclose<const N: usize>(table: &Table<N>, rule: Rule) -> Shown {
    let mut sheet = Sheet::of(table, rule);
    sheet.complete();
    sheet.shown()
}

/// Returns a number rounded to three significant digits, the same for the same number always.
pub fn three_digits(number: u64) -> u64 {
    let digits = number.checked_ilog10().map_or(1, |log| log + 1);
    if digits <= 3 {
        return number;
    }
    let unit = 10_u64.pow(digits - 3);
    let rest = number % unit;
    let floor = number - rest;
    if unit - rest <= rest { floor.checked_add(unit).unwrap_or(floor) } else { floor }
}

/// A place in a sheet: row and column.
type Place = (usize, usize);

/// Where another cell may be kept back to cover one.
#[derive(Clone, Copy)]
enum Along {
    Row,
    Column,
    Both,
}

/// A table whose last row and column are the totals.
struct Sheet<const N: usize> {
    cells: Vec<Vec<Vec<Part<N>>>>,
    sums: Vec<Vec<u64>>,
    hidden: Vec<Vec<bool>>,
    /// Cells that may not be shown by themselves.
    sensitive: Vec<Vec<bool>>,
    rule: Rule,
    rows: Totals,
    columns: Totals,
}

impl<const N: usize> Sheet<N> {
    fn of(table: &Table<N>, rule: Rule) -> Sheet<N> {
        let width = table.cells.iter().map(Vec::len).max().unwrap_or(0);
        let mut cells = table.cells.clone();
        for row in &mut cells {
            row.resize(width, Vec::new());
            let total = pooled(row.iter().map(Vec::as_slice));
            row.push(total);
        }
        let totals = (0..=width)
            .map(|column| pooled(cells.iter().map(|row| row[column].as_slice())))
            .collect();
        cells.push(totals);
        let sum = |cell: &Vec<Part<N>>| cell.iter().fold(0_u64, |sum, it| sum + it.amounts[0]);
        let sums = cells.iter().map(|row| row.iter().map(sum).collect()).collect();
        let hidden = cells.iter().map(|row| row.iter().map(|it| !rule.allows_all(it)).collect());
        let hidden: Vec<Vec<bool>> = hidden.collect();
        let (sensitive, rows, columns) = (hidden.clone(), table.rows, table.columns);
        let mut sheet = Sheet { cells, sums, hidden, sensitive, rule, rows, columns };
        sheet.settle_totals(table.has_rest);
        sheet
    }

    /// Takes note of totals that are known or untold, and of the rest.
    fn settle_totals(&mut self, has_rest: bool) {
        let (last_row, last_column) = self.corner();
        let by = |totals: Totals, hidden: bool| match totals {
            Totals::Known => false,
            Totals::Shown => hidden,
            Totals::Untold => true,
        };
        for row in 0..last_row {
            self.hidden[row][last_column] = by(self.rows, self.hidden[row][last_column]);
            if has_rest && 0 < last_column {
                self.hidden[row][last_column - 1] = self.sums[row][last_column - 1] != 0;
            }
        }
        for column in 0..last_column {
            self.hidden[last_row][column] = by(self.columns, self.hidden[last_row][column]);
        }
        if has_rest && 0 < last_column && self.columns != Totals::Known {
            self.hidden[last_row][last_column - 1] = self.sums[last_row][last_column - 1] != 0;
        }
        let of_all = if self.rows == Totals::Known { self.rows } else { self.columns };
        self.hidden[last_row][last_column] = by(of_all, self.hidden[last_row][last_column]);
    }

    fn corner(&self) -> Place {
        (self.cells.len() - 1, self.cells[0].len() - 1)
    }

    /// Keeps back more until nothing that is kept back can be worked out.
    fn complete(&mut self) {
        loop {
            let bridges = self.bridges();
            let mut wanted = self.thin_lines(&bridges);
            // What covers another may be worked out by itself as long as that one may not.
            let (sensitive, covering): (Vec<_>, Vec<_>) = bridges
                .iter()
                .map(|place| (*place, Along::Both))
                .partition(|((row, column), _)| self.sensitive[*row][*column]);
            wanted.extend(sensitive);
            // Where all around is kept back already, what covers it has to be covered.
            let may_go_on = !wanted.is_empty() && self.columns != Totals::Untold;
            if !(self.cover(&wanted) || may_go_on && self.cover(&covering)) {
                return;
            }
        }
    }

    /// Keeps back a cell beside each of several, and returns whether there was one. Where lines
    /// bear on each other, it is one at a time: what is kept back for one cell often covers the
    /// next.
    fn cover(&mut self, wanted: &[(Place, Along)]) -> bool {
        let mut touched = vec![false; self.cells.len()];
        let mut found = false;
        for (place, along) in wanted {
            if touched[place.0] {
                continue;
            }
            if let Some((row, column)) = self.smallest_near(*place, *along) {
                self.hidden[row][column] = true;
                touched[place.0] = true;
                found = true;
                if self.columns != Totals::Untold {
                    return true;
                }
            }
        }
        found
    }

    fn is_known(&self, (row, column): Place) -> bool {
        let (last_row, last_column) = self.corner();
        let of_row = column == last_column && self.rows == Totals::Known;
        of_row || (row == last_row && self.columns == Totals::Known)
    }

    /// Returns the smallest cell that is still shown in the row or the column of one.
    fn smallest_near(&self, (row, column): Place, along: Along) -> Option<Place> {
        let in_row = (0..self.cells[row].len()).map(|other| (row, other));
        let in_column = (0..self.cells.len()).map(|other| (other, column));
        in_row
            .filter(|_| !matches!(along, Along::Column))
            .chain(in_column.filter(|_| !matches!(along, Along::Row)))
            .filter(|place| !self.hidden[place.0][place.1] && self.sums[place.0][place.1] != 0)
            .filter(|place| !self.is_known(*place))
            .min_by_key(|(r, c)| (self.sums[*r][*c], *r, *c))
    }

    /// The lines whose kept-back cells, taken as one, may not be shown: their sum is what the total
    /// leaves. Each is told by its first kept-back cell.
    fn thin_lines(&self, bridges: &[Place]) -> Vec<(Place, Along)> {
        let (last_row, last_column) = self.corner();
        let mut found = Vec::new();
        for row in 0..=last_row {
            let line: Vec<Place> = (0..last_column).map(|column| (row, column)).collect();
            let thin = self.thin(&line, (row, last_column), bridges);
            found.extend(thin.map(|place| (place, Along::Row)));
        }
        for column in 0..=last_column {
            let line: Vec<Place> = (0..last_row).map(|row| (row, column)).collect();
            let thin = self.thin(&line, (last_row, column), bridges);
            found.extend(thin.map(|place| (place, Along::Column)));
        }
        found
    }

    fn thin(&self, line: &[Place], total: Place, bridges: &[Place]) -> Option<Place> {
        if self.hidden[total.0][total.1] && !bridges.contains(&total) {
            return None;
        }
        let is_open = |place: &Place| self.hidden[place.0][place.1] && !bridges.contains(place);
        let hidden: Vec<Place> = line.iter().copied().filter(is_open).collect();
        let first = *hidden.first()?;
        let together =
            pooled(hidden.iter().map(|(row, column)| self.cells[*row][*column].as_slice()));
        (!self.rule.allows_all(&together)).then_some(first)
    }

    /// The kept-back cells that the lines determine (chain decomposition, Schmidt, 2013).
    fn bridges(&self) -> Vec<Place> {
        let rows = self.cells.len();
        let nodes = rows + self.cells[0].len();
        let mut joined: Vec<Vec<usize>> = vec![Vec::new(); nodes];
        for (row, hidden) in self.hidden.iter().enumerate() {
            for column in (0..hidden.len()).filter(|column| hidden[*column]) {
                joined[row].push(rows + column);
                joined[rows + column].push(row);
            }
        }
        let edges = Forest::of(&joined).bridges();
        edges.into_iter().map(|(one, two)| (one.min(two), one.max(two) - rows)).collect()
    }

    fn shown(self) -> Shown {
        let mut cells: Vec<Vec<bool>> =
            self.hidden.iter().map(|row| row.iter().map(|hidden| !hidden).collect()).collect();
        let mut columns = cells.pop().unwrap_or_default();
        let total = columns.pop().unwrap_or_default();
        let rows = cells.iter_mut().map(|row| row.pop().unwrap_or_default()).collect();
        Shown { cells, rows, columns, total }
    }
}

/// Returns what accounts used in several cells together.
pub fn pooled<'a, const N: usize>(cells: impl Iterator<Item = &'a [Part<N>]>) -> Vec<Part<N>> {
    let mut all: Vec<Part<N>> = cells.flatten().copied().collect();
    all.sort_unstable_by_key(|it| it.account);
    all.dedup_by(|next, kept| {
        let same = next.account == kept.account;
        if same {
            for (kept, next) in kept.amounts.iter_mut().zip(next.amounts) {
                *kept = kept.saturating_add(next);
            }
        }
        same
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn crowd(accounts: std::ops::Range<u64>, each: u64) -> Vec<Part<1>> {
        accounts.map(|account| Part { account, amounts: [each] }).collect()
    }

    fn plain(accounts: std::ops::Range<u64>, each: u64) -> Vec<Amount> {
        accounts.map(|account| Amount { account, amount: each }).collect()
    }

    fn table(cells: Vec<Vec<Vec<Part<1>>>>) -> Table<1> {
        Table { cells, rows: Totals::Shown, columns: Totals::Shown, has_rest: false }
    }

    #[test]
    fn few_accounts_and_one_large_one_are_kept_back() {
        assert!(Rule::BOARD.allows(&plain(0..10, 5)));
        assert!(!Rule::BOARD.allows(&plain(0..9, 5)));
        let mut led = plain(0..20, 5);
        led[3].amount = 10_000;
        assert!(!Rule::BOARD.allows(&led));
        assert!(Rule::BOARD.allows(&[]));
    }

    #[test]
    fn a_cell_that_one_measure_gives_away_is_kept_back_in_all() {
        let mut parts: Vec<Part<2>> =
            (0..20).map(|account| Part { account, amounts: [5, 7] }).collect();
        assert!(Rule::BOARD.allows_all(&parts));
        parts[4].amounts[1] = 10_000;
        assert!(!Rule::BOARD.allows_all(&parts));
    }

    #[test]
    fn rounding_keeps_three_digits() {
        let rounded: Vec<u64> =
            [0, 7, 999, 1_234, 1_235, 99_950, u64::MAX].map(three_digits).to_vec();
        assert_eq!(rounded, [0, 7, 999, 1_230, 1_240, 100_000, 18_400_000_000_000_000_000]);
    }

    #[test]
    fn a_kept_back_cell_takes_others_with_it() {
        let cells = vec![
            vec![crowd(0..3, 100), crowd(0..50, 10), crowd(0..60, 10)],
            vec![crowd(0..50, 11), crowd(0..50, 12), crowd(0..60, 13)],
            vec![crowd(0..50, 14), crowd(0..50, 15), crowd(0..60, 16)],
        ];
        let shown = disclose(&table(cells), Rule::BOARD);
        assert!(!shown.cells[0][0]);
        let hidden = |cells: &mut dyn Iterator<Item = bool>| cells.filter(|shown| !shown).count();
        assert!(hidden(&mut shown.cells[0].iter().copied()) >= 2);
        assert!(hidden(&mut shown.cells.iter().map(|row| row[0])) >= 2);
        let all = hidden(&mut shown.cells.iter().flatten().copied());
        assert!((4..=6).contains(&all), "{shown:?}");
    }

    #[test]
    fn what_is_in_no_column_covers_a_cell_if_it_is_large_enough() {
        let line = |rest: Vec<Part<1>>| Table {
            cells: vec![vec![crowd(0..3, 100), crowd(0..50, 10), crowd(0..60, 40), rest]],
            rows: Totals::Known,
            columns: Totals::Untold,
            has_rest: true,
        };
        let shown = disclose(&line(crowd(100..150, 30)), Rule::BOARD);
        assert_eq!(shown.cells, [[false, true, true, false]]);
        let shown = disclose(&line(crowd(100..101, 1)), Rule::BOARD);
        assert_eq!(shown.cells, [[false, false, true, false]]);
        let shown = disclose(&line(Vec::new()), Rule::BOARD);
        assert_eq!(shown.cells, [[false, false, true, true]]);
        assert_eq!(shown.rows, [true]);
    }

    /// Whether linear equations determine an unknown: elimination over fractions of floats.
    fn determined(shown: &[Vec<bool>]) -> Vec<(usize, usize)> {
        let (rows, columns) = (shown.len(), shown[0].len());
        let unknown: Vec<(usize, usize)> = (0..rows)
            .flat_map(|row| (0..columns).map(move |column| (row, column)))
            .filter(|(row, column)| !shown[*row][*column])
            .collect();
        let sign = |row: usize, column: usize| {
            if (row + 1 == rows) != (column + 1 == columns) { -1.0 } else { 1.0 }
        };
        let line = |holds: &dyn Fn(usize, usize) -> bool| -> Vec<f64> {
            unknown.iter().map(|(r, c)| if holds(*r, *c) { sign(*r, *c) } else { 0.0 }).collect()
        };
        let mut system: Vec<Vec<f64>> = (0..rows).map(|row| line(&|r, _| r == row)).collect();
        system.extend((0..columns).map(|column| line(&|_, c| c == column)));
        let mut done = 0;
        for place in 0..unknown.len() {
            let Some(pivot) = (done..system.len()).find(|row| 1e-9 < system[*row][place].abs())
            else {
                continue;
            };
            system.swap(done, pivot);
            let lead: Vec<f64> = system[done].iter().map(|it| it / system[done][place]).collect();
            for row in (0..system.len()).filter(|row| *row != done) {
                let factor = system[row][place];
                for (cell, lead) in system[row].iter_mut().zip(&lead) {
                    *cell -= factor * lead;
                }
            }
            system[done] = lead;
            done += 1;
        }
        let alone = |row: &Vec<f64>| {
            let mut held = (0..row.len()).filter(|place| 1e-9 < row[*place].abs());
            held.next().filter(|_| held.next().is_none()).map(|place| unknown[place])
        };
        system.iter().filter_map(alone).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn differences_recover_no_cell_that_is_kept_back(
            sizes in prop::collection::vec(prop::collection::vec((0_u64..40, 1_u64..50), 4), 2..7),
            known in any::<bool>()
        ) {
            let cell = |(accounts, each): &(u64, u64)| crowd(0..*accounts, *each);
            let cells = sizes.iter().map(|row| row.iter().map(cell).collect()).collect();
            let rows = if known { Totals::Known } else { Totals::Shown };
            let table = Table { rows, ..table(cells) };
            let sheet = Sheet::of(&table, Rule::BOARD);
            let shown = disclose(&table, Rule::BOARD);
            let mut seen: Vec<Vec<bool>> = shown
                .cells
                .iter()
                .zip(&shown.rows)
                .map(|(row, total)| row.iter().chain([total]).copied().collect())
                .collect();
            seen.push(shown.columns.iter().chain([&shown.total]).copied().collect());
            for (row, column) in determined(&seen) {
                // A row with one cell is that cell, and its total is known.
                let held = sheet.sums[row].iter().filter(|sum| **sum != 0).count();
                let is_total = known && row < sizes.len() && held == 2;
                prop_assert!(is_total || !sheet.sensitive[row][column], "{row} {column} {shown:?}");
            }
        }
    }
}
