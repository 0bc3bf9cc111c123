//! How a request was planned and what came of it, as people and programs read it.

use domain::catalog::Catalog;
use domain::generation::{AttemptRecord, Generation};
use domain::health::Gate;
use domain::plan::{Exclusion, Lane, Receipt, Seen};
use domain::price::Rate;
use domain::request::Sort;
use serde_json::{Value, json};

/// Returns a generation's receipt; `None` where none was kept.
///
/// `catalog`: the one of today, for the names of providers and to make the plan again.
pub fn view(generation: &Generation, catalog: &Catalog) -> Option<Value> {
    let receipt = generation.detail.receipt.as_deref()?;
    let models = receipt.models.iter().map(|(id, lane)| {
        json!({
            "id": id,
            "variants": variants(lane),
        })
    });
    let candidates = receipt.seen.iter().enumerate().map(|(at, it)| candidate(receipt, (at, it)));
    let attempts = generation.detail.attempts.iter();
    let attempts = attempts.map(|it| attempt(generation, it));
    Some(json!({
        "id": generation.id,
        "created_at": generation.created.to_string(),
        "requested": receipt.facts.models,
        "strategy": receipt.strategy,
        "router": router(receipt),
        "models": models.collect::<Vec<_>>(),
        "candidates": candidates.collect::<Vec<_>>(),
        "stickiness": stickiness(receipt),
        "attempts": attempts.collect::<Vec<_>>(),
        "outcome": generation.outcome,
        "error": generation.detail.error,
        "served_by": generation.endpoint,
        "price": price(generation, receipt),
        "replay": replay(receipt, catalog),
        "inputs": inputs(receipt),
    }))
}

/// The words of what a model's name asked for beside it.
fn variants(lane: &Lane) -> Vec<&'static str> {
    let sort = lane.sort.and_then(|sort| match sort {
        Sort::Throughput => Some("nitro"),
        Sort::Price => Some("floor"),
        Sort::Exacto => Some("exacto"),
        Sort::Latency => None,
    });
    let flags = [("free", lane.free), ("thinking", lane.thinking), ("extended", lane.extended)];
    let set = flags.into_iter().filter(|(_, set)| *set).map(|(word, _)| word);
    set.chain(sort).collect()
}

fn router(receipt: &Receipt) -> Value {
    let Some(routed) = &receipt.routed else { return Value::Null };
    let chosen = routed.chosen.iter().map(|(model, quality, cheapness, score)| {
        json!({
            "model": model,
            "quality": quality,
            "cheapness": cheapness,
            "score": score,
        })
    });
    json!({
        "name": routed.router,
        "task": routed.task,
        "chosen": chosen.collect::<Vec<_>>(),
        "looked_at": routed.looked_at,
    })
}

fn candidate(receipt: &Receipt, (at, seen): (usize, &Seen)) -> Value {
    let place = receipt.order.iter().position(|it| usize::from(*it) == at);
    let health = seen.health();
    let gate = match health.gate {
        Gate::Open => json!("open"),
        Gate::Slow { share_percent } => json!(format!("slow, {share_percent} %")),
        Gate::Trial => json!("trial"),
        Gate::Closed { until } => json!(format!("closed until {until}")),
        Gate::Held { until } => json!(format!("held until {until}")),
    };
    json!({
        "endpoint": receipt.id_of(seen),
        "place": place.map(|it| it + 1),
        "excluded_by": seen.obstacles.rules().map(Exclusion::word).collect::<Vec<_>>(),
        "expected_cost": seen.expected_cost.dollars(),
        "gate": gate,
        "had_outage_lately": health.had_outage_lately,
        "is_demoted": health.is_demoted,
        "latency_ms": health.latency_ms.map(|it| it.p50),
        "throughput": health.throughput.map(|it| it.p50),
        "in_flight": health.load.in_flight,
    })
}

fn stickiness(receipt: &Receipt) -> Value {
    let (Some(bond), Some(stay)) = (&receipt.bond, &receipt.stay) else { return Value::Null };
    let mut told = json!(stay);
    for amount in ["saving", "gain"] {
        if let Some(nanos) = told.get(amount).and_then(Value::as_i64) {
            told[amount] = json!(domain::money::Money::from_nanos(nanos).dollars());
        }
    }
    told["endpoint"] = json!(bond.endpoint);
    told["cached_tokens"] = json!(bond.tokens);
    told
}

fn attempt(generation: &Generation, tried: &AttemptRecord) -> Value {
    let served = tried.failure.is_none() && generation.endpoint.as_ref() == Some(&tried.endpoint);
    json!({
        "endpoint": tried.endpoint,
        "provider": tried.provider_name,
        "status": tried.status,
        "error": tried.failure,
        "latency_ms": tried.latency_ms,
        "credential": tried.credential,
        "credential_left": tried.left,
        "cost": if served { generation.cost.dollars() } else { 0.0 },
    })
}

/// What the endpoint that served had quoted, and what was paid.
fn price(generation: &Generation, receipt: &Receipt) -> Value {
    let is_it = |seen: &&Seen| Some(receipt.id_of(seen)) == generation.endpoint;
    let seen = receipt.seen.iter().find(is_it);
    let rate = |rate: Option<Rate>| rate.map(|rate| rate.dollars_per(1));
    let quoted = seen.and_then(|seen| seen.rates).map(
        |(prompt, completion)| json!({ "prompt": rate(prompt), "completion": rate(completion) }),
    );
    json!({
        "quoted": quoted,
        "expected_cost": seen.map(|seen| seen.expected_cost.dollars()),
        "paid": generation.cost.dollars(),
        "cache_discount": generation.cache_discount.dollars(),
    })
}

/// Makes the plan again, and tells whether it is the same.
fn replay(receipt: &Receipt, catalog: &Catalog) -> Value {
    match receipt.replay(catalog) {
        Ok(plan) => json!({ "same": receipt.is_of(&plan), "why": null }),
        Err(why) => json!({ "same": null, "why": why.to_string() }),
    }
}

/// What the plan was made from, as it is kept. Numbers that JSON readers round are texts.
fn inputs(receipt: &Receipt) -> Value {
    let mut inputs = json!(receipt);
    inputs["entropy"] = json!(receipt.entropy.to_string());
    inputs
}
