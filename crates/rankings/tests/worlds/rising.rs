//! Nothing rises where nothing changes, and broad growth is seen.

use rankings::cap::Amount;
use rankings::rising::{Series, trends};

use crate::lots::Lots;

const ACCOUNTS: u64 = 150;
const WEEKS: usize = 9;

/// Accounts with heavy-tailed use that goes up and down by itself, each away in a tenth of weeks.
fn model(name: &str, lots: &mut Lots) -> Series {
    let usual: Vec<f64> = (0..ACCOUNTS).map(|_| 1_000.0 * lots.pareto(1.05).min(3_000.0)).collect();
    let weeks = (0..WEEKS)
        .map(|_| {
            let amount = |(account, usual): (usize, &f64)| {
                let is_there = 0.1 < lots.unit();
                let amount = usual * (0.4 * lots.normal()).exp();
                is_there.then_some(Amount { account: account as u64, amount: amount as u64 })
            };
            usual.iter().enumerate().filter_map(amount).collect()
        })
        .collect();
    Series { name: name.to_owned(), weeks }
}

fn world(seed: u64) -> (Vec<Series>, Lots) {
    let mut lots = Lots::new(seed);
    let rows = (0..120).map(|n| model(&format!("m{n}"), &mut lots)).collect();
    (rows, lots)
}

#[test]
fn where_nothing_changes_hardly_anything_rises() {
    let worlds = 60;
    let flags: usize = (0..worlds)
        .map(|seed| trends(&world(seed).0).iter().filter(|it| it.is_rising).count())
        .sum();
    let a_week = flags as f64 / worlds as f64;
    eprintln!("false flags a week on 120 models: {a_week:.3}");
    assert!(a_week <= 0.3, "{a_week}");
}

#[test]
fn broad_growth_of_three_fifths_is_seen() {
    let worlds = 120;
    let seen = (0..worlds)
        .filter(|seed| {
            let (mut rows, mut lots) = world(1_000 + seed);
            let week = rows[0].weeks.last_mut().expect("a week");
            // Three fifths more: each account a little more, and a third more accounts.
            let new: Vec<Amount> = (0..week.len() as u64 * 2 / 5)
                .map(|n| {
                    let like = week[(lots.unit() * week.len() as f64) as usize];
                    Amount { account: 100_000 + n, amount: like.amount }
                })
                .collect();
            for it in week.iter_mut() {
                it.amount = it.amount * 6 / 5;
            }
            week.extend(new);
            trends(&rows).iter().any(|it| it.name == "m0" && it.is_rising)
        })
        .count();
    let power = seen as f64 / worlds as f64;
    eprintln!("power at a broad +60 %: {power:.3}");
    assert!(0.9 <= power, "{power}");
}

#[test]
fn one_account_that_brings_it_all_is_no_rise() {
    let worlds = 100;
    let fooled = (0..worlds)
        .filter(|seed| {
            let (mut rows, _) = world(5_000 + seed);
            let week = rows[0].weeks.last_mut().expect("a week");
            let total: u64 = week.iter().map(|it| it.amount).sum();
            week[0].amount += total * 6 / 10;
            trends(&rows).iter().any(|it| it.name == "m0" && it.is_rising)
        })
        .count();
    eprintln!("one account adds 60 %: flagged in {fooled} of {worlds}");
    assert!(fooled <= 3, "{fooled}");
}
