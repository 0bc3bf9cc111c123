//! The few facts that the house keeps about itself.

use domain::id::KeyId;
use domain::secret::Secret;
use sqlx::Row;

use crate::db::{Db, StoreError};

const PEPPER: &str = "pepper";
const ROOT_KEY_HASH: &str = "root_key_hash";

/// Returns the secret that keys are hashed with: `fresh`, unless one was kept before.
///
/// Programs that start at the same time are all told the same one.
///
/// # Errors
/// When the database fails.
pub async fn pepper(db: &Db, fresh: &str) -> Result<Secret, StoreError> {
    kept_or(db, PEPPER, fresh).await.map(Secret::new)
}

/// Returns the hash of the root key, where one was kept.
///
/// # Errors
/// When the database fails.
pub async fn root_key_hash(db: &Db) -> Result<Option<KeyId>, StoreError> {
    Ok(find(db, ROOT_KEY_HASH).await?.map(|hash| KeyId::new(&hash)))
}

/// Returns the hash of the root key: `fresh`, unless one was kept before.
///
/// Programs that start at the same time are all told the same one.
///
/// # Errors
/// When the database fails.
pub async fn root_key_hash_or(db: &Db, fresh: &KeyId) -> Result<KeyId, StoreError> {
    kept_or(db, ROOT_KEY_HASH, fresh.as_str()).await.map(|hash| KeyId::new(&hash))
}

/// Keeps the hash of another root key in place of the one before.
///
/// # Errors
/// When the database fails.
pub async fn replace_root_key_hash(db: &Db, hash: &KeyId) -> Result<(), StoreError> {
    const REPLACE: &str = "
        INSERT INTO settings (name, value)
        VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    sqlx::query(REPLACE).bind(ROOT_KEY_HASH).bind(hash.as_str()).execute(&db.pool).await?;
    Ok(())
}

/// Returns what is kept under `name` after keeping `fresh` where there was nothing.
async fn kept_or(db: &Db, name: &'static str, fresh: &str) -> Result<String, StoreError> {
    const KEEP: &str = "
        INSERT INTO settings (name, value)
        VALUES ($1, $2)
        ON CONFLICT (name) DO NOTHING";
    sqlx::query(KEEP).bind(name).bind(fresh).execute(&db.pool).await?;
    find(db, name).await?.ok_or(StoreError::Corrupt("setting"))
}

async fn find(db: &Db, name: &'static str) -> Result<Option<String>, StoreError> {
    const FIND: &str = "SELECT value FROM settings WHERE name = $1";
    match sqlx::query(FIND).bind(name).fetch_optional(&db.pool).await? {
        Some(row) => Ok(Some(row.try_get(0)?)),
        None => Ok(None),
    }
}
