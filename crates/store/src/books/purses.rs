//! Purses: what was put in, what was spent of it, what is set aside.

use std::collections::BTreeMap;

use domain::books::Standing;
use domain::money::Money;
use domain::purse::Purse;
use sqlx::{AnyConnection, Row};

use crate::db::{Engine, Insert, Step, StoreError, Texts};

/// Returns how a purse stands, and whether it may be spent from at all.
///
/// # Errors
/// When the database fails.
pub(crate) async fn standing(
    tx: &mut AnyConnection,
    purse: &Purse,
) -> Result<(Standing, bool), StoreError> {
    const STANDING: &str = "
        SELECT COALESCE((SELECT filled_nanos FROM purses WHERE purse = $1), 0),
               COALESCE((SELECT spent_nanos FROM purses WHERE purse = $1), 0),
               CAST(COALESCE((SELECT SUM(remainder_nanos) FROM leases
                               WHERE purse = $1 AND 0 < remainder_nanos), 0) AS BIGINT),
               COALESCE((SELECT limit_nanos FROM api_keys WHERE id = $2), 0),
               COALESCE((SELECT limit_nanos FROM budgets WHERE name = $3), 0),
               COALESCE((SELECT frozen FROM accounts WHERE id = $4), 0)";
    let (mut account, mut key, mut budget) = ("", "", "");
    let place = match purse {
        Purse::Account(id) => {
            account = id.as_str();
            0
        }
        Purse::Key(id, _) => {
            key = id.as_str();
            3
        }
        Purse::Budget(name, _) => {
            budget = name;
            4
        }
        Purse::House(..) => 0,
    };
    let text = purse.to_string();
    let row = sqlx::query(STANDING)
        .bind(text.as_str())
        .bind(key)
        .bind(budget)
        .bind(account)
        .fetch_one(tx)
        .await?;
    let nanos = |column: usize| Ok::<_, sqlx::Error>(Money::from_nanos(row.try_get(column)?));
    let standing = Standing { filled: nanos(place)?, spent: nanos(1)?, leased: nanos(2)? };
    Ok((standing, row.try_get::<i64, usize>(5)? == 0))
}

/// What is put into a purse and what is spent of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Move {
    pub(crate) filled: i64,
    pub(crate) spent: i64,
}

/// Moves what purses hold, and holds them until the transaction ends. Zero only holds.
///
/// # Errors
/// When the database fails.
pub(crate) async fn spend(
    tx: &mut AnyConnection,
    engine: Engine,
    moves: &BTreeMap<String, Move>,
) -> Result<(), StoreError> {
    static SPEND: Insert = Insert {
        head: "INSERT INTO purses (filled_nanos, opening_nanos, purse, spent_nanos)",
        columns: 4,
        tail: "
            ON CONFLICT (purse) DO UPDATE SET
                filled_nanos = purses.filled_nanos + excluded.filled_nanos,
                spent_nanos = purses.spent_nanos + excluded.spent_nanos",
        texts: Texts::new(),
    };
    let rows: Vec<(&String, &Move)> = moves.iter().collect();
    let mut next = SPEND.step(engine, &rows);
    while let Some(Step { text, rows, rest }) = next {
        next = SPEND.step(engine, rest);
        let mut query = sqlx::query(text);
        for (purse, Move { filled, spent }) in rows {
            query = query.bind(*filled).bind(0_i64).bind(purse.as_str()).bind(*spent);
        }
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

/// Puts money into a purse, or takes it out.
///
/// # Errors
/// When the database fails.
pub(crate) async fn fill(
    tx: &mut AnyConnection,
    purse: &Purse,
    nanos: i64,
) -> Result<(), StoreError> {
    const FILL: &str = "
        INSERT INTO purses (purse, filled_nanos, opening_nanos, spent_nanos)
        VALUES ($1, $2, 0, 0)
        ON CONFLICT (purse) DO UPDATE SET
            filled_nanos = purses.filled_nanos + excluded.filled_nanos";
    sqlx::query(FILL).bind(purse.to_string()).bind(nanos).execute(tx).await?;
    Ok(())
}
