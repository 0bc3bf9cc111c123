//! What callers say is kept once for a generation and category, and forgotten in time.

use domain::feedback::{Category, Feedback, Rating};
use domain::id::{AccountId, KeyId};
use domain::launch::Acceptance;
use store::{feedback, launches};

use crate::home::on_each_engine;
use crate::samples::{at, generation};

fn said(number: u128, category: Category, comment: &str) -> Feedback {
    Feedback {
        generation: generation(number, "k", "2026-11-20", 1).id,
        category,
        rating: Some(Rating::Down),
        comment: Some(comment.to_owned()),
        key: KeyId::new("k"),
        model: "stealth/owl".to_owned(),
        at: at("2026-11-20T10:00:00Z"),
    }
}

#[test]
fn what_is_said_again_replaces_what_was_said_of_the_same_category() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            feedback::put(&db, &said(1, Category::Latency, "slow")).await.unwrap();
            feedback::put(&db, &said(1, Category::Other, "'; DROP TABLE feedback; --"))
                .await
                .unwrap();
            feedback::put(&db, &said(2, Category::Latency, "slow, too")).await.unwrap();
            let later = Feedback {
                rating: None,
                comment: None,
                at: at("2026-11-21"),
                ..said(1, Category::Latency, "")
            };
            feedback::put(&db, &later).await.unwrap();

            let all = feedback::of_model(&db, "stealth/owl", at("2026-11-01")).await.unwrap();
            assert_eq!(all.len(), 3, "{all:?}");
            let told: Vec<_> = all
                .iter()
                .map(|it| (it.category, it.rating, it.comment.as_deref(), it.at))
                .collect();
            let first = at("2026-11-20T10:00:00Z");
            assert!(told.contains(&(Category::Latency, None, None, first)), "{told:?}");
            let down = Some(Rating::Down);
            assert!(told.contains(&(Category::Latency, down, Some("slow, too"), first)));
            assert!(all.iter().all(|it| it.account == AccountId::default() && !it.has_accepted));
            let others = feedback::of_model(&db, "x/y", at("2026-11-01")).await.unwrap();
            assert_eq!(others, []);
            let later = feedback::of_model(&db, "stealth/owl", at("2026-11-21")).await.unwrap();
            assert_eq!(later, []);
        });
    });
}

#[test]
fn only_a_key_that_accepted_terms_of_the_model_has_consented() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            feedback::put(&db, &said(1, Category::Other, "good")).await.unwrap();
            let of = |model: &str| Acceptance {
                key: KeyId::new("k"),
                account: AccountId::default(),
                model: model.to_owned(),
                hash: "a1".to_owned(),
                at: at("2026-11-19"),
            };
            let has_accepted = async || {
                let all = feedback::of_model(&db, "stealth/owl", at("2026-11-01")).await.unwrap();
                all[0].has_accepted
            };
            launches::accept(&db, &of("stealth/cat")).await.unwrap();
            assert!(!has_accepted().await);
            launches::accept(&db, &of("stealth/owl")).await.unwrap();
            assert!(has_accepted().await);
        });
    });
}

#[test]
fn what_was_said_long_ago_is_forgotten() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let old = Feedback { at: at("2025-01-01"), ..said(1, Category::Other, "old") };
            feedback::put(&db, &old).await.unwrap();
            feedback::put(&db, &said(2, Category::Other, "new")).await.unwrap();
            assert_eq!(feedback::forget(&db, at("2026-01-01")).await.unwrap(), 1);
            let left = feedback::of_model(&db, "stealth/owl", at("2020-01-01")).await.unwrap();
            assert_eq!(left.len(), 1);
            assert_eq!(left[0].comment.as_deref(), Some("new"));
        });
    });
}
