//! The books in SQL: what nodes ask of them, each in one transaction.
//!
//! Locks are taken in one order, so that no two transactions wait for each other in a circle: the
//! chain's head, then an instance, then purses by name, then leases. SQLite has one writer at a
//! time.

mod assert;
pub mod audit;
pub mod budgets;
mod chain;
pub mod credits;
mod entries;
pub mod export;
pub mod generations;
mod grant;
pub mod instances;
pub mod payments;
pub mod prune;
mod purses;
pub mod recalls;
mod settle;
pub mod settled;
mod stamp;
mod trouble;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use domain::books::{
    Assert, Batch, Books, BooksError, Epoch, Grant, Granted, Reply, Returns, Standing, Told,
};
use domain::id::InstanceId;
use domain::money::Money;
use domain::purse::Purse;
use domain::waiting::Waiting;
use sqlx::AnyConnection;

use self::purses::standing;
use crate::db::{Db, StoreError};

/// The books in SQLite or Postgres.
#[derive(Clone)]
pub struct SqlBooks {
    db: Db,
    /// Counts commits, where the database does not.
    commits: Arc<AtomicU64>,
    ear: Arc<recalls::Ear>,
}

impl SqlBooks {
    /// Takes the database that the books are in.
    pub fn new(db: Db) -> SqlBooks {
        SqlBooks { db, commits: Arc::default(), ear: Arc::default() }
    }

    /// Returns what comes with an answer whose transaction has committed.
    async fn reply<T>(&self, instance: &InstanceId, answer: T) -> Result<Reply<T>, BooksError> {
        let recalls = recalls::of(&self.db, instance).await?;
        let stamp = stamp::read(&self.db, &self.commits).await?;
        Ok(Reply { answer, stamp, recalls })
    }
}

impl Books for SqlBooks {
    fn enlist<'a>(&'a self, instance: &'a InstanceId) -> Told<'a, Epoch> {
        Box::pin(async move {
            let epoch = assert::enlist(&self.db, instance).await?;
            self.reply(instance, epoch).await
        })
    }

    fn grant<'a>(&'a self, grant: &'a Grant) -> Told<'a, Vec<Granted>> {
        Box::pin(async move {
            let answer = grant::grant(&self.db, grant).await?;
            self.reply(&grant.instance, answer).await
        })
    }

    fn settle<'a>(&'a self, batch: &'a Batch) -> Told<'a, ()> {
        Box::pin(async move {
            settle::settle(&self.db, &batch.settlements).await?;
            self.reply(&batch.instance, ()).await
        })
    }

    fn give_back<'a>(&'a self, returns: &'a Returns) -> Told<'a, ()> {
        Box::pin(async move {
            grant::give_back(&self.db, returns).await?;
            self.reply(&returns.instance, ()).await
        })
    }

    fn assert<'a>(&'a self, assert: &'a Assert) -> Told<'a, ()> {
        Box::pin(async move {
            assert::assert(&self.db, assert).await?;
            self.reply(&assert.instance, ()).await
        })
    }

    fn retire<'a>(&'a self, instance: &'a InstanceId) -> Told<'a, ()> {
        Box::pin(async move {
            assert::retire(&self.db, instance).await?;
            self.reply(instance, ()).await
        })
    }

    fn declare_lost<'a>(&'a self, instance: &'a InstanceId) -> Told<'a, Money> {
        Box::pin(async move {
            let freed = assert::declare_lost(&self.db, instance).await?;
            self.reply(instance, freed).await
        })
    }

    fn standing<'a>(&'a self, purse: &'a Purse) -> Told<'a, Standing> {
        Box::pin(async move {
            let answer = self.stands(purse).await?;
            let stamp = stamp::read(&self.db, &self.commits).await?;
            Ok(Reply { answer, stamp, recalls: Vec::new() })
        })
    }

    fn called<'a>(&'a self) -> Waiting<'a, ()> {
        Box::pin(async move {
            match &self.db.listening {
                Some(pool) => self.ear.hear(pool).await,
                None => std::future::pending().await,
            }
        })
    }
}

impl SqlBooks {
    async fn stands(&self, purse: &Purse) -> Result<Standing, StoreError> {
        let mut connection = self.db.pool.acquire().await?;
        let connection: &mut AnyConnection = &mut connection;
        Ok(standing(connection, purse).await?.0)
    }
}
