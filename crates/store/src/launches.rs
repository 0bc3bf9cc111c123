//! Launches of stealth models: who accepted which terms, and what the models turned out to be.

use domain::id::{AccountId, KeyId};
use domain::launch::{Acceptance, AcceptedTerms, Reveal};
use domain::time::Timestamp;
use sqlx::Row;

use crate::db::{Db, StoreError};

/// Terms that a key has accepted lately and still counts with, at most.
const ACCEPTED_MAX: i64 = 256;

/// Keeps the record of an acceptance. One that is there already stays as it is.
///
/// # Errors
/// When the database fails.
pub async fn accept(db: &Db, it: &Acceptance) -> Result<(), StoreError> {
    const ACCEPT: &str = "
        INSERT INTO accepted_terms (key_id, model, terms_hash, account, accepted_ms)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (key_id, model, terms_hash) DO NOTHING";
    sqlx::query(ACCEPT)
        .bind(it.key.as_str())
        .bind(it.model.as_str())
        .bind(it.hash.as_str())
        .bind(it.account.as_str())
        .bind(it.at.ms())
        .execute(&db.pool)
        .await?;
    Ok(())
}

/// Returns the terms that a key has accepted, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn accepted(db: &Db, key: &KeyId) -> Result<Vec<AcceptedTerms>, StoreError> {
    const ACCEPTED: &str = "
        SELECT model, terms_hash
          FROM accepted_terms
         WHERE key_id = $1
         ORDER BY accepted_ms DESC, model, terms_hash
         LIMIT $2";
    let rows =
        sqlx::query(ACCEPTED).bind(key.as_str()).bind(ACCEPTED_MAX).fetch_all(&db.pool).await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok(AcceptedTerms { model: Some(row.try_get(0)?), hash: row.try_get(1)? })
    };
    rows.iter().map(read).collect()
}

/// Returns what was accepted since an instant, on any node, oldest first: which key, and when.
///
/// # Errors
/// When the database fails.
pub async fn accepted_since(db: &Db, from: Timestamp) -> Result<Vec<Acceptance>, StoreError> {
    const SINCE: &str = "
        SELECT key_id, account, model, terms_hash, accepted_ms
          FROM accepted_terms
         WHERE $1 <= accepted_ms
         ORDER BY accepted_ms";
    let rows = sqlx::query(SINCE).bind(from.ms()).fetch_all(&db.pool).await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok(Acceptance {
            key: KeyId::new(row.try_get(0)?),
            account: AccountId::new(row.try_get(1)?),
            model: row.try_get(2)?,
            hash: row.try_get(3)?,
            at: Timestamp::from_ms(row.try_get(4)?),
        })
    };
    rows.iter().map(read).collect()
}

/// Says what a stealth model is, and returns what is said of it now: what was said first stays.
///
/// # Errors
/// When the database fails.
pub async fn reveal(db: &Db, it: &Reveal) -> Result<Reveal, StoreError> {
    const REVEAL: &str = "
        INSERT INTO reveals (stealth, model, revealed_ms)
        VALUES ($1, $2, $3)
        ON CONFLICT (stealth) DO NOTHING";
    sqlx::query(REVEAL)
        .bind(it.stealth.as_str())
        .bind(it.model.as_str())
        .bind(it.at.ms())
        .execute(&db.pool)
        .await?;
    let all = reveals(db).await?;
    all.into_iter().find(|own| own.stealth == it.stealth).ok_or(StoreError::Corrupt("reveal"))
}

/// Returns what stealth models turned out to be, by the names that they had.
///
/// # Errors
/// When the database fails.
pub async fn reveals(db: &Db) -> Result<Vec<Reveal>, StoreError> {
    const REVEALS: &str = "SELECT stealth, model, revealed_ms FROM reveals ORDER BY stealth";
    let rows = sqlx::query(REVEALS).fetch_all(&db.pool).await?;
    let read = |row: &sqlx::any::AnyRow| {
        Ok(Reveal {
            stealth: row.try_get(0)?,
            model: row.try_get(1)?,
            at: Timestamp::from_ms(row.try_get(2)?),
        })
    };
    rows.iter().map(read).collect()
}
