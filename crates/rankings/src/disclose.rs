//! What may be shown of counts in public without telling what any one account did.
//!
//! A table stands with its totals. A cell is kept back when too few accounts are behind it or when
//! the second largest of them could work out the largest (the p % rule of official statistics).
//! Then others are kept back with it until no cell that is kept back can be worked out from those
//! that are shown.

use crate::cap::Amount;

/// When a cell may be shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The least number of accounts behind it.
    pub accounts_min: u32,
    /// What all accounts but the two largest have to be together, as a share of the largest.
    pub p: f64,
}

impl Rule {
    /// For what is counted by day and by model.
    pub const BOARD: Rule = Rule { accounts_min: 10, p: 0.15 };
    /// For tasks by language.
    pub const FINE: Rule = Rule { accounts_min: 25, p: 0.15 };

    /// Returns whether what these accounts used may be shown.
    pub fn allows(&self, amounts: &[Amount]) -> bool {
        let used = amounts.iter().filter(|it| it.amount != 0);
        let (mut count, mut sum, mut first, mut second) = (0_u32, 0_f64, 0_f64, 0_f64);
        for amount in used.map(|it| it.amount as f64) {
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

/// A table of what accounts used, by row and column.
#[derive(Clone, Debug)]
pub struct Table {
    /// By row, then by column; each account once in a cell.
    pub cells: Vec<Vec<Vec<Amount>>>,
}

/// What may be shown of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// By row, then by column: the rounded amount; `None` where it is kept back.
    pub cells: Vec<Vec<Option<u64>>>,
    /// The totals of rows.
    pub rows: Vec<Option<u64>>,
    /// The totals of columns.
    pub columns: Vec<Option<u64>>,
    /// The total of all.
    pub total: Option<u64>,
    /// How many cells and totals were kept back.
    pub kept_back: usize,
}

/// Returns what may be shown of a table together with its totals.
///
/// Every line of a table says that its cells and its total make zero together. A kept-back cell
/// can be worked out from the lines exactly if it is a bridge in the graph that joins the rows and
/// columns of all kept-back cells; so further cells, the smallest first, are kept back until no
/// cell is a bridge and the kept-back cells of each line, taken as one, pass the rule themselves.
/// What is shown is rounded to three digits.
pub fn disclose(table: &Table, rule: Rule) -> Shown {
    let mut sheet = Sheet::of(table, rule);
    sheet.complete(rule);
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

/// A table whose last row and column are the totals.
struct Sheet {
    cells: Vec<Vec<Vec<Amount>>>,
    sums: Vec<Vec<u64>>,
    hidden: Vec<Vec<bool>>,
}

impl Sheet {
    fn of(table: &Table, rule: Rule) -> Sheet {
        let width = table.cells.iter().map(Vec::len).max().unwrap_or(0);
        let mut cells: Vec<Vec<Vec<Amount>>> = table.cells.clone();
        for row in &mut cells {
            row.resize(width, Vec::new());
            let total = pooled(row.iter().map(Vec::as_slice));
            row.push(total);
        }
        let totals = (0..=width)
            .map(|column| pooled(cells.iter().map(|row| row[column].as_slice())))
            .collect();
        cells.push(totals);
        let sum = |cell: &Vec<Amount>| cell.iter().fold(0_u64, |sum, it| sum + it.amount);
        let sums = cells.iter().map(|row| row.iter().map(sum).collect()).collect();
        let hidden =
            cells.iter().map(|row| row.iter().map(|cell| !rule.allows(cell)).collect()).collect();
        Sheet { cells, sums, hidden }
    }

    /// Keeps back more until nothing that is kept back can be worked out.
    fn complete(&mut self, rule: Rule) {
        // One at a time: what is kept back for one cell often covers the next as well.
        loop {
            let wanted = self.bridges().into_iter().chain(self.thin_lines(rule));
            let wanted: Vec<(usize, usize)> = wanted.collect();
            if !wanted.into_iter().any(|(row, column)| self.hide_near(row, column)) {
                return;
            }
        }
    }

    /// Keeps back the smallest cell that is still shown in the row or the column of one.
    fn hide_near(&mut self, row: usize, column: usize) -> bool {
        let in_row = (0..self.cells[row].len()).map(|other| (row, other));
        let in_column = (0..self.cells.len()).map(|other| (other, column));
        let smallest = in_row
            .chain(in_column)
            .filter(|(r, c)| !self.hidden[*r][*c] && self.sums[*r][*c] != 0)
            .min_by_key(|(r, c)| (self.sums[*r][*c], *r, *c));
        if let Some((r, c)) = smallest {
            self.hidden[r][c] = true;
        }
        smallest.is_some()
    }

    /// The kept-back cells of lines whose kept-back cells, taken as one, may not be shown: their
    /// sum is what the total leaves.
    fn thin_lines(&self, rule: Rule) -> Vec<(usize, usize)> {
        let (last_row, last_column) = (self.cells.len() - 1, self.cells[0].len() - 1);
        let mut found = Vec::new();
        for row in 0..=last_row {
            let places: Vec<(usize, usize)> =
                (0..last_column).map(|column| (row, column)).collect();
            found.extend(self.thin(&places, (row, last_column), rule));
        }
        for column in 0..=last_column {
            let places: Vec<(usize, usize)> = (0..last_row).map(|row| (row, column)).collect();
            found.extend(self.thin(&places, (last_row, column), rule));
        }
        found
    }

    fn thin(
        &self,
        line: &[(usize, usize)],
        total: (usize, usize),
        rule: Rule,
    ) -> Option<(usize, usize)> {
        if self.hidden[total.0][total.1] {
            return None;
        }
        let hidden: Vec<(usize, usize)> =
            line.iter().copied().filter(|(row, column)| self.hidden[*row][*column]).collect();
        let first = *hidden.first()?;
        let together =
            pooled(hidden.iter().map(|(row, column)| self.cells[*row][*column].as_slice()));
        (!rule.allows(&together)).then_some(first)
    }

    /// The kept-back cells that the lines determine (chain decomposition, Schmidt, 2013).
    fn bridges(&self) -> Vec<(usize, usize)> {
        let rows = self.cells.len();
        let nodes = rows + self.cells[0].len();
        let mut joined: Vec<Vec<usize>> = vec![Vec::new(); nodes];
        for (row, hidden) in self.hidden.iter().enumerate() {
            for column in (0..hidden.len()).filter(|column| hidden[*column]) {
                joined[row].push(rows + column);
                joined[rows + column].push(row);
            }
        }
        let forest = Forest::of(&joined);
        let is_bridge = |node: usize| !forest.in_chain[node];
        (0..nodes)
            .filter(|node| forest.parent[*node] != usize::MAX && is_bridge(*node))
            .map(|node| {
                let (one, two) = (node.min(forest.parent[node]), node.max(forest.parent[node]));
                (one, two - rows)
            })
            .collect()
    }

    fn shown(self) -> Shown {
        let kept_back = self.hidden.iter().flatten().filter(|hidden| **hidden).count();
        let mut cells: Vec<Vec<Option<u64>>> = self
            .sums
            .iter()
            .zip(&self.hidden)
            .map(|(sums, hidden)| {
                let pairs = sums.iter().zip(hidden);
                pairs.map(|(sum, hidden)| (!hidden).then(|| three_digits(*sum))).collect()
            })
            .collect();
        let mut columns = cells.pop().unwrap_or_default();
        let total = columns.pop().flatten();
        let rows = cells.iter_mut().map(|row| row.pop().flatten()).collect();
        Shown { cells, rows, columns, total, kept_back }
    }
}

/// A spanning forest of a graph, and which of its edges lie on a cycle.
struct Forest {
    parent: Vec<usize>,
    /// By node: whether the edge to its parent lies on a cycle.
    in_chain: Vec<bool>,
}

impl Forest {
    fn of(joined: &[Vec<usize>]) -> Forest {
        let count = joined.len();
        let mut parent = vec![usize::MAX; count];
        let mut number = vec![usize::MAX; count];
        let mut order = Vec::with_capacity(count);
        for root in 0..count {
            let mut stack = vec![(root, usize::MAX)];
            while let Some((node, from)) = stack.pop() {
                if number[node] != usize::MAX {
                    continue;
                }
                number[node] = order.len();
                parent[node] = from;
                order.push(node);
                let unseen = joined[node].iter().filter(|next| number[**next] == usize::MAX);
                stack.extend(unseen.map(|next| (*next, node)));
            }
        }
        let mut visited = vec![false; count];
        let mut in_chain = vec![false; count];
        for node in order {
            visited[node] = true;
            let is_back = |next: &&usize| number[node] < number[**next] && parent[**next] != node;
            for start in joined[node].iter().filter(is_back) {
                let mut walk = *start;
                while !visited[walk] {
                    visited[walk] = true;
                    in_chain[walk] = true;
                    walk = parent[walk];
                }
            }
        }
        Forest { parent, in_chain }
    }
}

fn pooled<'a>(cells: impl Iterator<Item = &'a [Amount]>) -> Vec<Amount> {
    let mut all: Vec<Amount> = cells.flatten().copied().collect();
    all.sort_unstable_by_key(|it| it.account);
    all.dedup_by(|next, kept| {
        let same = next.account == kept.account;
        if same {
            kept.amount = kept.amount.saturating_add(next.amount);
        }
        same
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn crowd(accounts: std::ops::Range<u64>, each: u64) -> Vec<Amount> {
        accounts.map(|account| Amount { account, amount: each }).collect()
    }

    #[test]
    fn few_accounts_and_one_large_one_are_kept_back() {
        assert!(Rule::BOARD.allows(&crowd(0..10, 5)));
        assert!(!Rule::BOARD.allows(&crowd(0..9, 5)));
        let mut led = crowd(0..20, 5);
        led[3].amount = 10_000;
        assert!(!Rule::BOARD.allows(&led));
        assert!(Rule::BOARD.allows(&[]));
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
        let shown = disclose(&Table { cells }, Rule::BOARD);
        assert_eq!(shown.cells[0][0], None);
        assert!(shown.cells[0].iter().filter(|cell| cell.is_none()).count() >= 2);
        assert!(shown.cells.iter().filter(|row| row[0].is_none()).count() >= 2);
        assert!(shown.kept_back >= 4 && shown.kept_back <= 6, "{shown:?}");
    }

    /// Whether linear equations determine an unknown: elimination over fractions of floats.
    fn determined(shown: &[Vec<bool>]) -> usize {
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
        system.iter().filter(|row| row.iter().filter(|it| 1e-9 < it.abs()).count() == 1).count()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn differences_recover_no_cell_that_is_kept_back(
            sizes in prop::collection::vec(prop::collection::vec((0_u64..40, 1_u64..50), 4), 2..7)
        ) {
            let cell = |(accounts, each): &(u64, u64)| crowd(0..*accounts, *each);
            let cells = sizes.iter().map(|row| row.iter().map(cell).collect()).collect();
            let shown = disclose(&Table { cells }, Rule::BOARD);
            let mut seen: Vec<Vec<bool>> = shown
                .cells
                .iter()
                .zip(&shown.rows)
                .map(|(row, total)| row.iter().chain([total]).map(Option::is_some).collect())
                .collect();
            let totals = shown.columns.iter().chain([&shown.total]).map(Option::is_some).collect();
            seen.push(totals);
            prop_assert_eq!(determined(&seen), 0);
        }
    }
}
