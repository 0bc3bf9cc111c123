//! How much a total changed from one window to the next.

use crate::cap::{Amount, Capped, capped};
use crate::lots::Lots;
use crate::mix::mix;

/// A change of a capped total and the interval that holds it in 90 of 100 cases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// New over old, less one.
    pub growth: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Change {
    /// Returns whether it is a change for sure: its interval does not hold zero.
    pub fn is_sure(&self) -> bool {
        0.0 < self.low || self.high < 0.0
    }
}

/// Draws of the bootstrap behind the interval.
pub const DRAWS: u64 = 200;

/// Returns how much the capped total of amounts is above that of the window before. `None` where
/// one of them is nothing.
///
/// The interval comes from a Poisson bootstrap over accounts, each drawn the same number of times
/// in both windows. Draws in which one window comes out empty are left out.
pub fn change(now: &[Amount], before: &[Amount], seed: u64) -> Option<Change> {
    let ratio = |now: f64, before: f64| (0.0 < now && 0.0 < before).then(|| now / before);
    let growth = ratio(capped(now), capped(before))? - 1.0;
    let mut lots = Lots::of(now.iter().chain(before).map(|it| it.account));
    let (now, before) = (Capped::new(now, &lots), Capped::new(before, &lots));
    let mut drawn: Vec<f64> = (0..DRAWS)
        .filter_map(|draw| {
            lots.draw(mix(seed, draw));
            ratio(now.drawn(&lots), before.drawn(&lots))
        })
        .collect();
    drawn.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (share * drawn.len().saturating_sub(1) as f64).round() as usize;
        drawn.get(place).map_or(growth, |ratio| ratio - 1.0)
    };
    Some(Change { growth, low: at(0.05), high: at(0.95) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(count: u64, amount: u64) -> Vec<Amount> {
        (0..count).map(|account| Amount { account, amount: amount + account % 7 }).collect()
    }

    #[test]
    fn what_every_account_doubles_has_doubled_for_sure() {
        let (now, before) = (amounts(200, 200), amounts(200, 100));
        let change = change(&now, &before, 1).unwrap();
        assert!((change.growth - 0.97).abs() < 0.05, "{change:?}");
        assert!(0.9 < change.low && change.low <= change.growth && change.growth <= change.high);
    }

    #[test]
    fn accounts_that_come_and_go_make_no_sure_change() {
        let now: Vec<Amount> =
            amounts(60, 100).into_iter().filter(|it| it.account % 3 != 0).collect();
        let before: Vec<Amount> =
            amounts(60, 100).into_iter().filter(|it| it.account % 3 != 1).collect();
        let change = change(&now, &before, 2).unwrap();
        assert!(change.low < 0.0 && 0.0 < change.high, "{change:?}");
    }

    #[test]
    fn nothing_has_no_change() {
        assert_eq!(change(&[], &amounts(5, 1), 3), None);
        assert_eq!(change(&amounts(5, 1), &[], 3), None);
    }
}
