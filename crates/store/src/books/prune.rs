//! Rows that nobody will ask for again. What was booked is not among them: it stays for good.

use domain::time::{DAY_MS, Timestamp};

use crate::db::{Db, StoreError};

/// How long the days, weeks and months of keys and budgets are kept after they began.
const PERIODS_KEPT_MS: i64 = 100 * DAY_MS;

/// How many rows went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Leases of which nothing is left, of instances that have ended.
    pub leases: u64,
    /// What was spent in periods that are long over.
    pub purses: u64,
}

/// Removes leases of which nothing is left, of instances that ended in order, and what was counted
/// for periods that are long over. What was drawn of leases stays with the settlements.
///
/// # Errors
/// When the database fails.
pub async fn prune(db: &Db, now: Timestamp) -> Result<Pruned, StoreError> {
    // Whoever was declared lost may still settle, and its leases say that they were revoked.
    const LEASES: &str = "
        DELETE FROM leases
         WHERE remainder_nanos = 0
           AND instance IN (SELECT id FROM instances WHERE gone = 1)
           AND instance NOT IN (SELECT instance FROM leases WHERE revoked = 1)";
    // A period ends with the 13 digits of its first millisecond.
    const PURSES: &str = "
        DELETE FROM purses
         WHERE (purse LIKE 'key:%:day-_____________' OR purse LIKE 'key:%:week-_____________'
             OR purse LIKE 'key:%:month-_____________'
             OR purse LIKE 'budget:%:day-_____________' OR purse LIKE 'budget:%:week-_____________'
             OR purse LIKE 'budget:%:month-_____________' OR purse LIKE 'house:%:day-_____________')
           AND SUBSTR(purse, LENGTH(purse) - 12) < $1
           AND NOT EXISTS (SELECT 1 FROM leases
                            WHERE leases.purse = purses.purse AND 0 < remainder_nanos)";
    let mut tx = db.begin_write().await?;
    let leases = sqlx::query(LEASES).execute(&mut *tx).await?.rows_affected();
    let before = format!("{:013}", now.ms().saturating_sub(PERIODS_KEPT_MS).max(0));
    let purses = sqlx::query(PURSES).bind(before).execute(&mut *tx).await?.rows_affected();
    tx.commit().await?;
    Ok(Pruned { leases, purses })
}
