//! A second endpoint beside a slow one: fewer long waits, few more tries, and one charge.

use domain::generation::{Generation, Outcome};

use crate::oracle::Seen;
use crate::town::{Told, Town};
use crate::upstream::{Fate, WORDS};

const REQUESTS: u64 = 2_000;
/// Seven prompt and five completion tokens at a dollar per million.
const PRICE: i64 = 12_000;

fn is_answered(told: &Told) -> bool {
    match &told.seen {
        Seen::Whole(text) => text.contains(&WORDS.concat()),
        Seen::Streamed(text) => {
            WORDS.iter().all(|word| text.matches(word).count() == 1) && !text.contains("\"error\"")
        }
        _ => false,
    }
}

/// Two in a hundred answers are late, at every endpoint alike; `faulty` in a thousand fail.
async fn live(seed: u64, hedges: bool, faulty: u64) -> (Town, Vec<Told>) {
    let almanac = move |endpoint: u32, _, lot: u64| match lot {
        0..20 => Fate::Answer { after_ms: 1_500, gap_ms: 5 },
        lot if 1_000 - faulty <= lot && endpoint == 0 => Fate::Status(503),
        _ => Fate::Answer { after_ms: 40, gap_ms: 5 },
    };
    let mut town = Town::found(3, seed, Box::new(almanac));
    town.hedges = hedges;
    let told = town.live(REQUESTS, 20).await;
    (town, told)
}

/// One settlement each, at the price of one answer; what was overtaken stands beside it.
fn settled(town: &Town) -> usize {
    let mut settled: Vec<Generation> = town.archived.0.lock().unwrap().clone();
    settled.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
    settled.dedup_by(|one, other| one.id == other.id);
    assert_eq!(settled.len(), town.archived.0.lock().unwrap().len(), "settled twice");
    assert_eq!(settled.len() as u64, REQUESTS);
    for it in &settled {
        assert_eq!((it.outcome, it.cost.nanos()), (Outcome::Finished, PRICE), "{it:?}");
    }
    let hedged = settled.iter().filter(|it| !it.detail.parts.is_empty());
    let mut count = 0;
    for it in hedged {
        let [overtaken, served] = it.detail.parts.as_slice() else { panic!("{it:?}") };
        assert!(!overtaken.is_charged && served.is_charged, "{it:?}");
        assert_eq!(served.cost, it.cost, "{it:?}");
        assert!(0 < overtaken.cost.nanos() && overtaken.cost < it.cost, "{it:?}");
        let told = it.detail.attempts.iter().filter_map(|it| it.failure.as_deref());
        assert_eq!(told.filter(|it| *it == "overtaken").count(), 1, "{it:?}");
        count += 1;
    }
    count
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_it_waits_long_less_often_and_pays_once() {
    for seed in 0..4 {
        let (plain, told) = live(seed, false, 0).await;
        assert_eq!(plain.asked().len() as u64, REQUESTS, "not unless it is asked for");
        let late = |told: &[Told]| told.iter().filter(|it| 1_000 < it.took).count();
        let late_before = late(&told);
        let (town, told) = live(seed, true, 0).await;
        assert!(told.iter().all(is_answered));
        let extra = town.asked().len() - REQUESTS as usize;
        assert!(0 < extra && extra * 20 <= REQUESTS as usize, "{extra} more tries");
        assert_eq!(settled(&town), extra, "each of them is itemised");
        assert!(late(&told) * 4 <= late_before * 3, "{} late, {late_before} before", late(&told));
    }
}

#[tokio::test(start_paused = true)]
async fn failures_beside_it_change_nothing_of_that() {
    for seed in 10..14 {
        let (town, told) = live(seed, true, 100).await;
        assert!(told.iter().all(is_answered));
        settled(&town);
    }
}

#[tokio::test(start_paused = true)]
async fn who_leaves_while_two_are_asked_leaves_both_on_record() {
    let late = |now: u64| if now < 10_000 { 40 } else { 1_500 };
    let almanac = move |_, now: u64, _| Fate::Answer { after_ms: late(now), gap_ms: 5 };
    let mut town = Town::found(3, 1, Box::new(almanac));
    (town.hedges, town.patience_ms) = (true, 600);
    town.live(700, 20).await;
    town.rest().await;
    let settled: Vec<Generation> = town.archived.0.lock().unwrap().clone();
    let told: usize = settled.iter().map(|it| it.detail.attempts.len()).sum();
    assert_eq!(told, town.asked().len());
    let left = settled.iter().filter(|it| it.outcome != Outcome::Finished);
    let hedged: Vec<&Generation> = left.filter(|it| it.detail.attempts.len() == 2).collect();
    assert!(!hedged.is_empty());
    for it in hedged {
        let free = it.detail.parts.iter().filter(|part| !part.is_charged);
        assert_eq!(free.count(), 1, "{it:?}");
    }
}
