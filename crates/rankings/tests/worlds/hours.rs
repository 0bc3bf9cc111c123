//! Hours are called cheap where they are, and hardly where they are not.

use rankings::hours::{HOURS, cheap_spans, judge};

use crate::lots::Lots;

fn weeks(lots: &mut Lots, price: impl Fn(usize) -> f64) -> Vec<Vec<Option<f64>>> {
    (0..12)
        .map(|_| (0..HOURS).map(|hour| Some(price(hour) * (0.22 * lots.normal()).exp())).collect())
        .collect()
}

#[test]
fn a_flat_price_has_hardly_a_cheap_hour() {
    let worlds = 200;
    let cells: usize = (0..worlds)
        .map(|seed| {
            let found = judge(&weeks(&mut Lots::new(31 + seed), |_| 100.0));
            found.iter().filter(|hour| hour.is_cheap).count()
        })
        .sum();
    let a_week = cells as f64 / worlds as f64;
    eprintln!("false cheap cells a week: {a_week:.3}");
    assert!(a_week <= 0.2, "{a_week}");
}

#[test]
fn a_night_at_thirty_percent_off_is_found() {
    let worlds = 60;
    let night = |hour: usize| hour % 24 < 8;
    let (mut found, mut there) = (0, 0);
    for seed in 0..worlds {
        let price = |hour: usize| if night(hour) { 70.0 } else { 100.0 };
        let hours = judge(&weeks(&mut Lots::new(9_000 + seed), price));
        there += (0..HOURS).filter(|hour| night(*hour)).count();
        found += (0..HOURS).filter(|hour| night(*hour) && hours[*hour].is_cheap).count();
        assert!(!cheap_spans(&hours).is_empty());
    }
    let power = found as f64 / there as f64;
    eprintln!("power at a true −30 %: {power:.3}");
    assert!(0.9 <= power, "{power}");
}
