//! Where the database stands: which timeline, which commit, and how much of it would survive.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::books::Stamp;
use sqlx::{AnyConnection, Row};

use crate::db::{Db, Engine, StoreError};

/// Reads the stamp of what has committed. In SQLite a commit is durable when it is acknowledged; in
/// Postgres, too, unless there are standbys that do not take part in commits.
///
/// # Errors
/// When the database fails.
pub(super) async fn read(db: &Db, commits: &AtomicU64) -> Result<Stamp, StoreError> {
    const STAMP: &str = "
        SELECT SUBSTR(PG_WALFILE_NAME(PG_CURRENT_WAL_LSN()), 1, 8),
               CAST(PG_CURRENT_WAL_INSERT_LSN() - '0/0' AS BIGINT),
               CASE WHEN CURRENT_SETTING('synchronous_standby_names') <> '' THEN NULL
                    ELSE (SELECT CAST(MIN(flush_lsn - '0/0') AS BIGINT) FROM PG_STAT_REPLICATION)
                END";
    if db.engine == Engine::Sqlite {
        let commit = commits.fetch_add(1, Ordering::Relaxed) + 1;
        return Ok(Stamp { timeline: 1, commit, durable: commit });
    }
    let row = sqlx::query(STAMP).fetch_one(&db.pool).await?;
    let commit = row.try_get::<i64, usize>(1)?.unsigned_abs();
    let standby = row.try_get::<Option<i64>, usize>(2)?.map(i64::unsigned_abs);
    Ok(Stamp {
        timeline: number(row.try_get(0)?)?,
        commit,
        durable: standby.map_or(commit, |flushed| flushed.min(commit)),
    })
}

/// Returns the timeline that a transaction is on.
///
/// The control file still names the old one right after a promotion; the name of the WAL file does
/// not.
///
/// # Errors
/// When the database fails.
pub(super) async fn timeline(tx: &mut AnyConnection, engine: Engine) -> Result<u64, StoreError> {
    const TIMELINE: &str = "SELECT SUBSTR(PG_WALFILE_NAME(PG_CURRENT_WAL_LSN()), 1, 8)";
    if engine == Engine::Sqlite {
        return Ok(1);
    }
    number(sqlx::query(TIMELINE).fetch_one(tx).await?.try_get(0)?)
}

fn number(hexadecimal: &str) -> Result<u64, StoreError> {
    u64::from_str_radix(hexadecimal, 16).map_err(|_| StoreError::Corrupt("WAL file name"))
}
