//! Cells: what accounts used of something in a time, and what of it is told.

use std::collections::BTreeMap;

use rankings::cap::{Amount, most};
use rankings::disclose::{Part, Rule, three_digits};

use super::super::read::DAYS;
use super::super::uses::number;
use crate::event::Name;
use crate::figures::Day;
use crate::store::UseRow;
use crate::sums::Use;

/// What is told of a cell: see [`TOKENS`], [`SPEND`] and [`REQUESTS`].
pub(super) const MEASURES: usize = 3;
/// Prompts without what came from a cache, and answers.
pub(super) const TOKENS: usize = 0;
/// At list prices, in nano-dollars.
pub(super) const SPEND: usize = 1;
/// How many.
pub(super) const REQUESTS: usize = 2;

/// By measure.
pub(super) type Amounts = [u64; MEASURES];

/// What one account used: as it was, and how much of that counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counted {
    pub(super) used: Amounts,
    pub(super) counts: Amounts,
}

/// By account.
pub(super) type Accounts = BTreeMap<u64, Counted>;

/// A cell that may be shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Cell {
    /// What is told of it: what counts, rounded to three digits.
    pub(super) shown: Amounts,
    /// What is behind it.
    pub(super) accounts: Accounts,
}

/// By name, then by when: `None` where a cell is kept back.
pub(super) type Cells = BTreeMap<Name, BTreeMap<Day, Option<Cell>>>;

/// The cells of models by day, from which everything else is made.
pub(super) struct Base {
    /// By model and day.
    pub(super) cells: Cells,
}

/// Returns what is measured of a use.
pub(super) fn amounts(used: &Use) -> Amounts {
    [used.counted(), used.list_nanos, used.requests]
}

impl Counted {
    /// Adds another.
    pub(super) fn add(&mut self, other: &Counted) {
        for measure in 0..MEASURES {
            self.used[measure] += other.used[measure];
            self.counts[measure] += other.counts[measure];
        }
    }

    /// Returns how much of a part of it counts.
    pub(super) fn of(&self, used: Amounts) -> Counted {
        let counts = |measure: usize| {
            let (part, all) = (u128::from(used[measure]), u128::from(self.used[measure]));
            let counts = part * u128::from(self.counts[measure]);
            u64::try_from(counts.checked_div(all).unwrap_or_default()).unwrap_or(u64::MAX)
        };
        Counted { used, counts: std::array::from_fn(counts) }
    }
}

/// Adds what accounts used.
pub(super) fn add(accounts: &mut Accounts, other: &Accounts) {
    for (account, counted) in other {
        accounts.entry(*account).or_default().add(counted);
    }
}

/// Returns accounts as rules of disclosure look at them.
pub(super) fn parts(accounts: &Accounts) -> Vec<Part<MEASURES>> {
    let part = |(account, it): (&u64, &Counted)| Part { account: *account, amounts: it.counts };
    accounts.iter().map(part).collect()
}

/// Returns what accounts count for, in one measure.
pub(super) fn counts(accounts: &Accounts, measure: usize) -> Vec<Amount> {
    let amount =
        |(account, it): (&u64, &Counted)| Amount { account: *account, amount: it.counts[measure] };
    accounts.iter().map(amount).collect()
}

impl Cell {
    /// Makes a cell of accounts.
    pub(super) fn of(accounts: Accounts) -> Cell {
        let sum = |measure| accounts.values().map(|it: &Counted| it.counts[measure]).sum();
        Cell { shown: std::array::from_fn(|measure| three_digits(sum(measure))), accounts }
    }
}

impl Base {
    /// Makes the cells of ninety days of uses that count.
    pub(super) fn of(rows: &[UseRow], last: Day) -> Base {
        let mut used: BTreeMap<Name, BTreeMap<Day, Accounts>> = BTreeMap::new();
        for row in rows.iter().filter(|row| last - DAYS < row.day && row.day <= last) {
            let cell = used.entry(row.model.clone()).or_default().entry(row.day).or_default();
            let own = Counted { used: amounts(&row.used), counts: [0; MEASURES] };
            cell.entry(number(&row.account)).or_default().add(&own);
        }
        let cell = |(day, accounts)| (day, told(accounts));
        let model = |(model, days): (Name, BTreeMap<Day, Accounts>)| {
            (model, days.into_iter().map(cell).collect())
        };
        Base { cells: used.into_iter().map(model).collect() }
    }

    /// Returns the cell of a model on a day, where it may be shown.
    pub(super) fn cell(&self, model: &Name, day: Day) -> Option<&Cell> {
        self.cells.get(model)?.get(&day)?.as_ref()
    }

    /// Returns how much of a use on some side counts; `None` where the cell of its model and day is
    /// kept back, for then nothing of it is told anywhere.
    pub(super) fn counted(&self, row: &UseRow) -> Option<Counted> {
        let all = self.cell(&row.model, row.day)?.accounts.get(&number(&row.account))?;
        Some(all.of(amounts(&row.used)))
    }

    /// Returns the requests that are told, of ninety days.
    pub(super) fn requests(&self) -> u64 {
        let cells = self.cells.values().flat_map(BTreeMap::values).flatten();
        cells.map(|cell| cell.shown[REQUESTS]).sum()
    }
}

/// Cuts what accounts used to their part, and returns the cell where it may be shown.
fn told(mut accounts: Accounts) -> Option<Cell> {
    for measure in 0..MEASURES {
        let used = |(account, it): (&u64, &Counted)| Amount {
            account: *account,
            amount: it.used[measure],
        };
        let most = most(&accounts.iter().map(used).collect::<Vec<_>>());
        for it in accounts.values_mut() {
            it.counts[measure] = it.used[measure].min(most);
        }
    }
    Rule::BOARD.allows_all(&parts(&accounts)).then(|| Cell::of(accounts))
}

/// The cells of one name in a window, together.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    /// What is told of it: the sum of what is told of its cells.
    pub(super) shown: Amounts,
    /// What is behind it.
    pub(super) accounts: Accounts,
    /// Cells of it that are told.
    pub(super) told: usize,
    /// Cells of it that are kept back.
    pub(super) kept_back: usize,
}

impl Sum {
    /// Adds the cells from one time to another.
    pub(super) fn add_days(
        &mut self,
        days: &BTreeMap<Day, Option<Cell>>,
        (from, through): (Day, Day),
    ) {
        days.range(from..=through).for_each(|(_, cell)| self.add(cell.as_ref()));
    }

    /// Takes a part of what an account used away from what is behind it.
    pub(super) fn take(&mut self, account: u64, part: &Counted) {
        let Some(own) = self.accounts.get_mut(&account) else { return };
        for measure in 0..MEASURES {
            own.used[measure] = own.used[measure].saturating_sub(part.used[measure]);
            own.counts[measure] = own.counts[measure].saturating_sub(part.counts[measure]);
        }
        if own.used == [0; MEASURES] {
            self.accounts.remove(&account);
        }
    }

    /// Adds a cell; `None` where it is kept back.
    pub(super) fn add(&mut self, cell: Option<&Cell>) {
        let Some(cell) = cell else {
            self.kept_back += 1;
            return;
        };
        self.told += 1;
        for (sum, shown) in self.shown.iter_mut().zip(cell.shown) {
            *sum += shown;
        }
        add(&mut self.accounts, &cell.accounts);
    }
}

/// Returns the sums of cells from one time to another, by a name that is made of theirs.
pub(super) fn sums(
    cells: &Cells,
    (from, through): (Day, Day),
    name: impl Fn(&Name) -> Option<Name>,
) -> BTreeMap<Name, Sum> {
    let mut sums: BTreeMap<Name, Sum> = BTreeMap::new();
    for (own, days) in cells {
        let Some(name) = name(own) else { continue };
        if days.range(from..=through).next().is_some() {
            sums.entry(name).or_default().add_days(days, (from, through));
        }
    }
    sums
}
