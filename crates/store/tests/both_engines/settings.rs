//! Settings are kept once, and all who ask at the same time agree.

use domain::id::KeyId;
use store::{Db, settings};

use crate::home::on_each_engine;

#[test]
fn programs_that_start_together_agree_on_tables_and_secrets() {
    on_each_engine(|home| {
        home.wait(async {
            let start = async |fresh: &str| {
                let db = Db::open(&home.url).await.unwrap();
                let pepper = settings::pepper(&db, fresh).await.unwrap();
                let root = settings::root_key_hash_or(&db, &KeyId::new(fresh)).await.unwrap();
                (pepper.expose().to_owned(), root)
            };
            let (a, b, c) = tokio::join!(start("a"), start("b"), start("c"));
            assert_eq!(a, b);
            assert_eq!(b, c);
            assert_eq!(start("d").await, a);
        });
    });
}

#[test]
fn a_root_key_can_be_replaced() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            assert_eq!(settings::root_key_hash(&db).await.unwrap(), None);
            for hash in ["first", "second"] {
                settings::replace_root_key_hash(&db, &KeyId::new(hash)).await.unwrap();
                assert_eq!(settings::root_key_hash(&db).await.unwrap(), Some(KeyId::new(hash)));
            }
        });
    });
}
