//! Why nothing may serve a request, and what would have to give.

use super::candidate::Considered;
use super::change::smallest;
use super::filter::{ACCEPT_TERMS, Exclusion, prompt_is_too_long, unaccepted};
use super::offers::{Offers, Wanted};
use crate::catalog::{Endpoint, Stealth};
use crate::failure::{
    Availability, AvailabilityCode, Change, Constraint, Failure, FailureKind, Fault, Rejected,
    Retry, TermsAsked,
};
use crate::price::Rate;
use crate::request::Facts;

/// Endpoints that a refusal names.
const TOLD_MAX: usize = 20;

/// Tells why every endpoint was left out, or that there is none.
pub(super) fn refuse(
    facts: &Facts,
    wanted: &[Wanted],
    offers: &Offers<'_>,
    considered: &[Considered],
) -> Failure {
    let name = |it: &Wanted| offers.catalog.model(it.model).id.clone();
    let requested_models: Vec<String> = wanted.iter().map(name).collect();
    let asked = requested_models.join(", ");
    if considered.is_empty() {
        return nobody(&asked, requested_models, wanted, offers);
    }
    let endpoints = considered.iter().map(|it| offers.catalog.endpoint(it.endpoint));
    if endpoints.clone().all(|endpoint| prompt_is_too_long(facts, endpoint)) {
        return too_long(&asked, endpoints);
    }
    if considered.iter().all(|it| it.obstacles.holds(Exclusion::Terms)) {
        return unaccepted_terms(facts, &asked, (requested_models, wanted), offers);
    }
    let mut rules: Vec<Exclusion> = considered.iter().flat_map(|it| it.obstacles.rules()).collect();
    rules.sort_unstable();
    rules.dedup();
    let mut words: Vec<&'static str> = rules.iter().map(|rule| rule.word()).collect();
    words.dedup();
    let change = smallest(facts, wanted, offers, considered);
    let detail = format!(
        "{} {}",
        sentence(&asked, &rules, considered, offers),
        way_out(change.as_ref().map(|(it, changes)| (*it, changes.as_slice())), offers),
    );
    let constraint = rules.first().map(|rule| Constraint {
        field: rule.field().to_owned(),
        detail: hint(*rule, facts, considered, offers),
    });
    let rejected = considered.iter().take(TOLD_MAX).map(|it| Rejected {
        endpoint: offers.catalog.endpoint(it.endpoint).id.clone(),
        excluded_by: it.obstacles.rules().map(Exclusion::word).collect(),
    });
    let code = code(&rules, considered);
    let is_free_gone = code == AvailabilityCode::FreeVariantEnded;
    let availability = Availability {
        code,
        affected_providers: providers(considered, offers),
        excluded_by: words,
        fallback_models: if is_free_gone { requested_models.clone() } else { Vec::new() },
        requested_models,
        constraint,
        candidates: rejected.collect(),
        smallest_change: change.map(|(_, changes)| changes).unwrap_or_default(),
        ..Availability::default()
    };
    Failure::new(FailureKind::NotFound, Fault::Caller, Retry::Never, detail.trim_end())
        .because(availability)
}

fn code(rules: &[Exclusion], considered: &[Considered]) -> AvailabilityCode {
    if rules.iter().all(|rule| rule.is_about_data()) {
        AvailabilityCode::PrivacyRestricted
    } else if considered.iter().all(|it| it.obstacles.holds(Exclusion::Free)) {
        AvailabilityCode::FreeVariantEnded
    } else {
        AvailabilityCode::ConstraintFiltered
    }
}

fn nobody(
    asked: &str,
    requested_models: Vec<String>,
    wanted: &[Wanted],
    offers: &Offers<'_>,
) -> Failure {
    let mut known: Vec<String> = Vec::new();
    let mut keys: Vec<&str> = Vec::new();
    for one in wanted {
        for place in offers.catalog.endpoints_of(one.model) {
            let provider = offers.catalog.provider(offers.catalog.endpoint(*place).provider);
            if !known.contains(&provider.slug) {
                known.push(provider.slug.clone());
                keys.extend(provider.key_env.first().map(String::as_str));
            }
        }
    }
    keys.truncate(3);
    let mend = if keys.is_empty() {
        String::new()
    } else {
        format!(" A credential such as {} would bring one in.", keys.join(" or "))
    };
    let detail = format!("No provider that is configured here serves {asked}.{mend}");
    let availability = Availability {
        code: AvailabilityCode::NoEndpoints,
        requested_models,
        affected_providers: known,
        ..Availability::default()
    };
    Failure::new(FailureKind::NotFound, Fault::Caller, Retry::Never, detail).because(availability)
}

/// No endpoint reads a prompt of that length, whatever else the request says.
fn too_long<'a>(asked: &str, endpoints: impl Iterator<Item = &'a Endpoint>) -> Failure {
    let longest = endpoints.filter_map(|endpoint| endpoint.context).max();
    let most = longest.map_or_else(String::new, |most| format!(" of at most {most} tokens"));
    let detail = format!("The prompt is longer than the context of {asked}{most}. Shorten it.");
    Failure::new(FailureKind::ContextTooLong, Fault::Caller, Retry::Never, detail).at("messages")
}

/// All that is asked for are stealth models whose terms the caller has not accepted.
fn unaccepted_terms(
    facts: &Facts,
    asked: &str,
    (requested_models, wanted): (Vec<String>, &[Wanted]),
    offers: &Offers<'_>,
) -> Failure {
    let mut terms: Vec<TermsAsked> = Vec::new();
    for one in wanted {
        let model = offers.catalog.model(one.model);
        let stealth = unaccepted(facts, model);
        terms.extend(stealth.map(|Stealth { terms, terms_hash }| TermsAsked {
            model: model.id.clone(),
            terms: terms.clone(),
            terms_hash: terms_hash.clone(),
        }));
    }
    let how = terms.first().map_or_else(String::new, |TermsAsked { model, terms_hash, .. }| {
        format!(
            " They are at GET /api/v1/models/{model}/terms. Accept them once with POST at the same \
             address and {{\"accept\": \"{terms_hash}\"}}, or for one request with the header \
             {ACCEPT_TERMS}: {terms_hash}."
        )
    });
    let detail = format!("{asked} has terms that this key has not accepted.{how}");
    let availability = Availability {
        code: AvailabilityCode::TermsNotAccepted,
        requested_models,
        excluded_by: vec![Exclusion::Terms.word()],
        terms,
        ..Availability::default()
    };
    let kind = FailureKind::PermissionDenied;
    Failure::new(kind, Fault::Caller, Retry::Never, detail).because(availability)
}

fn sentence(
    asked: &str,
    rules: &[Exclusion],
    considered: &[Considered],
    offers: &Offers<'_>,
) -> String {
    let serving = providers(considered, offers).join(", ");
    match rules {
        [Exclusion::Tools] => {
            format!("No endpoint of {asked} supports tool use. It is served by {serving}.")
        }
        [Exclusion::Only | Exclusion::Ignored | Exclusion::NotInOrder] => format!(
            "No endpoint of {asked} is at a provider that the request permits. \
             It is served by {serving}."
        ),
        [Exclusion::House] => format!(
            "No endpoint of {asked} is at a provider that this instance permits. \
             It is served by {serving}."
        ),
        [Exclusion::Free] => format!("Nobody serves {asked} for nothing."),
        _ => {
            let mut fields: Vec<&str> = rules.iter().map(|rule| rule.field()).collect();
            fields.dedup();
            format!("No endpoint of {asked} satisfies {}.", fields.join(" and "))
        }
    }
}

/// Says what the caller can do.
fn way_out(change: Option<(&Considered, &[Change])>, offers: &Offers<'_>) -> String {
    let Some((it, changes)) = change.filter(|(_, changes)| !changes.is_empty()) else {
        return String::new();
    };
    let tag = &offers.catalog.endpoint(it.endpoint).tag;
    let steps: Vec<String> = changes
        .iter()
        .map(|Change { field, to }| match to {
            serde_json::Value::Null => format!("without `{field}`"),
            to => format!("with `{field}` = {to}"),
        })
        .collect();
    format!("{tag} would serve it {}.", steps.join(" and "))
}

/// Says what would satisfy the rule.
fn hint(rule: Exclusion, facts: &Facts, considered: &[Considered], offers: &Offers<'_>) -> String {
    let endpoints = || considered.iter().map(|it| offers.catalog.endpoint(it.endpoint));
    match rule {
        Exclusion::MaxPrice => cheapest(facts, endpoints(), offers),
        Exclusion::ContextLength | Exclusion::MaxOutput => {
            let context = endpoints().filter_map(|endpoint| endpoint.context).max();
            let output = endpoints().filter_map(|endpoint| endpoint.max_output).max();
            let tell = |most: Option<u32>| {
                most.map_or_else(|| "unknown".to_owned(), |most| most.to_string())
            };
            format!(
                "the longest context is {} tokens and the longest answer {}",
                tell(context),
                tell(output)
            )
        }
        Exclusion::Only | Exclusion::Ignored | Exclusion::NotInOrder | Exclusion::House => {
            format!("it is served by {}", providers(considered, offers).join(", "))
        }
        Exclusion::Quantization => {
            let mut own: Vec<&str> = endpoints()
                .map(|endpoint| endpoint.quantization.as_deref().unwrap_or("unknown"))
                .collect();
            own.sort_unstable();
            own.dedup();
            format!("it is served as {}", own.join(", "))
        }
        Exclusion::Free => "every endpoint of it charges".to_owned(),
        Exclusion::HouseData => "this instance permits no other providers".to_owned(),
        Exclusion::Distillable => "its licence is not known to permit it".to_owned(),
        Exclusion::Terms => "its terms, accepted".to_owned(),
        Exclusion::Retention
        | Exclusion::TrainingOnPrompts
        | Exclusion::RequireParameters
        | Exclusion::Tools
        | Exclusion::Modality
        | Exclusion::ServiceTier
        | Exclusion::Thinking
        | Exclusion::Extended => "no endpoint of it does".to_owned(),
    }
}

fn cheapest<'a>(
    facts: &Facts,
    endpoints: impl Iterator<Item = &'a Endpoint> + Clone,
    offers: &Offers<'_>,
) -> String {
    let prices = endpoints
        .filter_map(|endpoint| endpoint.price.as_ref())
        .map(|card| card.at(offers.now, facts.priority).for_prompt(facts.prompt_bytes / 4));
    let tell = |rate: Option<Rate>| {
        rate.map_or_else(|| "unknown".to_owned(), |rate| rate.dollars_per(1_000_000))
    };
    format!(
        "the cheapest prompt price is {} and the cheapest completion price {} USD per million \
         tokens",
        tell(prices.clone().filter_map(|price| price.input).min()),
        tell(prices.filter_map(|price| price.output).min()),
    )
}

fn providers(considered: &[Considered], offers: &Offers<'_>) -> Vec<String> {
    let mut slugs: Vec<String> = Vec::new();
    for it in considered {
        let endpoint = offers.catalog.endpoint(it.endpoint);
        let slug = &offers.catalog.provider(endpoint.provider).slug;
        if !slugs.contains(slug) {
            slugs.push(slug.clone());
        }
    }
    slugs
}
