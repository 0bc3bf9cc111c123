//! Whose uses count.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::read::{DAYS, Terms};
use crate::event::Name;
use crate::figures::Day;
use crate::store::UseRow;

/// Days, that day among them, that are looked at before an account counts on a day.
pub(super) const BACK_DAYS: Day = 90;
/// Days since its first use of them.
const AGE_MIN: Day = 7;
/// Days of them on which it was active.
const ACTIVE_DAYS_MIN: usize = 3;
/// What it paid in them, in nano-dollars.
const PAID_NANOS_MIN: u64 = 5_000_000_000;

/// Who counts on which day.
pub(super) struct Eligible {
    days: HashMap<Name, HashSet<Day>>,
    /// Accounts that count on the last day, whether they used anything on it or not.
    pub(super) accounts: u32,
}

/// Returns who counts on which of the ninety days that end with a last one: whoever in the ninety
/// days up to *that* day used something seven days before it, was active on three days, paid five
/// dollars, and is not the house's own. New accounts can be made up by the thousand; old ones that
/// pay cannot.
///
/// Whether an account counts on a day is settled with that day. Else the days of an account that
/// comes to count later would show as the difference between two releases.
pub(super) fn eligible(rows: &[UseRow], terms: &Terms, last: Day) -> Eligible {
    let mut active: HashMap<&Name, BTreeMap<Day, u64>> = HashMap::new();
    for row in rows.iter().filter(|row| !terms.excluded_accounts.contains(&*row.account)) {
        *active.entry(&row.account).or_default().entry(row.day).or_default() += row.used.cost_nanos;
    }
    let mut eligible = Eligible { days: HashMap::new(), accounts: 0 };
    for (account, paid) in active {
        let counts = |day: &Day| counts_on(&paid, *day);
        let days: HashSet<Day> =
            paid.keys().copied().filter(|day| last - DAYS < *day).filter(counts).collect();
        eligible.accounts += u32::from(counts(&last));
        if !days.is_empty() {
            eligible.days.insert(account.clone(), days);
        }
    }
    eligible
}

fn counts_on(paid: &BTreeMap<Day, u64>, day: Day) -> bool {
    let back = || paid.range(day - BACK_DAYS + 1..=day);
    let first = back().next().map_or(day, |it| *it.0);
    AGE_MIN <= day - first
        && ACTIVE_DAYS_MIN <= back().take(ACTIVE_DAYS_MIN).count()
        && PAID_NANOS_MIN <= back().map(|it| *it.1).fold(0, u64::saturating_add)
}

impl Eligible {
    /// Returns whether an account counts on a day.
    pub(super) fn is(&self, account: &Name, day: Day) -> bool {
        self.days.get(account).is_some_and(|days| days.contains(&day))
    }

    /// Returns whether a use counts: its account does on that day, and it had a price.
    pub(super) fn counts(&self, row: &UseRow) -> bool {
        row.used.list_nanos != 0 && self.is(&row.account, row.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_counts_once_it_is_old_active_and_paid_and_not_before() {
        let paid = |days: &[(Day, u64)]| -> BTreeMap<Day, u64> {
            days.iter().map(|(day, dollars)| (*day, dollars * 1_000_000_000)).collect()
        };
        let steady = paid(&[(100, 2), (102, 2), (107, 1), (108, 1)]);
        let days: Vec<Day> = (99..=110).filter(|day| counts_on(&steady, *day)).collect();
        assert_eq!(days, [107, 108, 109, 110]);
        assert!(!counts_on(&paid(&[(100, 2), (107, 9)]), 107), "two days");
        assert!(!counts_on(&paid(&[(100, 2), (102, 1), (107, 1)]), 107), "four dollars");
        assert!(!counts_on(&paid(&[(101, 2), (102, 2), (107, 2)]), 107), "six days");
        // What it did on a day and later never changes whether it counted before.
        assert!(!counts_on(&steady, 106));
        assert!(!counts_on(&steady, 300), "long gone");
    }
}
