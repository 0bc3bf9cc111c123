//! Uses of many days added up once, for the windows of boards: a window is read again with every
//! making of figures, and its days no longer change.

use std::collections::BTreeSet;

use sqlx::{Connection, Row, SqliteConnection};

use super::sum;
use crate::figures::Day;
use crate::store::rows::StoreError;
use crate::sums::{Side, Sums};

/// The last day of a window, which is added anew with every reading: events still come to it. Those
/// that come to a day after its end cost the spans that hold it.
pub(super) const OPEN_DAYS: Day = 1;
/// Days that are worth a span.
const DAYS_MIN: Day = 4;
/// Spans of one side and length that are kept: each window moves by a day at a time.
const KEPT: i64 = 3;

/// Returns the days of a window that are added up once; none where they are too few.
pub(super) fn closed((from, through): (Day, Day)) -> Option<(Day, Day)> {
    let last = through - OPEN_DAYS;
    (DAYS_MIN <= last - from + 1).then_some((from, last))
}

/// Returns the number of a span, which is added up where nobody did.
pub(super) async fn find(
    sums: &mut SqliteConnection,
    of: Side,
    (first, last): (Day, Day),
) -> Result<i64, StoreError> {
    const FIND: &str = "SELECT span FROM spans WHERE side = ? AND first = ? AND last = ?";
    let query = sqlx::query(FIND).bind(sum::side(of)).bind(first).bind(last);
    if let Some(row) = query.fetch_optional(&mut *sums).await? {
        return Ok(row.try_get(0)?);
    }
    let mut tx = sums.begin_with("BEGIN IMMEDIATE").await?;
    let made = sqlx::query("INSERT INTO spans (side, first, last) VALUES (?, ?, ?)")
        .bind(sum::side(of))
        .bind(first)
        .bind(last)
        .execute(&mut *tx)
        .await?;
    let span = made.last_insert_rowid();
    const ADD: &str = "
        INSERT INTO span_uses
        SELECT ?, value, model, account, SUM(requests), SUM(prompt), SUM(cache_read), SUM(output),
               SUM(reasoning), SUM(cost_nanos), SUM(list_nanos)
          FROM uses WHERE side = ? AND day BETWEEN ? AND ?
         GROUP BY value, model, account";
    let query = sqlx::query(ADD).bind(span).bind(sum::side(of)).bind(first).bind(last);
    query.execute(&mut *tx).await?;
    // An older one of the same length is of the same window some days ago.
    const OLD: &str = "
        SELECT span FROM spans WHERE side = ? AND last - first = ?
         ORDER BY span DESC LIMIT -1 OFFSET ?";
    let query = sqlx::query(OLD).bind(sum::side(of)).bind(last - first).bind(KEPT);
    for row in query.fetch_all(&mut *tx).await? {
        remove(&mut tx, row.try_get(0)?).await?;
    }
    tx.commit().await?;
    Ok(span)
}

/// Forgets the spans to whose days something is added.
pub(super) async fn forget(tx: &mut SqliteConnection, sums: &Sums) -> Result<(), StoreError> {
    let days: BTreeSet<Day> = sums.uses.keys().map(|key| key.day).collect();
    for day in days {
        let query = sqlx::query("SELECT span FROM spans WHERE ? BETWEEN first AND last").bind(day);
        for row in query.fetch_all(&mut *tx).await? {
            remove(tx, row.try_get(0)?).await?;
        }
    }
    Ok(())
}

async fn remove(tx: &mut SqliteConnection, span: i64) -> Result<(), StoreError> {
    for sql in ["DELETE FROM span_uses WHERE span = ?", "DELETE FROM spans WHERE span = ?"] {
        sqlx::query(sql).bind(span).execute(&mut *tx).await?;
    }
    Ok(())
}
