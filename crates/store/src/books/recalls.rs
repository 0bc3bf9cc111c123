//! Purses that somebody waits for, because others hold what is left of them.

use std::time::Duration;

use domain::id::InstanceId;
use domain::purse::Purse;
use sqlx::postgres::PgListener;
use sqlx::{AnyConnection, PgPool, Row};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use crate::db::{Db, Engine, StoreError};

/// Hears when somebody begins to wait for a purse.
#[derive(Default)]
pub(super) struct Ear(Mutex<Option<PgListener>>);

/// So often something is heard although nobody called: a call can be lost with its connection.
const BEAT: Duration = Duration::from_secs(1);
const CHANNEL: &str = "interline_recalls";

impl Ear {
    /// Waits until somebody begins to wait for a purse, or for a while.
    pub(super) async fn hear(&self, pool: &PgPool) {
        let mut listener = self.0.lock().await;
        let heard = async {
            match Ear::call(&mut listener, pool).await {
                Ok(()) => (),
                Err(error) => {
                    tracing::debug!("calls of other processes are not heard: {error}");
                    *listener = None;
                    sleep(BEAT).await;
                }
            }
        };
        // Whatever the outcome, it is time to look.
        let _ = timeout(BEAT, heard).await;
    }

    async fn call(listener: &mut Option<PgListener>, pool: &PgPool) -> Result<(), sqlx::Error> {
        if listener.is_none() {
            let mut fresh = PgListener::connect_with(pool).await?;
            fresh.listen(CHANNEL).await?;
            *listener = Some(fresh);
        }
        if let Some(listener) = listener {
            listener.recv().await?;
        }
        Ok(())
    }
}

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

/// Asks for a purse back, if any instance but `instance` holds leases of it, and calls those once.
pub(super) async fn ask(
    tx: &mut AnyConnection,
    engine: Engine,
    purse: &str,
    instance: &InstanceId,
) -> Result<(), StoreError> {
    const ASK: &str = "
        INSERT INTO recalls (purse)
        SELECT CAST($1 AS TEXT)
         WHERE EXISTS (SELECT 1 FROM leases
                        WHERE purse = $1 AND instance <> $2 AND 0 < remainder_nanos)
        ON CONFLICT (purse) DO NOTHING";
    let asked = sqlx::query(ASK).bind(purse).bind(instance.as_str()).execute(&mut *tx).await?;
    if engine == Engine::Postgres && asked.rows_affected() == 1 {
        sqlx::query("NOTIFY interline_recalls").execute(tx).await?;
    }
    Ok(())
}

/// Asks every instance for what is free of a purse, whose limit has changed: leases were made by
/// the old one.
///
/// # Errors
/// When the database fails.
pub async fn ask_back(db: &Db, purse: &Purse) -> Result<(), StoreError> {
    let mut tx = db.begin_write().await?;
    ask_all(&mut tx, db.engine, purse).await?;
    tx.commit().await?;
    Ok(())
}

/// Asks every instance for what is free of a purse.
pub(crate) async fn ask_all(
    tx: &mut AnyConnection,
    engine: Engine,
    purse: &Purse,
) -> Result<(), StoreError> {
    const NOBODY: &str = "";
    ask(tx, engine, &purse.to_string(), &InstanceId::new(NOBODY)).await
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
