//! Setting money aside for an instance, and taking it back.

use std::collections::BTreeMap;

use domain::books::{BooksError, Grant, GrantLine, Granted, Returns, lease_amount};
use domain::id::LeaseId;
use domain::money::Money;
use sqlx::{AnyConnection, Row};

use super::purses::{Move, spend, standing};
use super::recalls;
use super::stamp::timeline;
use super::trouble::Trouble;
use crate::db::{Db, Engine, StoreError};

/// See `Books::grant`.
pub(super) async fn grant(db: &Db, grant: &Grant) -> Result<Vec<Granted>, Trouble> {
    let mut tx = db.begin_write().await?;
    check_epoch(&mut tx, grant).await?;
    let mut known = Vec::new();
    for line in &grant.lines {
        known.push(granted_before(&mut tx, &line.lease).await?);
    }
    let is_new = |(line, known): (&GrantLine, &Option<Money>)| {
        known.is_none().then(|| (line.purse.to_string(), Move::default()))
    };
    let fresh: BTreeMap<String, Move> = grant.lines.iter().zip(&known).filter_map(is_new).collect();
    let timeline = timeline(&mut tx, db.engine).await?;
    if !fresh.is_empty() && is_in_grace(&mut tx, timeline).await? {
        return Err(Trouble::Books(BooksError::Grace));
    }
    spend(&mut tx, db.engine, &fresh).await?;
    let mut answer = Vec::new();
    for (line, known) in grant.lines.iter().zip(known) {
        // A line may name a lease that an earlier one of the same message has made.
        let known = match known {
            Some(amount) => Some(amount),
            None => granted_before(&mut tx, &line.lease).await?,
        };
        answer.push(match known {
            Some(amount) => {
                let standing = standing(&mut tx, &line.purse).await?.0;
                Granted { amount: Some(amount), standing }
            }
            None => grant_line(&mut tx, db.engine, grant, line).await?,
        });
    }
    recalls::tidy(&mut tx).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Holds the instance until the transaction ends, and refuses whoever is not its present process.
async fn check_epoch(tx: &mut AnyConnection, grant: &Grant) -> Result<(), Trouble> {
    const EPOCH: &str =
        "UPDATE instances SET epoch = epoch WHERE id = $1 AND epoch = $2 AND gone = 0";
    let held = sqlx::query(EPOCH)
        .bind(grant.instance.as_str())
        .bind(i64::from(grant.epoch))
        .execute(tx)
        .await?;
    if held.rows_affected() == 1 { Ok(()) } else { Err(Trouble::Books(BooksError::Fenced)) }
}

async fn granted_before(
    tx: &mut AnyConnection,
    lease: &LeaseId,
) -> Result<Option<Money>, StoreError> {
    const GRANTED: &str = "SELECT granted_nanos FROM leases WHERE instance = $1 AND number = $2";
    let row = sqlx::query(GRANTED)
        .bind(lease.instance.as_str())
        .bind(number(lease)?)
        .fetch_optional(tx)
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.map(Money::from_nanos))
}

/// Returns whether an instance has still to tell what it holds on this timeline.
async fn is_in_grace(tx: &mut AnyConnection, timeline: u64) -> Result<bool, StoreError> {
    const WAITS: &str = "SELECT COUNT(*) FROM instances WHERE gone = 0 AND timeline < $1";
    let timeline = i64::try_from(timeline).unwrap_or(i64::MAX);
    let row = sqlx::query(WAITS).bind(timeline).fetch_one(tx).await?;
    Ok(0 < row.try_get::<i64, usize>(0)?)
}

async fn grant_line(
    tx: &mut AnyConnection,
    engine: Engine,
    grant: &Grant,
    line: &GrantLine,
) -> Result<Granted, StoreError> {
    let (before, may_spend) = standing(tx, &line.purse).await?;
    let amount = lease_amount(before.available(), line.min, line.want).filter(|_| may_spend);
    let purse = line.purse.to_string();
    let Some(amount) = amount else {
        recalls::ask(tx, engine, &purse, &grant.instance).await?;
        // As it stood when it was refused: others may have given something back since.
        return Ok(Granted { amount, standing: before });
    };
    add_lease(tx, &line.lease, &purse, (amount, Money::ZERO)).await?;
    recalls::end(tx, &purse).await?;
    Ok(Granted { amount: Some(amount), standing: standing(tx, &line.purse).await?.0 })
}

/// Adds a lease of which something may be settled already.
pub(super) async fn add_lease(
    tx: &mut AnyConnection,
    lease: &LeaseId,
    purse: &str,
    (granted, settled): (Money, Money),
) -> Result<(), StoreError> {
    const ADD: &str = "
        INSERT INTO leases (instance, number, purse, granted_nanos, settled_nanos, returned_nanos,
                            remainder_nanos, revoked)
        VALUES ($1, $2, $3, $4, $5, 0, $6, 0)";
    sqlx::query(ADD)
        .bind(lease.instance.as_str())
        .bind(number(lease)?)
        .bind(purse)
        .bind(granted.nanos())
        .bind(settled.nanos())
        .bind(granted.saturating_sub(settled).max(Money::ZERO).nanos())
        .execute(tx)
        .await?;
    Ok(())
}

/// See `Books::give_back`.
pub(super) async fn give_back(db: &Db, returns: &Returns) -> Result<(), Trouble> {
    let mut tx = db.begin_write().await?;
    let mut lines: Vec<_> = returns.leases.iter().collect();
    lines.sort_by(|one, other| one.lease.cmp(&other.lease));
    for line in lines {
        take_back(&mut tx, &line.lease, line.returned).await?;
    }
    recalls::tidy(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Raises what was returned of a lease, unless it was more before.
pub(super) async fn take_back(
    tx: &mut AnyConnection,
    lease: &LeaseId,
    returned: Money,
) -> Result<(), StoreError> {
    const RETURN: &str = "
        UPDATE leases
           SET returned_nanos = $3,
               remainder_nanos = CASE WHEN 0 < granted_nanos - settled_nanos - $3
                   THEN granted_nanos - settled_nanos - $3 ELSE 0 END
         WHERE instance = $1 AND number = $2 AND revoked = 0 AND returned_nanos < $3";
    sqlx::query(RETURN)
        .bind(lease.instance.as_str())
        .bind(number(lease)?)
        .bind(returned.nanos())
        .execute(tx)
        .await?;
    Ok(())
}

/// Returns a lease's number as the database keeps it.
pub(super) fn number(lease: &LeaseId) -> Result<i64, StoreError> {
    i64::try_from(lease.number).map_err(|_| StoreError::Corrupt("lease number"))
}
