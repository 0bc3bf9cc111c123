//! Accounts and their credits: what was put in, what was spent, and what is left.

use domain::id::AccountId;
use domain::money::Money;
use domain::purse::Purse;
use domain::time::Timestamp;
use sqlx::Row;

use super::chain::Chain;
use super::entries::{Entries, Header, Kind};
use super::purses::{fill, standing};
use crate::db::{Db, StoreError};

/// How an account stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credits {
    /// Which account.
    pub account: AccountId,
    /// What was ever put in, less what was taken out.
    pub total: Money,
    /// What was spent.
    pub usage: Money,
    /// What is set aside for nodes, and not yet spent.
    pub leased: Money,
    /// Nothing more is set aside for it.
    pub frozen: bool,
}

impl Credits {
    /// Returns what is left, what is set aside included.
    pub fn balance(&self) -> Money {
        self.total.saturating_sub(self.usage)
    }
}

/// What became of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// It was given; how the account stands now.
    Done(Credits),
    /// More was to be taken than is left and not set aside; how the account stands.
    NotEnough(Credits),
    /// There is no such account.
    NoAccount,
}

/// Gives credits to an account, or takes some away where `amount` is negative: never more than is
/// left and not set aside.
///
/// # Errors
/// When the database fails.
pub async fn grant(
    db: &Db,
    account: &AccountId,
    amount: Money,
    note: &str,
    now: Timestamp,
) -> Result<Given, StoreError> {
    let purse = Purse::Account(account.clone());
    let mut tx = db.begin_write().await?;
    let chain = Chain::take(&mut tx).await?;
    // Holds the purse, so that nothing is set aside meanwhile.
    fill(&mut tx, &purse, 0).await?;
    let Some(frozen) = frozen(&mut tx, account).await? else { return Ok(Given::NoAccount) };
    let before = standing(&mut tx, &purse).await?.0;
    let credits = |filled: Money| Credits {
        account: account.clone(),
        total: filled,
        usage: before.spent,
        leased: before.leased,
        frozen,
    };
    let left = before.available().saturating_add(amount);
    let Some(filled) = before.filled.checked_add(amount) else {
        return Ok(Given::NotEnough(credits(before.filled)));
    };
    if amount < Money::ZERO && left < Money::ZERO {
        return Ok(Given::NotEnough(credits(before.filled)));
    }
    fill(&mut tx, &purse, amount.nanos()).await?;
    let mut entries = Entries::default();
    entries.move_nanos(&format!("credit:{account}"), "expense:promo", amount.nanos());
    let header = Header { kind: Kind::Grant, note, at_ms: now.ms(), lines: Vec::new() };
    entries.write(&mut tx, db.engine, chain, header).await?;
    tx.commit().await?;
    Ok(Given::Done(credits(filled)))
}

/// Returns how an account stands; `None` where there is none.
///
/// # Errors
/// When the database fails.
pub async fn show(db: &Db, account: &AccountId) -> Result<Option<Credits>, StoreError> {
    let mut connection = db.pool.acquire().await?;
    let Some(frozen) = frozen(&mut connection, account).await? else { return Ok(None) };
    let purse = Purse::Account(account.clone());
    let standing = standing(&mut connection, &purse).await?.0;
    Ok(Some(Credits {
        account: account.clone(),
        total: standing.filled,
        usage: standing.spent,
        leased: standing.leased,
        frozen,
    }))
}

/// Returns the accounts, by name.
///
/// # Errors
/// When the database fails.
pub async fn accounts(db: &Db) -> Result<Vec<AccountId>, StoreError> {
    let rows = sqlx::query("SELECT id FROM accounts ORDER BY id").fetch_all(&db.pool).await?;
    rows.iter().map(|row| Ok(AccountId::new(row.try_get(0)?))).collect()
}

/// Adds an account; an account that is there stays as it is.
///
/// # Errors
/// When the database fails.
pub async fn add_account(db: &Db, account: &AccountId, now: Timestamp) -> Result<(), StoreError> {
    const ADD: &str = "
        INSERT INTO accounts (id, name, frozen, created_ms)
        VALUES ($1, $1, 0, $2)
        ON CONFLICT (id) DO NOTHING";
    sqlx::query(ADD).bind(account.as_str()).bind(now.ms()).execute(&db.pool).await?;
    Ok(())
}

/// Freezes an account, or thaws it. Of a frozen account nothing more is set aside.
///
/// # Errors
/// When the database fails.
pub async fn freeze(db: &Db, account: &AccountId, frozen: bool) -> Result<bool, StoreError> {
    const FREEZE: &str = "UPDATE accounts SET frozen = $2 WHERE id = $1";
    let query = sqlx::query(FREEZE).bind(account.as_str()).bind(i64::from(frozen));
    Ok(query.execute(&db.pool).await?.rows_affected() == 1)
}

async fn frozen(
    tx: &mut sqlx::AnyConnection,
    account: &AccountId,
) -> Result<Option<bool>, StoreError> {
    const FROZEN: &str = "SELECT frozen FROM accounts WHERE id = $1";
    let row = sqlx::query(FROZEN).bind(account.as_str()).fetch_optional(tx).await?;
    row.map(|row| Ok(row.try_get::<i64, usize>(0)? == 1)).transpose()
}
