//! Who tries to buy a rank moves the others by no more than is documented.

use rankings::board::{Entry, Row, Weight, board};
use rankings::cap::{Amount, CAP, capped};

use crate::lots::Lots;

fn honest(seed: u64) -> Vec<Entry> {
    let mut lots = Lots::new(seed);
    (0..30)
        .map(|model| {
            let appeal = lots.pareto(1.2).min(20.0);
            let mut amounts = Vec::new();
            for account in 0..400_u64 {
                if lots.unit() < (0.08 * appeal).min(0.9) {
                    let amount = (1_000.0 * lots.pareto(1.05).min(2_000.0)) as u64;
                    amounts.push(Amount { account, amount });
                }
            }
            Entry { name: format!("m{model:02}"), amounts }
        })
        .collect()
}

fn value(rows: &[Row], name: &str) -> f64 {
    rows.iter().find(|row| row.name == name).expect("a row").value
}

/// The most that one account more can lift a row: `(1 − k·s) / (1 − (k + 1)·s)`, where `s` is the
/// part that one account may be and `k` accounts are cut to it already (`docs/rankings.md`).
fn lift_max(entry: &Entry) -> f64 {
    let total = capped(&entry.amounts);
    let part = CAP.max(2.0 / entry.amounts.len() as f64);
    let cut = entry.amounts.iter().filter(|it| part * total < it.amount as f64).count() as f64;
    let free = 1.0 - (cut + 1.0) * part;
    if free <= 0.0 { f64::INFINITY } else { (1.0 - cut * part) / free }
}

/// Compares honest rows before and after an attack on the last model: the values of all others.
fn moved(before: &[Row], after: &[Row], target: &str) -> f64 {
    before
        .iter()
        .filter(|row| row.name != target)
        .map(|row| (value(after, &row.name) - row.value).abs() / row.value)
        .fold(0.0, f64::max)
}

#[test]
fn a_whale_lifts_its_model_by_its_part_and_no_other_at_all() {
    for seed in 0..10 {
        let mut entries = honest(seed);
        let target = entries[29].name.clone();
        let before = board(&entries, Weight::Capped, 1);
        let bound = lift_max(&entries[29]);
        assert!(bound < 1.2, "{bound}");
        entries[29].amounts.push(Amount { account: 9_999, amount: 1 << 50 });
        let after = board(&entries, Weight::Capped, 1);
        assert!(moved(&before, &after, &target) < 1e-9);
        let lift = value(&after, &target) / value(&before, &target);
        assert!(lift <= bound + 1e-9, "seed {seed}: {lift} over {bound}");
    }
}

#[test]
fn a_wash_trader_that_uses_every_model_lifts_each_row_by_its_part_at_most() {
    for seed in 0..10 {
        let mut entries = honest(100 + seed);
        let before = board(&entries, Weight::Capped, 1);
        let bounds: Vec<(String, f64)> =
            entries.iter().map(|entry| (entry.name.clone(), lift_max(entry))).collect();
        for entry in &mut entries {
            entry.amounts.push(Amount { account: 9_999, amount: 1 << 40 });
        }
        let after = board(&entries, Weight::Capped, 1);
        for (name, bound) in bounds {
            let lift = value(&after, &name) / value(&before, &name);
            assert!((1.0..=bound + 1e-9).contains(&lift), "{name}: {lift} over {bound}");
        }
    }
}

#[test]
fn a_thousand_made_up_accounts_move_no_honest_row_and_show_what_they_cost() {
    let mut entries = honest(500);
    let target = entries[29].name.clone();
    let before = board(&entries, Weight::Capped, 1);
    entries[29].amounts.extend((0..1_000).map(|n| Amount { account: 50_000 + n, amount: 100 }));
    let after = board(&entries, Weight::Capped, 1);
    assert!(moved(&before, &after, &target) < 1e-9);
    let row = after.iter().find(|row| row.name == target).expect("a row");
    // What they add is what they used, to the last token: nothing is multiplied.
    assert!(row.raw - 100_000 == before.iter().find(|it| it.name == target).expect("a row").raw);
}
