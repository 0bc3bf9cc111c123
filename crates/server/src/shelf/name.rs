//! Models by the names that paths and bodies give them.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use domain::catalog::{Bare, Catalog, ModelIx};
use domain::failure::{Availability, AvailabilityCode, Failure, FailureKind};
use domain::models::retired;
use domain::nearest::nearest;
use domain::time::Timestamp;

/// Author and slug, or why the path does not say them.
pub(crate) type Name = Result<Path<(String, String)>, PathRejection>;

/// Finds the model that a path names.
///
/// # Errors
/// `NotFound`, with the nearest names.
pub(crate) fn find(catalog: &Catalog, name: Name, now: Timestamp) -> Result<ModelIx, Failure> {
    let Ok(Path((author, slug))) = name else { return Err(nameless()) };
    named(catalog, &format!("{author}/{slug}"), now)
}

/// Returns the failure of a path that is no name.
pub(crate) fn nameless() -> Failure {
    Failure::caller(FailureKind::NotFound, "The path is no name of a model.")
}

/// Finds a model by its id or another of its names, that of a stealth model that was named lately
/// among them.
///
/// # Errors
/// `NotFound`, with the nearest names, or the one that a stealth model has now.
pub(crate) fn named(catalog: &Catalog, name: &str, now: Timestamp) -> Result<ModelIx, Failure> {
    if let Some(reveal) = catalog.revealed(name) {
        let real = catalog.find_model(&reveal.model).filter(|_| now < reveal.ends());
        return real.ok_or_else(|| retired(reveal, &[name.to_owned()]));
    }
    catalog
        .find_model(name)
        .or_else(|| catalog.find_model(&name.to_lowercase()))
        .or_else(|| match catalog.find_bare(name) {
            Some(Bare::One(model)) => Some(model),
            _ => None,
        })
        .ok_or_else(|| unknown(catalog, name))
}

fn unknown(catalog: &Catalog, name: &str) -> Failure {
    let ids = catalog.models().iter().map(|model| model.id.as_str());
    let names = ids.chain(catalog.aliases().keys().map(String::as_str));
    let near: Vec<String> = nearest(name, names, 3).into_iter().map(str::to_owned).collect();
    let hint = match near.as_slice() {
        [] => String::new(),
        [one] => format!(" The nearest name is {one}."),
        [head @ .., last] => format!(" The nearest names are {} and {last}.", head.join(", ")),
    };
    let shown: String = name.chars().filter(|letter| !letter.is_control()).take(100).collect();
    let availability = Availability {
        code: AvailabilityCode::ModelNotFound,
        requested_models: vec![shown.clone()],
        fallback_models: near,
        ..Availability::default()
    };
    let detail = format!("There is no model {shown}.{hint}");
    Failure::caller(FailureKind::NotFound, detail).because(availability)
}

#[cfg(test)]
mod tests {
    use super::super::samples::{NOON, loaded, sample};
    use super::*;

    fn look_up(author: &str, slug: &str) -> Result<ModelIx, Failure> {
        let noon = Timestamp::parse(NOON).unwrap();
        find(&sample().catalog, Ok(Path((author.to_owned(), slug.to_owned()))), noon)
    }

    #[test]
    fn a_model_is_found_by_any_of_its_names() {
        let talker = sample().model("acme/talker");
        for slug in ["talker", "Talker", "talker-2026-05-01"] {
            assert_eq!(look_up("acme", slug).unwrap(), talker, "{slug}");
        }
    }

    #[test]
    fn the_name_that_a_stealth_model_had_finds_the_model_and_later_names_it() {
        let reveal = domain::launch::Reveal {
            stealth: "acme/riddle".to_owned(),
            model: "acme/talker".to_owned(),
            at: Timestamp::parse(NOON).unwrap(),
        };
        let ends = reveal.ends();
        let catalog = loaded(&[reveal]);
        let talker = catalog.find_model("acme/talker");
        let before = named(&catalog, "acme/riddle", ends.plus_ms(-1)).unwrap();
        assert_eq!(Some(before), talker);
        let failure = named(&catalog, "acme/riddle", ends).unwrap_err();
        assert_eq!(failure.status(), 404);
        assert_eq!(failure.availability.unwrap().fallback_models, ["acme/talker"]);
    }

    #[test]
    fn a_name_that_nobody_has_is_told_with_those_near_it() {
        let failure = look_up("acme", "talkr\n").unwrap_err();
        assert_eq!(failure.status(), 404);
        insta::assert_snapshot!(failure.detail, @"There is no model acme/talkr. The nearest names are acme/talker, acme/thinker and acme/guard.");
        let availability = failure.availability.unwrap();
        assert_eq!(availability.fallback_models[0], "acme/talker");
    }
}
