//! The recorder loses nothing, whatever the database does meanwhile.

use std::future::{Future, ready};

use domain::generation::Generation;
use domain::id::KeyId;
use domain::money::Money;
use store::{Db, Progress, Recorder, generations, keys};

use crate::home::on_each_engine;
use crate::samples::generation;

fn some(count: u128) -> Vec<Generation> {
    (0..count).map(|number| generation(number, "k", "2026-11-24T12:00:00Z", 1)).collect()
}

async fn total(db: &Db) -> i64 {
    keys::spend(db, &KeyId::new("k")).await.unwrap().total.nanos()
}

/// Returns what a future answers at once, if it does.
async fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        answer = future => Some(answer),
        () = ready(()) => None,
    }
}

async fn until_it_fails(recorder: &Recorder) {
    while recorder.progress().retries == 0 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn what_was_recorded_is_durable_after_a_flush() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let recorder = Recorder::start(db.clone(), 10_000);
            recorder.flush().await;
            let made = some(1_200);
            for one in &made {
                recorder.record(one.clone()).await;
            }
            recorder.record(made[0].clone()).await;
            recorder.flush().await;
            let done = Progress { queued: 1_201, written: 1_201, retries: 0 };
            assert_eq!(recorder.progress(), done);
            assert_eq!(total(&db).await, 1_200);
            let last = made.last().unwrap();
            assert_eq!(generations::find(&db, &last.id).await.unwrap().as_ref(), Some(last));
        });
    });
}

#[test]
fn a_shutdown_writes_what_waits_and_takes_no_more() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let recorder = Recorder::start(db.clone(), 3);
            let mut made = some(40);
            let late = made.pop().unwrap();
            for one in made {
                recorder.record(one).await;
            }
            recorder.shutdown().await;
            assert_eq!(total(&db).await, 39);
            recorder.record(late).await;
            recorder.flush().await;
            recorder.shutdown().await;
            assert_eq!(total(&db).await, 39);
        });
    });
}

#[test]
fn nothing_is_lost_while_the_database_fails() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let recorder = Recorder::start(db.clone(), 4);
            home.tamper("ALTER TABLE generations RENAME TO elsewhere").await;
            let mut made = some(6).into_iter();
            recorder.record(made.next().unwrap()).await;
            until_it_fails(&recorder).await;

            for _ in 0..4 {
                assert!(at_once(recorder.record(made.next().unwrap())).await.is_some());
            }
            let one_more = recorder.record(made.next().unwrap());
            let mut one_more = std::pin::pin!(one_more);
            assert!(at_once(one_more.as_mut()).await.is_none(), "the queue is full");
            assert_eq!(recorder.progress().written, 0);

            home.tamper("ALTER TABLE elsewhere RENAME TO generations").await;
            one_more.await;
            recorder.flush().await;
            assert_eq!(recorder.progress().written, 6);
            assert_eq!(total(&db).await, 6);
        });
    });
}

#[test]
fn a_recorder_that_is_dropped_still_writes_what_it_took() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let recorder = Recorder::start(db.clone(), 100);
            for one in some(20) {
                recorder.record(one).await;
            }
            drop(recorder);
            while keys::spend(&db, &KeyId::new("k")).await.unwrap().total != Money::from_nanos(20) {
                tokio::task::yield_now().await;
            }
        });
    });
}
