//! A database is made, found again, or refused with the reason.

use domain::books::Books;
use domain::id::{GenerationId, KeyId};
use domain::key::Reset;
use domain::money::Money;
use domain::purse::{Period, Purse};
use sqlx::Row;
use store::audit::audit;
use store::{Db, SqlBooks, StoreError, generations, keys};

use crate::home::{Home, on_a_file, on_each_engine};
use crate::samples::{at, generation, key};

/// What a database at each version may hold.
const ROWS_1: &str = include_str!("../rows/0001_keys.sql");
const ROWS_2: &str = include_str!("../rows/0002_generations.sql");
const ROWS_3: &str = include_str!("../rows/0003_kept_answers.sql");

async fn steps(home: &Home) -> Vec<(i64, String)> {
    let pool = home.behind().await;
    let rows = sqlx::query("SELECT version, checksum FROM migrations ORDER BY version")
        .fetch_all(&pool)
        .await
        .unwrap();
    pool.close().await;
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[test]
fn opening_again_finds_what_was_there() {
    on_each_engine(|home| {
        home.wait(async {
            let made = key("k");
            let db = home.open().await;
            keys::insert(&db, &made).await.unwrap();
            db.close().await;
            let before = steps(home).await;
            let db = home.open().await;
            assert_eq!(keys::find(&db, &made.id).await.unwrap(), Some(made));
            assert_eq!(steps(home).await, before);
            assert_eq!(before.len(), 6);
        });
    });
}

#[test]
fn a_database_of_a_newer_program_is_refused() {
    on_each_engine(|home| {
        home.wait(async {
            home.open().await.close().await;
            home.tamper("INSERT INTO migrations VALUES (9, 'future', 'x')").await;
            let refusal = Db::open(&home.url).await.unwrap_err();
            assert!(matches!(refusal, StoreError::Newer { found: 9, known: 6 }), "{refusal}");
        });
    });
}

#[test]
fn a_database_of_another_program_is_refused() {
    on_each_engine(|home| {
        home.wait(async {
            home.open().await.close().await;
            home.tamper("UPDATE migrations SET checksum = 'x' WHERE version = 2").await;
            let refusal = Db::open(&home.url).await.unwrap_err();
            assert!(matches!(refusal, StoreError::Changed { version: 2, .. }), "{refusal}");

            home.tamper("DELETE FROM migrations WHERE version = 1").await;
            let refusal = Db::open(&home.url).await.unwrap_err();
            assert!(matches!(refusal, StoreError::Changed { version: 2, .. }), "{refusal}");
        });
    });
}

#[test]
fn a_migration_that_fails_leaves_nothing_behind() {
    on_each_engine(|home| {
        home.wait(async {
            home.tamper("CREATE TABLE generations (other BIGINT)").await;
            let refusal = Db::open(&home.url).await.unwrap_err();
            assert!(matches!(refusal, StoreError::Refused(_)), "{refusal}");
            home.tamper("DROP TABLE generations").await;
            let db = home.open().await;
            keys::insert(&db, &key("k")).await.unwrap();
        });
    });
}

#[test]
fn rows_of_every_version_survive_what_comes_after() {
    on_each_engine(|home| {
        home.wait(async {
            for (version, rows) in [(1, ROWS_1), (2, ROWS_2), (3, ROWS_3)] {
                Db::open_at(&home.url, version).await.unwrap().close().await;
                home.tamper(rows).await;
            }
            let db = home.open().await;
            assert_eq!(steps(home).await.len(), 6);

            let old = KeyId::new("0ld");
            let kept = keys::find(&db, &old).await.unwrap().unwrap();
            assert_eq!((kept.name.as_str(), kept.limit), ("old", Some(Money::from_nanos(7))));
            let before = GenerationId::parse("gen-1700000000-0ld").unwrap();
            assert_eq!(generations::find(&db, &before).await.unwrap().unwrap().cost.nanos(), 9);
            let one = generation(1, "0ld", "2026-11-24T13:00:00Z", 5);
            generations::append(&db, &[one]).await.unwrap();
            let spend = keys::spend(&db, &old).await.unwrap();
            assert_eq!([spend.total, spend.day].map(Money::nanos), [105, 15]);

            // What a key had spent before the books began counts against its limit.
            let books = SqlBooks::new(db.clone());
            let month = Period::at(Some(Reset::Monthly), at("2026-11-24"));
            for (period, spent) in [(Period::default(), 100), (month, 30)] {
                let purse = Purse::Key(old.clone(), period);
                let standing = books.standing(&purse).await.unwrap().answer;
                assert_eq!((standing.filled.nanos(), standing.spent.nanos()), (7, spent));
            }
            assert!(audit(&db).await.unwrap().is_ok());
        });
    });
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt;

    on_a_file(|home| {
        let folder = home.folder().unwrap();
        home.wait(async {
            let db = home.open().await;
            keys::insert(&db, &key("k")).await.unwrap();
            let mut found = 0;
            for file in std::fs::read_dir(folder).unwrap() {
                let file = file.unwrap();
                let mode = file.metadata().unwrap().permissions().mode() & 0o777;
                assert_eq!(mode, 0o600, "{:?}", file.file_name());
                found += 1;
            }
            assert_eq!(found, 3, "the database, its log and the index of that");
        });
    });
}

#[test]
fn an_address_that_cannot_be_opened_is_told_without_its_password() {
    on_a_file(|home| {
        home.wait(async {
            for url in [
                "mysql://u:hunter2@127.0.0.1/x",
                "postgres://u:hunter2@127.0.0.1:notaport/x",
                "sqlite::memory:",
                "sqlite:",
                "sqlite:a.db?key=hunter2",
                "hunter2",
            ] {
                let refusal = Db::open(url).await.unwrap_err();
                assert!(matches!(refusal, StoreError::Address(_)), "{url}: {refusal}");
                assert!(!format!("{refusal} {refusal:?}").contains("hunter2"), "{refusal:?}");
            }
            let refusal = Db::open("sqlite:/no/such/folder/a.db").await.unwrap_err();
            assert!(refusal.to_string().contains("/no/such/folder/a.db"), "{refusal}");
        })
    });
}
