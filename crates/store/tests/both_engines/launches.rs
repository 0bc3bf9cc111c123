//! Terms are accepted once, and a model is named once.

use domain::id::{AccountId, KeyId};
use domain::launch::{Acceptance, AcceptedTerms, Reveal};
use store::launches;

use crate::home::on_each_engine;
use crate::samples::at;

fn acceptance(key: &str, hash: &str, when: &str) -> Acceptance {
    Acceptance {
        key: KeyId::new(key),
        account: AccountId::default(),
        model: "stealth/owl".to_owned(),
        hash: hash.to_owned(),
        at: at(when),
    }
}

#[test]
fn terms_are_accepted_by_key_and_text_and_the_first_time_is_kept() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let first = acceptance("k", "a1", "2026-11-20");
            let second = acceptance("k", "b2", "2026-11-22");
            for it in [&first, &acceptance("k", "a1", "2026-11-21"), &second] {
                launches::accept(&db, it).await.unwrap();
            }
            let terms = |hash: &str| AcceptedTerms {
                model: Some("stealth/owl".to_owned()),
                hash: hash.to_owned(),
            };
            let found = launches::accepted(&db, &KeyId::new("k")).await.unwrap();
            assert_eq!(found, [terms("b2"), terms("a1")]);
            assert_eq!(launches::accepted(&db, &KeyId::new("other")).await.unwrap(), []);
            let since = launches::accepted_since(&db, at("2026-11-20")).await.unwrap();
            assert_eq!(since, [first, second.clone()]);
            let since = launches::accepted_since(&db, at("2026-11-21")).await.unwrap();
            assert_eq!(since, [second]);
        });
    });
}

#[test]
fn a_stealth_model_is_named_once() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let first = Reveal {
                stealth: "stealth/owl".to_owned(),
                model: "acme/owl-1".to_owned(),
                at: at("2026-11-20"),
            };
            let other = Reveal { model: "acme/owl-2".to_owned(), ..first.clone() };
            assert_eq!(launches::reveal(&db, &first).await.unwrap(), first);
            assert_eq!(launches::reveal(&db, &other).await.unwrap(), first);
            assert_eq!(launches::reveals(&db).await.unwrap(), [first]);
        });
    });
}
