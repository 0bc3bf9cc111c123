//! Payments: what was ordered, what the processor says of it, and what is booked.

use domain::id::AccountId;
use domain::money::Money;
use domain::payment::Booked;
pub use domain::payment::Said;
use domain::purse::Purse;
use domain::time::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use super::chain::Chain;
use super::entries::{Entries, Header, Kind};
use super::purses::{fill, standing};
use crate::db::{Db, StoreError};

/// Credits that somebody ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Our name for it.
    pub id: String,
    /// Who takes the money.
    pub processor: String,
    /// The processor's name for it.
    pub reference: Option<String>,
    /// Whose credits.
    pub account: AccountId,
    /// The credits.
    pub credit: Money,
    /// What is added to them.
    pub fee: Money,
}

/// Which payments to look at without a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waited {
    /// Those that are open since before.
    pub open_before: Timestamp,
    /// Those that are paid, were ordered since then, …
    pub paid_since: Timestamp,
    /// … and were last looked at before.
    pub looked_before: Timestamp,
}

/// Keeps an order that can be paid from now on.
///
/// # Errors
/// `Exists`, when there is one of the same id.
pub async fn open(db: &Db, payment: &Payment, now: Timestamp) -> Result<(), StoreError> {
    const OPEN: &str = "
        INSERT INTO payments (id, processor, reference, account, credit_nanos, fee_nanos, state,
                              paid, refunded_nanos, disputed_nanos, created_ms, looked_ms)
        VALUES ($1, $2, $3, $4, $5, $6, 'open', 0, 0, 0, $7, 0)";
    sqlx::query(OPEN)
        .bind(payment.id.as_str())
        .bind(payment.processor.as_str())
        .bind(payment.reference.as_deref())
        .bind(payment.account.as_str())
        .bind(payment.credit.nanos())
        .bind(payment.fee.nanos())
        .bind(now.ms())
        .execute(&db.pool)
        .await?;
    Ok(())
}

/// Keeps the processor's name for an order.
///
/// # Errors
/// When the database fails.
pub async fn refer(db: &Db, id: &str, reference: &str) -> Result<(), StoreError> {
    const REFER: &str = "UPDATE payments SET reference = $2 WHERE id = $1 AND reference IS NULL";
    sqlx::query(REFER).bind(id).bind(reference).execute(&db.pool).await?;
    Ok(())
}

/// Returns the payment of which the processor says something.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: &Db,
    processor: &str,
    reference: &str,
) -> Result<Option<Payment>, StoreError> {
    const FIND: &str = "
        SELECT id, processor, reference, account, credit_nanos, fee_nanos
          FROM payments
         WHERE processor = $1 AND reference = $2";
    let row = sqlx::query(FIND).bind(processor).bind(reference).fetch_optional(&db.pool).await?;
    row.as_ref().map(read).transpose()
}

/// Returns the payment of our name for it, where the processor's was never kept: whoever opened the
/// checkout died before it could.
///
/// # Errors
/// When the database fails.
pub async fn find_order(db: &Db, processor: &str, id: &str) -> Result<Option<Payment>, StoreError> {
    const FIND: &str = "
        SELECT id, processor, reference, account, credit_nanos, fee_nanos
          FROM payments
         WHERE processor = $1 AND id = $2 AND reference IS NULL";
    let row = sqlx::query(FIND).bind(processor).bind(id).fetch_optional(&db.pool).await?;
    row.as_ref().map(read).transpose()
}

/// Closes orders whose checkout nobody ever got to see, and returns how many those were. One that
/// is paid all the same is found by its notice.
///
/// # Errors
/// When the database fails.
pub async fn expire_unseen(db: &Db, before: Timestamp) -> Result<u64, StoreError> {
    const EXPIRE: &str = "
        UPDATE payments SET state = 'expired'
         WHERE state = 'open' AND reference IS NULL AND created_ms < $1";
    let outcome = sqlx::query(EXPIRE).bind(before.ms()).execute(&db.pool).await?;
    Ok(outcome.rows_affected())
}

/// Returns the processor's names of payments that have waited, those first that were not looked at
/// for longest.
///
/// # Errors
/// When the database fails.
pub async fn waiting(
    db: &Db,
    processor: &str,
    waited: &Waited,
    most: u32,
) -> Result<Vec<String>, StoreError> {
    const WAITING: &str = "
        SELECT reference
          FROM payments
         WHERE processor = $1 AND reference IS NOT NULL
           AND ((state = 'open' AND created_ms <= $2)
             OR (state = 'paid' AND $3 <= created_ms AND looked_ms < $4))
         ORDER BY looked_ms, id
         LIMIT $5";
    let rows = sqlx::query(WAITING)
        .bind(processor)
        .bind(waited.open_before.ms())
        .bind(waited.paid_since.ms())
        .bind(waited.looked_before.ms())
        .bind(i64::from(most))
        .fetch_all(&db.pool)
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

fn read(row: &AnyRow) -> Result<Payment, StoreError> {
    Ok(Payment {
        id: row.try_get(0)?,
        processor: row.try_get(1)?,
        reference: row.try_get(2)?,
        account: AccountId::new(row.try_get(3)?),
        credit: Money::from_nanos(row.try_get(4)?),
        fee: Money::from_nanos(row.try_get(5)?),
    })
}

/// Books whatever the processor says of a payment and the books do not yet: credits once it is
/// paid, less what was given or taken back. Saying it again changes nothing.
///
/// An account that is left with less than nothing, or of which a bank disputes a payment, is
/// frozen.
///
/// # Errors
/// When the database fails.
pub async fn book(db: &Db, id: &str, said: &Said, now: Timestamp) -> Result<(), StoreError> {
    const BOOKED: &str = "
        SELECT id, processor, reference, account, credit_nanos, fee_nanos, paid, refunded_nanos,
               disputed_nanos
          FROM payments
         WHERE id = $1";
    let mut tx = db.begin_write().await?;
    // Whoever has the head is alone with every payment.
    let mut chain = Chain::take(&mut tx).await?;
    let row = sqlx::query(BOOKED).bind(id).fetch_one(&mut *tx).await?;
    let payment = read(&row)?;
    let booked = Booked {
        paid: row.try_get::<i64, usize>(6)? == 1,
        refunded: Money::from_nanos(row.try_get(7)?),
        disputed: Money::from_nanos(row.try_get(8)?),
    };
    let (next, moves) = booked.after(payment.credit, payment.fee, said);
    for (kind, credit) in [
        (Kind::Payment, moves.payment),
        (Kind::Refund, moves.refund),
        (Kind::Dispute, moves.dispute),
    ] {
        if credit != Money::ZERO {
            enter(&mut tx, db, chain, (&payment, kind, credit), now).await?;
            chain = Chain::take(&mut tx).await?;
        }
    }
    keep(&mut tx, id, (&next, said.expired), now).await?;
    freeze_in_debt(&mut tx, &payment.account, booked.disputed < next.disputed).await?;
    tx.commit().await?;
    Ok(())
}

/// Enters credits that an account gets, or loses where they are negative, with their part of the
/// fee.
async fn enter(
    tx: &mut AnyConnection,
    db: &Db,
    chain: Chain,
    (payment, kind, credit): (&Payment, Kind, Money),
    now: Timestamp,
) -> Result<(), StoreError> {
    let fee = i128::from(payment.fee.nanos()) * i128::from(credit.nanos())
        / i128::from(payment.credit.nanos().max(1));
    let fee = i64::try_from(fee).unwrap_or_default();
    let cash = format!("cash:{}", payment.processor);
    let mut entries = Entries::default();
    entries.move_nanos(&format!("credit:{}", payment.account), &cash, credit.nanos());
    entries.move_nanos("revenue:topup_fee", &cash, fee);
    fill(tx, &Purse::Account(payment.account.clone()), credit.nanos()).await?;
    let header = Header { kind, note: &payment.id, at_ms: now.ms(), lines: Vec::new() };
    entries.write(tx, db.engine, chain, header).await
}

async fn keep(
    tx: &mut AnyConnection,
    id: &str,
    (booked, expired): (&Booked, bool),
    now: Timestamp,
) -> Result<(), StoreError> {
    const KEEP: &str = "
        UPDATE payments
           SET paid = $2, state = $3, refunded_nanos = $4, disputed_nanos = $5, looked_ms = $6
         WHERE id = $1";
    let state = match (booked.paid, expired) {
        (true, _) => "paid",
        (false, true) => "expired",
        (false, false) => "open",
    };
    sqlx::query(KEEP)
        .bind(id)
        .bind(i64::from(booked.paid))
        .bind(state)
        .bind(booked.refunded.nanos())
        .bind(booked.disputed.nanos())
        .bind(now.ms())
        .execute(tx)
        .await?;
    Ok(())
}

async fn freeze_in_debt(
    tx: &mut AnyConnection,
    account: &AccountId,
    is_disputed: bool,
) -> Result<(), StoreError> {
    const FREEZE: &str = "UPDATE accounts SET frozen = 1 WHERE id = $1";
    let standing = standing(tx, &Purse::Account(account.clone())).await?.0;
    let in_debt = standing.available() < Money::ZERO && standing.filled < standing.spent;
    if is_disputed || in_debt && Money::ZERO < standing.filled {
        sqlx::query(FREEZE).bind(account.as_str()).execute(tx).await?;
    }
    Ok(())
}
