//! Keys and generations to keep.

use std::sync::Arc;

use domain::generation::{
    App, AttemptRecord, Generation, GenerationDetail, Outcome, PartRecord, Traits,
};
use domain::id::{GenerationId, KeyId};
use domain::key::{ApiKey, Reset};
use domain::limit::{Interval, Measure, Rate};
use domain::money::Money;
use domain::plan::{Lane, Receipt};
use domain::time::Timestamp;
use domain::usage::Usage;

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn rates() -> Vec<Rate> {
    let rate = |measure, limit, interval| Rate { measure, limit, interval };
    vec![
        rate(Measure::Requests, 60, Interval::Rolling(60_000)),
        rate(Measure::Spend, 2_500_000_000, Interval::Day),
    ]
}

/// A key with every field set.
pub(crate) fn key(name: &str) -> ApiKey {
    ApiKey {
        id: KeyId::new(name),
        name: format!("the key of {name}"),
        label: "sk-or-v1-abc...def".to_owned(),
        limit: Some(Money::from_nanos(5_000_000_000)),
        limit_reset: Some(Reset::Weekly),
        disabled: false,
        expires: Some(at("2027-01-01")),
        created: at("2026-11-01"),
        updated: None,
        rates: Some(rates()),
    }
}

/// A generation with every field set.
pub(crate) fn generation(number: u128, key: &str, created: &str, cost: i64) -> Generation {
    Generation {
        id: GenerationId::new(1_787_000_000, number),
        created: at(created),
        key: KeyId::new(key),
        model: "meta-llama/llama-3.3-70b-instruct".to_owned(),
        endpoint: Some("groq/llama-3.3-70b".to_owned()),
        provider: Some("groq".to_owned()),
        provider_name: Some("Groq".to_owned()),
        outcome: Outcome::Finished,
        usage: Usage { input: 100, cache_read: 20, output: 30, reasoning: 5, ..Usage::default() },
        cost: Money::from_nanos(cost),
        cache_discount: Money::from_nanos(-7),
        detail: GenerationDetail {
            api_type: "completions".to_owned(),
            streamed: true,
            finish_reason: Some("stop".to_owned()),
            native_finish_reason: Some("end_turn".to_owned()),
            upstream_id: Some("chatcmpl-1".to_owned()),
            latency_ms: Some(140),
            generation_ms: Some(900),
            error: None,
            dropped: vec!["seed".to_owned()],
            attempts: vec![AttemptRecord {
                endpoint: "groq/llama-3.3-70b".to_owned(),
                provider_name: "Groq".to_owned(),
                status: Some(200),
                failure: None,
                latency_ms: Some(120),
                ..AttemptRecord::default()
            }],
            traits: Some(Traits {
                task: Some("code:debugging".to_owned()),
                language: Some("eng".to_owned()),
                tools: Some(3),
                ..Traits::default()
            }),
            parts: vec![PartRecord { is_charged: true, ..PartRecord::default() }],
            app: App { title: Some("Ünïcode \u{1f980}".to_owned()), ..App::default() },
            external_user: Some("user-1".to_owned()),
            session_id: None,
            router: Some("interline/auto".to_owned()),
            receipt: Some(Arc::new(receipt())),
            service_tier: None,
        },
    }
}

fn receipt() -> Receipt {
    Receipt {
        models: vec![("meta-llama/llama-3.3-70b-instruct".to_owned(), Lane::default())],
        now: at("2026-11-20"),
        entropy: u64::MAX,
        order: vec![0],
        ..Receipt::default()
    }
}
