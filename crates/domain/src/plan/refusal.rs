//! Why nothing may serve a request, and what would have to give.

use super::filter::{Exclusion, prompt_is_too_long};
use super::offers::{Excluded, Offers};
use crate::catalog::ModelIx;
use crate::failure::{
    Availability, AvailabilityCode, Constraint, Failure, FailureKind, Fault, Retry,
};
use crate::request::Facts;

/// Tells why every endpoint was left out, or that there is none.
pub(super) fn refuse(
    facts: &Facts,
    models: &[ModelIx],
    offers: &Offers<'_>,
    excluded: &[Excluded],
) -> Failure {
    let requested_models: Vec<String> =
        models.iter().map(|model| offers.catalog.model(*model).id.clone()).collect();
    let asked = requested_models.join(", ");
    if excluded.is_empty() {
        return nobody(&asked, requested_models, models, offers);
    }
    if excluded.iter().all(|(place, _)| prompt_is_too_long(facts, offers.catalog.endpoint(*place)))
    {
        return too_long(&asked, offers, excluded);
    }
    let mut rules: Vec<Exclusion> = excluded.iter().map(|(_, rule)| *rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let words: Vec<&'static str> = rules.iter().map(|rule| rule.word()).collect();
    let code = if rules.iter().all(|rule| is_about_data(*rule)) {
        AvailabilityCode::PrivacyRestricted
    } else {
        AvailabilityCode::ConstraintFiltered
    };
    let detail = sentence(&asked, &rules, excluded, offers);
    let constraint = rules.first().map(|rule| Constraint {
        field: rule.field().to_owned(),
        detail: hint(*rule, facts, excluded, offers),
    });
    let availability = Availability {
        code,
        requested_models,
        affected_providers: providers(excluded, offers),
        excluded_by: words,
        constraint,
        ..Availability::default()
    };
    Failure::new(FailureKind::NotFound, Fault::Caller, Retry::Never, detail).because(availability)
}

fn nobody(
    asked: &str,
    requested_models: Vec<String>,
    models: &[ModelIx],
    offers: &Offers<'_>,
) -> Failure {
    let mut known: Vec<String> = Vec::new();
    let mut keys: Vec<&str> = Vec::new();
    for model in models {
        for place in offers.catalog.endpoints_of(*model) {
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
fn too_long(asked: &str, offers: &Offers<'_>, excluded: &[Excluded]) -> Failure {
    let endpoints = excluded.iter().map(|(place, _)| offers.catalog.endpoint(*place));
    let longest = endpoints.filter_map(|endpoint| endpoint.context).max();
    let most = longest.map_or_else(String::new, |most| format!(" of at most {most} tokens"));
    let detail = format!("The prompt is longer than the context of {asked}{most}. Shorten it.");
    Failure::new(FailureKind::ContextTooLong, Fault::Caller, Retry::Never, detail).at("messages")
}

fn is_about_data(rule: Exclusion) -> bool {
    matches!(rule, Exclusion::Retention | Exclusion::TrainingOnPrompts)
}

fn sentence(
    asked: &str,
    rules: &[Exclusion],
    excluded: &[Excluded],
    offers: &Offers<'_>,
) -> String {
    let serving = providers(excluded, offers).join(", ");
    match rules {
        [Exclusion::Tools] => {
            format!("No endpoint of {asked} supports tool use. It is served by {serving}.")
        }
        [Exclusion::Providers] => format!(
            "No endpoint of {asked} is at a provider that the request permits. \
             It is served by {serving}."
        ),
        _ => {
            let fields: Vec<&str> = rules.iter().map(|rule| rule.field()).collect();
            format!("No endpoint of {asked} satisfies {}.", fields.join(" and "))
        }
    }
}

/// Says what would satisfy the rule.
fn hint(rule: Exclusion, facts: &Facts, excluded: &[Excluded], offers: &Offers<'_>) -> String {
    let endpoints = || excluded.iter().map(|(place, _)| offers.catalog.endpoint(*place));
    match rule {
        Exclusion::MaxPrice => {
            let prices = || {
                endpoints().filter_map(|endpoint| endpoint.price.as_ref()).map(|card| {
                    card.at(offers.now, facts.priority).for_prompt(facts.prompt_bytes / 4)
                })
            };
            let cheapest = |rate: Option<crate::price::Rate>| {
                rate.map_or_else(|| "unknown".to_owned(), |rate| rate.dollars_per(1_000_000))
            };
            format!(
                "the cheapest prompt price is {} and the cheapest completion price {} USD per \
                 million tokens",
                cheapest(prices().filter_map(|price| price.input).min()),
                cheapest(prices().filter_map(|price| price.output).min()),
            )
        }
        Exclusion::ContextLength => {
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
        Exclusion::Providers => {
            format!("it is served by {}", providers(excluded, offers).join(", "))
        }
        Exclusion::Quantization => {
            let mut own: Vec<&str> = endpoints()
                .map(|endpoint| endpoint.quantization.as_deref().unwrap_or("unknown"))
                .collect();
            own.sort_unstable();
            own.dedup();
            format!("it is served as {}", own.join(", "))
        }
        Exclusion::Retention
        | Exclusion::TrainingOnPrompts
        | Exclusion::RequireParameters
        | Exclusion::Tools
        | Exclusion::Modality => "no endpoint of it does".to_owned(),
    }
}

fn providers(excluded: &[Excluded], offers: &Offers<'_>) -> Vec<String> {
    let mut slugs: Vec<String> = Vec::new();
    for (place, _) in excluded {
        let endpoint = offers.catalog.endpoint(*place);
        let slug = &offers.catalog.provider(endpoint.provider).slug;
        if !slugs.contains(slug) {
            slugs.push(slug.clone());
        }
    }
    slugs
}
