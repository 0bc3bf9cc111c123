//! `/credits`: what there is, and buying more.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use domain::failure::{Failure, FailureKind, Fault, Retry};
use domain::id::AccountId;
use domain::money::Money;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use store::credits;

use super::amount::dollars;
use super::caller::caller;
use crate::app::App;
use crate::error::ApiError;
use crate::key_text::hex;
use crate::payments::{Desk, PaymentError};

/// `GET /credits`: what was ever put into the account, and what was spent of it.
pub async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    caller(&app, &headers).await?;
    app.flush().await;
    let found = credits::show(&app.db, &AccountId::default()).await?;
    let found = found.ok_or_else(|| Failure::house("the default account is gone"))?;
    Ok(Json(json!({ "data": {
        "total_credits": found.total.dollars(),
        "total_usage": found.usage.dollars(),
    } })))
}

/// What is bought.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    amount: Value,
}

/// `POST /credits/checkout`: opens a checkout, at whose address credits are paid for.
pub async fn checkout(
    State(app): State<Arc<App>>,
    request: http::Request<Body>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (head, body) = request.into_parts();
    caller(&app, &head.headers).await?;
    let body = app.intake.read(&head.headers, body).await?;
    let wanted: Wanted = serde_json::from_slice(&body)
        .map_err(|error| Failure::caller(FailureKind::InvalidRequest, error.to_string()))?;
    let amount = dollars("amount", &wanted.amount)?.unwrap_or(Money::ZERO);
    let id = format!("pay-{}", hex(&crate::clock::random::<12>()));
    let after = (app.public_url.as_str(), app.now());
    let (order, checkout) =
        desk(&app)?.order(&id, &AccountId::default(), amount, after).await.map_err(failure)?;
    let total = order.credit.saturating_add(order.fee);
    let body = json!({ "data": {
        "id": order.id,
        "url": checkout.url,
        "amount": order.credit.dollars(),
        "fee": order.fee.dollars(),
        "total": total.dollars(),
        "currency": "usd",
    } });
    Ok((StatusCode::CREATED, Json(body)))
}

/// `POST /webhooks/stripe`: a notice of the processor.
pub async fn stripe(
    State(app): State<Arc<App>>,
    request: http::Request<Body>,
) -> Result<Json<Value>, ApiError> {
    let (head, body) = request.into_parts();
    let body = app.intake.read(&head.headers, body).await?;
    desk(&app)?.notice(&head.headers, &body, app.now()).await.map_err(failure)?;
    Ok(Json(json!({ "received": true })))
}

fn desk(app: &App) -> Result<&Desk, Failure> {
    app.desk
        .as_deref()
        .ok_or_else(|| Failure::caller(FailureKind::NotFound, "Credits cannot be bought here."))
}

fn failure(error: PaymentError) -> Failure {
    let said = format!("{}.", capital(&error.to_string()));
    match error {
        PaymentError::Amount { .. } => {
            Failure::caller(FailureKind::InvalidRequest, said).at("amount")
        }
        PaymentError::Forged => Failure::caller(FailureKind::InvalidRequest, said),
        PaymentError::Unknown => Failure::caller(FailureKind::NotFound, said),
        PaymentError::Contradiction(_) => Failure::caller(FailureKind::Conflict, said),
        PaymentError::Refused(_) | PaymentError::Unreachable(_) => {
            tracing::error!("{error}");
            let kind = FailureKind::ProviderUnavailable;
            let said = "The payment processor does not answer. Try again shortly.";
            Failure::new(kind, Fault::House, Retry::Never, said)
        }
        PaymentError::Store(error) => Failure::house(error.to_string()),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
