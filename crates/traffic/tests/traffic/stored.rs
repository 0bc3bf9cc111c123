//! What stores keep, whatever happens to them.

use std::collections::BTreeMap;

use traffic::event::Event;
use traffic::store::{Batch, Days, Place, Retention, Store, UseRow};
use traffic::sums::{Grain, Side, Use};

use crate::plain;
use crate::world::{Home, NOW, TODAY, batches, events, filled, homes, wait};

/// Holds both stores to something.
fn in_both(hold: impl AsyncFn(&Home)) {
    for home in homes() {
        eprintln!("in {:?}", home.place);
        wait(hold(&home));
    }
}

fn total(rows: &[UseRow]) -> u64 {
    rows.iter().map(|row| row.used.requests).sum()
}

async fn all(store: &Store) -> u64 {
    total(&store.uses(Side::All, (0, TODAY), Days::Together).await.unwrap())
}

fn counted(events: &[Event]) -> u64 {
    events.iter().filter(|event| plain::counts(event)).count() as u64
}

#[test]
fn events_are_read_back_as_they_were_written() {
    in_both(async |home| {
        let events = events(1, 2, 900);
        let store = filled(home, &events).await;
        for day in [TODAY - 1, TODAY] {
            let mut written: BTreeMap<String, Event> = BTreeMap::new();
            for event in events.iter().filter(|event| event.at.day() == day) {
                let event = Event { app_title: None, ..event.clone() };
                written.insert(event.id.to_string(), event);
            }
            let read = store.events(day).await.unwrap();
            assert_eq!(read.len(), written.len());
            for event in read {
                assert_eq!(Some(&event), written.get(event.id.as_str()));
            }
        }
    });
}

#[test]
fn a_batch_that_is_written_again_changes_nothing() {
    in_both(async |home| {
        let events = events(2, 3, 600);
        let store = filled(home, &events).await;
        for batch in batches(&events, 5_000) {
            store.write(&batch).await.unwrap();
        }
        assert_eq!(all(&store).await, counted(&events));
    });
}

#[test]
fn an_event_that_comes_under_another_number_is_not_counted_again() {
    in_both(async |home| {
        let events = events(3, 2, 500);
        let store = filled(home, &events).await;
        let through = store.through().await.unwrap();
        let again = events.iter().rev().take(300).map(|event| (through + 1, event.clone()));
        let twice: Vec<_> = again.clone().chain(again).collect();
        store.write(&Batch { events: twice, through: through + 1 }).await.unwrap();
        assert_eq!(store.through().await.unwrap(), through + 1);
        assert_eq!(all(&store).await, counted(&events));
    });
}

#[test]
fn what_one_batch_brings_twice_is_counted_once() {
    in_both(async |home| {
        let events = events(4, 1, 400);
        let store = filled(home, &[]).await;
        let twice = events.iter().chain(&events).map(|event| (7, event.clone())).collect();
        store.write(&Batch { events: twice, through: 7 }).await.unwrap();
        assert_eq!(all(&store).await, counted(&events));
    });
}

#[test]
fn a_store_that_is_opened_again_goes_on_where_it_was() {
    in_both(async |home| {
        let events = events(5, 2, 2_000);
        let (first, second) = events.split_at(events.len() / 2);
        let batches = batches(&events, first.len());
        let store = filled(home, &[]).await;
        store.write(&batches[0]).await.unwrap();
        store.close().await;
        let store = Store::open(&home.place).await.unwrap();
        assert_eq!(store.through().await.unwrap(), 1);
        assert_eq!(all(&store).await, counted(first));
        for batch in &batches[1..] {
            store.write(batch).await.unwrap();
        }
        assert_eq!(all(&store).await, counted(first) + counted(second));
    });
}

#[test]
fn nodes_that_take_over_from_one_another_count_everything_once() {
    in_both(async |home| {
        if matches!(home.place, Place::Folder(_)) {
            return;
        }
        let events = events(8, 3, 600);
        let batches = batches(&events, events.len() / 5);
        let nodes =
            [Store::open(&home.place).await.unwrap(), Store::open(&home.place).await.unwrap()];
        for (number, batch) in batches.iter().enumerate() {
            let node = &nodes[number % 2];
            node.doubt().await;
            node.write(batch).await.unwrap();
            // Whoever has been replaced, and does not know it, writes the same again.
            nodes[(number + 1) % 2].write(batch).await.unwrap();
        }
        assert_eq!(all(&nodes[0]).await, counted(&events));
        assert_eq!(nodes[1].apps().await.unwrap().len(), 8);
    });
}

#[test]
fn old_events_are_forgotten_and_their_days_stay_counted() {
    in_both(async |home| {
        let events = events(6, 4, 500);
        let store = filled(home, &events).await;
        let hour = Grain::Hour.period(NOW) - 30;
        let minute = Grain::Minute.period(NOW) - 2_400;
        let retention =
            Retention { events_before: TODAY - 1, minutes_before: minute, hours_before: hour };
        store.forget(&retention).await.unwrap();
        assert!(store.events(TODAY - 2).await.unwrap().is_empty());
        assert!(!store.events(TODAY - 1).await.unwrap().is_empty());
        assert_eq!(all(&store).await, counted(&events));
        let hours = store.services(Grain::Hour, (0, hour + 1)).await.unwrap();
        // ClickHouse forgets whole days.
        assert!(hours.iter().all(|row| hour / 24 <= row.period / 24) && !hours.is_empty());
        let minutes = store.services(Grain::Minute, (0, minute - 1)).await.unwrap();
        assert!(minutes.iter().all(|row| minute / 1_440 <= row.period / 1_440));
    });
}

/// What an account asked, by how it ended and what it was for.
type Case = (String, String, Option<String>, Option<String>, &'static str);

#[test]
fn cases_of_a_model_are_those_of_its_events() {
    in_both(async |home| {
        let events = events(7, 2, 1_500);
        let store = filled(home, &events).await;
        let model = events[0].model.clone();
        for day in [TODAY - 1, TODAY] {
            let mut expected: BTreeMap<Case, [u64; 6]> = BTreeMap::new();
            for it in events.iter().filter(|it| it.at.day() == day && it.model == model) {
                let prompt = it.tokens.input + it.tokens.cache_read + it.tokens.cache_write;
                let context = [1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000];
                let place = context.iter().filter(|end| **end <= prompt).count();
                let sizes =
                    ["0-1k", "1k-4k", "4k-16k", "16k-64k", "64k-256k", "256k-1m", "over-1m"];
                let case = (
                    it.account.to_string(),
                    format!("{:?} {:?}", it.outcome, it.finish),
                    it.task.map(|task| task.key().to_owned()),
                    it.language.as_ref().map(ToString::to_string),
                    sizes[place],
                );
                let counts = expected.entry(case).or_default();
                let more = [
                    1,
                    u64::from(prompt),
                    u64::from(it.tokens.output),
                    u64::from(it.tokens.reasoning),
                    u64::from(0 < it.tool_calls),
                    u64::from(0 < it.tool_calls_invalid),
                ];
                counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
            }
            assert!(1 < expected.len());
            let mut found: BTreeMap<Case, [u64; 6]> = BTreeMap::new();
            for row in store.cases(&model, day).await.unwrap() {
                let case = (
                    row.account.to_string(),
                    format!("{:?} {:?}", row.outcome, row.finish),
                    row.task.as_ref().map(ToString::to_string),
                    row.language.as_ref().map(ToString::to_string),
                    row.context.word(),
                );
                let counts = [
                    row.requests,
                    row.prompt,
                    row.output,
                    row.reasoning,
                    row.tool_answers,
                    row.tool_invalid,
                ];
                assert_eq!(found.insert(case, counts), None, "each case once");
            }
            assert_eq!(found, expected);
        }
        assert_eq!(store.cases("it's nobody's \\ model", TODAY).await.unwrap(), []);
        assert_eq!(store.cases(&model, TODAY + 1).await.unwrap(), []);
    });
}

#[test]
fn a_window_is_the_sum_of_its_days_also_when_something_comes_to_them_late() {
    in_both(async |home| {
        let events = events(7, 12, 300);
        let (late, early): (Vec<_>, Vec<_>) =
            events.iter().cloned().enumerate().partition(|(place, _)| place % 5 == 0);
        let only = |some: Vec<(usize, Event)>| some.into_iter().map(|(_, event)| event);
        let store = filled(home, &only(early).collect::<Vec<_>>()).await;
        windows_are_sums(&store).await;
        let through = store.through().await.unwrap() + 1;
        let events = only(late).map(|event| (through, event)).collect();
        store.write(&Batch { events, through }).await.unwrap();
        windows_are_sums(&store).await;
    });
}

async fn windows_are_sums(store: &Store) {
    for side in [Side::All, Side::Task] {
        // As days go by, windows move: more of them than are kept at a time.
        for through in TODAY - 5..=TODAY {
            let window = (through - 6, through);
            let together = store.uses(side, window, Days::Together).await.unwrap();
            let mut sums: BTreeMap<_, Use> = BTreeMap::new();
            for row in store.uses(side, window, Days::Apart).await.unwrap() {
                sums.entry((row.value, row.model, row.account)).or_default().add(&row.used);
            }
            assert_eq!(together.len(), sums.len());
            for row in together {
                assert_eq!(sums.get(&(row.value, row.model, row.account)), Some(&row.used));
            }
        }
    }
}
