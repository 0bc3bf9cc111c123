//! API keys and what each has spent.

use domain::id::KeyId;
use domain::key::{ApiKey, Reset, Spend};
use domain::limit::{Rate, RateForm, read_rates, shown_rates};
use domain::money::Money;
use domain::time::Timestamp;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::db::{Db, StoreError};

/// What is to be different about a key; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyChange {
    /// Its name.
    pub name: Option<String>,
    /// Whether it is switched off.
    pub disabled: Option<bool>,
    /// Its limit, or that it has none.
    pub limit: Option<Option<Money>>,
    /// How often its spending is forgotten, or that it never is.
    pub limit_reset: Option<Option<Reset>>,
    /// When it expires, or that it never does.
    pub expires: Option<Option<Timestamp>>,
    /// The limits of its rate, or that it has those of every key.
    pub rates: Option<Option<Vec<Rate>>>,
}

/// Which keys of all to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRange {
    /// How many of the newest to leave out.
    pub offset: u32,
    /// How many to list at most.
    pub limit: u32,
    /// Whether those that are switched off are listed and counted too.
    pub include_disabled: bool,
}

/// Some of the keys, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPage {
    /// Each key with what it has spent.
    pub keys: Vec<(ApiKey, Spend)>,
    /// How many there are in all.
    pub total: u64,
}

/// Adds a key.
///
/// # Errors
/// `Exists`, when there is one of the same id.
pub async fn insert(db: &Db, key: &ApiKey) -> Result<(), StoreError> {
    const INSERT: &str = "
        INSERT INTO api_keys (id, name, label, limit_nanos, limit_reset, disabled, expires_ms,
                              created_ms, updated_ms, rates)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    sqlx::query(INSERT)
        .bind(key.id.as_str())
        .bind(key.name.as_str())
        .bind(key.label.as_str())
        .bind(key.limit.map(Money::nanos))
        .bind(key.limit_reset.map(word_of))
        .bind(i64::from(key.disabled))
        .bind(key.expires.map(Timestamp::ms))
        .bind(key.created.ms())
        .bind(key.updated.map(Timestamp::ms))
        .bind(key.rates.as_deref().map(written))
        .execute(&db.pool)
        .await?;
    Ok(())
}

/// Returns the key of that id, where there is one.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &Db, id: &KeyId) -> Result<Option<ApiKey>, StoreError> {
    const FIND: &str = "
        SELECT id, name, label, limit_nanos, limit_reset, disabled, expires_ms, created_ms,
               updated_ms, rates
          FROM api_keys
         WHERE id = $1";
    let row = sqlx::query(FIND).bind(id.as_str()).fetch_optional(&db.pool).await?;
    row.as_ref().map(read).transpose()
}

/// Returns the keys of `range`, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &Db, range: KeyRange) -> Result<KeyPage, StoreError> {
    const COUNT: &str = "SELECT COUNT(*) FROM api_keys WHERE disabled <= $1";
    const LIST: &str = "
        SELECT id, name, label, limit_nanos, limit_reset, disabled, expires_ms, created_ms,
               updated_ms, rates, as_of_ms, total_nanos, day_nanos, week_nanos, month_nanos
          FROM api_keys
          LEFT JOIN key_spend ON key_id = id
         WHERE disabled <= $1
         ORDER BY created_ms DESC, id DESC
         LIMIT $2 OFFSET $3";

    let disabled_max = i64::from(range.include_disabled);
    let total: i64 = sqlx::query(COUNT).bind(disabled_max).fetch_one(&db.pool).await?.try_get(0)?;
    let rows = sqlx::query(LIST)
        .bind(disabled_max)
        .bind(i64::from(range.limit))
        .bind(i64::from(range.offset))
        .fetch_all(&db.pool)
        .await?;
    let keys = rows.iter().map(|row| Ok((read(row)?, read_spend(row, 10)?)));
    Ok(KeyPage {
        keys: keys.collect::<Result<_, StoreError>>()?,
        total: u64::try_from(total).unwrap_or_default(),
    })
}

/// Changes a key, and returns what it is now; `None` where there is no such key.
///
/// # Errors
/// When the database fails.
pub async fn update(
    db: &Db,
    id: &KeyId,
    change: &KeyChange,
    now: Timestamp,
) -> Result<Option<ApiKey>, StoreError> {
    const UPDATE: &str = "
        UPDATE api_keys
           SET name = COALESCE($2, name),
               disabled = COALESCE($3, disabled),
               limit_nanos = CASE WHEN $4 = 1 THEN $5 ELSE limit_nanos END,
               limit_reset = CASE WHEN $6 = 1 THEN $7 ELSE limit_reset END,
               expires_ms = CASE WHEN $8 = 1 THEN $9 ELSE expires_ms END,
               updated_ms = $10,
               rates = CASE WHEN $11 = 1 THEN $12 ELSE rates END
         WHERE id = $1
        RETURNING id, name, label, limit_nanos, limit_reset, disabled, expires_ms, created_ms,
                  updated_ms, rates";
    let row = sqlx::query(UPDATE)
        .bind(id.as_str())
        .bind(change.name.as_deref())
        .bind(change.disabled.map(i64::from))
        .bind(i64::from(change.limit.is_some()))
        .bind(change.limit.flatten().map(Money::nanos))
        .bind(i64::from(change.limit_reset.is_some()))
        .bind(change.limit_reset.flatten().map(word_of))
        .bind(i64::from(change.expires.is_some()))
        .bind(change.expires.flatten().map(Timestamp::ms))
        .bind(now.ms())
        .bind(i64::from(change.rates.is_some()))
        .bind(change.rates.as_ref().and_then(Option::as_deref).map(written))
        .fetch_optional(&db.pool)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Deletes a key, and returns whether there was one. Its generations and what it spent are kept.
///
/// # Errors
/// When the database fails.
pub async fn delete(db: &Db, id: &KeyId) -> Result<bool, StoreError> {
    const DELETE: &str = "DELETE FROM api_keys WHERE id = $1";
    let outcome = sqlx::query(DELETE).bind(id.as_str()).execute(&db.pool).await?;
    Ok(outcome.rows_affected() == 1)
}

/// Returns what a key has spent, as of its last generation; nothing, where it has none.
///
/// # Errors
/// When the database fails.
pub async fn spend(db: &Db, id: &KeyId) -> Result<Spend, StoreError> {
    const SPEND: &str = "
        SELECT as_of_ms, total_nanos, day_nanos, week_nanos, month_nanos
          FROM key_spend
         WHERE key_id = $1";
    match sqlx::query(SPEND).bind(id.as_str()).fetch_optional(&db.pool).await? {
        Some(row) => read_spend(&row, 0),
        None => Ok(Spend::default()),
    }
}

fn read(row: &AnyRow) -> Result<ApiKey, StoreError> {
    let reset = match row.try_get::<Option<&str>, usize>(4)? {
        None => None,
        Some(word) => Some(reset_of(word).ok_or(StoreError::Corrupt("limit reset"))?),
    };
    let time = |column: usize| -> Result<Option<Timestamp>, StoreError> {
        Ok(row.try_get::<Option<i64>, usize>(column)?.map(Timestamp::from_ms))
    };
    Ok(ApiKey {
        id: KeyId::new(row.try_get(0)?),
        name: row.try_get(1)?,
        label: row.try_get(2)?,
        limit: row.try_get::<Option<i64>, usize>(3)?.map(Money::from_nanos),
        limit_reset: reset,
        disabled: row.try_get::<i64, usize>(5)? == 1,
        expires: time(6)?,
        created: time(7)?.unwrap_or_default(),
        updated: time(8)?,
        rates: row.try_get::<Option<&str>, usize>(9)?.map(rates_of).transpose()?,
    })
}

/// Reads what was spent from the five columns at `first`; all are null where that is nothing.
fn read_spend(row: &AnyRow, first: usize) -> Result<Spend, StoreError> {
    let number = |column: usize| -> Result<i64, StoreError> {
        Ok(row.try_get::<Option<i64>, usize>(first + column)?.unwrap_or_default())
    };
    Ok(Spend {
        as_of: Timestamp::from_ms(number(0)?),
        total: Money::from_nanos(number(1)?),
        day: Money::from_nanos(number(2)?),
        week: Money::from_nanos(number(3)?),
        month: Money::from_nanos(number(4)?),
    })
}

/// Writes limits as the rows that people write, in JSON.
fn written(rates: &[Rate]) -> String {
    serde_json::to_string(&shown_rates(rates)).unwrap_or_default()
}

fn rates_of(text: &str) -> Result<Vec<Rate>, StoreError> {
    let rows: Option<Vec<RateForm>> = serde_json::from_str(text).ok();
    rows.and_then(|rows| read_rates(&rows).ok()).ok_or(StoreError::Corrupt("rate limits"))
}

fn word_of(reset: Reset) -> &'static str {
    match reset {
        Reset::Daily => "daily",
        Reset::Weekly => "weekly",
        Reset::Monthly => "monthly",
    }
}

fn reset_of(word: &str) -> Option<Reset> {
    [Reset::Daily, Reset::Weekly, Reset::Monthly].into_iter().find(|&reset| word_of(reset) == word)
}
