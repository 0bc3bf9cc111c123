//! The books in SQL keep every law, agree with the books in memory, and prove it from their rows.

use domain::books::{Batch, Books};
use domain::id::{AccountId, InstanceId, KeyId};
use domain::key::Reset;
use domain::money::Money;
use domain::port::Waiting;
use domain::time::Timestamp;
use ledger::laws::{self, LAWS, Stage};
use ledger::memory_books::MemoryBooks;
use store::audit::audit;
use store::credits::{self, Given};
use store::keys::KeyChange;
use store::{Db, SqlBooks, keys};

use crate::home::{on_a_file, on_each_engine};
use crate::samples::{at, key};

struct SqlStage {
    db: Db,
    books: SqlBooks,
}

impl SqlStage {
    fn on(db: &Db) -> SqlStage {
        SqlStage { db: db.clone(), books: SqlBooks::new(db.clone()) }
    }
}

impl Stage for SqlStage {
    fn books(&self) -> &dyn Books {
        &self.books
    }

    fn pay<'a>(&'a self, account: &'a AccountId, amount: Money) -> Waiting<'a, ()> {
        Box::pin(async move {
            credits::add_account(&self.db, account, at("2026-11-01")).await.unwrap();
            let given = credits::grant(&self.db, account, amount, "a law", at("2026-11-01")).await;
            assert!(matches!(given, Ok(Given::Done(_))), "{given:?}");
        })
    }

    fn limit<'a>(
        &'a self,
        id: &'a KeyId,
        limit: Option<Money>,
        reset: Option<Reset>,
    ) -> Waiting<'a, ()> {
        Box::pin(async move {
            let change =
                KeyChange { limit: Some(limit), limit_reset: Some(reset), ..KeyChange::default() };
            let now = Timestamp::default();
            if keys::update(&self.db, id, &change, now).await.unwrap().is_none() {
                let made = domain::key::ApiKey { limit, limit_reset: reset, ..key(id.as_str()) };
                keys::insert(&self.db, &made).await.unwrap();
            }
        })
    }
}

#[test]
fn the_books_in_sql_keep_every_law() {
    for (name, law) in LAWS {
        on_each_engine(|home| {
            home.wait(async {
                let db = home.open().await;
                law(&SqlStage::on(&db)).await;
                let found = audit(&db).await.unwrap();
                assert!(found.is_ok(), "after `{name}`: {:?}", found.rules);
            });
        });
    }
}

#[test]
fn the_books_in_sql_agree_with_the_books_in_memory() {
    for seed in 0..3 {
        on_each_engine(|home| {
            home.wait(async {
                let db = home.open().await;
                laws::agree(&SqlStage::on(&db), &MemoryBooks::new(), seed, 120).await;
                let found = audit(&db).await.unwrap();
                // Random messages draw more of leases than these hold, and ask for leases that
                // were drawn on; nodes never do.
                let broken: Vec<_> =
                    found.rules.iter().filter(|(_, broken)| *broken != 0).collect();
                assert!(
                    broken.iter().all(|(rule, _)| rule.contains("lease")),
                    "seed {seed}: {broken:?}"
                );
            });
        });
    }
}

#[test]
fn many_nodes_at_once_are_granted_no_more_than_there_is() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let stage = SqlStage::on(&db);
            let account = AccountId::new("law");
            stage.pay(&account, Money::from_nanos(1_000)).await;
            let nodes = (0..6).map(|node| {
                let books = stage.books.clone();
                let account = account.clone();
                tokio::spawn(async move { greedy(&books, &account, node).await })
            });
            let nodes: Vec<_> = nodes.collect();
            let mut granted = 0;
            for node in nodes {
                granted += node.await.unwrap();
            }
            assert!((900..=1_000).contains(&granted), "{granted}");
            let found = audit(&db).await.unwrap();
            assert!(found.is_ok(), "{:?}", found.rules);
            let left = credits::show(&db, &account).await.unwrap().unwrap();
            let gone = left.leased.saturating_add(left.usage);
            assert_eq!((left.total.nanos(), gone.nanos()), (1_000, granted));
        });
    });
}

/// Takes what it can in leases of 7, and settles some of each; returns what it was granted and has
/// not given back.
async fn greedy(books: &SqlBooks, account: &AccountId, node: u64) -> i64 {
    greedy_for(books, account, node, u64::MAX).await
}

/// The same, of so many leases at most.
async fn greedy_for(books: &SqlBooks, account: &AccountId, node: u64, most: u64) -> i64 {
    use domain::books::{Grant, GrantLine};
    use domain::id::LeaseId;
    use domain::purse::Purse;

    let instance = InstanceId::new(&format!("node-{node}"));
    let epoch = retried(|| books.enlist(&instance)).await;
    let mut granted = 0;
    for number in 1..=most {
        let lease = LeaseId { instance: instance.clone(), number };
        let (min, want) = (Money::from_nanos(7), Money::from_nanos(7));
        let purse = Purse::Account(account.clone());
        let lines = vec![GrantLine { lease: lease.clone(), purse, min, want }];
        let grant = Grant { instance: instance.clone(), epoch, lines };
        let Some(amount) = retried(|| books.grant(&grant)).await[0].amount else { break };
        granted += amount.nanos();
        let one = laws::settlement(node * 1_000 + number, at("2026-11-25"), 5, &[lease]);
        let batch = Batch { instance: instance.clone(), settlements: vec![one] };
        retried(|| books.settle(&batch)).await;
    }
    granted
}

/// Sends a message until it is answered, as a node does.
async fn retried<'a, T>(message: impl Fn() -> domain::books::Told<'a, T>) -> T {
    for _ in 0..100 {
        match message().await {
            Ok(reply) => return reply.answer,
            Err(domain::books::BooksError::Unreachable(_)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("no answer")
}

#[test]
fn what_was_written_cannot_be_changed_and_a_forgery_is_found() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let stage = SqlStage::on(&db);
            stage.pay(&AccountId::new("law"), Money::from_nanos(1_000)).await;
            let one = laws::settlement(1, at("2026-11-25"), 5, &[]);
            let batch = Batch { instance: InstanceId::new("a"), settlements: vec![one] };
            stage.books.settle(&batch).await.unwrap();
            let pool = home.behind().await;
            for sql in [
                "UPDATE ledger_entries SET amount_nanos = 0",
                "DELETE FROM ledger_entries",
                "UPDATE ledger_batches SET note = 'x'",
                "DELETE FROM settlements",
                "UPDATE settlements SET charge_nanos = 1",
                "DELETE FROM lease_draws WHERE batch = 1",
            ] {
                let outcome = sqlx::query(sql).execute(&pool).await;
                // Where no row matches, SQLite has nothing to refuse.
                assert!(outcome.is_err() || sql.contains("lease_draws"), "{sql}");
            }
            pool.close().await;
            assert!(audit(&db).await.unwrap().is_ok());
        });
    });
    on_a_file(|home| {
        home.wait(async {
            let db = home.open().await;
            let stage = SqlStage::on(&db);
            stage.pay(&AccountId::new("law"), Money::from_nanos(1_000)).await;
            stage.pay(&AccountId::new("law"), Money::from_nanos(1_000)).await;
            // Whoever owns the file can take the triggers away, and cannot mend the chain.
            home.tamper(
                "DROP TRIGGER ledger_entries_no_update;
                 UPDATE ledger_entries SET amount_nanos = amount_nanos * 2 WHERE batch = 1;
                 UPDATE ledger_balances SET balance_nanos = balance_nanos * 3 / 2;
                 UPDATE purses SET filled_nanos = 3000",
            )
            .await;
            let found = audit(&db).await.unwrap();
            let broken: Vec<_> = found.rules.iter().filter(|(_, broken)| *broken != 0).collect();
            assert_eq!(broken.len(), 1, "{broken:?}");
            assert_eq!(broken[0].0, "the chain of batches is whole");
        });
    });
}

#[test]
fn no_more_is_taken_away_than_is_left() {
    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let account = AccountId::default();
            let give = async |nanos: i64| {
                let amount = Money::from_nanos(nanos);
                credits::grant(&db, &account, amount, "", at("2026-11-01")).await.unwrap()
            };
            assert!(matches!(give(100).await, Given::Done(left) if left.balance().nanos() == 100));
            assert!(matches!(give(-101).await, Given::NotEnough(_)));
            assert!(matches!(give(-60).await, Given::Done(left) if left.balance().nanos() == 40));
            assert!(matches!(give(i64::MAX).await, Given::NotEnough(_)));
            let nobody = AccountId::new("nobody");
            let given = credits::grant(&db, &nobody, Money::from_nanos(1), "", at("2026-11-01"));
            assert_eq!(given.await.unwrap(), Given::NoAccount);
            assert!(audit(&db).await.unwrap().is_ok());
        });
    });
}

#[test]
fn what_nobody_will_ask_for_again_is_removed_and_the_books_still_hold() {
    use domain::books::{Returned, Returns};
    use store::prune::{Pruned, prune};

    on_each_engine(|home| {
        home.wait(async {
            let db = home.open().await;
            let stage = SqlStage::on(&db);
            let account = AccountId::new("law");
            stage.pay(&account, Money::from_nanos(1_000)).await;
            let mut spent = 0;
            for (node, ends) in [(1, true), (2, false)] {
                spent += greedy_for(&stage.books, &account, node, 3).await;
                if ends {
                    let instance = InstanceId::new(&format!("node-{node}"));
                    let lease = |number| domain::id::LeaseId { instance: instance.clone(), number };
                    let returned = Money::from_nanos(2);
                    let leases = (1..=3).map(|it| Returned { lease: lease(it), returned });
                    let leases = leases.collect();
                    let returns = Returns { instance: instance.clone(), leases };
                    stage.books.give_back(&returns).await.unwrap();
                    stage.books.retire(&instance).await.unwrap();
                }
            }
            let now = at("2026-11-25");
            let kept = prune(&db, now).await.unwrap();
            assert_eq!(kept, Pruned { leases: 3, purses: 0 });
            let later = prune(&db, now.plus_ms(200 * 86_400_000)).await.unwrap();
            assert_eq!(later, Pruned { leases: 0, purses: 4 }, "a day twice, a week and a month");
            let found = audit(&db).await.unwrap();
            assert!(found.is_ok(), "{:?}", found.rules);
            let left = credits::show(&db, &account).await.unwrap().unwrap();
            assert_eq!((left.usage.nanos(), left.leased.nanos()), (30, spent - 21 - 15));
        });
    });
}
