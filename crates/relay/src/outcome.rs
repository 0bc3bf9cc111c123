//! What a caller is told of all tries together.

use domain::failure::{Availability, AvailabilityCode, Failure, FailureKind, Fault, Retry};
use domain::health::Gate;
use domain::time::Timestamp;

use crate::call::{Call, prompt_size};
use crate::health::{Obstacle, Why};
use crate::journey::Journey;
use crate::mutant::Mutant;
use crate::world::World;

/// Returns what the caller is told when every try has failed, `last` being the last failure.
///
/// A fault of our credential is never shown as the caller's, and failures of several providers are
/// told as one: by their common kind where they have one.
pub(crate) fn last_word(world: &World, journey: &Journey, last: Failure) -> Failure {
    if world.breaks(Mutant::TextLeaked) {
        return last;
    }
    if matches!(last.fault, Fault::Caller | Fault::House) || journey.attempts.is_empty() {
        return last;
    }
    let kinds: Vec<&str> =
        journey.attempts.iter().filter_map(|attempt| attempt.failure.as_deref()).collect();
    let limited = FailureKind::RateLimited.wire().1;
    let all_missing = !journey.attempts.is_empty()
        && journey.attempts.iter().all(|attempt| attempt.status == Some(404));
    let (kind, code) = if all_missing {
        (FailureKind::NotFound, AvailabilityCode::ModelUnavailableUpstream)
    } else if kinds.iter().all(|kind| *kind == limited) {
        (FailureKind::RateLimited, AvailabilityCode::CapacityExhausted)
    } else {
        (common_kind(&kinds, &last), AvailabilityCode::TemporarilyUnavailable)
    };
    let is_full = code == AvailabilityCode::CapacityExhausted;
    let retry_after_ms =
        journey.retry_after_ms.or_else(|| soonest(journey, world.clock.now()).filter(|_| is_full));
    told(journey, kind, code, Failure { retry_after_ms, ..last })
}

/// Returns in how many milliseconds the first endpoint of the plan is asked again.
fn soonest(journey: &Journey, now: Timestamp) -> Option<u64> {
    let (call, size) = (&journey.call, prompt_size(&journey.call));
    let gates =
        journey.plan.candidates.iter().map(|it| call.snapshot.health(it.endpoint, now, size).gate);
    gates.filter_map(Gate::opens_at).map(|at| at.ms_since(now).max(1)).min()
}

/// Returns what the caller is told when no endpoint was asked, because each is left alone for now.
pub(crate) fn closed(journey: &Journey, obstacles: &[Obstacle], now: Timestamp) -> Failure {
    let all = |why: Why| !obstacles.is_empty() && obstacles.iter().all(|it| it.why == why);
    let call = &journey.call;
    let models = shown_models(call);
    let (kind, code, detail) = if all(Why::Gone) {
        let detail = format!("{models} is not there: its providers no longer know it.");
        (FailureKind::NotFound, AvailabilityCode::ModelUnavailableUpstream, detail)
    } else if all(Why::Limited) {
        let detail = format!("No capacity for {models} now: its providers' limits are reached.");
        (FailureKind::RateLimited, AvailabilityCode::CapacityExhausted, detail)
    } else if all(Why::Refused) {
        let detail = format!("{models} cannot be served: its providers refuse this instance.");
        (FailureKind::ProviderUnavailable, AvailabilityCode::TemporarilyUnavailable, detail)
    } else {
        let detail = format!("{models} cannot be served now: its providers fail.");
        (FailureKind::ProviderOverloaded, AvailabilityCode::TemporarilyUnavailable, detail)
    };
    let soonest = obstacles.iter().map(|it| it.until.ms_since(now)).min();
    let is_gone = code == AvailabilityCode::ModelUnavailableUpstream;
    let retry_after_ms = soonest.filter(|_| !is_gone).map(|ms| ms.max(1));
    let catalog = &call.snapshot.catalog;
    let mut names: Vec<String> = Vec::new();
    for candidate in &journey.plan.candidates {
        let provider = catalog.provider(catalog.endpoint(candidate.endpoint).provider);
        if !names.contains(&provider.display_name) {
            names.push(provider.display_name.clone());
        }
    }
    let availability = Availability {
        code,
        retryable: !is_gone,
        retry_after: retry_after_ms.map(|ms| ms.div_ceil(1000)),
        requested_models: call.request.facts.models.clone(),
        affected_providers: names,
        ..Availability::default()
    };
    let failure = Failure::new(kind, Fault::Upstream, Retry::Never, detail);
    Failure { retry_after_ms, ..failure }.because(availability)
}

fn shown_models(call: &Call) -> String {
    let models = call.request.facts.models.join(", ");
    models.chars().filter(|letter| !letter.is_control()).take(200).collect()
}

fn common_kind(kinds: &[&str], last: &Failure) -> FailureKind {
    if last.fault == Fault::Credential {
        return FailureKind::ProviderUnavailable;
    }
    if kinds.iter().all(|kind| *kind == last.kind.wire().1) {
        return last.kind;
    }
    FailureKind::ProviderOverloaded
}

fn told(journey: &Journey, kind: FailureKind, code: AvailabilityCode, last: Failure) -> Failure {
    let tries = journey.attempts.len();
    let who = if tries == 1 { "the provider".to_owned() } else { format!("all {tries} providers") };
    let models = shown_models(&journey.call);
    let detail = match code {
        AvailabilityCode::CapacityExhausted => {
            format!(
                "No capacity for {models} now: {who} tried said that there are too many requests."
            )
        }
        AvailabilityCode::ModelUnavailableUpstream => {
            format!("{models} is not there: {who} tried no longer know it.")
        }
        _ => format!("{models} could not be served: {who} tried failed."),
    };
    let retry_after_ms = last.retry_after_ms;
    let availability = Availability {
        code,
        retryable: code != AvailabilityCode::ModelUnavailableUpstream,
        retry_after: retry_after_ms.map(|ms| ms.div_ceil(1000)),
        requested_models: journey.call.request.facts.models.clone(),
        affected_providers: providers(journey),
        ..Availability::default()
    };
    Failure {
        kind,
        detail,
        param: None,
        provider_code: last.provider_code.filter(|_| last.fault != Fault::Credential),
        ..last
    }
    .because(availability)
}

fn providers(journey: &Journey) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for attempt in &journey.attempts {
        if !names.contains(&attempt.provider_name) {
            names.push(attempt.provider_name.clone());
        }
    }
    names
}
