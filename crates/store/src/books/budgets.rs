//! Budgets: what an account may spend in each day, week, month, or ever.
//!
//! What is spent of a budget is counted when generations are settled, in the purse of its present
//! period, from all of an account's keys.

use domain::id::AccountId;
use domain::key::Reset;
use domain::money::Money;
use domain::purse::{Period, Purse};
use domain::time::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::chain::Chain;
use super::recalls;
use crate::db::{Db, StoreError};

/// What an account may spend in a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Whose it is.
    pub account: AccountId,
    /// How often it begins anew; never, where absent.
    pub reset: Option<Reset>,
    /// How much.
    pub limit: Money,
    /// What was spent of it in the present period.
    pub spent: Money,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Option<Timestamp>,
}

impl Budget {
    /// Returns its name, which names its purses.
    pub fn name(&self) -> String {
        name(&self.account, self.reset)
    }

    /// Returns the purse of its present period.
    pub fn purse(&self, now: Timestamp) -> Purse {
        Purse::Budget(self.name(), Period::at(self.reset, now))
    }
}

/// Sets a budget. One that is new begins with what its account has spent in the present period. Of
/// one that changes, all that is free of leases is asked back, for they were made by the old limit.
///
/// # Errors
/// When the database fails.
pub async fn set(
    db: &Db,
    account: &AccountId,
    reset: Option<Reset>,
    limit: Money,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SET: &str = "
        INSERT INTO budgets (name, account, reset, limit_nanos, created_ms)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (name) DO UPDATE SET limit_nanos = excluded.limit_nanos, updated_ms = $5
        RETURNING updated_ms";
    let name = name(account, reset);
    let mut tx = db.begin_write().await?;
    // Nothing is settled between the count and the first settlement that is added to it.
    Chain::take(&mut tx).await?;
    let row = sqlx::query(SET)
        .bind(name.as_str())
        .bind(account.as_str())
        .bind(reset.map(word_of))
        .bind(limit.nanos())
        .bind(now.ms())
        .fetch_one(&mut *tx)
        .await?;
    let purse = Purse::Budget(name, Period::at(reset, now));
    if row.try_get::<Option<i64>, usize>(0)?.is_none() {
        count(&mut tx, account, purse).await?;
    } else {
        recalls::ask_all(&mut tx, db.engine, &purse).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Counts what an account has spent in the period of a purse.
async fn count(
    tx: &mut AnyConnection,
    account: &AccountId,
    purse: Purse,
) -> Result<(), StoreError> {
    const COUNT: &str = "
        INSERT INTO purses (purse, filled_nanos, opening_nanos, spent_nanos)
        SELECT CAST($1 AS TEXT), 0, 0, CAST(COALESCE(SUM(settlements.charge_nanos), 0) AS BIGINT)
          FROM settlements
          JOIN generations ON generations.id = settlements.generation_id
         WHERE settlements.account = $2 AND $3 <= generations.created_ms
        ON CONFLICT (purse) DO UPDATE SET spent_nanos = excluded.spent_nanos";
    let start = match &purse {
        Purse::Budget(_, period) => period.start,
        Purse::Account(_) | Purse::Key(..) | Purse::House(..) => Timestamp::default(),
    };
    sqlx::query(COUNT)
        .bind(purse.to_string())
        .bind(account.as_str())
        .bind(start.ms())
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes a budget away, and returns whether there was one.
///
/// # Errors
/// When the database fails.
pub async fn remove(
    db: &Db,
    account: &AccountId,
    reset: Option<Reset>,
) -> Result<bool, StoreError> {
    const REMOVE: &str = "DELETE FROM budgets WHERE name = $1";
    let outcome = sqlx::query(REMOVE).bind(name(account, reset)).execute(&db.pool).await?;
    Ok(outcome.rows_affected() == 1)
}

/// Returns every budget as it stands at `now`, those of the longest period first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, now: Timestamp) -> Result<Vec<Budget>, StoreError> {
    const LIST: &str =
        "SELECT account, reset, limit_nanos, created_ms, updated_ms FROM budgets ORDER BY name";
    const SPENT: &str = "SELECT spent_nanos FROM purses WHERE purse = $1";
    let mut budgets = Vec::new();
    for row in sqlx::query(LIST).fetch_all(&db.pool).await? {
        let (account, reset) = read(&row)?;
        let purse = Purse::Budget(name(&account, reset), Period::at(reset, now));
        let spent = sqlx::query(SPENT).bind(purse.to_string()).fetch_optional(&db.pool).await?;
        let spent = spent.map_or(Ok(0), |row| row.try_get(0))?;
        budgets.push(Budget {
            account,
            reset,
            limit: Money::from_nanos(row.try_get(2)?),
            spent: Money::from_nanos(spent),
            created: Timestamp::from_ms(row.try_get(3)?),
            updated: row.try_get::<Option<i64>, usize>(4)?.map(Timestamp::from_ms),
        });
    }
    budgets.sort_by_key(|budget| std::cmp::Reverse(length(budget.reset)));
    Ok(budgets)
}

/// Returns the accounts that have budgets, and how often each begins anew: what a settlement counts
/// against.
pub(super) async fn counted(
    tx: &mut AnyConnection,
) -> Result<Vec<(AccountId, Option<Reset>)>, StoreError> {
    let rows = sqlx::query("SELECT account, reset FROM budgets").fetch_all(tx).await?;
    rows.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<(AccountId, Option<Reset>), StoreError> {
    let reset = match row.try_get::<Option<&str>, usize>(1)? {
        None => None,
        Some(word) => Some(reset_of(word).ok_or(StoreError::Corrupt("budget"))?),
    };
    Ok((AccountId::new(row.try_get(0)?), reset))
}

/// Returns the name of an account's budget.
pub(super) fn name(account: &AccountId, reset: Option<Reset>) -> String {
    format!("{account}.{}", reset.map_or("lifetime", word_of))
}

/// Returns how long a period is, as a place in the order of all.
pub fn length(reset: Option<Reset>) -> u8 {
    match reset {
        Some(Reset::Daily) => 0,
        Some(Reset::Weekly) => 1,
        Some(Reset::Monthly) => 2,
        None => 3,
    }
}

fn word_of(reset: Reset) -> &'static str {
    match reset {
        Reset::Daily => "daily",
        Reset::Weekly => "weekly",
        Reset::Monthly => "monthly",
    }
}

fn reset_of(word: &str) -> Option<Reset> {
    [Reset::Daily, Reset::Weekly, Reset::Monthly].into_iter().find(|reset| word_of(*reset) == word)
}
