//! The group of the most stable holds the best one.

use rankings::stability::{Day, Record, standings};

use crate::lots::Lots;

#[test]
fn the_first_group_holds_the_truly_best() {
    let worlds = 400;
    let (mut held, mut members) = (0_usize, 0_usize);
    for seed in 0..worlds {
        let mut lots = Lots::new(77 + seed);
        let rates: Vec<f64> = (0..12).map(|_| 0.008 * (0.6 * lots.normal()).exp()).collect();
        let best = (0..12).min_by(|a, b| rates[*a].total_cmp(&rates[*b])).expect("a provider");
        let records: Vec<Record> = rates
            .iter()
            .enumerate()
            .map(|(place, rate)| {
                let days = (0..28).map(|_| {
                    let rate = (rate * (0.5 * lots.normal()).exp()).min(1.0);
                    let requests = 500;
                    let bad = (0..requests).filter(|_| lots.unit() < rate).count() as u64;
                    Day { requests, good: requests - bad }
                });
                Record { name: format!("p{place:02}"), days: days.collect() }
            })
            .collect();
        let group: Vec<String> = standings(&records)
            .into_iter()
            .filter(|it| it.group == Some('A'))
            .map(|it| it.name)
            .collect();
        held += usize::from(group.contains(&format!("p{best:02}")));
        members += group.len();
    }
    let share = held as f64 / worlds as f64;
    let size = members as f64 / worlds as f64;
    eprintln!("the first group holds the best in {share:.3}, members {size:.1} of 12");
    assert!(0.93 <= share, "{share}");
    assert!(size < 8.0, "{size}");
}
