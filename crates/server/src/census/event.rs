//! A settled generation as an event.

use domain::catalog::{Catalog, STEALTH};
use domain::generation::{AttemptRecord, Generation, Outcome};
use domain::money::Money;
use domain::usage::Usage;
use store::settled::Settled;
use traffic::event::{Event, FailedTry, Finish, Name, Service, Tokens};

use super::apps;

/// Returns the event of a generation that was settled.
pub(super) fn event(settled: Settled, catalog: &Catalog) -> Event {
    let Settled { account, price, generation, .. } = settled;
    let finish = generation.detail.finish_reason.as_deref().map_or(Finish::Unknown, Finish::parse);
    let (usage, detail) = (generation.usage, &generation.detail);
    let charged = |usage: &Usage| price.map_or(Money::ZERO, |price| price.charge(usage));
    let prompt = price.map_or(Money::ZERO, |price| price.charge_prompt(&usage));
    let name = |text: &Option<String>| text.as_deref().map(Name::from);
    let app = detail.app.referer.as_deref().and_then(apps::identity);
    let title = detail.app.title.as_deref().and_then(apps::title);
    // How an endpoint fares whose provider is not told would tell who it is.
    let is_veiled = generation.model.split_once('/').is_some_and(|(it, _)| it == STEALTH);
    let traits = detail.traits.clone().unwrap_or_default();
    Event {
        at: generation.created,
        account: account.as_str().into(),
        key: generation.key.as_str().into(),
        model: generation.model.as_str().into(),
        endpoint: name(&generation.endpoint),
        provider: name(&generation.provider),
        region: region(&generation, catalog),
        app_title: title.filter(|_| app.is_some()).map(Name::from),
        app: app.map(Name::from),
        outcome: generation.outcome,
        finish,
        tokens: Tokens {
            input: usage.input.saturating_add(usage.input_audio),
            cache_read: usage.cache_read,
            cache_write: usage.cache_write.saturating_add(usage.cache_write_1h),
            output: usage.output,
            reasoning: usage.reasoning,
        },
        cost_nanos: nanos(generation.cost),
        list_nanos: nanos(charged(&usage)),
        list_prompt_nanos: nanos(prompt),
        cache_saved_nanos: generation.cache_discount.nanos(),
        ttft_ms: detail.latency_ms.map(short),
        duration_ms: detail.generation_ms.map_or(0, short),
        service: if is_veiled { Service::Untold } else { service(&generation, finish) },
        failed: failed(&generation).into_iter().filter(|it| is_told(&it.endpoint)).collect(),
        tools: traits.tools,
        tool_calls: traits.tool_calls,
        tool_calls_invalid: traits.tool_calls_invalid,
        tool_verdict: traits.tool_verdict,
        task: traits.task.as_deref().and_then(classify::Tag::parse),
        language: name(&traits.language),
        streamed: detail.streamed,
        routed: detail.router.is_some(),
        synthetic: false,
        id: generation.id,
    }
}

/// Returns whether the provider of an endpoint is told, by the endpoint's id.
fn is_told(endpoint: &str) -> bool {
    endpoint.split([':', '/']).next() != Some(STEALTH)
}

/// Returns where the endpoint stands: its own region, or its provider's only country.
fn region(generation: &Generation, catalog: &Catalog) -> Option<Name> {
    let id = generation.endpoint.as_deref()?;
    let endpoint = catalog.endpoint(catalog.find_endpoint(id)?);
    let provider = catalog.provider(endpoint.provider);
    let only = match provider.datacenters.as_slice() {
        [only] => Some(only),
        _ => None,
    };
    endpoint.region.as_ref().or(only).map(|region| region.as_str().into())
}

/// Returns what became of the endpoint that the record names.
fn service(generation: &Generation, finish: Finish) -> Service {
    match generation.outcome {
        _ if generation.endpoint.is_none() => Service::Untold,
        Outcome::Finished if finish != Finish::Error => Service::Served,
        Outcome::Finished | Outcome::Broken => Service::Failed,
        Outcome::Cancelled | Outcome::Refused => Service::Untold,
    }
}

/// Returns the tries that came to nothing, and the parts that broke off and went on elsewhere.
fn failed(generation: &Generation) -> Vec<FailedTry> {
    let detail = &generation.detail;
    let tried = detail.attempts.iter().filter_map(|attempt| {
        let service = blame(attempt)?;
        Some(FailedTry { endpoint: attempt.endpoint.as_str().into(), service })
    });
    let last = generation.endpoint.as_deref();
    let broken =
        detail.parts.iter().filter(|part| Some(part.endpoint.as_str()) != last).map(|part| {
            FailedTry { endpoint: part.endpoint.as_str().into(), service: Service::Failed }
        });
    tried.chain(broken).collect()
}

/// Returns what a try tells of its endpoint, as uptimes are counted at OpenRouter: what callers got
/// wrong says nothing, nor does a refused permission; too many requests are counted apart. `None`
/// where it served.
fn blame(attempt: &AttemptRecord) -> Option<Service> {
    let word = attempt.failure.as_deref()?;
    Some(match word {
        "rate_limit_exceeded" => Service::Busy,
        "invalid_request"
        | "context_length_exceeded"
        | "content_policy_violation"
        | "permission_denied"
        | "method_not_allowed"
        | "conflict"
        | "payload_too_large" => Service::Untold,
        _ => Service::Failed,
    })
}

fn nanos(money: Money) -> u64 {
    money.nanos().max(0).unsigned_abs()
}

fn short(ms: u64) -> u32 {
    u32::try_from(ms).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_callers_got_wrong_says_nothing_of_an_endpoint() {
        let told = |word: Option<&str>| {
            blame(&AttemptRecord { failure: word.map(str::to_owned), ..AttemptRecord::default() })
        };
        assert_eq!(told(None), None);
        assert_eq!(told(Some("rate_limit_exceeded")), Some(Service::Busy));
        assert_eq!(told(Some("invalid_request")), Some(Service::Untold));
        assert_eq!(told(Some("authentication")), Some(Service::Failed));
        assert_eq!(told(Some("timeout")), Some(Service::Failed));
    }
}
