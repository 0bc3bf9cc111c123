//! The desk as the operator set it up, and the round that it makes by itself.

use std::sync::Arc;
use std::time::Duration;

use domain::money::Money;
use domain::port::Clock;
use store::Db;

use super::desk::{Desk, Terms};
use super::fee::Fee;
use super::stripe::Stripe;
use crate::config::{ConfigError, Payments};
use crate::upstream::Clients;

/// Opens the desk, where a processor is named.
///
/// # Errors
/// When an amount or the fee makes no sense.
pub fn open(
    payments: &Payments,
    clients: &Clients,
    db: &Db,
) -> Result<Option<Arc<Desk>>, ConfigError> {
    let fault = |message: String| ConfigError { origin: "configuration".to_owned(), message };
    let dollars = |name: &str, text: &str| {
        let amount = Money::parse_dollars(text).ok().filter(|amount| Money::ZERO <= *amount);
        amount.ok_or_else(|| fault(format!("`payments.{name}` is no amount in dollars")))
    };
    let percent = payments.fee_percent;
    if !(0.0..=100.0).contains(&percent) {
        return Err(fault("`payments.fee_percent` is between 0 and 100".to_owned()));
    }
    let fee = Fee {
        basis_points: (percent * 100.0).round() as u32,
        min: dollars("fee_min", &payments.fee_min)?,
    };
    let terms = Terms {
        fee,
        min: dollars("amount_min", &payments.amount_min)?.max(Money::from_nanos(1)),
        max: dollars("amount_max", &payments.amount_max)?,
        patience_ms: payments.patience_ms,
    };
    let stripe = &payments.stripe;
    if stripe.secret_key.is_empty() {
        return Ok(None);
    }
    let processor = Stripe::new(
        clients.clone(),
        &stripe.base_url,
        stripe.secret_key.clone(),
        stripe.webhook_secret.clone(),
    );
    Ok(Some(Arc::new(Desk::new(db.clone(), Arc::new(processor), terms))))
}

/// Looks at payments that nobody told of, again and again.
pub async fn keep_looking(desk: Arc<Desk>, clock: Arc<dyn Clock>) {
    let pause = Duration::from_millis(desk.terms().patience_ms.max(100));
    loop {
        tokio::time::sleep(pause).await;
        if let Err(error) = desk.round(clock.now()).await {
            tracing::warn!("payments could not be looked at: {error}");
        }
    }
}
