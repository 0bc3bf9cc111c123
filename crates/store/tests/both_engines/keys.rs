//! Keys are what they were made, changed one field at a time, and listed newest first.

use domain::id::KeyId;
use domain::key::{ApiKey, Reset, Spend};
use domain::money::Money;
use store::StoreError;
use store::generations;
use store::keys::{self, KeyChange, KeyRange};

use crate::home::on_each_engine;
use crate::samples::{at, generation, key};

const ALL: KeyRange = KeyRange { offset: 0, limit: 100, include_disabled: true };

#[test]
fn a_key_is_found_as_it_was_made() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let full = key("full");
            let bare = ApiKey {
                limit: None,
                limit_reset: None,
                expires: None,
                rates: None,
                ..key("bare")
            };
            for made in [&full, &bare] {
                keys::insert(&db, made).await.unwrap();
                assert_eq!(keys::find(&db, &made.id).await.unwrap().as_ref(), Some(made));
            }
            assert_eq!(keys::find(&db, &KeyId::new("none")).await.unwrap(), None);
            let again = keys::insert(&db, &full).await;
            assert!(matches!(again, Err(StoreError::Exists)), "{again:?}");
        });
    });
}

#[test]
fn a_change_touches_only_what_it_names() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let mut expected = key("k");
            keys::insert(&db, &expected).await.unwrap();
            let now = at("2026-11-24T10:00:00Z");
            let changed = async |change: KeyChange| {
                keys::update(&db, &KeyId::new("k"), &change, now).await.unwrap().unwrap()
            };
            expected.updated = Some(now);
            assert_eq!(changed(KeyChange::default()).await, expected);

            expected.name = "new".to_owned();
            let name = Some("new".to_owned());
            assert_eq!(changed(KeyChange { name, ..KeyChange::default() }).await, expected);
            expected.disabled = true;
            let disabled = Some(true);
            assert_eq!(changed(KeyChange { disabled, ..KeyChange::default() }).await, expected);
            expected.limit = None;
            let limit = Some(None);
            assert_eq!(changed(KeyChange { limit, ..KeyChange::default() }).await, expected);
            expected.limit_reset = Some(Reset::Monthly);
            let limit_reset = Some(Some(Reset::Monthly));
            assert_eq!(changed(KeyChange { limit_reset, ..KeyChange::default() }).await, expected);
            expected.expires = None;
            let expires = Some(None);
            assert_eq!(changed(KeyChange { expires, ..KeyChange::default() }).await, expected);
            // No limits at all is something else than those of every key.
            for to in [Some(Vec::new()), None] {
                expected.rates = to.clone();
                let change = KeyChange { rates: Some(to), ..KeyChange::default() };
                assert_eq!(changed(change).await, expected);
            }

            assert_eq!(keys::find(&db, &KeyId::new("k")).await.unwrap(), Some(expected));
            let nobody = keys::update(&db, &KeyId::new("x"), &KeyChange::default(), now).await;
            assert_eq!(nobody.unwrap(), None);
        });
    });
}

#[test]
fn keys_are_listed_newest_first_with_what_they_spent() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            for day in 1..=5 {
                let created = at(&format!("2026-11-0{day}"));
                let disabled = day == 4;
                let made = ApiKey { created, disabled, ..key(&format!("k{day}")) };
                keys::insert(&db, &made).await.unwrap();
            }
            let spent = generation(1, "k3", "2026-11-24T00:00:00Z", 9);
            generations::append(&db, &[spent]).await.unwrap();

            let listed = async |range| {
                let page = keys::list(&db, range).await.unwrap();
                let ids: Vec<String> =
                    page.keys.iter().map(|(key, _)| key.id.to_string()).collect();
                (ids.join(" "), page.total)
            };
            assert_eq!(listed(ALL).await, ("k5 k4 k3 k2 k1".to_owned(), 5));
            let enabled = KeyRange { include_disabled: false, ..ALL };
            assert_eq!(listed(enabled).await, ("k5 k3 k2 k1".to_owned(), 4));
            let some = KeyRange { offset: 1, limit: 2, include_disabled: false };
            assert_eq!(listed(some).await, ("k3 k2".to_owned(), 4));
            assert_eq!(listed(KeyRange { offset: 9, ..ALL }).await, (String::new(), 5));

            let page = keys::list(&db, ALL).await.unwrap();
            let totals: Vec<i64> = page.keys.iter().map(|(_, spend)| spend.total.nanos()).collect();
            assert_eq!(totals, [0, 0, 9, 0, 0]);
        });
    });
}

#[test]
fn a_deleted_key_leaves_its_generations_and_what_it_spent() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let made = key("k");
            keys::insert(&db, &made).await.unwrap();
            let kept = generation(1, "k", "2026-11-24T00:00:00Z", 9);
            generations::append(&db, std::slice::from_ref(&kept)).await.unwrap();

            assert!(keys::delete(&db, &made.id).await.unwrap());
            assert!(!keys::delete(&db, &made.id).await.unwrap());
            assert_eq!(keys::find(&db, &made.id).await.unwrap(), None);
            assert_eq!(generations::find(&db, &kept.id).await.unwrap(), Some(kept));
            let spend = keys::spend(&db, &made.id).await.unwrap();
            assert_eq!(spend.total, Money::from_nanos(9));
            assert_eq!(keys::spend(&db, &KeyId::new("x")).await.unwrap(), Spend::default());
        });
    });
}
