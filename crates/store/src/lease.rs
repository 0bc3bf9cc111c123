//! Duties that one of several processes has at a time: a row each, which whoever has the duty keeps
//! changing. When it is over is told by the watchers' own clocks.

use sqlx::Row;

use crate::db::{Db, StoreError};

/// Returns what stands in the row of a duty; `None` where nobody has it.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &Db, name: &str) -> Result<Option<String>, StoreError> {
    const FIND: &str = "SELECT value FROM settings WHERE name = $1";
    let row = sqlx::query(FIND).bind(name).fetch_optional(&db.pool).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Writes a row in place of what stood there, or of none. Returns whether that still stood there:
/// of several who try at once, one is told so.
///
/// # Errors
/// When the database fails.
pub async fn swap(db: &Db, name: &str, old: Option<&str>, new: &str) -> Result<bool, StoreError> {
    const PUT: &str =
        "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    const SWAP: &str = "UPDATE settings SET value = $2 WHERE name = $1 AND value = $3";
    let query = match old {
        None => sqlx::query(PUT).bind(name).bind(new),
        Some(old) => sqlx::query(SWAP).bind(name).bind(new).bind(old),
    };
    Ok(query.execute(&db.pool).await?.rows_affected() == 1)
}

/// Takes a row away, where it still says that.
///
/// # Errors
/// When the database fails.
pub async fn end(db: &Db, name: &str, value: &str) -> Result<(), StoreError> {
    const END: &str = "DELETE FROM settings WHERE name = $1 AND value = $2";
    sqlx::query(END).bind(name).bind(value).execute(&db.pool).await?;
    Ok(())
}
