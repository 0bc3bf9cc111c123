//! Which rows rise, and not only look like it.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::cap::{Amount, capped, effective_users};
use crate::test::{benjamini_hochberg, median};

/// One row's complete weeks, the oldest first.
#[derive(Clone, Debug)]
pub struct Series {
    /// A model, an author, …
    pub name: String,
    /// By week: what each account used.
    pub weeks: Vec<Vec<Amount>>,
}

/// What became of a row this week.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    /// Of what was counted.
    pub name: String,
    /// This week's capped total over the median of the four weeks before it, less one.
    pub growth: f64,
    /// How far it is above that, in the spread of its usual weeks.
    pub z: f64,
    /// The same growth without the account that used most this week.
    pub growth_without_largest: f64,
    /// Accounts of this week over those of the last one, less one.
    pub account_growth: f64,
    /// How many accounts of equal use would be as concentrated this week, under the cap.
    pub effective_users: f64,
    /// It rises.
    pub is_rising: bool,
}

/// Weeks of history that a trend needs, this one not counted.
pub const WEEKS_MIN: usize = 8;
/// The least spread of ln(total) that is taken for granted.
const SPREAD_MIN: f64 = 0.08;
const Z_MIN: f64 = 2.5;
const GROWTH_MIN: f64 = 0.20;
const GROWTH_WITHOUT_LARGEST_MIN: f64 = 0.10;
const ACCOUNT_GROWTH_MIN: f64 = 0.10;
const EFFECTIVE_USERS_MIN: f64 = 20.0;
/// The share of false ones among the rising.
const FALSE_RATE: f64 = 0.10;

/// Returns the trend of every row with enough history.
///
/// A row rises when all hold: its week is more than 2.5 spreads and 20 % above the median of the
/// four before; it is so by more than 10 % without its largest account; 10 % more accounts use it
/// than last week; its use is that of twenty equal accounts at least, under the cap; and it stays
/// among the rejected when Benjamini and Hochberg's correction is made over all rows. The
/// spread is 1.4826 times the median change between weeks of the last eight, and 0.08 at least.
pub fn trends(rows: &[Series]) -> Vec<Trend> {
    let mut found: Vec<Trend> = rows.iter().filter_map(trend).collect();
    let law = Normal::standard();
    let chances: Vec<f64> = found.iter().map(|trend| law.sf(trend.z)).collect();
    let significant = benjamini_hochberg(&chances, FALSE_RATE);
    for (trend, significant) in found.iter_mut().zip(significant) {
        trend.is_rising = significant
            && Z_MIN < trend.z
            && GROWTH_MIN < trend.growth
            && GROWTH_WITHOUT_LARGEST_MIN < trend.growth_without_largest
            && ACCOUNT_GROWTH_MIN <= trend.account_growth
            && EFFECTIVE_USERS_MIN <= trend.effective_users;
    }
    found
}

fn trend(row: &Series) -> Option<Trend> {
    let (now, before) = row.weeks.split_last()?;
    if before.len() < WEEKS_MIN {
        return None;
    }
    let history = &before[before.len() - WEEKS_MIN..];
    let totals: Vec<f64> = history.iter().map(|week| capped(week)).collect();
    if totals.iter().any(|total| *total <= 0.0) {
        return None;
    }
    let logs: Vec<f64> = totals.iter().map(|total| total.ln()).collect();
    let changes: Vec<f64> = logs.windows(2).map(|two| (two[1] - two[0]).abs()).collect();
    let spread = SPREAD_MIN.max(1.4826 * median(&changes));
    let baseline = median(&logs[logs.len() - 4..]);
    let level = capped(now).max(f64::MIN_POSITIVE).ln();
    let accounts = |week: &[Amount]| week.iter().filter(|it| it.amount != 0).count() as f64;
    let earlier = accounts(&history[WEEKS_MIN - 1]);
    Some(Trend {
        name: row.name.clone(),
        growth: (level - baseline).exp() - 1.0,
        z: (level - baseline) / spread,
        growth_without_largest: without_largest(now, history),
        account_growth: if earlier <= 0.0 { 0.0 } else { accounts(now) / earlier - 1.0 },
        effective_users: effective_users(now),
        is_rising: false,
    })
}

/// Returns the growth with the account left out, now and before, that used most now.
fn without_largest(now: &[Amount], history: &[Vec<Amount>]) -> f64 {
    let largest = now.iter().max_by_key(|it| it.amount).map(|it| it.account);
    let total = |week: &[Amount]| {
        let rest: Vec<Amount> =
            week.iter().copied().filter(|it| Some(it.account) != largest).collect();
        capped(&rest)
    };
    let earlier: Vec<f64> = history[WEEKS_MIN - 4..].iter().map(|week| total(week)).collect();
    let baseline = median(&earlier);
    if baseline <= 0.0 { 0.0 } else { total(now) / baseline - 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(accounts: u64, each: u64) -> Vec<Amount> {
        (0..accounts).map(|account| Amount { account, amount: each }).collect()
    }

    fn steady(name: &str, last: Vec<Amount>) -> Series {
        let mut weeks: Vec<Vec<Amount>> = (0..8).map(|n| week(100, 1_000 + n % 3)).collect();
        weeks.push(last);
        Series { name: name.to_owned(), weeks }
    }

    #[test]
    fn broad_growth_rises_and_the_growth_of_one_account_does_not() {
        let mut one = week(100, 1_000);
        one[0].amount = 100_000_000;
        let rows = [
            steady("broad", week(150, 1_000)),
            steady("whale", one),
            steady("still", week(100, 1_001)),
            steady("deeper", week(100, 2_000)),
        ];
        let found = trends(&rows);
        let rising: Vec<&str> =
            found.iter().filter(|it| it.is_rising).map(|it| it.name.as_str()).collect();
        // Twice the use by the same accounts is no wider interest.
        assert_eq!(rising, ["broad"]);
    }

    fn names(rows: &[Series]) -> Vec<String> {
        trends(rows).into_iter().filter(|it| it.is_rising).map(|it| it.name).collect()
    }

    #[test]
    fn what_goes_up_and_down_every_week_does_not_rise() {
        let mut weeks: Vec<Vec<Amount>> = (0..8).map(|n| week(100, 1_000 + n % 2 * 300)).collect();
        weeks.push(week(150, 1_500));
        assert!(names(&[Series { name: "restless".to_owned(), weeks }]).is_empty());
    }

    #[test]
    fn a_slight_rise_counts_alone_and_not_among_many() {
        let mut rows = vec![steady("slight", week(123, 1_000))];
        assert_eq!(names(&rows), ["slight"]);
        rows.extend((0..200).map(|n| steady(&format!("still {n}"), week(100, 1_001))));
        assert!(names(&rows).is_empty());
    }

    #[test]
    fn young_rows_have_no_trend() {
        let young = Series { name: "new".to_owned(), weeks: vec![week(50, 5); 5] };
        assert!(trends(&[young, Series { name: "none".to_owned(), weeks: vec![] }]).is_empty());
    }
}
