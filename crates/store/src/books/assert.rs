//! Instances: how they come, tell what they hold, and go.

use std::collections::{BTreeMap, BTreeSet};

use domain::books::{Assert, BooksError, Epoch};
use domain::id::{InstanceId, LeaseId};
use domain::money::Money;
use sqlx::{AnyConnection, Row};

use super::chain::Chain;
use super::grant::{add_lease, number, take_back};
use super::purses::{Move, spend};
use super::recalls;
use super::stamp::timeline;
use super::trouble::Trouble;
use crate::db::{Db, StoreError};

/// See `Books::enlist`.
pub(super) async fn enlist(db: &Db, instance: &InstanceId) -> Result<Epoch, Trouble> {
    const ENLIST: &str = "
        INSERT INTO instances (id, epoch, asserted_epoch, asserted_number, timeline, gone)
        VALUES ($1, 1, 0, 0, $2, 0)
        ON CONFLICT (id) DO UPDATE SET epoch = instances.epoch + 1
         WHERE instances.gone = 0
        RETURNING epoch";
    let mut tx = db.begin_write().await?;
    let timeline = signed(timeline(&mut tx, db.engine).await?);
    let row = sqlx::query(ENLIST)
        .bind(instance.as_str())
        .bind(timeline)
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Trouble::Books(BooksError::Gone))?;
    let epoch = Epoch::try_from(row.try_get::<i64, usize>(0)?);
    tx.commit().await?;
    Ok(epoch.map_err(|_| StoreError::Corrupt("epoch"))?)
}

/// See `Books::assert`.
pub(super) async fn assert(db: &Db, assert: &Assert) -> Result<(), Trouble> {
    const NOTE: &str = "
        UPDATE instances
           SET epoch = $2, asserted_epoch = $2, asserted_number = $3, timeline = $4
         WHERE id = $1";
    let mut tx = db.begin_write().await?;
    // What was drawn of a lease that is restored must not grow meanwhile.
    Chain::take(&mut tx).await?;
    let timeline = timeline(&mut tx, db.engine).await?;
    let number = signed(assert.number);
    let asserted = known(&mut tx, assert).await?;
    if (i64::from(assert.epoch), number) <= asserted || assert.timeline != timeline {
        tx.commit().await?;
        return Ok(());
    }
    sqlx::query(NOTE)
        .bind(assert.instance.as_str())
        .bind(i64::from(assert.epoch))
        .bind(number)
        .bind(signed(timeline))
        .execute(&mut *tx)
        .await?;
    restore_lost(&mut tx, db, assert).await?;
    for told in &assert.leases {
        take_back(&mut tx, &told.lease, told.returned).await?;
    }
    hand_back_untold(&mut tx, assert).await?;
    recalls::tidy(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Holds an instance, made where it is unknown; returns the last assert that was heeded.
async fn known(tx: &mut AnyConnection, assert: &Assert) -> Result<(i64, i64), Trouble> {
    const KNOWN: &str = "
        INSERT INTO instances (id, epoch, asserted_epoch, asserted_number, timeline, gone)
        VALUES ($1, $2, 0, 0, 0, 0)
        ON CONFLICT (id) DO UPDATE SET epoch = instances.epoch
        RETURNING epoch, gone, asserted_epoch, asserted_number";
    let epoch = i64::from(assert.epoch);
    let row = sqlx::query(KNOWN).bind(assert.instance.as_str()).bind(epoch).fetch_one(tx).await?;
    let (current, gone): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    if epoch < current || gone == 1 {
        return Err(Trouble::Books(BooksError::Fenced));
    }
    Ok((row.try_get(2)?, row.try_get(3)?))
}

/// Adds the leases that the books lack; what was drawn of them is known all the same.
async fn restore_lost(tx: &mut AnyConnection, db: &Db, assert: &Assert) -> Result<(), StoreError> {
    const DRAWN: &str = "
        SELECT CAST(COALESCE(SUM(amount_nanos), 0) AS BIGINT),
               (SELECT COUNT(*) FROM leases WHERE instance = $1 AND number = $2)
          FROM lease_draws
         WHERE instance = $1 AND number = $2";
    let (mut lost, mut spent) = (Vec::new(), BTreeMap::new());
    let mut seen = BTreeSet::new();
    for told in assert.leases.iter().filter(|told| seen.insert(told.lease.clone())) {
        let row = sqlx::query(DRAWN)
            .bind(told.lease.instance.as_str())
            .bind(number(&told.lease)?)
            .fetch_one(&mut *tx)
            .await?;
        if row.try_get::<i64, usize>(1)? == 0 {
            let drawn: i64 = row.try_get(0)?;
            spent.insert(told.purse.to_string(), Move::default());
            lost.push((told, Money::from_nanos(drawn)));
        }
    }
    spend(tx, db.engine, &spent).await?;
    for (told, drawn) in lost {
        add_lease(tx, &told.lease, &told.purse.to_string(), (told.granted, drawn)).await?;
    }
    Ok(())
}

/// Hands back whole what the instance holds and does not name.
async fn hand_back_untold(tx: &mut AnyConnection, assert: &Assert) -> Result<(), StoreError> {
    const OPEN: &str =
        "SELECT number FROM leases WHERE instance = $1 AND 0 < remainder_nanos ORDER BY number";
    const HAND_BACK: &str = "
        UPDATE leases
           SET returned_nanos = returned_nanos + remainder_nanos, remainder_nanos = 0
         WHERE instance = $1 AND number = $2";
    let told: BTreeSet<&LeaseId> = assert.leases.iter().map(|told| &told.lease).collect();
    let instance = assert.instance.as_str();
    let open = sqlx::query(OPEN).bind(instance).fetch_all(&mut *tx).await?;
    for row in open {
        let number: i64 = row.try_get(0)?;
        let lease = LeaseId { instance: assert.instance.clone(), number: number.unsigned_abs() };
        if !told.contains(&lease) {
            sqlx::query(HAND_BACK).bind(instance).bind(number).execute(&mut *tx).await?;
        }
    }
    Ok(())
}

/// See `Books::retire`.
pub(super) async fn retire(db: &Db, instance: &InstanceId) -> Result<(), Trouble> {
    const RETIRE: &str = "UPDATE instances SET gone = 1 WHERE id = $1";
    const LEFT: &str = "SELECT COUNT(*) FROM leases WHERE instance = $1 AND 0 < remainder_nanos";
    let mut tx = db.begin_write().await?;
    sqlx::query(RETIRE).bind(instance.as_str()).execute(&mut *tx).await?;
    let left = sqlx::query(LEFT).bind(instance.as_str()).fetch_one(&mut *tx).await?;
    if 0 < left.try_get::<i64, usize>(0)? {
        let reason = "something of its leases is left".to_owned();
        return Err(Trouble::Books(BooksError::Refused(reason)));
    }
    tx.commit().await?;
    Ok(())
}

/// See `Books::declare_lost`.
pub(super) async fn declare_lost(db: &Db, instance: &InstanceId) -> Result<Money, Trouble> {
    const LOSE: &str =
        "UPDATE instances SET epoch = epoch + 1, gone = 1 WHERE id = $1 AND gone = 0";
    const FREED: &str = "
        SELECT CAST(COALESCE(SUM(remainder_nanos), 0) AS BIGINT)
          FROM leases
         WHERE instance = $1 AND 0 < remainder_nanos";
    const REVOKE: &str = "
        UPDATE leases
           SET returned_nanos = returned_nanos + remainder_nanos, remainder_nanos = 0, revoked = 1
         WHERE instance = $1 AND revoked = 0";
    let mut tx = db.begin_write().await?;
    // A settlement of one of its leases must not come between the sum and its end.
    Chain::take(&mut tx).await?;
    sqlx::query(LOSE).bind(instance.as_str()).execute(&mut *tx).await?;
    let row = sqlx::query(FREED).bind(instance.as_str()).fetch_one(&mut *tx).await?;
    let freed: i64 = row.try_get(0)?;
    sqlx::query(REVOKE).bind(instance.as_str()).execute(&mut *tx).await?;
    recalls::tidy(&mut tx).await?;
    tx.commit().await?;
    Ok(Money::from_nanos(freed))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
