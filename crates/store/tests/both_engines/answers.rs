//! A request is claimed once, and what is kept of its answer stays within its bounds.

use domain::id::{GenerationId, KeyId};
use store::answers::{self, Claim, Claimed, Place};

use crate::home::on_each_engine;
use crate::samples::at;

fn claim(name: &str, created: &str, expires: &str) -> Claim {
    Claim {
        place: Place { caller: KeyId::new("caller"), key_hash: KeyId::new(name) },
        fingerprint: KeyId::new("f"),
        owner: "one".to_owned(),
        created: at(created),
        expires: at(expires),
    }
}

#[test]
fn of_many_at_once_one_is_to_be_served() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let one = claim("a", "2026-11-24", "2026-11-25");
            let asking = (0..16).map(|_| answers::claim(&db, &one, 10));
            let mut new = 0;
            for asked in asking.map(Box::pin) {
                new += usize::from(asked.await.unwrap() == Claimed::New);
            }
            assert_eq!(new, 1);
            let known = answers::find(&db, &one.place).await.unwrap().unwrap();
            assert!(!known.answered && known.owner == "one");
        });
    });
}

#[test]
fn what_came_to_nothing_or_has_expired_may_be_claimed_again() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let one = claim("a", "2026-11-24", "2026-11-25");
            assert_eq!(answers::claim(&db, &one, 10).await.unwrap(), Claimed::New);
            answers::release(&db, &one.place, "another").await.unwrap();
            assert!(matches!(answers::claim(&db, &one, 10).await.unwrap(), Claimed::Known(_)));
            answers::release(&db, &one.place, "one").await.unwrap();
            assert_eq!(answers::claim(&db, &one, 10).await.unwrap(), Claimed::New);

            let id = GenerationId::parse("gen-1-a").unwrap();
            answers::keep(&db, &one.place, Some(&id), Some("text"), 100).await.unwrap();
            answers::release(&db, &one.place, "one").await.unwrap();
            let Claimed::Known(kept) = answers::claim(&db, &one, 10).await.unwrap() else {
                panic!("an answer was forgotten");
            };
            assert_eq!((kept.generation, kept.sealed.as_deref()), (Some(id), Some("text")));

            let later = claim("a", "2026-11-25", "2026-11-26");
            assert_eq!(answers::claim(&db, &later, 10).await.unwrap(), Claimed::New);
            assert_eq!(answers::purge(&db, at("2026-11-25T23:59:59Z")).await.unwrap(), 0);
            assert_eq!(answers::purge(&db, at("2026-11-26")).await.unwrap(), 1);
        });
    });
}

#[test]
fn the_oldest_answers_give_way_and_stay_known() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            for (name, day) in [("a", "2026-11-01"), ("b", "2026-11-02"), ("c", "2026-11-03")] {
                let one = claim(name, day, "2026-12-01");
                assert_eq!(answers::claim(&db, &one, 3).await.unwrap(), Claimed::New);
                answers::keep(&db, &one.place, None, Some("0123456789"), 20).await.unwrap();
            }
            let mut kept = Vec::new();
            for name in ["a", "b", "c"] {
                let place = claim(name, "2026-11-01", "2026-12-01").place;
                let found = answers::find(&db, &place).await.unwrap().unwrap();
                assert!(found.answered);
                kept.push(found.sealed.is_some());
            }
            assert_eq!(kept, [false, true, true]);
            let fourth = claim("d", "2026-11-04", "2026-12-01");
            assert_eq!(answers::claim(&db, &fourth, 3).await.unwrap(), Claimed::Full);
        });
    });
}
