//! What `GET /key` says of limits.

use domain::id::AccountId;
use domain::key::ApiKey;
use domain::limit::{FreeTier, Interval, Measure, Scope, shown_rates};
use serde_json::{Value, json};

use crate::app::App;

/// Adds the limits of a key: its own or those of every key, and what is left of the requests that
/// cost nothing.
pub(super) fn show(app: &App, key: &ApiKey, shown: &mut Value) {
    let snapshot = app.current().snapshot.clone();
    let rules = &snapshot.rules;
    let rates = key.rates.as_deref().unwrap_or(&rules.key);
    shown["rate_limits"] = json!(shown_rates(rates));
    let requests = rates.iter().find(|rate| rate.measure == Measure::Requests);
    shown["rate_limit"] = match requests {
        Some(rate) => json!({
            "requests": rate.limit,
            "interval": rate.interval.to_string(),
            "note": "The first limit of requests; `rate_limits` has all.",
        }),
        None => {
            json!({ "requests": -1, "interval": "10s", "note": "There is no limit of requests." })
        }
    };
    let tier = app.limits.tier(rules);
    shown["is_free_tier"] = json!(tier == Some(FreeTier::Plain));
    let daily = rules
        .of(key, &AccountId::default(), tier.as_ref())
        .into_iter()
        .find(|(it, _)| matches!(it.scope, Scope::Free(_)) && it.interval == Interval::Day);
    shown["free_model_daily_requests"] = match daily {
        Some(daily) => {
            let limit = daily.1.limit;
            let left = app.limits.standings(&[daily]).first().map_or(limit, |it| it.remaining);
            json!({ "limit": limit, "remaining": left, "used": limit.saturating_sub(left) })
        }
        None => json!({ "limit": -1, "remaining": -1, "used": 0 }),
    };
}
