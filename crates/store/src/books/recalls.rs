//! Purses that somebody waits for, because others hold what is left of them.

use domain::id::InstanceId;
use domain::purse::Purse;
use sqlx::{AnyConnection, Row};

use crate::db::{Db, StoreError};

/// Returns the recalled purses that an instance holds leases of.
///
/// # Errors
/// When the database fails.
pub(super) async fn of(db: &Db, instance: &InstanceId) -> Result<Vec<Purse>, StoreError> {
    const OF: &str = "
        SELECT purse
          FROM recalls
         WHERE EXISTS (SELECT 1 FROM leases
                        WHERE leases.purse = recalls.purse AND leases.instance = $1
                          AND 0 < leases.remainder_nanos)";
    let rows = sqlx::query(OF).bind(instance.as_str()).fetch_all(&db.pool).await?;
    let mut purses = Vec::new();
    for row in rows {
        purses.push(Purse::parse(row.try_get(0)?).ok_or(StoreError::Corrupt("purse"))?);
    }
    purses.sort();
    Ok(purses)
}

/// Asks for a purse back, if any instance but `instance` holds leases of it.
pub(super) async fn ask(
    tx: &mut AnyConnection,
    purse: &str,
    instance: &InstanceId,
) -> Result<(), StoreError> {
    const ASK: &str = "
        INSERT INTO recalls (purse)
        SELECT CAST($1 AS TEXT)
         WHERE EXISTS (SELECT 1 FROM leases
                        WHERE purse = $1 AND instance <> $2 AND 0 < remainder_nanos)
        ON CONFLICT (purse) DO NOTHING";
    sqlx::query(ASK).bind(purse).bind(instance.as_str()).execute(tx).await?;
    Ok(())
}

/// Ends the recall of a purse.
pub(super) async fn end(tx: &mut AnyConnection, purse: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM recalls WHERE purse = $1").bind(purse).execute(tx).await?;
    Ok(())
}

/// Ends the recalls of purses that nobody holds any more.
pub(super) async fn tidy(tx: &mut AnyConnection) -> Result<(), StoreError> {
    const TIDY: &str = "
        DELETE FROM recalls
         WHERE NOT EXISTS (SELECT 1 FROM leases
                            WHERE leases.purse = recalls.purse AND 0 < leases.remainder_nanos)";
    sqlx::query(TIDY).execute(tx).await?;
    Ok(())
}
