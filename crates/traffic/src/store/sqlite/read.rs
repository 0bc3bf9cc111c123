//! Reading the sums.

use std::sync::PoisonError;

use domain::time::Timestamp;
use rankings::hours::Cell;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Files, spans, sum};
use crate::event::Name;
use crate::figures::Day;
use crate::store::rows::{Days, PriceRow, RateRow, ServiceRow, StoreError, UseRow};
use crate::sums::{Code, Grain, Side};

impl Files {
    fn name_of(&self, code: i64) -> Name {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        names.name(Code::try_from(code).unwrap_or_default())
    }

    /// See `Store::uses`.
    pub(in crate::store) async fn uses(
        &self,
        of: Side,
        (from, through): (Day, Day),
        days: Days,
    ) -> Result<Vec<UseRow>, StoreError> {
        const APART: &str = "
            SELECT value, model, account, requests, prompt, cache_read, output, reasoning,
                   cost_nanos, list_nanos, day
              FROM uses WHERE side = ? AND day BETWEEN ? AND ?";
        const TOGETHER: &str = "
            SELECT value, model, account, SUM(requests), SUM(prompt), SUM(cache_read), SUM(output),
                   SUM(reasoning), SUM(cost_nanos), SUM(list_nanos)
              FROM uses WHERE side = ? AND day BETWEEN ? AND ?
             GROUP BY value, model, account";
        const WITH_SPAN: &str = "
            SELECT value, model, account, SUM(requests), SUM(prompt), SUM(cache_read), SUM(output),
                   SUM(reasoning), SUM(cost_nanos), SUM(list_nanos)
              FROM (SELECT value, model, account, requests, prompt, cache_read, output, reasoning,
                           cost_nanos, list_nanos
                      FROM span_uses WHERE span = ?
                    UNION ALL
                    SELECT value, model, account, requests, prompt, cache_read, output, reasoning,
                           cost_nanos, list_nanos
                      FROM uses WHERE side = ? AND day BETWEEN ? AND ?)
             GROUP BY value, model, account";
        // Nothing is written in between, so that no span is read of which a part was forgotten.
        let mut writer = self.writer.lock().await;
        writer.flush().await?;
        let query = match (days, spans::closed((from, through))) {
            (Days::Apart, _) => sqlx::query(APART).bind(sum::side(of)).bind(from).bind(through),
            (Days::Together, None) => {
                sqlx::query(TOGETHER).bind(sum::side(of)).bind(from).bind(through)
            }
            (Days::Together, Some(closed)) => {
                let span = spans::find(&mut writer.sums, of, closed).await?;
                sqlx::query(WITH_SPAN)
                    .bind(span)
                    .bind(sum::side(of))
                    .bind(closed.1 + 1)
                    .bind(through)
            }
        };
        let rows = query.fetch_all(&self.readers).await?;
        drop(writer);
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        let read = |row: &SqliteRow| {
            let name = |place: usize| {
                let code: i64 = row.try_get_unchecked(place)?;
                Ok::<Name, StoreError>(names.name(Code::try_from(code).unwrap_or_default()))
            };
            Ok(UseRow {
                day: if days == Days::Apart { row.try_get_unchecked(10)? } else { through },
                value: name(0)?,
                model: name(1)?,
                account: name(2)?,
                used: sum::used(row, 3)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// See `Store::services`.
    pub(in crate::store) async fn services(
        &self,
        grain: Grain,
        (from, through): (i64, i64),
    ) -> Result<Vec<ServiceRow>, StoreError> {
        self.flush().await?;
        const SERVICES: &str = "
            SELECT * FROM services WHERE grain = ? AND period BETWEEN ? AND ?
             ORDER BY period, endpoint";
        let query = sqlx::query(SERVICES).bind(sum::grain(grain)).bind(from).bind(through);
        let rows = query.fetch_all(&self.readers).await?;
        let read = |row: &SqliteRow| {
            Ok(ServiceRow {
                period: row.try_get("period")?,
                endpoint: self.name_of(row.try_get("endpoint")?),
                tally: sum::tally(row)?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// See `Store::rates`.
    pub(in crate::store) async fn rates(
        &self,
        (from, through): (i64, i64),
    ) -> Result<Vec<RateRow>, StoreError> {
        self.flush().await?;
        const RATES: &str =
            "SELECT hour, model, prompt, prompt_nanos, output, output_nanos FROM rates
              WHERE hour BETWEEN ? AND ? ORDER BY hour, model";
        let rows = sqlx::query(RATES).bind(from).bind(through).fetch_all(&self.readers).await?;
        let read = |row: &SqliteRow| {
            let number = |place: usize| row.try_get::<i64, usize>(place).map(i64::unsigned_abs);
            Ok(RateRow {
                hour: row.try_get(0)?,
                model: self.name_of(row.try_get(1)?),
                cell: Cell {
                    prompt_tokens: number(2)?,
                    prompt_nanos: number(3)?,
                    output_tokens: number(4)?,
                    output_nanos: number(5)?,
                },
            })
        };
        rows.iter().map(read).collect()
    }

    /// See `Store::apps`.
    pub(in crate::store) async fn apps(
        &self,
    ) -> Result<Vec<(u32, Name, Option<Name>)>, StoreError> {
        self.flush().await?;
        let rows = sqlx::query("SELECT app, title FROM apps ORDER BY app")
            .fetch_all(&self.readers)
            .await?;
        let read = |row: &SqliteRow| {
            let code: i64 = row.try_get(0)?;
            let title: Option<String> = row.try_get(1)?;
            let id = u32::try_from(code).map_err(|_| StoreError::Corrupt("an app"))?;
            Ok((id, self.name_of(code), title.map(Name::from)))
        };
        rows.iter().map(read).collect()
    }

    /// See `Store::prices`.
    pub(in crate::store) async fn prices(&self) -> Result<Vec<PriceRow>, StoreError> {
        const PRICES: &str = "SELECT endpoint, at_ms, price FROM prices ORDER BY endpoint, at_ms";
        let rows = sqlx::query(PRICES).fetch_all(&self.readers).await?;
        let read = |row: &SqliteRow| {
            let price: String = row.try_get(2)?;
            Ok(PriceRow {
                endpoint: self.name_of(row.try_get(0)?),
                at: Timestamp::from_ms(row.try_get(1)?),
                price: serde_json::from_str(&price).map_err(|_| StoreError::Corrupt("a price"))?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// See `Store::first_day`.
    pub(in crate::store) async fn first_day(&self) -> Result<Option<Day>, StoreError> {
        self.flush().await?;
        const FIRST: &str = "SELECT MIN(day) FROM uses WHERE side = 0";
        Ok(sqlx::query(FIRST).fetch_one(&self.readers).await?.try_get(0)?)
    }

    /// See `Store::has_synthetic`.
    pub(in crate::store) async fn has_synthetic(&self) -> Result<bool, StoreError> {
        self.flush().await?;
        let row = sqlx::query("SELECT synthetic FROM source").fetch_one(&self.readers).await?;
        Ok(row.try_get::<i64, usize>(0)? != 0)
    }
}
