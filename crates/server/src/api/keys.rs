//! `/key` and `/keys`: keys, their limits and what they have spent.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use domain::failure::{Failure, FailureKind};
use domain::id::KeyId;
use domain::key::{ApiKey, Reset, Spend};
use domain::limit::{Rate, RateForm, read_rates, shown_rates};
use domain::money::Money;
use domain::time::Timestamp;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use store::keys::{self, KeyChange, KeyRange};
use store::{budgets, recalls};

use super::amount::dollars;
use super::caller::{caller, operator};
use super::{rates, workspaces};
use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::key_text;

/// What a new key is to be. A misspelt field is an error: left out, a limit would be none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewKey {
    name: String,
    limit: Option<Value>,
    limit_reset: Option<Reset>,
    rate_limits: Option<Vec<RateForm>>,
    expires_at: Option<String>,
    #[serde(default, rename = "include_byok_in_limit")]
    _include_byok_in_limit: IgnoredAny,
    #[serde(default, rename = "workspace_id")]
    _workspace_id: IgnoredAny,
    #[serde(default, rename = "creator_user_id")]
    _creator_user_id: IgnoredAny,
}

/// What is to change of a key. What is left out stays; `null` clears.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    name: Option<String>,
    disabled: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    limit: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    limit_reset: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    rate_limits: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    expires_at: Option<Value>,
    #[serde(default, rename = "include_byok_in_limit")]
    _include_byok_in_limit: IgnoredAny,
}

/// Which keys to list.
#[derive(Deserialize)]
pub struct Range {
    offset: Option<u32>,
    include_disabled: Option<bool>,
}

type Hash = Result<Path<String>, PathRejection>;

const PAGE: u32 = 100;
const NAME_LENGTH_MAX: usize = 200;

/// `GET /key`: the calling key.
pub async fn own(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    let (key, spend) = match caller(&app, &headers).await? {
        Caller::Key(key, _) => {
            let spend = app.ledger.spend(&key.id, app.now()).unwrap_or_default();
            (key, spend)
        }
        Caller::Operator => (Arc::new(operators_key()), Spend::default()),
    };
    let mut shown = figures(&key, &spend);
    shown["allowed_data_regions"] = json!(["global"]);
    let budgets = budgets::list(&app.db, app.now()).await?;
    let tightest = budgets.iter().min_by_key(|it| it.limit.saturating_sub(it.spent));
    shown["budgets"] = budgets.iter().map(workspaces::shown).collect();
    shown["effective_budget"] = tightest.map_or(Value::Null, workspaces::shown);
    shown["organization_id"] = Value::Null;
    shown["is_management_key"] = json!(key.id.as_str() == OPERATOR);
    shown["is_provisioning_key"] = json!(key.id.as_str() == OPERATOR);
    rates::show(&app, &key, &mut shown);
    Ok(Json(json!({ "data": shown })))
}

/// `GET /keys`: all keys, newest first, a hundred at a time.
pub async fn list(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    range: Result<Query<Range>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    operator(&app, &headers).await?;
    let Query(range) = range?;
    let range = KeyRange {
        offset: range.offset.unwrap_or(0),
        limit: PAGE,
        include_disabled: range.include_disabled.unwrap_or(true),
    };
    let page = keys::list(&app.db, range).await?;
    let shown: Vec<Value> = page.keys.iter().map(|(key, spend)| whole(&app, key, *spend)).collect();
    Ok(Json(json!({ "data": shown, "total_count": page.total })))
}

/// `POST /keys`: makes a key. Its text is in this answer and never again.
pub async fn create(
    State(app): State<Arc<App>>,
    request: http::Request<Body>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (head, body) = request.into_parts();
    operator(&app, &head.headers).await?;
    let new: NewKey = parse(&app.intake.read(&head.headers, body).await?)?;
    let text = key_text::mint(crate::clock::random());
    let key = ApiKey {
        id: app.auth.id(text.expose()),
        name: name(new.name)?,
        label: key_text::label(text.expose()),
        limit: new.limit.as_ref().map(limit).transpose()?.flatten(),
        limit_reset: new.limit_reset,
        disabled: false,
        expires: new.expires_at.as_deref().map(instant).transpose()?,
        created: app.now(),
        updated: None,
        rates: new.rate_limits.as_deref().map(limits).transpose()?,
    };
    keys::insert(&app.db, &key).await?;
    let body = json!({ "data": whole(&app, &key, Spend::default()), "key": text.expose() });
    Ok((StatusCode::CREATED, Json(body)))
}

/// `GET /keys/{hash}`.
pub async fn read(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    hash: Hash,
) -> Result<Json<Value>, ApiError> {
    operator(&app, &headers).await?;
    let id = id(hash)?;
    let key = keys::find(&app.db, &id).await?.ok_or_else(absent)?;
    let spend = keys::spend(&app.db, &id).await?;
    Ok(Json(json!({ "data": whole(&app, &key, spend) })))
}

/// `PATCH /keys/{hash}`.
pub async fn update(
    State(app): State<Arc<App>>,
    hash: Hash,
    request: http::Request<Body>,
) -> Result<Json<Value>, ApiError> {
    let (head, body) = request.into_parts();
    operator(&app, &head.headers).await?;
    let change: Change = parse(&app.intake.read(&head.headers, body).await?)?;
    let change = KeyChange {
        name: change.name.map(name).transpose()?,
        disabled: change.disabled,
        limit: change.limit.as_ref().map(limit).transpose()?,
        limit_reset: change.limit_reset.as_ref().map(reset).transpose()?,
        expires: change.expires_at.as_ref().map(expiry).transpose()?,
        rates: change.rate_limits.map(some_rates).transpose()?,
    };
    let id = id(hash)?;
    let key = keys::update(&app.db, &id, &change, app.now()).await?.ok_or_else(absent)?;
    app.auth.forget(&id);
    if let Some(purse) = key.purse(app.now()) {
        recalls::ask_back(&app.db, &purse).await?;
        app.ledger.give_back(&purse);
    }
    let spend = keys::spend(&app.db, &id).await?;
    Ok(Json(json!({ "data": whole(&app, &key, spend) })))
}

/// `DELETE /keys/{hash}`. What it has spent stays on record.
pub async fn delete(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    hash: Hash,
) -> Result<Json<Value>, ApiError> {
    operator(&app, &headers).await?;
    let id = id(hash)?;
    let deleted = keys::delete(&app.db, &id).await?;
    app.auth.forget(&id);
    if deleted { Ok(Json(json!({ "deleted": true }))) } else { Err(absent().into()) }
}

const OPERATOR: &str = "operator";

fn operators_key() -> ApiKey {
    ApiKey {
        id: KeyId::new(OPERATOR),
        name: "operator".to_owned(),
        label: "operator".to_owned(),
        limit: None,
        limit_reset: None,
        disabled: false,
        expires: None,
        created: Timestamp::default(),
        updated: None,
        rates: None,
    }
}

/// Shows a key to the operator: the books know better than the database what it has spent.
fn whole(app: &App, key: &ApiKey, stored: Spend) -> Value {
    let now = app.now();
    let spend = app.ledger.spend(&key.id, now).unwrap_or_else(|| stored.at(now));
    let mut shown = figures(key, &spend);
    shown["hash"] = json!(key.id);
    shown["name"] = json!(key.name);
    shown["disabled"] = json!(key.disabled);
    shown["created_at"] = json!(key.created.to_string());
    shown["external_user"] = Value::Null;
    shown["last_used_at"] = Value::Null;
    shown["workspace_id"] = json!("default");
    shown["updated_at"] = json!(key.updated.map(|updated| updated.to_string()));
    shown
}

fn figures(key: &ApiKey, spend: &Spend) -> Value {
    let remaining = key.limit.map(|limit| limit.saturating_sub(key.counted(spend)));
    json!({
        "label": key.label,
        "limit": key.limit.map(Money::dollars),
        "limit_remaining": remaining.map(|left| left.max(Money::ZERO).dollars()),
        "limit_reset": key.limit_reset,
        "rate_limits": key.rates.as_deref().map(shown_rates),
        "usage": spend.total.dollars(),
        "usage_daily": spend.day.dollars(),
        "usage_weekly": spend.week.dollars(),
        "usage_monthly": spend.month.dollars(),
        "byok_usage": 0,
        "byok_usage_daily": 0,
        "byok_usage_weekly": 0,
        "byok_usage_monthly": 0,
        "include_byok_in_limit": false,
        "expires_at": key.expires.map(|expires| expires.to_string()),
        "creator_user_id": null,
        "workspace_id": null,
    })
}

fn id(hash: Hash) -> Result<KeyId, Failure> {
    hash.map(|Path(hash)| KeyId::new(&hash)).map_err(|_| absent())
}

fn absent() -> Failure {
    Failure::caller(FailureKind::NotFound, "There is no key of that hash.")
}

fn parse<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body)
        .map_err(|error| Failure::caller(FailureKind::InvalidRequest, error.to_string()))
}

/// Tells a field that is `null` from one that is absent.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn name(name: String) -> Result<String, Failure> {
    let name = name.trim().to_owned();
    let fits = !name.is_empty() && name.len() <= NAME_LENGTH_MAX;
    if !fits || name.chars().any(char::is_control) {
        let detail = format!("A name has 1 to {NAME_LENGTH_MAX} characters.");
        return Err(Failure::caller(FailureKind::InvalidRequest, detail).at("name"));
    }
    Ok(name)
}

fn limit(value: &Value) -> Result<Option<Money>, Failure> {
    dollars("limit", value)
}

fn some_rates(value: Value) -> Result<Option<Vec<Rate>>, Failure> {
    let rows: Option<Vec<RateForm>> = serde_json::from_value(value)
        .map_err(|error| Failure::invalid(format!("{error}.")).at("rate_limits"))?;
    rows.as_deref().map(limits).transpose()
}

fn limits(rows: &[RateForm]) -> Result<Vec<Rate>, Failure> {
    read_rates(rows).map_err(|fault| Failure::invalid(format!("{fault}.")).at("rate_limits"))
}

fn reset(value: &Value) -> Result<Option<Reset>, Failure> {
    serde_json::from_value(value.clone())
        .map_err(|_| invalid("limit_reset", "daily, weekly, monthly or null"))
}

fn expiry(value: &Value) -> Result<Option<Timestamp>, Failure> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => instant(text).map(Some),
        _ => Err(invalid("expires_at", "an instant such as 2027-01-01T00:00:00Z, or null")),
    }
}

fn instant(text: &str) -> Result<Timestamp, Failure> {
    Timestamp::parse(text)
        .ok_or_else(|| invalid("expires_at", "an instant such as 2027-01-01T00:00:00Z"))
}

fn invalid(field: &str, wanted: &str) -> Failure {
    Failure::caller(FailureKind::InvalidRequest, format!("`{field}` is {wanted}.")).at(field)
}
