//! Booking generations that are over: records, shares of leases, purses and entries, all or none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::books::{BATCH_MAX, BooksError, Settlement};
use domain::generation::Generation;
use domain::id::{AccountId, GenerationId, LeaseId};
use domain::key::Reset;
use domain::purse::{Period, Purse};
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::budgets;
use super::chain::Chain;
use super::entries::{Entries, Header, Kind};
use super::generations;
use super::grant::number;
use super::purses::{Move, spend};
use super::recalls;
use super::trouble::Trouble;
use crate::db::{Db, Engine, Insert, Step, StoreError, Texts};

/// See `Books::settle`.
pub(super) async fn settle(db: &Db, settlements: &[Settlement]) -> Result<(), Trouble> {
    if BATCH_MAX < settlements.len() {
        let reason = format!("more than {BATCH_MAX} settlements");
        return Err(Trouble::Books(BooksError::Refused(reason)));
    }
    let mut seen: BTreeSet<&GenerationId> = BTreeSet::new();
    let fresh: Vec<&Settlement> =
        settlements.iter().filter(|one| seen.insert(&one.generation.id)).collect();
    if fresh.is_empty() {
        let mut tx = db.begin_write().await?;
        recalls::tidy(&mut tx).await?;
        tx.commit().await?;
        return Ok(());
    }
    // Almost always all are new. A wide statement tells only how many were.
    if attempt(db, &fresh, Width::Wide).await? {
        return Ok(());
    }
    attempt(db, &fresh, Width::One).await?;
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    /// All at once; comes to nothing where one is known.
    Wide,
    /// One by one, passing over what is known.
    One,
}

async fn attempt(db: &Db, all: &[&Settlement], width: Width) -> Result<bool, Trouble> {
    let mut tx = db.begin_write().await?;
    let chain = Chain::take(&mut tx).await?;
    let mut new = Vec::new();
    match width {
        Width::Wide => {
            if insert(&mut tx, db.engine, chain.next(), all).await? < all.len() as u64 {
                tx.rollback().await?;
                return Ok(false);
            }
            new.extend_from_slice(all);
        }
        Width::One => {
            for one in all {
                if insert(&mut tx, db.engine, chain.next(), &[one]).await? == 1 {
                    new.push(*one);
                }
            }
        }
    }
    if !new.is_empty() {
        book(&mut tx, db.engine, chain, &new).await?;
    }
    recalls::tidy(&mut tx).await?;
    tx.commit().await?;
    Ok(true)
}

async fn book(
    tx: &mut AnyConnection,
    engine: Engine,
    chain: Chain,
    new: &[&Settlement],
) -> Result<(), StoreError> {
    let records: Vec<&Generation> = new.iter().map(|one| &one.generation).collect();
    generations::add(tx, engine, &records).await?;
    let draws = drawn(new);
    let leases = purses_of(tx, engine, &draws).await?;
    let budgets = budgets::counted(tx).await?;
    spend(tx, engine, &spent(new, &leases, &budgets)).await?;
    draw(tx, engine, chain.next(), &draws).await?;
    let mut entries = Entries::default();
    new.iter().for_each(|one| enter(&mut entries, one));
    let at_ms = records.iter().map(|one| one.created.ms()).max().unwrap_or_default();
    let mut lines: Vec<String> = new.iter().map(|one| line_of(one)).collect();
    lines.sort_unstable();
    let header = Header { kind: Kind::Settle, note: "", at_ms, lines };
    entries.write(tx, engine, chain, header).await
}

static INSERT: Insert = Insert {
    head: "
        INSERT INTO settlements (generation_id, batch, account, key_id, provider, charge_nanos,
                                 overrun_nanos, insurance_nanos, failed_attempts_nanos, shares_json,
                                 price_json)",
    columns: 11,
    tail: "
        ON CONFLICT (generation_id) DO NOTHING",
    texts: Texts::new(),
};

/// Inserts those that are new, and returns how many were.
async fn insert(
    tx: &mut AnyConnection,
    engine: Engine,
    batch: i64,
    settlements: &[&Settlement],
) -> Result<u64, StoreError> {
    let mut count = 0;
    let mut next = INSERT.step(engine, settlements);
    while let Some(Step { text, rows, rest }) = next {
        next = INSERT.step(engine, rest);
        count += insert_step(tx, text, batch, rows).await?;
    }
    Ok(count)
}

async fn insert_step(
    tx: &mut AnyConnection,
    text: AssertSqlSafe<Arc<str>>,
    batch: i64,
    rows: &[&Settlement],
) -> Result<u64, StoreError> {
    let mut query = sqlx::query(text);
    for one in rows {
        let price = one.price.as_ref().map(serde_json::to_string).transpose();
        query = query
            .bind(one.generation.id.as_str())
            .bind(batch)
            .bind(one.account.as_str())
            .bind(one.generation.key.as_str())
            .bind(one.generation.provider.as_deref())
            .bind(one.amounts.charge.nanos())
            .bind(one.amounts.overrun.nanos())
            .bind(one.amounts.insurance.nanos())
            .bind(one.amounts.failed_attempts.nanos())
            .bind(shares_text(one)?)
            .bind(price.map_err(|_| StoreError::Corrupt("price"))?);
    }
    Ok(query.execute(tx).await?.rows_affected())
}

fn shares_text(one: &Settlement) -> Result<String, StoreError> {
    let shares: BTreeMap<String, i64> =
        one.shares.iter().map(|share| (share.lease.to_string(), share.amount.nanos())).collect();
    serde_json::to_string(&shares).map_err(|_| StoreError::Corrupt("share"))
}

/// Returns what is drawn of each lease.
fn drawn(new: &[&Settlement]) -> BTreeMap<LeaseId, i64> {
    let mut draws = BTreeMap::new();
    for share in new.iter().flat_map(|one| &one.shares) {
        *draws.entry(share.lease.clone()).or_default() += share.amount.nanos();
    }
    draws
}

/// Returns the purses of those leases that are known.
async fn purses_of(
    tx: &mut AnyConnection,
    engine: Engine,
    draws: &BTreeMap<LeaseId, i64>,
) -> Result<BTreeMap<(String, i64), Purse>, StoreError> {
    static PURSES: Insert = Insert {
        head: "SELECT instance, number, purse FROM leases WHERE (instance, number) IN (",
        columns: 2,
        tail: ")",
        texts: Texts::new(),
    };
    let leases: Vec<&LeaseId> = draws.keys().collect();
    let mut purses = BTreeMap::new();
    let mut next = PURSES.step(engine, &leases);
    while let Some(Step { text, rows, rest }) = next {
        next = PURSES.step(engine, rest);
        let mut query = sqlx::query(text);
        for lease in rows {
            query = query.bind(lease.instance.as_str()).bind(number(lease)?);
        }
        for row in query.fetch_all(&mut *tx).await? {
            let purse = Purse::parse(row.try_get(2)?).ok_or(StoreError::Corrupt("purse"))?;
            purses.insert((row.try_get(0)?, row.try_get(1)?), purse);
        }
    }
    Ok(purses)
}

/// Returns what is spent of each purse: of accounts, keys, budgets and the house. The purses of
/// leases that are drawn on are in it, too, with nothing where that is all, to be held.
fn spent(
    new: &[&Settlement],
    leases: &BTreeMap<(String, i64), Purse>,
    budgets: &[(AccountId, Option<Reset>)],
) -> BTreeMap<String, Move> {
    const RESETS: [Option<Reset>; 4] =
        [None, Some(Reset::Daily), Some(Reset::Weekly), Some(Reset::Monthly)];
    let mut spent: BTreeMap<Purse, Move> = BTreeMap::new();
    for one in new {
        let charge = one.amounts.charge.nanos();
        spent.entry(Purse::Account(one.account.clone())).or_default().spent += charge;
        for reset in RESETS {
            let period = Period::at(reset, one.generation.created);
            let purse = Purse::Key(one.generation.key.clone(), period);
            spent.entry(purse).or_default().spent += charge;
        }
        for (account, reset) in budgets.iter().filter(|(account, _)| *account == one.account) {
            let period = Period::at(*reset, one.generation.created);
            let purse = Purse::Budget(budgets::name(account, *reset), period);
            spent.entry(purse).or_default().spent += charge;
        }
        let house = spent.entry(Purse::house(&one.account, one.generation.created)).or_default();
        house.filled += charge;
        house.spent += one.amounts.borne().nanos();
    }
    for purse in leases.values() {
        spent.entry(purse.clone()).or_default();
    }
    spent.into_iter().map(|(purse, moved)| (purse.to_string(), moved)).collect()
}

/// Draws on leases, and keeps what was drawn, whether or not they are known.
async fn draw(
    tx: &mut AnyConnection,
    engine: Engine,
    batch: i64,
    draws: &BTreeMap<LeaseId, i64>,
) -> Result<(), StoreError> {
    static KEEP: Insert = Insert {
        head: "INSERT INTO lease_draws (batch, instance, number, amount_nanos)",
        columns: 4,
        tail: "",
        texts: Texts::new(),
    };
    static DRAW: Insert = Insert {
        head: "
            UPDATE leases
               SET settled_nanos = leases.settled_nanos + drawn.column3,
                   remainder_nanos = CASE
                       WHEN 0 < leases.granted_nanos - leases.settled_nanos - drawn.column3
                                - leases.returned_nanos
                       THEN leases.granted_nanos - leases.settled_nanos - drawn.column3
                                - leases.returned_nanos
                       ELSE 0 END
              FROM (",
        columns: 3,
        tail: ") AS drawn
             WHERE leases.instance = drawn.column1 AND leases.number = drawn.column2",
        texts: Texts::new(),
    };
    let rows: Vec<(&LeaseId, i64)> = draws.iter().map(|(lease, nanos)| (lease, *nanos)).collect();
    let mut next = KEEP.step(engine, &rows);
    while let Some(Step { text, rows, rest }) = next {
        next = KEEP.step(engine, rest);
        let mut query = sqlx::query(text);
        for (lease, nanos) in rows {
            query =
                query.bind(batch).bind(lease.instance.as_str()).bind(number(lease)?).bind(*nanos);
        }
        query.execute(&mut *tx).await?;
    }
    let mut next = DRAW.step(engine, &rows);
    while let Some(Step { text, rows, rest }) = next {
        next = DRAW.step(engine, rest);
        let mut query = sqlx::query(text);
        for (lease, nanos) in rows {
            query = query.bind(lease.instance.as_str()).bind(number(lease)?).bind(*nanos);
        }
        query.execute(&mut *tx).await?;
    }
    Ok(())
}

fn enter(entries: &mut Entries, one: &Settlement) {
    let provider = one.generation.provider.as_deref().unwrap_or("nobody");
    let payable = format!("payable:{provider}");
    let amounts = &one.amounts;
    for (account, amount) in [
        (format!("credit:{}", one.account), amounts.charge),
        ("expense:overrun".to_owned(), amounts.overrun),
        ("expense:insurance".to_owned(), amounts.insurance),
        ("expense:failed_attempts".to_owned(), amounts.failed_attempts),
    ] {
        entries.move_nanos(&payable, &account, amount.nanos());
    }
}

fn line_of(one: &Settlement) -> String {
    let amounts = &one.amounts;
    line(
        one.generation.id.as_str(),
        [one.account.as_str(), one.generation.provider.as_deref().unwrap_or_default()],
        [amounts.charge, amounts.overrun, amounts.insurance, amounts.failed_attempts]
            .map(domain::money::Money::nanos),
    )
}

/// Returns the text of a settlement, of which the chain keeps the hash.
pub(crate) fn line(id: &str, [account, provider]: [&str; 2], nanos: [i64; 4]) -> String {
    let [charge, overrun, insurance, failed] = nanos;
    format!("{id}:{account}:{provider}:{charge}:{overrun}:{insurance}:{failed}")
}
