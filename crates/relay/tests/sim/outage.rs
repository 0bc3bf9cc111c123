//! Providers that go down, slow down or flap, under a hundred requests a second.
//!
//! The figures are those of the promise: no request fails while one provider is well, hardly a try
//! is wasted, a provider that is down is left alone, and it is back soon after it has healed.

use crate::oracle::Seen;
use crate::town::{Told, Town};
use crate::upstream::{Fate, WORDS};

/// From when to when providers are down, in milliseconds.
const DOWN: std::ops::Range<u64> = 20_000..80_000;
/// Two minutes, one every ten milliseconds.
const REQUESTS: u64 = 12_000;
const WELL: Fate = Fate::Answer { after_ms: 40, gap_ms: 5 };

/// What a provider does that is down: refuse, answer that it fails, or nothing at all.
fn broken(endpoint: u32) -> Fate {
    match endpoint % 3 {
        0 => Fate::Refuse,
        1 => Fate::Status(503),
        _ => Fate::Hang,
    }
}

fn is_answered(told: &Told) -> bool {
    match &told.seen {
        Seen::Whole(text) => text.contains(&WORDS.concat()),
        Seen::Streamed(text) => {
            WORDS.iter().all(|word| text.contains(word)) && !text.contains("\"error\"")
        }
        Seen::Refused(_) | Seen::Leaked | Seen::TooEarly | Seen::Left => false,
    }
}

/// Lets `down` of `all` providers fail for a minute.
async fn some_go_down(all: usize, down: u32) {
    let almanac = move |endpoint: u32, now: u64, _| {
        if endpoint < down && DOWN.contains(&now) { broken(endpoint) } else { WELL }
    };
    let town = Town::found(all, 7, Box::new(almanac));
    let told = town.live(REQUESTS, 10).await;
    let failed: Vec<&Told> = told.iter().filter(|told| !is_answered(told)).collect();
    assert!(failed.is_empty(), "{} failed, such as {:?}", failed.len(), failed[0]);
    let asked = town.asked();
    let ratio = asked.len() as f64 / REQUESTS as f64;
    assert!(ratio <= 1.02, "({all},{down}): {ratio} tries for each request");
    for endpoint in 0..down {
        let tries = |from: u64, until: u64| {
            asked.iter().filter(|(it, at)| *it == endpoint && (from..until).contains(at)).count()
        };
        let seconds = (DOWN.end - DOWN.start - 5_000) / 1_000;
        let wasted = tries(DOWN.start + 5_000, DOWN.end) as f64 / seconds as f64;
        assert!(wasted <= 0.5, "({all},{down}): {endpoint} was tried {wasted} times a second");
        let fair = 1_000 / 10 * 5 / all;
        let back = tries(DOWN.end + 30_000, DOWN.end + 35_000);
        assert!(0 < back, "({all},{down}): {endpoint} was not back within 35 seconds");
        assert!(back <= 2 * fair, "({all},{down}): {endpoint} was overrun by {back}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_of_three_goes_down() {
    some_go_down(3, 1).await;
}

#[tokio::test(start_paused = true)]
async fn two_of_three_go_down() {
    some_go_down(3, 2).await;
}

#[tokio::test(start_paused = true)]
async fn two_of_five_go_down() {
    some_go_down(5, 2).await;
}

#[tokio::test(start_paused = true)]
async fn four_of_five_go_down() {
    some_go_down(5, 4).await;
}

/// With nobody left, callers learn at once when to come again, and all is well soon after.
#[tokio::test(start_paused = true)]
async fn all_go_down_and_come_back() {
    let almanac = |endpoint: u32, now: u64, _| {
        if DOWN.contains(&now) { broken(endpoint % 2) } else { WELL }
    };
    let town = Town::found(3, 11, Box::new(almanac));
    let told = town.live(REQUESTS, 10).await;
    let dark: Vec<&Told> =
        told.iter().filter(|it| (DOWN.start + 5_000..DOWN.end).contains(&it.at)).collect();
    assert!(dark.iter().all(|it| matches!(it.seen, Seen::Refused(502 | 503))));
    let in_time = dark.iter().filter(|it| it.took <= 20).count();
    assert!(dark.len() * 99 <= in_time * 100, "{in_time} of {} in time", dark.len());
    let told_when = dark.iter().filter(|it| it.retry_after_ms.is_some()).count();
    assert!(dark.len() * 99 <= told_when * 100, "{told_when} of {} told when", dark.len());
    let tries =
        town.asked().iter().filter(|(_, at)| (DOWN.start + 5_000..DOWN.end).contains(at)).count();
    assert!(tries * 10 <= dark.len(), "{tries} tries for {} requests", dark.len());
    let after = |ms: u64| told.iter().filter(move |it| DOWN.end + ms <= it.at);
    assert!(after(35_000).all(is_answered), "not all is well 35 seconds after");
}

/// A provider that becomes twenty times slower loses its callers.
#[tokio::test(start_paused = true)]
async fn a_provider_that_is_twenty_times_slower_loses_its_callers() {
    let almanac = |endpoint: u32, now: u64, _| match endpoint {
        0 if 20_000 <= now => Fate::Answer { after_ms: 800, gap_ms: 100 },
        _ => WELL,
    };
    let town = Town::found(3, 13, Box::new(almanac));
    let told = town.live(6_000, 10).await;
    assert!(told.iter().all(is_answered));
    let late: Vec<(u32, u64)> = town.asked().into_iter().filter(|(_, at)| 30_000 <= *at).collect();
    let slow = late.iter().filter(|(endpoint, _)| *endpoint == 0).count();
    assert!(slow * 100 <= late.len() * 5, "{slow} of {}", late.len());
    let before = town.asked().into_iter().filter(|(it, at)| *it == 0 && *at < 20_000).count();
    assert!(500 < before, "it had its share before: {before}");
}

/// A provider of which three in ten answers are failures harms nobody, and is asked seldom.
#[tokio::test(start_paused = true)]
async fn a_provider_that_fails_three_times_in_ten_is_asked_seldom() {
    let almanac = |endpoint: u32, _, lot: u64| {
        if endpoint == 0 && lot < 300 { Fate::Status(500) } else { WELL }
    };
    let town = Town::found(3, 17, Box::new(almanac));
    let told = town.live(6_000, 10).await;
    assert!(told.iter().all(is_answered));
    let late: Vec<(u32, u64)> = town.asked().into_iter().filter(|(_, at)| 30_000 <= *at).collect();
    let bad = late.iter().filter(|(endpoint, _)| *endpoint == 0).count();
    assert!(bad * 5 <= late.len(), "{bad} of {}", late.len());
}

/// A provider that is down every other five seconds costs nobody an answer.
#[tokio::test(start_paused = true)]
async fn a_provider_that_flaps_costs_nobody_an_answer() {
    let almanac = |endpoint: u32, now: u64, _| {
        if endpoint == 0 && (now / 5_000) % 2 == 1 { Fate::Refuse } else { WELL }
    };
    let town = Town::found(2, 19, Box::new(almanac));
    let told = town.live(6_000, 10).await;
    assert!(told.iter().all(is_answered));
}
