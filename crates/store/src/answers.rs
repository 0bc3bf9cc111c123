//! Answers that are kept for repeats of the request that they answered.
//!
//! A row is claimed before its request is served, so that of any number of repeats, on any number
//! of nodes, one is served. What is kept of an answer is sealed by whoever keeps it.

use domain::id::{GenerationId, KeyId};
use domain::time::Timestamp;
use sqlx::Row;

use crate::db::{Db, StoreError};

/// Names a request: whose it is, and the keyed hash of the name that its caller gave it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Whose request it is.
    pub caller: KeyId,
    /// The keyed hash of the caller's own name for it.
    pub key_hash: KeyId,
}

/// A request that is about to be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Which request.
    pub place: Place,
    /// The keyed hash of what it asks.
    pub fingerprint: KeyId,
    /// The process that serves it.
    pub owner: String,
    /// When it came.
    pub created: Timestamp,
    /// When it may be forgotten.
    pub expires: Timestamp,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It is to be served.
    New,
    /// It was claimed before.
    Known(Kept),
    /// Its caller has claimed as many as are kept.
    Full,
}

/// A request that was claimed before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The keyed hash of what it asked.
    pub fingerprint: KeyId,
    /// The process that serves it, or served it.
    pub owner: String,
    /// It has been answered.
    pub answered: bool,
    /// The generation that it was, where it was one.
    pub generation: Option<GenerationId>,
    /// The answer, sealed; `None` where it was too large, or has given way to newer ones.
    pub sealed: Option<String>,
}

/// Claims a request, unless it is known. One that has expired is not known.
///
/// # Errors
/// When the database fails.
pub async fn claim(db: &Db, claim: &Claim, rows_max: u32) -> Result<Claimed, StoreError> {
    const CLAIM: &str = "
        INSERT INTO kept_answers (caller, key_hash, fingerprint, owner, answered, bytes, created_ms,
                                  expires_ms)
        SELECT $1, $2, $3, $4, 0, 0, CAST($5 AS BIGINT), CAST($6 AS BIGINT)
         WHERE (SELECT COUNT(*) FROM kept_answers WHERE caller = $1) < CAST($7 AS BIGINT)
        ON CONFLICT (caller, key_hash) DO UPDATE SET
            fingerprint = excluded.fingerprint, owner = excluded.owner, generation_id = NULL,
            answered = 0, sealed = NULL, bytes = 0, created_ms = excluded.created_ms,
            expires_ms = excluded.expires_ms
        WHERE kept_answers.expires_ms <= excluded.created_ms";
    let outcome = sqlx::query(CLAIM)
        .bind(claim.place.caller.as_str())
        .bind(claim.place.key_hash.as_str())
        .bind(claim.fingerprint.as_str())
        .bind(claim.owner.as_str())
        .bind(claim.created.ms())
        .bind(claim.expires.ms())
        .bind(i64::from(rows_max))
        .execute(&db.pool)
        .await?;
    if outcome.rows_affected() == 1 {
        return Ok(Claimed::New);
    }
    Ok(find(db, &claim.place).await?.map_or(Claimed::Full, Claimed::Known))
}

/// Returns what is known of a request.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &Db, place: &Place) -> Result<Option<Kept>, StoreError> {
    const FIND: &str = "
        SELECT fingerprint, owner, answered, generation_id, sealed
          FROM kept_answers
         WHERE caller = $1 AND key_hash = $2";
    let row = sqlx::query(FIND)
        .bind(place.caller.as_str())
        .bind(place.key_hash.as_str())
        .fetch_optional(&db.pool)
        .await?;
    row.map(|row| {
        Ok(Kept {
            fingerprint: KeyId::new(row.try_get(0)?),
            owner: row.try_get(1)?,
            answered: row.try_get::<i64, usize>(2)? == 1,
            generation: row.try_get::<Option<&str>, usize>(3)?.and_then(GenerationId::parse),
            sealed: row.try_get(4)?,
        })
    })
    .transpose()
}

/// Keeps the answer to a request, or the fact that there was one. Where its caller's answers are
/// larger than `bytes_max` together, the oldest are dropped; that they were given is still known.
///
/// # Errors
/// When the database fails.
pub async fn keep(
    db: &Db,
    place: &Place,
    generation: Option<&GenerationId>,
    sealed: Option<&str>,
    bytes_max: u64,
) -> Result<(), StoreError> {
    const KEEP: &str = "
        UPDATE kept_answers
           SET answered = 1, generation_id = $3, sealed = $4, bytes = $5
         WHERE caller = $1 AND key_hash = $2";
    const DROP: &str = "
        UPDATE kept_answers
           SET sealed = NULL, bytes = 0
         WHERE caller = $1 AND bytes <> 0 AND key_hash IN (
               SELECT key_hash
                 FROM (SELECT key_hash,
                              SUM(bytes) OVER (ORDER BY created_ms DESC, key_hash DESC) AS running
                         FROM kept_answers
                        WHERE caller = $1 AND bytes <> 0) AS newest_first
                WHERE $2 < running)";
    let bytes = sealed.map_or(0, |text| i64::try_from(text.len()).unwrap_or(i64::MAX));
    sqlx::query(KEEP)
        .bind(place.caller.as_str())
        .bind(place.key_hash.as_str())
        .bind(generation.map(GenerationId::as_str))
        .bind(sealed)
        .bind(bytes)
        .execute(&db.pool)
        .await?;
    sqlx::query(DROP)
        .bind(place.caller.as_str())
        .bind(i64::try_from(bytes_max).unwrap_or(i64::MAX))
        .execute(&db.pool)
        .await?;
    Ok(())
}

/// Forgets a request that was claimed by `owner` and came to nothing, so that it may be repeated.
///
/// # Errors
/// When the database fails.
pub async fn release(db: &Db, place: &Place, owner: &str) -> Result<(), StoreError> {
    const RELEASE: &str = "
        DELETE FROM kept_answers
         WHERE caller = $1 AND key_hash = $2 AND owner = $3 AND answered = 0";
    sqlx::query(RELEASE)
        .bind(place.caller.as_str())
        .bind(place.key_hash.as_str())
        .bind(owner)
        .execute(&db.pool)
        .await?;
    Ok(())
}

/// Forgets what has expired, and returns how many that were.
///
/// # Errors
/// When the database fails.
pub async fn purge(db: &Db, now: Timestamp) -> Result<u64, StoreError> {
    const PURGE: &str = "DELETE FROM kept_answers WHERE expires_ms <= $1";
    Ok(sqlx::query(PURGE).bind(now.ms()).execute(&db.pool).await?.rows_affected())
}
