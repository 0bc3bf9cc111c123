//! Reading settlements in the order in which they were booked, for whoever counts what was used.

use domain::generation::Generation;
use domain::id::{AccountId, GenerationId};
use domain::price::Price;
use sqlx::Row;

use super::generations;
use crate::db::{Db, StoreError};

/// A generation that was settled.
#[derive(Clone, Debug, PartialEq)]
pub struct Settled {
    /// The batch in which it was booked. Batches have no gaps, and a lower one never appears after
    /// a higher.
    pub batch: u64,
    /// Whose credits it spent.
    pub account: AccountId,
    /// The rates by which it was charged; none where nothing was priced.
    pub price: Option<Price>,
    /// The record.
    pub generation: Generation,
}

/// Returns what was settled after a batch, in the order of batches, and up to which batch that is:
/// `batches` further ones at most. Batches that are no settlements are passed over.
///
/// # Errors
/// When the database fails.
pub async fn after(db: &Db, batch: u64, batches: u32) -> Result<(Vec<Settled>, u64), StoreError> {
    const HEAD: &str = "SELECT seq FROM ledger_head";
    const SETTLED: &str = "
        SELECT created_ms, generations.key_id, model, endpoint, generations.provider, provider_name,
               outcome, cost_nanos, cache_discount_nanos, usage_json, detail_json, id, batch,
               account, price_json
          FROM settlements
          JOIN generations ON generations.id = settlements.generation_id
         WHERE $1 < batch AND batch <= $2
         ORDER BY batch, id";
    let head: i64 = sqlx::query(HEAD).fetch_one(&db.pool).await?.try_get(0)?;
    let first = i64::try_from(batch).unwrap_or(i64::MAX);
    let last = head.min(first.saturating_add(i64::from(batches)));
    if last <= first {
        return Ok((Vec::new(), batch));
    }
    let rows = sqlx::query(SETTLED).bind(first).bind(last).fetch_all(&db.pool).await?;
    let mut settled = Vec::with_capacity(rows.len());
    for row in &rows {
        let id = GenerationId::parse(row.try_get(11)?).ok_or(StoreError::Corrupt("id"))?;
        let price: Option<String> = row.try_get(14)?;
        let price = price.as_deref().map(serde_json::from_str).transpose();
        settled.push(Settled {
            batch: row.try_get::<i64, usize>(12)?.unsigned_abs(),
            account: AccountId::new(row.try_get(13)?),
            price: price.map_err(|_| StoreError::Corrupt("price"))?,
            generation: generations::read(&id, row)?,
        });
    }
    Ok((settled, last.unsigned_abs()))
}
