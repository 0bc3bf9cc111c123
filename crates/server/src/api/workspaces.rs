//! `/workspaces/{id}/budgets`: what all keys of a workspace may spend together.
//!
//! There is one workspace, `default`. What a request may cost is set aside from every budget before
//! it is sent, as it is from limits of keys and from credits: budgets are never exceeded. Another
//! process on the same database heeds a new budget within a second.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use domain::failure::{Failure, FailureKind};
use domain::id::AccountId;
use domain::key::Reset;
use domain::money::Money;
use http::HeaderMap;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use store::budgets::{self, Budget};

use super::amount::dollars;
use super::caller::operator;
use crate::app::App;
use crate::error::ApiError;

const WORKSPACE: &str = "default";

/// What a budget is to be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    limit_usd: Value,
    #[serde(default, rename = "include_byok_in_budgets")]
    _include_byok_in_budgets: IgnoredAny,
}

/// `GET /workspaces/{id}/budgets`.
pub async fn list(
    State(app): State<Arc<App>>,
    Path(workspace): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    operator(&app, &headers).await?;
    known(&workspace)?;
    app.flush().await;
    let found = budgets::list(&app.db, app.now()).await?;
    let shown: Vec<Value> = found.iter().map(shown).collect();
    Ok(Json(json!({ "data": shown, "include_byok_in_budgets": false })))
}

/// `PUT /workspaces/{id}/budgets/{interval}`.
pub async fn set(
    State(app): State<Arc<App>>,
    Path((workspace, interval)): Path<(String, String)>,
    request: http::Request<Body>,
) -> Result<Json<Value>, ApiError> {
    let (head, body) = request.into_parts();
    operator(&app, &head.headers).await?;
    known(&workspace)?;
    let reset = reset_of(&interval)?;
    let body = app.intake.read(&head.headers, body).await?;
    let wanted: Wanted = serde_json::from_slice(&body)
        .map_err(|error| Failure::caller(FailureKind::InvalidRequest, error.to_string()))?;
    let limit = dollars("limit_usd", &wanted.limit_usd)?.filter(|limit| Money::ZERO < *limit);
    let limit = limit
        .ok_or_else(|| Failure::invalid("`limit_usd` is an amount above zero.").at("limit_usd"))?;
    let account = AccountId::default();
    // Counted is what was settled; what is on its way to the database belongs to it.
    app.flush().await;
    let others = budgets::list(&app.db, app.now()).await?;
    in_order(&others, reset, limit)?;
    budgets::set(&app.db, &account, reset, limit, app.now()).await?;
    let all = budgets::list(&app.db, app.now()).await?;
    let made = all.iter().find(|budget| budget.reset == reset).cloned();
    app.budgets.remember(all);
    if let Some(budget) = &made {
        app.ledger.give_back(&budget.purse(app.now()));
    }
    Ok(Json(json!({ "data": made.as_ref().map(shown) })))
}

/// `DELETE /workspaces/{id}/budgets/{interval}`. Safe to repeat.
pub async fn remove(
    State(app): State<Arc<App>>,
    Path((workspace, interval)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    operator(&app, &headers).await?;
    known(&workspace)?;
    budgets::remove(&app.db, &AccountId::default(), reset_of(&interval)?).await?;
    app.budgets.remember(budgets::list(&app.db, app.now()).await?);
    Ok(Json(json!({ "deleted": true })))
}

/// Shows a budget.
pub(super) fn shown(budget: &Budget) -> Value {
    let left = budget.limit.saturating_sub(budget.spent).max(Money::ZERO);
    json!({
        "id": budget.name(),
        "workspace_id": WORKSPACE,
        "limit_usd": budget.limit.dollars(),
        "reset_interval": budget.reset,
        "usage_usd": budget.spent.dollars(),
        "remaining_usd": left.dollars(),
        "created_at": budget.created.to_string(),
        "updated_at": budget.updated.unwrap_or(budget.created).to_string(),
    })
}

fn known(workspace: &str) -> Result<(), Failure> {
    if workspace == WORKSPACE {
        return Ok(());
    }
    Err(Failure::caller(FailureKind::NotFound, "There is no such workspace; one is `default`."))
}

fn reset_of(interval: &str) -> Result<Option<Reset>, Failure> {
    match interval {
        "daily" => Ok(Some(Reset::Daily)),
        "weekly" => Ok(Some(Reset::Weekly)),
        "monthly" => Ok(Some(Reset::Monthly)),
        "lifetime" => Ok(None),
        _ => Err(Failure::caller(
            FailureKind::NotFound,
            "A budget's interval is daily, weekly, monthly or lifetime.",
        )),
    }
}

/// A budget of a longer period is larger than one of a shorter.
fn in_order(others: &[Budget], reset: Option<Reset>, limit: Money) -> Result<(), Failure> {
    let own = budgets::length(reset);
    for other in others {
        let length = budgets::length(other.reset);
        let fits = match length.cmp(&own) {
            std::cmp::Ordering::Less => other.limit < limit,
            std::cmp::Ordering::Equal => true,
            std::cmp::Ordering::Greater => limit < other.limit,
        };
        if !fits {
            let detail = format!(
                "Budgets grow with their interval, and the {} one is ${}.",
                word(other.reset),
                other.limit
            );
            return Err(Failure::invalid(detail).at("limit_usd"));
        }
    }
    Ok(())
}

fn word(reset: Option<Reset>) -> &'static str {
    match reset {
        Some(Reset::Daily) => "daily",
        Some(Reset::Weekly) => "weekly",
        Some(Reset::Monthly) => "monthly",
        None => "lifetime",
    }
}
