//! Where credits are bought: orders, notices, and looking at what nobody told of.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use domain::id::AccountId;
use domain::money::Money;
use domain::time::Timestamp;
use http::HeaderMap;
use store::Db;
use store::payments::{self, Payment, Said, Waited};

use super::error::PaymentError;
use super::fee::{CENT_NANOS, Fee};
use super::processor::{Checkout, Notice, Order, Processor, Seen};

/// What is sold, and on what terms.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// What is added.
    pub fee: Fee,
    /// The least that is sold.
    pub min: Money,
    /// The most that is sold at once.
    pub max: Money,
    /// How long to wait for a notice before looking without one, in milliseconds.
    pub patience_ms: u64,
}

/// Sells credits through a processor.
pub struct Desk {
    db: Db,
    processor: Arc<dyn Processor>,
    terms: Terms,
    /// One look at a payment at a time: what is read last is booked last.
    looking: Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>,
}

/// How long a payment that is paid is looked at now and then, for refunds and disputes.
const WATCHED_MS: i64 = 120 * domain::time::DAY_MS;
/// How often a payment that is paid is looked at without a notice.
const WATCH_EVERY_MS: i64 = 6 * 3_600_000;
/// How long an order is open whose checkout nobody got to see.
const UNSEEN_MS: i64 = 2 * domain::time::DAY_MS;
/// How many payments are looked at in one round.
const ROUND_MAX: u32 = 200;

impl Desk {
    /// Opens a desk.
    pub fn new(db: Db, processor: Arc<dyn Processor>, terms: Terms) -> Desk {
        Desk { db, processor, terms, looking: Mutex::default() }
    }

    /// Returns what is sold, and on what terms.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Opens a checkout for credits, and returns it with what it is about.
    ///
    /// # Errors
    /// `Amount`; whatever the processor or the database says.
    pub async fn order(
        &self,
        id: &str,
        account: &AccountId,
        credit: Money,
        (return_url, now): (&str, Timestamp),
    ) -> Result<(Order, Checkout), PaymentError> {
        let Terms { fee, min, max, .. } = self.terms;
        if credit < min || max < credit || credit.nanos() % CENT_NANOS != 0 {
            return Err(PaymentError::Amount { min, max });
        }
        let order = Order {
            id: id.to_owned(),
            account: account.to_string(),
            credit,
            fee: fee.of(credit),
            return_url: return_url.to_owned(),
        };
        // Kept before anybody can pay, so that no payment is ever unknown.
        let payment = Payment {
            id: order.id.clone(),
            processor: self.processor.name().to_owned(),
            reference: None,
            account: account.clone(),
            credit,
            fee: order.fee,
        };
        payments::open(&self.db, &payment, now).await?;
        let checkout = self.processor.checkout(&order).await?;
        payments::refer(&self.db, &order.id, &checkout.reference).await?;
        Ok((order, checkout))
    }

    /// Takes a notice: verifies it, asks the processor what is the case, and books that.
    ///
    /// # Errors
    /// `Forged`, and then nothing was asked or booked; whatever the processor or the database says.
    pub async fn notice(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), PaymentError> {
        let reference = match self.processor.verify(headers, body, now)? {
            Notice::Checkout(reference) => Some(reference),
            Notice::Charge(charge) => self.processor.find(&charge).await?,
            Notice::Other => None,
        };
        match reference {
            Some(reference) => self.look(&reference, now).await,
            None => Ok(()),
        }
    }

    /// Looks at payments that nobody told of, and returns how many that were.
    ///
    /// # Errors
    /// When the database fails. A payment that cannot be looked at is left for the next round.
    pub async fn round(&self, now: Timestamp) -> Result<usize, PaymentError> {
        let waited = Waited {
            open_before: now.plus_ms(-i64::try_from(self.terms.patience_ms).unwrap_or(i64::MAX)),
            paid_since: now.plus_ms(-WATCHED_MS),
            looked_before: now.plus_ms(-WATCH_EVERY_MS),
        };
        payments::expire_unseen(&self.db, now.plus_ms(-UNSEEN_MS)).await?;
        let references =
            payments::waiting(&self.db, self.processor.name(), &waited, ROUND_MAX).await?;
        let count = references.len();
        for reference in references {
            if let Err(error) = self.look(&reference, now).await {
                tracing::warn!("a payment could not be looked at: {error}");
            }
        }
        Ok(count)
    }

    async fn look(&self, reference: &str, now: Timestamp) -> Result<(), PaymentError> {
        let turn = self.turn(reference);
        let _held = turn.lock().await;
        let seen = self.processor.read(reference).await?;
        let found = payments::find(&self.db, self.processor.name(), reference).await?;
        let found = match found {
            None => payments::find_order(&self.db, self.processor.name(), &seen.id).await?,
            found => found,
        };
        // A checkout of somebody else's shop at the same processor is none of ours.
        let Some(payment) = found else { return Ok(()) };
        check(&payment, &seen)?;
        if payment.reference.is_none() {
            payments::refer(&self.db, &payment.id, reference).await?;
        }
        let said = Said {
            paid: seen.paid,
            expired: seen.expired,
            refunded: seen.refunded,
            disputed: seen.disputed,
        };
        payments::book(&self.db, &payment.id, &said, now).await?;
        Ok(())
    }

    fn turn(&self, reference: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = looking.get(reference).and_then(Weak::upgrade) {
            return turn;
        }
        looking.retain(|_, turn| 0 < turn.strong_count());
        let turn = Arc::new(tokio::sync::Mutex::new(()));
        looking.insert(reference.to_owned(), Arc::downgrade(&turn));
        turn
    }
}

/// Holds what the processor says against what was ordered.
fn check(payment: &Payment, seen: &Seen) -> Result<(), PaymentError> {
    let total = payment.credit.saturating_add(payment.fee);
    let what = if seen.id != payment.id {
        "order"
    } else if seen.total != total {
        "amount"
    } else if !seen.in_dollars {
        "currency"
    } else {
        return Ok(());
    };
    tracing::error!(payment.id = payment.id, "a payment's {what} is not what was ordered");
    Err(PaymentError::Contradiction(what))
}
