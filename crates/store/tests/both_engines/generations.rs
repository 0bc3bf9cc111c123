//! Generations are kept whole, once, and booked to the windows that they fall into.

use domain::generation::{Generation, GenerationDetail, Outcome};
use domain::id::{GenerationId, KeyId};
use domain::key::Spend;
use domain::money::Money;
use store::{Db, generations, keys};

use crate::home::on_each_engine;
use crate::samples::{at, generation, key};

const NOON: &str = "2026-11-24T12:00:00Z";

async fn spend_of(db: &Db, key: &str) -> [i64; 4] {
    let Spend { total, day, week, month, .. } = keys::spend(db, &KeyId::new(key)).await.unwrap();
    [total, day, week, month].map(Money::nanos)
}

#[test]
fn a_generation_is_found_as_it_was() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let full = generation(1, "k", NOON, 42);
            let bare = Generation {
                endpoint: None,
                provider: None,
                provider_name: None,
                outcome: Outcome::Refused,
                detail: GenerationDetail::default(),
                ..generation(2, "k", NOON, 0)
            };
            assert_eq!(generations::append(&db, &[full.clone(), bare.clone()]).await.unwrap(), 2);
            for kept in [full, bare] {
                assert_eq!(generations::find(&db, &kept.id).await.unwrap(), Some(kept));
            }
            let unknown = GenerationId::new(0, 0);
            assert_eq!(generations::find(&db, &unknown).await.unwrap(), None);
        });
    });
}

#[test]
fn a_repeated_batch_books_nothing_twice() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let batch: Vec<Generation> = (0..300).map(|n| generation(n, "k", NOON, 1)).collect();
            assert_eq!(generations::append(&db, &batch[..200]).await.unwrap(), 200);
            assert_eq!(generations::append(&db, &batch).await.unwrap(), 100);
            assert_eq!(generations::append(&db, &batch).await.unwrap(), 0);
            assert_eq!(generations::append(&db, &[]).await.unwrap(), 0);
            assert_eq!(spend_of(&db, "k").await, [300; 4]);
        });
    });
}

#[test]
fn of_two_generations_with_one_id_the_first_is_kept_and_booked() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let batch = [generation(1, "a", NOON, 5), generation(1, "b", NOON, 7)];
            assert_eq!(generations::append(&db, &batch).await.unwrap(), 1);
            assert_eq!(spend_of(&db, "a").await, [5; 4]);
            assert_eq!(spend_of(&db, "b").await, [0; 4]);
        });
    });
}

#[test]
fn what_comes_late_counts_only_in_the_windows_that_still_run() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            // A Sunday, the Monday after it, and the Tuesday that begins a month.
            let story = [
                (1, "2026-11-29T23:59:59Z", 1, [1, 1, 1, 1]),
                (2, "2026-11-30T00:00:00Z", 10, [11, 10, 10, 11]),
                (3, "2026-11-29T12:00:00Z", 100, [111, 10, 10, 111]),
                (4, "2026-12-01T00:00:00Z", 1_000, [1_111, 1_000, 1_010, 1_000]),
                (5, "2026-11-30T23:59:59Z", 10_000, [11_111, 1_000, 11_010, 1_000]),
            ];
            for (number, created, cost, expected) in story {
                let one = generation(number, "k", created, cost);
                generations::append(&db, &[one]).await.unwrap();
                assert_eq!(spend_of(&db, "k").await, expected, "after {created}");
            }
            let spend = keys::spend(&db, &KeyId::new("k")).await.unwrap();
            assert_eq!(spend.as_of, at("2026-12-01"));
        });
    });
}

#[test]
fn a_failure_half_way_keeps_nothing_and_books_nothing() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            home.tamper("ALTER TABLE key_spend RENAME TO elsewhere").await;
            let batch: Vec<Generation> = (0..70).map(|n| generation(n, "k", NOON, 1)).collect();
            assert!(generations::append(&db, &batch).await.is_err());
            home.tamper("ALTER TABLE elsewhere RENAME TO key_spend").await;
            assert_eq!(generations::find(&db, &batch[0].id).await.unwrap(), None);
            assert_eq!(generations::append(&db, &batch).await.unwrap(), 70);
            assert_eq!(spend_of(&db, "k").await, [70; 4]);
        });
    });
}

#[test]
fn no_caller_can_have_a_batch_refused() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let mut hostile = generation(1, "k", NOON, 1);
            hostile.model = "gpt\0-4'; DROP TABLE generations; --".to_owned();
            hostile.detail.external_user = Some("\0\u{1}\"\\".to_owned());
            generations::append(&db, std::slice::from_ref(&hostile)).await.unwrap();
            let kept = generations::find(&db, &hostile.id).await.unwrap().unwrap();
            assert_eq!(kept.detail, hostile.detail);
            assert_eq!(kept.model, "gpt\u{fffd}-4'; DROP TABLE generations; --");

            let dear: Vec<Generation> =
                (10..40).map(|n| generation(n, "rich", NOON, i64::MAX)).collect();
            for one in dear.chunks(2) {
                generations::append(&db, one).await.unwrap();
            }
            let [total, day, ..] = spend_of(&db, "rich").await;
            assert!(i64::MAX / 2 < total && day == total, "{total} {day}");
        });
    });
}

#[test]
fn writers_at_once_neither_fail_nor_lose() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let other = home.open().await;
            let writers: Vec<_> = (0..4_u128)
                .map(|writer| {
                    let db = if writer % 2 == 0 { db.clone() } else { other.clone() };
                    tokio::spawn(async move {
                        for round in 0..10 {
                            let first = (writer * 10 + round) * 20;
                            let batch: Vec<Generation> = (first..first + 20)
                                .map(|number| {
                                    generation(number, ["a", "b"][number as usize % 2], NOON, 1)
                                })
                                .collect();
                            generations::append(&db, &batch).await.unwrap();
                            keys::insert(&db, &key(&format!("{writer} {round}"))).await.unwrap();
                        }
                    })
                })
                .collect();
            for writer in writers {
                writer.await.unwrap();
            }
            assert_eq!(spend_of(&db, "a").await, [400; 4]);
            assert_eq!(spend_of(&db, "b").await, [400; 4]);
        });
    });
}
