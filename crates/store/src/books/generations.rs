//! Generations: what every call left behind.

mod spend;

use std::sync::Arc;

use domain::generation::{Generation, Outcome};
use domain::id::{GenerationId, KeyId};
use domain::money::Money;
use domain::time::Timestamp;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row};

use self::spend::Tallies;
use crate::db::{Db, Engine, Insert, Step, StoreError, Texts};

/// Keeps generations and adds what they cost to what their keys have spent, all or nothing; returns
/// how many were new.
///
/// Safe to repeat: a generation whose id is known is passed over and booked no second time.
///
/// # Errors
/// When the database fails; then none of them is kept.
pub async fn append(db: &Db, generations: &[Generation]) -> Result<usize, StoreError> {
    if append_new(db, generations).await? {
        return Ok(generations.len());
    }
    append_each(db, generations).await
}

/// Returns the generation of that id, where there is one.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &Db, id: &GenerationId) -> Result<Option<Generation>, StoreError> {
    const FIND: &str = "
        SELECT created_ms, key_id, model, endpoint, provider, provider_name, outcome, cost_nanos,
               cache_discount_nanos, usage_json, detail_json
          FROM generations
         WHERE id = $1";
    let row = sqlx::query(FIND).bind(id.as_str()).fetch_optional(&db.pool).await?;
    row.map(|row| read(id, &row)).transpose()
}

static INSERT: Insert = Insert {
    head: "
        INSERT INTO generations (id, created_ms, key_id, model, endpoint, provider, provider_name,
                                 outcome, prompt_tokens, completion_tokens, cost_nanos,
                                 cache_discount_nanos, usage_json, detail_json)",
    columns: 14,
    tail: "
        ON CONFLICT (id) DO NOTHING",
    texts: Texts::new(),
};

type AnyQuery<'a> = Query<'a, Any, AnyArguments>;

/// Keeps the records of generations that are settled, and adds to what their keys have spent,
/// within the transaction that settles them. A record that is there already stays.
///
/// # Errors
/// When the database fails.
pub(crate) async fn add(
    tx: &mut AnyConnection,
    engine: Engine,
    records: &[&Generation],
) -> Result<(), StoreError> {
    let mut tallies = Tallies::default();
    let mut next = INSERT.step(engine, records);
    while let Some(Step { text, rows, rest }) = next {
        next = INSERT.step(engine, rest);
        let mut query = sqlx::query(text);
        for generation in rows {
            query = bound(query, generation)?;
        }
        query.execute(&mut *tx).await?;
        rows.iter().for_each(|generation| tallies.add(generation));
    }
    spend::book(tx, engine, tallies).await
}

/// Keeps and books generations that are all new, and returns true; returns false, having done
/// nothing, where one is not.
///
/// A wide statement tells only how many rows were new. To have it say which would cost SQLite a
/// hand-over between threads for each row, a fifth of the whole, and almost always all are new.
async fn append_new(db: &Db, generations: &[Generation]) -> Result<bool, StoreError> {
    let mut tx = db.pool.begin().await?;
    let mut tallies = Tallies::default();
    let mut next = INSERT.step(db.engine, generations);
    while let Some(Step { text, rows, rest }) = next {
        next = INSERT.step(db.engine, rest);
        if insert(&mut tx, text, rows).await? < rows.len() as u64 {
            tx.rollback().await?;
            return Ok(false);
        }
        rows.iter().for_each(|generation| tallies.add(generation));
    }
    spend::book(&mut tx, db.engine, tallies).await?;
    tx.commit().await?;
    Ok(true)
}

/// Keeps and books those of the generations that are new, one by one; returns how many were.
async fn append_each(db: &Db, generations: &[Generation]) -> Result<usize, StoreError> {
    let mut tx = db.pool.begin().await?;
    let mut tallies = Tallies::default();
    let mut count = 0;
    for one in generations.chunks(1) {
        if let Some(Step { text, rows, .. }) = INSERT.step(db.engine, one)
            && insert(&mut tx, text, rows).await? == 1
        {
            rows.iter().for_each(|generation| tallies.add(generation));
            count += 1;
        }
    }
    spend::book(&mut tx, db.engine, tallies).await?;
    tx.commit().await?;
    Ok(count)
}

/// Inserts those of the rows that are new, and returns how many were.
async fn insert(
    tx: &mut AnyConnection,
    text: AssertSqlSafe<Arc<str>>,
    rows: &[Generation],
) -> Result<u64, StoreError> {
    let mut query = sqlx::query(text);
    for generation in rows {
        query = bound(query, generation)?;
    }
    Ok(query.execute(tx).await?.rows_affected())
}

/// Binds a generation's columns, in the order of the statement.
fn bound<'a>(query: AnyQuery<'a>, it: &'a Generation) -> Result<AnyQuery<'a>, StoreError> {
    let usage = serde_json::to_string(&it.usage).map_err(|_| StoreError::Corrupt("usage"))?;
    let detail = serde_json::to_string(&it.detail).map_err(|_| StoreError::Corrupt("detail"))?;
    Ok(query
        .bind(it.id.as_str())
        .bind(it.created.ms())
        .bind(it.key.as_str())
        .bind(storable(&it.model))
        .bind(it.endpoint.as_deref().map(storable))
        .bind(it.provider.as_deref().map(storable))
        .bind(it.provider_name.as_deref().map(storable))
        .bind(word_of(it.outcome))
        .bind(i64::from(it.usage.prompt()))
        .bind(i64::from(it.usage.output))
        .bind(it.cost.nanos())
        .bind(it.cache_discount.nanos())
        .bind(usage)
        .bind(detail))
}

/// Returns `text` without the one character that Postgres keeps in no text. A caller chooses the
/// name of a model that does not exist, and must not be able to have a whole batch refused.
fn storable(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.to_owned() }
}

/// Reads a record whose columns stand first, in the order of [`find`].
pub(crate) fn read(id: &GenerationId, row: &AnyRow) -> Result<Generation, StoreError> {
    let outcome = outcome_of(row.try_get(6)?).ok_or(StoreError::Corrupt("outcome"))?;
    let usage = serde_json::from_str(row.try_get(9)?).map_err(|_| StoreError::Corrupt("usage"))?;
    let detail =
        serde_json::from_str(row.try_get(10)?).map_err(|_| StoreError::Corrupt("detail"))?;
    Ok(Generation {
        id: id.clone(),
        created: Timestamp::from_ms(row.try_get(0)?),
        key: KeyId::new(row.try_get(1)?),
        model: row.try_get(2)?,
        endpoint: row.try_get(3)?,
        provider: row.try_get(4)?,
        provider_name: row.try_get(5)?,
        outcome,
        usage,
        cost: Money::from_nanos(row.try_get(7)?),
        cache_discount: Money::from_nanos(row.try_get(8)?),
        detail,
    })
}

fn word_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Finished => "finished",
        Outcome::Cancelled => "cancelled",
        Outcome::Broken => "broken",
        Outcome::Refused => "refused",
    }
}

fn outcome_of(word: &str) -> Option<Outcome> {
    [Outcome::Finished, Outcome::Cancelled, Outcome::Broken, Outcome::Refused]
        .into_iter()
        .find(|&outcome| word_of(outcome) == word)
}
