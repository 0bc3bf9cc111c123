//! Totals in which no account counts for more than its part.

use crate::lots::Lots;

/// The largest part of a capped total that one account may be, unless there are fewer than a
/// hundred accounts.
pub const CAP: f64 = 0.02;

/// What one account used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    /// The account, by any number that stays the same.
    pub account: u64,
    /// How much, in whatever unit is counted.
    pub amount: u64,
}

/// Returns the capped total of amounts: the largest `T` with `T = Σ min(amount, s · T)`, where `s`
/// is [`CAP`], or two over the number of accounts if that is more.
///
/// A flat two percent would have only zero for a solution below fifty accounts; two over their
/// number always leaves another. With one or two accounts nothing is capped.
pub fn capped(amounts: &[Amount]) -> f64 {
    let mut sorted: Vec<f64> =
        amounts.iter().map(|it| it.amount as f64).filter(|amount| 0.0 < *amount).collect();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    solve(sorted.iter().map(|amount| (*amount, 1.0)))
}

/// Returns the most that one account counts for in a capped total of amounts, cut to a whole
/// number.
pub fn most(amounts: &[Amount]) -> u64 {
    let count = amounts.iter().filter(|it| it.amount != 0).count() as f64;
    if count <= 2.0 {
        return u64::MAX;
    }
    (CAP.max(2.0 / count) * capped(amounts)).floor() as u64
}

/// Returns how many accounts of equal use would be as concentrated as these, each counted as a
/// capped total counts it.
pub fn effective_users(amounts: &[Amount]) -> f64 {
    let count = amounts.iter().filter(|it| it.amount != 0).count() as f64;
    let most = CAP.max(2.0 / count) * capped(amounts);
    let counted: Vec<f64> = amounts.iter().map(|it| (it.amount as f64).min(most)).collect();
    crate::share::effective_users(&counted)
}

/// The amounts of one row, ready to be totalled under many weightings of the accounts.
#[derive(Clone, Debug)]
pub(crate) struct Capped {
    /// Each with the place of its account, the largest first.
    sorted: Vec<(f64, usize)>,
}

impl Capped {
    /// Takes amounts whose accounts are all among those of the lots.
    pub(crate) fn new(amounts: &[Amount], lots: &Lots) -> Capped {
        let mut sorted: Vec<Amount> = amounts.iter().copied().filter(|it| 0 < it.amount).collect();
        sorted.sort_unstable_by(|a, b| b.amount.cmp(&a.amount).then(a.account.cmp(&b.account)));
        let placed = |it: &Amount| (it.amount as f64, lots.place(it.account));
        Capped { sorted: sorted.iter().map(placed).collect() }
    }

    /// The capped total in one draw of a bootstrap over accounts.
    pub(crate) fn drawn(&self, lots: &Lots) -> f64 {
        solve(self.sorted.iter().map(|(amount, place)| (*amount, lots.count(*place))))
    }

    /// The plain total in one draw of a bootstrap over accounts.
    pub(crate) fn drawn_raw(&self, lots: &Lots) -> f64 {
        self.sorted.iter().map(|(amount, place)| *amount * lots.count(*place)).sum()
    }
}

/// Solves `T = Σ weight · min(amount, s · T)` for amounts that come largest first.
///
/// The sum of the right side over `T` falls as `T` grows, so there is one solution above zero. It
/// is found by capping one more amount until the next one needs no cap.
fn solve(sorted: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let (mut accounts, mut rest) = (0.0, 0.0);
    for (amount, weight) in sorted.clone() {
        accounts += weight;
        rest += amount * weight;
    }
    if accounts <= 0.0 {
        return 0.0;
    }
    let share = CAP.max(2.0 / accounts);
    let mut capped_weight = 0.0;
    let mut total = rest;
    for (amount, weight) in sorted {
        if amount <= share * total {
            break;
        }
        rest -= amount * weight;
        capped_weight += weight;
        let free = 1.0 - share * capped_weight;
        if free <= 0.0 {
            break;
        }
        total = rest.max(0.0) / free;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn amounts(list: &[u64]) -> Vec<Amount> {
        list.iter()
            .enumerate()
            .map(|(account, amount)| Amount { account: account as u64, amount: *amount })
            .collect()
    }

    fn by_iteration(list: &[u64]) -> f64 {
        let sum: f64 = list.iter().map(|it| *it as f64).sum();
        let count = list.iter().filter(|it| **it != 0).count();
        let share = CAP.max(2.0 / count as f64);
        (0..20_000).fold(sum, |total, _| {
            list.iter().map(|it| (*it as f64).min(share * total)).sum::<f64>()
        })
    }

    #[test]
    fn one_whale_among_many_counts_for_a_fiftieth() {
        let mut list = vec![1_000; 200];
        list.push(1_000_000_000);
        let total = capped(&amounts(&list));
        assert!((total - 200_000.0 / 0.98).abs() < 1.0, "{total}");
    }

    #[test]
    fn what_accounts_count_for_makes_the_capped_total() {
        let mut list = vec![1_000; 200];
        list.push(1_000_000_000);
        let amounts = amounts(&list);
        assert_eq!(most(&amounts), 4_081);
        let sum: u64 = list.iter().map(|amount| (*amount).min(most(&amounts))).sum();
        assert_eq!(sum, capped(&amounts) as u64);
        assert_eq!(most(&amounts[..2]), u64::MAX);
    }

    #[test]
    fn one_or_two_accounts_are_not_capped() {
        assert!((capped(&amounts(&[7])) - 7.0).abs() < 1e-9);
        assert!((capped(&amounts(&[7, 1_000])) - 1_007.0).abs() < 1e-9);
        assert!(capped(&[]).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn the_total_is_what_iterating_from_above_comes_to(
            list in prop::collection::vec(0_u64..1_000_000, 1..150)
        ) {
            let (found, expected) = (capped(&amounts(&list)), by_iteration(&list));
            prop_assert!((found - expected).abs() <= 1e-6 * expected.max(1.0), "{found} {expected}");
        }

        #[test]
        fn no_account_is_more_than_its_part(
            list in prop::collection::vec(1_u64..1_000_000_000, 101..300)
        ) {
            let total = capped(&amounts(&list));
            let sum: f64 = list.iter().map(|it| *it as f64).sum();
            prop_assert!(total <= sum + 1e-3);
            let taken: f64 = list.iter().map(|it| (*it as f64).min(CAP * total)).sum();
            prop_assert!((taken - total).abs() < 1e-6 * total);
        }
    }
}
