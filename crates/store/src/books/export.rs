//! The books as rows for other programs, and an account's statement.

use domain::id::AccountId;
use domain::money::Money;
use domain::time::Timestamp;
use sqlx::{Column, Row};

use crate::db::{Db, StoreError};

/// What can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Every entry, with its batch.
    Entries,
    /// Every settlement.
    Settlements,
    /// Every settled generation's usage.
    Usage,
    /// Every payment.
    Payments,
}

/// A value of an exported row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
}

/// Some exported rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The names of the columns; none where there is no row.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

/// How many batches one page of an export reads: at most 500 settlements are in each.
pub const BATCHES_PER_PAGE: i64 = 16;

/// Returns the rows that belong to the batches from `first` on, a page of them, in order. Payments
/// belong to no batch: they come with the first page.
///
/// # Errors
/// When the database fails.
pub async fn page(db: &Db, what: What, first: i64) -> Result<Sheet, StoreError> {
    const ENTRIES: &str =
        "SELECT * FROM v_entry WHERE batch BETWEEN $1 AND $2 ORDER BY batch, account";
    const SETTLEMENTS: &str =
        "SELECT * FROM v_settlement WHERE batch BETWEEN $1 AND $2 ORDER BY batch, generation_id";
    const USAGE: &str =
        "SELECT * FROM v_usage WHERE batch BETWEEN $1 AND $2 ORDER BY batch, generation_id";
    const PAYMENTS: &str =
        "SELECT * FROM v_payment WHERE $1 <= 1 AND 0 < $2 ORDER BY created_ms, id";
    let sql = match what {
        What::Entries => ENTRIES,
        What::Settlements => SETTLEMENTS,
        What::Usage => USAGE,
        What::Payments => PAYMENTS,
    };
    let last = first + BATCHES_PER_PAGE - 1;
    let found = sqlx::query(sql).bind(first).bind(last).fetch_all(&db.pool).await?;
    let mut sheet = Sheet::default();
    for row in found {
        if sheet.columns.is_empty() {
            sheet.columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
        }
        let cells = (0..row.columns().len()).map(|place| cell(&row, place));
        sheet.rows.push(cells.collect());
    }
    Ok(sheet)
}

fn cell(row: &sqlx::any::AnyRow, place: usize) -> Cell {
    if let Ok(number) = row.try_get::<Option<i64>, usize>(place) {
        return number.map_or(Cell::Empty, Cell::Number);
    }
    match row.try_get::<Option<String>, usize>(place) {
        Ok(Some(text)) => Cell::Text(text),
        Ok(None) | Err(_) => Cell::Empty,
    }
}

/// Returns the number of the last batch.
///
/// # Errors
/// When the database fails.
pub async fn last_batch(db: &Db) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT seq FROM ledger_head").fetch_one(&db.pool).await?;
    Ok(row.try_get(0)?)
}

/// A line of an account's statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was booked.
    pub at: Timestamp,
    /// What it is: `settle`, `grant`, `payment`, `refund` or `dispute`.
    pub kind: String,
    /// What it is about.
    pub note: String,
    /// What it added to the account; negative where it took something away.
    pub amount: Money,
}

/// Returns what was ever booked for an account, in order.
///
/// # Errors
/// When the database fails.
pub async fn statement(db: &Db, account: &AccountId) -> Result<Vec<Line>, StoreError> {
    const LINES: &str = "
        SELECT at_ms, kind, note, amount_nanos
          FROM v_entry
         WHERE account = $1
         ORDER BY batch";
    let rows = sqlx::query(LINES).bind(format!("credit:{account}")).fetch_all(&db.pool).await?;
    let line = |row: &sqlx::any::AnyRow| {
        Ok(Line {
            at: Timestamp::from_ms(row.try_get(0)?),
            kind: row.try_get(1)?,
            note: row.try_get(2)?,
            // Credits are owed, and stand below zero in the books.
            amount: Money::ZERO.saturating_sub(Money::from_nanos(row.try_get(3)?)),
        })
    };
    rows.iter().map(line).collect()
}

/// A settled generation, as it is held against a provider's invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Billed {
    /// Its id here.
    pub id: String,
    /// When it was admitted.
    pub created: Timestamp,
    /// Its provider, by slug.
    pub provider: String,
    /// Its endpoint, by id.
    pub endpoint: String,
    /// Its model, by id.
    pub model: String,
    /// The provider's id of it.
    pub upstream_id: Option<String>,
    /// Prompt tokens.
    pub prompt: i64,
    /// Completion tokens.
    pub completion: i64,
    /// What the provider is owed for it.
    pub owed: Money,
}

/// Returns what was settled of the generations that were admitted in a stretch of time.
///
/// # Errors
/// When the database fails.
pub async fn billed(
    db: &Db,
    provider: Option<&str>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Billed>, StoreError> {
    const BILLED: &str = "
        SELECT generations.id, generations.created_ms, generations.provider, generations.endpoint,
               generations.model, generations.prompt_tokens, generations.completion_tokens,
               v_settlement.owed_nanos, generations.detail_json
          FROM generations
          JOIN v_settlement ON v_settlement.generation_id = generations.id
         WHERE $1 <= generations.created_ms AND generations.created_ms < $2
           AND generations.provider IS NOT NULL
           AND (generations.provider = $3 OR $3 = '')
         ORDER BY generations.created_ms, generations.id";
    let rows = sqlx::query(BILLED)
        .bind(from.ms())
        .bind(to.ms())
        .bind(provider.unwrap_or_default())
        .fetch_all(&db.pool)
        .await?;
    let billed = |row: &sqlx::any::AnyRow| {
        let detail: domain::generation::GenerationDetail =
            serde_json::from_str(row.try_get(8)?).map_err(|_| StoreError::Corrupt("detail"))?;
        Ok(Billed {
            id: row.try_get(0)?,
            created: Timestamp::from_ms(row.try_get(1)?),
            provider: row.try_get(2)?,
            endpoint: row.try_get::<Option<String>, usize>(3)?.unwrap_or_default(),
            model: row.try_get(4)?,
            upstream_id: detail.upstream_id,
            prompt: row.try_get(5)?,
            completion: row.try_get(6)?,
            owed: Money::from_nanos(row.try_get(7)?),
        })
    };
    rows.iter().map(billed).collect()
}
