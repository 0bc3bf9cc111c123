//! Adding to the sums, and forgetting them.

use rankings::sketch::Sketch;
use sqlx::{Row, SqliteConnection};

use super::file::signed;
use super::many::Rows;
use crate::store::rows::{PriceRow, Retention, StoreError};
use crate::sums::{Code, Grain, ServiceKey, Side, Sums, Tally, Use, UseKey};

static USES: Rows = Rows::new(
    "INSERT INTO uses VALUES",
    12,
    "ON CONFLICT DO UPDATE SET
        requests = requests + excluded.requests, prompt = prompt + excluded.prompt,
        cache_read = cache_read + excluded.cache_read, output = output + excluded.output,
        reasoning = reasoning + excluded.reasoning, cost_nanos = cost_nanos + excluded.cost_nanos,
        list_nanos = list_nanos + excluded.list_nanos",
);

static RATES: Rows = Rows::new(
    "INSERT INTO rates VALUES",
    6,
    "ON CONFLICT DO UPDATE SET
        prompt = prompt + excluded.prompt, prompt_nanos = prompt_nanos + excluded.prompt_nanos,
        output = output + excluded.output, output_nanos = output_nanos + excluded.output_nanos",
);

static KNOWN: Rows = Rows::new(
    "WITH keys(g, p, e) AS (VALUES",
    3,
    ") SELECT services.* FROM keys
       CROSS JOIN services ON grain = g AND period = p AND endpoint = e",
);

static SERVICES: Rows = Rows::new("INSERT OR REPLACE INTO services VALUES", 23, "");

/// Returns the place of a grain.
pub(super) fn grain(grain: Grain) -> i64 {
    Grain::ALL.iter().position(|it| *it == grain).unwrap_or_default() as i64
}

/// Returns the place of a side.
pub(super) fn side(side: Side) -> i64 {
    Side::ALL.iter().position(|it| *it == side).unwrap_or_default() as i64
}

/// Adds sums to those that are there.
pub(super) async fn add(tx: &mut SqliteConnection, sums: &Sums) -> Result<(), StoreError> {
    add_uses(tx, sums).await?;
    add_services(tx, sums).await?;
    let mut rows: Vec<_> = sums.rates.iter().collect();
    rows.sort_unstable_by_key(|(key, _)| **key);
    let mut rest = rows.as_slice();
    while let Some((text, now, left)) = RATES.step(rest) {
        let mut query = sqlx::query(text);
        for ((hour, model), cell) in now {
            query = query.bind(*hour).bind(i64::from(*model));
            for number in
                [cell.prompt_tokens, cell.prompt_nanos, cell.output_tokens, cell.output_nanos]
            {
                query = query.bind(signed(number));
            }
        }
        query.execute(&mut *tx).await?;
        rest = left;
    }
    Ok(())
}

async fn add_uses(tx: &mut SqliteConnection, sums: &Sums) -> Result<(), StoreError> {
    let mut rows: Vec<(&UseKey, &Use)> = sums.uses.iter().collect();
    rows.sort_unstable_by_key(|(key, _)| **key);
    let mut rest = rows.as_slice();
    while let Some((text, now, left)) = USES.step(rest) {
        let mut query = sqlx::query(text);
        for (key, used) in now {
            query = query.bind(side(key.side)).bind(key.day);
            for code in [key.value, key.model, key.account] {
                query = query.bind(i64::from(code));
            }
            for number in numbers(used) {
                query = query.bind(signed(number));
            }
        }
        query.execute(&mut *tx).await?;
        rest = left;
    }
    Ok(())
}

fn numbers(used: &Use) -> [u64; 7] {
    let Use { requests, prompt, cache_read, output, reasoning, cost_nanos, list_nanos } = *used;
    [requests, prompt, cache_read, output, reasoning, cost_nanos, list_nanos]
}

async fn add_services(tx: &mut SqliteConnection, sums: &Sums) -> Result<(), StoreError> {
    let mut rows: Vec<(ServiceKey, Tally)> =
        sums.services.iter().map(|(key, tally)| (*key, tally.clone())).collect();
    rows.sort_unstable_by_key(|(key, _)| *key);
    add_known(tx, &mut rows).await?;
    let mut rest = rows.as_slice();
    while let Some((text, now, left)) = SERVICES.step(rest) {
        let mut query = sqlx::query(text);
        for (key, tally) in now {
            query = query.bind(grain(key.grain)).bind(key.period).bind(i64::from(key.endpoint));
            let Tally { served, failed, busy, good, tool_answers, tool_invalid, .. } = *tally;
            for number in [served, failed, busy, good, tool_answers, tool_invalid] {
                query = query.bind(signed(number));
            }
            for number in numbers(&tally.used) {
                query = query.bind(signed(number));
            }
            query = query.bind(signed(tally.list_prompt_nanos)).bind(tally.cache_saved_nanos);
            query = query.bind(tally.ttft.to_bytes()).bind(tally.speed.to_bytes());
            for number in [tally.tool_unparseable, tally.tool_unknown, tally.tool_unjudged] {
                query = query.bind(signed(number));
            }
        }
        query.execute(&mut *tx).await?;
        rest = left;
    }
    Ok(())
}

/// Adds to tallies what is there under their keys.
async fn add_known(
    tx: &mut SqliteConnection,
    rows: &mut [(ServiceKey, Tally)],
) -> Result<(), StoreError> {
    let keys: Vec<ServiceKey> = rows.iter().map(|(key, _)| *key).collect();
    let mut rest = keys.as_slice();
    while let Some((text, now, left)) = KNOWN.step(rest) {
        let mut query = sqlx::query(text);
        for key in now {
            query = query.bind(grain(key.grain)).bind(key.period).bind(i64::from(key.endpoint));
        }
        for row in query.fetch_all(&mut *tx).await? {
            let key = service_key(&row)?;
            let place = rows.binary_search_by_key(&key, |(key, _)| *key);
            let place = place.map_err(|_| StoreError::Corrupt("a service"))?;
            rows[place].1.add(&tally(&row)?);
        }
        rest = left;
    }
    Ok(())
}

fn service_key(row: &sqlx::sqlite::SqliteRow) -> Result<ServiceKey, StoreError> {
    let place: i64 = row.try_get("grain")?;
    let of = usize::try_from(place).ok().and_then(|place| Grain::ALL.get(place));
    let endpoint: i64 = row.try_get("endpoint")?;
    Ok(ServiceKey {
        grain: *of.ok_or(StoreError::Corrupt("a grain"))?,
        period: row.try_get("period")?,
        endpoint: Code::try_from(endpoint).map_err(|_| StoreError::Corrupt("an endpoint"))?,
    })
}

/// Reads the seven numbers of a use, which stand beside one another.
pub(super) fn used(row: &sqlx::sqlite::SqliteRow, first: usize) -> Result<Use, StoreError> {
    let number =
        |place: usize| row.try_get_unchecked::<i64, usize>(first + place).map(i64::unsigned_abs);
    Ok(Use {
        requests: number(0)?,
        prompt: number(1)?,
        cache_read: number(2)?,
        output: number(3)?,
        reasoning: number(4)?,
        cost_nanos: number(5)?,
        list_nanos: number(6)?,
    })
}

/// The column of `services` from which on a use stands.
const USED: usize = 9;

/// Reads a tally.
pub(super) fn tally(row: &sqlx::sqlite::SqliteRow) -> Result<Tally, StoreError> {
    let number = |column: &str| row.try_get::<i64, &str>(column).map(i64::unsigned_abs);
    let sketch = |column: &str| -> Result<Sketch, StoreError> {
        let bytes: Vec<u8> = row.try_get(column)?;
        Sketch::from_bytes(&bytes).ok_or(StoreError::Corrupt("a sketch"))
    };
    Ok(Tally {
        served: number("served")?,
        failed: number("failed")?,
        busy: number("busy")?,
        good: number("good")?,
        tool_answers: number("tool_answers")?,
        tool_invalid: number("tool_invalid")?,
        tool_unparseable: number("tool_unparseable")?,
        tool_unknown: number("tool_unknown")?,
        tool_unjudged: number("tool_unjudged")?,
        used: used(row, USED)?,
        list_prompt_nanos: number("list_prompt_nanos")?,
        cache_saved_nanos: row.try_get("cache_saved_nanos")?,
        ttft: sketch("ttft")?,
        speed: sketch("speed")?,
    })
}

/// Keeps the name that an app gave itself; one that gave none keeps the one before.
pub(super) async fn name_app(
    tx: &mut SqliteConnection,
    app: Code,
    title: Option<&str>,
) -> Result<(), StoreError> {
    const NAME: &str = "
        INSERT INTO apps (app, title) VALUES (?, ?)
        ON CONFLICT DO UPDATE SET title = COALESCE(excluded.title, title)";
    sqlx::query(NAME).bind(i64::from(app)).bind(title).execute(tx).await?;
    Ok(())
}

/// Keeps a price.
pub(super) async fn note_price(
    tx: &mut SqliteConnection,
    endpoint: Code,
    row: &PriceRow,
) -> Result<(), StoreError> {
    let price = serde_json::to_string(&row.price).map_err(|_| StoreError::Corrupt("a price"))?;
    sqlx::query("INSERT OR REPLACE INTO prices VALUES (?, ?, ?)")
        .bind(i64::from(endpoint))
        .bind(row.at.ms())
        .bind(price)
        .execute(tx)
        .await?;
    Ok(())
}

/// Forgets sums by minute and hour that are too old.
pub(super) async fn forget(
    sums: &mut SqliteConnection,
    retention: &Retention,
) -> Result<(), StoreError> {
    for (of, before) in
        [(Grain::Minute, retention.minutes_before), (Grain::Hour, retention.hours_before)]
    {
        sqlx::query("DELETE FROM services WHERE grain = ? AND period < ?")
            .bind(grain(of))
            .bind(before)
            .execute(&mut *sums)
            .await?;
    }
    sqlx::query("DELETE FROM rates WHERE hour < ?")
        .bind(retention.hours_before)
        .execute(sums)
        .await?;
    Ok(())
}
