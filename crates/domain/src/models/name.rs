//! A model's name, taken apart.

use crate::catalog::{Bare, Catalog, ModelIx};
use crate::launch::Reveal;
use crate::plan::Lane;
use crate::request::Sort;
use crate::time::Timestamp;

/// What a name asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name<'a> {
    /// A model, and what its variants say.
    Model {
        model: ModelIx,
        lane: Lane,
        /// It was named by its own id.
        by_id: bool,
    },
    /// The newest of a family of an author: `author/family`.
    Latest { family: &'a str, lane: Lane },
    /// Whatever fits best.
    Auto { lane: Lane },
    /// Whatever is free.
    Free,
    /// Something that is understood and not offered.
    Refused { variant: &'a str, base: &'a str },
    /// The name that a stealth model had, which no longer stands for anything.
    Retired { reveal: &'a Reveal },
    /// A name without an author that several have.
    Ambiguous { models: Vec<ModelIx> },
    /// Nothing that is known.
    Unknown,
}

/// Reads a name. A model of that very name is meant before any variant of another.
pub(super) fn read<'a>(name: &'a str, catalog: &'a Catalog, now: Timestamp) -> Name<'a> {
    let (mut base, mut lane) = (name, Lane::default());
    loop {
        if let Some(model) = catalog.find_model(base) {
            let by_id = catalog.model(model).id == base;
            return Name::Model { model, lane, by_id };
        }
        if let Some(reveal) = catalog.revealed(base) {
            return match catalog.find_model(&reveal.model) {
                Some(model) if now < reveal.ends() => Name::Model { model, lane, by_id: false },
                _ => Name::Retired { reveal },
            };
        }
        match catalog.find_bare(base) {
            Some(Bare::One(model)) => return Name::Model { model, lane, by_id: false },
            Some(Bare::Several(models)) => return Name::Ambiguous { models },
            None => (),
        }
        let Some((rest, variant)) = base.rsplit_once(':') else { break };
        match variant {
            "free" => lane.free = true,
            "thinking" => lane.thinking = true,
            "extended" => lane.extended = true,
            "nitro" => lane.sort = Some(Sort::Throughput),
            "floor" => lane.sort = Some(Sort::Price),
            "exacto" => lane.sort = Some(Sort::Exacto),
            "online" | "batch" => return Name::Refused { variant, base: rest },
            _ => return Name::Unknown,
        }
        base = rest;
    }
    let family = base.strip_prefix('~').and_then(|it| it.strip_suffix("-latest"));
    match (family, base) {
        (Some(family), _) => Name::Latest { family, lane },
        (None, "openrouter/auto" | "interline/auto") => Name::Auto { lane },
        (None, "openrouter/free" | "interline/free") => Name::Free,
        _ => Name::Unknown,
    }
}
