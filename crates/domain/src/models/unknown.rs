//! What a caller is told whose names mean nothing that answers it.

use crate::catalog::{Catalog, Model, ModelIx};
use crate::failure::{
    Availability, AvailabilityCode, Constraint, Failure, FailureKind, Fault, Retry,
};
use crate::launch::Reveal;
use crate::nearest::nearest;
use crate::operation::Operation;
use crate::request::Facts;

/// A name that nobody has.
pub(super) fn unknown(name: &str, facts: &Facts, catalog: &Catalog) -> Failure {
    if name.is_empty() {
        return Failure::caller(FailureKind::InvalidRequest, "No model was named.").at("model");
    }
    let shown = shown(name);
    if name.starts_with('@') {
        let detail = format!("{shown}: presets are not offered yet. Name a model as it is.");
        return Failure::caller(FailureKind::InvalidRequest, detail).at("model");
    }
    let names = catalog
        .models()
        .iter()
        .map(|model| model.id.as_str())
        .chain(catalog.aliases().keys().map(String::as_str));
    let sought = name.trim_start_matches('~').trim_end_matches("-latest");
    let near: Vec<String> = nearest(sought, names, 3).into_iter().map(str::to_owned).collect();
    let hint = match near.as_slice() {
        [] => String::new(),
        [one] => format!(" The nearest name is {one}."),
        [head @ .., last] => format!(" The nearest names are {} and {last}.", head.join(", ")),
    };
    let availability = Availability {
        code: AvailabilityCode::ModelNotFound,
        requested_models: facts.models.clone(),
        fallback_models: near,
        ..Availability::default()
    };
    let detail = match name.starts_with('~') {
        true => format!("No model of the family {sought} can be called here.{hint}"),
        false => format!("There is no model {shown}.{hint}"),
    };
    Failure::caller(FailureKind::InvalidRequest, detail).at("model").because(availability)
}

/// A name that a stealth model had until a while after it was named.
pub fn retired(reveal: &Reveal, requested: &[String]) -> Failure {
    let Reveal { stealth, model, at } = reveal;
    let availability = Availability {
        code: AvailabilityCode::ModelDeprecated,
        requested_models: requested.to_vec(),
        fallback_models: vec![model.clone()],
        ..Availability::default()
    };
    let day = at.to_string();
    let day = day.get(..10).unwrap_or_default();
    let detail = format!("{stealth} is {model}, as was told on {day}. Ask for {model}.");
    Failure::new(FailureKind::NotFound, Fault::Caller, Retry::Never, detail)
        .at("model")
        .because(availability)
}

/// A name without an author that several models have.
pub(super) fn ambiguous(
    name: &str,
    models: &[ModelIx],
    (facts, catalog): (&Facts, &Catalog),
) -> Failure {
    let ids: Vec<String> = models.iter().map(|it| catalog.model(*it).id.clone()).collect();
    let detail =
        format!("{} does not say which model is meant: {}.", shown(name), ids.join(" or "));
    let availability = Availability {
        code: AvailabilityCode::ModelNotFound,
        requested_models: facts.models.clone(),
        fallback_models: ids,
        ..Availability::default()
    };
    Failure::caller(FailureKind::InvalidRequest, detail).at("model").because(availability)
}

/// A variant that is understood and not offered.
pub(super) fn refused(variant: &str, base: &str) -> Failure {
    let what = match variant {
        "online" => "searches of the web are",
        _ => "batches are",
    };
    let detail = format!(
        "`:{variant}`: {what} not offered here, and an answer without would not be what was \
         asked for. Ask for {} without it.",
        shown(base)
    );
    Failure::caller(FailureKind::InvalidRequest, detail).at("model")
}

/// A router that finds no model.
pub(super) fn nothing_fits(name: &str, facts: &Facts) -> Failure {
    let detail = format!(
        "{}: no models match your request and model restrictions: none that can be called here \
         passes the request's own filters.",
        shown(name)
    );
    let availability = Availability {
        code: AvailabilityCode::NoEndpoints,
        requested_models: facts.models.clone(),
        ..Availability::default()
    };
    Failure::new(FailureKind::NotFound, Fault::Caller, Retry::Never, detail).because(availability)
}

/// A model that answers another operation, or none that has a route.
pub(super) fn wrong_route(model: &Model, answers: Option<Operation>, facts: &Facts) -> Failure {
    let route = answers.map_or("another kind of request, which has no route here", |it| it.route());
    let availability = Availability {
        code: AvailabilityCode::WrongEndpoint,
        requested_models: facts.models.clone(),
        constraint: Some(Constraint { field: "model".to_owned(), detail: route.to_owned() }),
        ..Availability::default()
    };
    let detail = format!("{} does not answer {}, but {route}.", model.id, facts.operation.noun());
    Failure::caller(FailureKind::InvalidRequest, detail).at("model").because(availability)
}

fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(100).collect()
}
