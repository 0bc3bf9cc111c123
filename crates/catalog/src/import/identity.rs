//! Which model an id stands for. Nothing is guessed: what no table and no name settles is `None`.

use std::collections::{BTreeMap, BTreeSet};

use super::clean::{Cleaned, clean, key, strip_precision};
use super::curated::{Curated, Serving};
use super::decision::{Decision, DecisionKind};
use super::model::Model;
use super::source::Source;
use crate::model::is_id;

/// Rows of OpenRouter's directory that are its own routers or moving names.
const NO_MODELS: [&str; 3] = ["~", "openrouter/", "switchpoint/"];

/// How an id came to its model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The id itself stands in the hand-kept table.
    CuratedId,
    /// Its slug does.
    CuratedSlug,
    /// Its slug is that of a model that the catalog named.
    CuratedModel,
    /// Its slug is that of a model that OpenRouter named, or its weights are called so.
    Named,
    /// The provider's file has said so before.
    Catalog,
}

/// A model under its name, and how it came to be known.
#[derive(Clone, Debug)]
struct Known {
    serving: Serving,
    origin: Origin,
}

/// An id with its model.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub(super) serving: Serving,
    pub(super) owner: String,
    pub(super) origin: Origin,
}

/// All that is known of names.
pub(super) struct Identity<'a> {
    curated: &'a Curated,
    keys: BTreeMap<String, Known>,
    /// Names that two models answer to.
    clashes: BTreeSet<String>,
    /// Every model, and whether the catalog named it.
    pub(super) models: BTreeMap<String, bool>,
    kinds: BTreeMap<String, String>,
    pub(super) decisions: Vec<Decision>,
}

impl<'a> Identity<'a> {
    /// Gathers the names of the catalog, of OpenRouter's directory and of the hand-kept tables.
    pub(super) fn new(
        curated: &'a Curated,
        source: &Source,
        models: &BTreeMap<String, Model>,
    ) -> Identity<'a> {
        let mut identity = Identity {
            curated,
            keys: BTreeMap::new(),
            clashes: BTreeSet::new(),
            models: BTreeMap::new(),
            kinds: BTreeMap::new(),
            decisions: Vec::new(),
        };
        for model in models.values().filter(|model| !model.named_by_catalog) {
            identity.name_model(model, Origin::Named);
        }
        identity.name_openrouter(source);
        for model in models.values().filter(|model| model.named_by_catalog) {
            identity.name_model(model, Origin::CuratedModel);
        }
        identity.name_new(models);
        for (model, kind) in &curated.models.kind {
            identity.kinds.insert(model.clone(), kind.clone());
        }
        identity.name_slugs();
        identity.check_targets();
        identity
    }

    /// The kind of a model; chat if nothing else is said.
    pub(super) fn kind(&self, model: &str) -> &str {
        self.kinds.get(model).map_or("chat", String::as_str)
    }

    /// Declares a model that follows from another, such as a fast mode.
    pub(super) fn declare(&mut self, model: &str) {
        self.models.entry(model.to_owned()).or_insert(false);
    }

    /// Whose repository an owner's name stands for; `Some("")` is nobody's in particular.
    pub(super) fn author(&self, owner: &str) -> Option<&str> {
        self.curated.authors.spelled.get(owner).map(String::as_str)
    }

    /// Whether an owner re-packages the weights of others.
    pub(super) fn is_packager(&self, owner: &str) -> bool {
        self.curated.aliases.packagers.names.iter().any(|name| name == owner)
    }

    /// The model of one id of one directory; `catalog` is what the provider's file says of it.
    pub(super) fn resolve(
        &self,
        directory: &str,
        id: &str,
        catalog: Option<Serving>,
    ) -> Option<Resolved> {
        let plain = Default::default();
        let style = self.curated.directories.get(directory).unwrap_or(&plain);
        let cleaned = clean(style, id, |name| self.curated.authors.spelled.contains_key(name));
        let (base, precision) = strip_precision(&cleaned.slug);
        let exact = self.curated.aliases.ids.get(directory).and_then(|ids| ids.get(id));
        let known = match exact {
            Some(target) if self.is_known(&target.serving()) => {
                Some(Known { serving: target.serving(), origin: Origin::CuratedId })
            }
            Some(_) => None,
            None => self.named(&cleaned.slug).or_else(|| self.named(&base)).cloned(),
        };
        if let Some(known) = known {
            let serving = with_tags(known.serving, &cleaned, precision);
            return Some(Resolved { serving, owner: cleaned.owner, origin: known.origin });
        }
        let serving = catalog.filter(|serving| exact.is_none() && self.is_known(serving))?;
        Some(Resolved { serving, owner: cleaned.owner, origin: Origin::Catalog })
    }

    /// The model that a name stands for, if it is anyone's.
    pub(super) fn model_named(&self, name: &str) -> Option<&str> {
        self.named(name).map(|known| known.serving.model.as_str())
    }

    fn named(&self, name: &str) -> Option<&Known> {
        let key = key(name);
        let clashes = self.clashes.contains(&key);
        self.keys.get(&key).filter(|known| !clashes || known.origin == Origin::CuratedSlug)
    }

    fn is_known(&self, serving: &Serving) -> bool {
        self.models.contains_key(&serving.model)
            && serving.split_reasoning.as_deref().is_none_or(|split| self.is_known(split))
    }

    fn name_model(&mut self, model: &Model, origin: Origin) {
        self.models.insert(model.id.clone(), model.named_by_catalog);
        if model.kind != "chat" {
            self.kinds.insert(model.id.clone(), model.kind.clone());
        }
        let permanent = model.permaslug.as_deref().and_then(slug_of);
        let weights = model.hf.as_deref().and_then(|hf| hf.rsplit('/').next());
        for name in [slug_of(&model.id), permanent, weights].into_iter().flatten() {
            self.put(name, &model.id, origin);
        }
    }

    fn name_openrouter(&mut self, source: &Source) {
        let Some(openrouter) = source.directories.get("openrouter") else { return };
        for id in openrouter.rows.keys() {
            let model = id.split(':').next().unwrap_or(id);
            let Some(slug) = slug_of(model) else { continue };
            if NO_MODELS.iter().any(|prefix| id.starts_with(prefix)) || !is_id(model) {
                continue;
            }
            self.models.entry(model.to_owned()).or_insert(false);
            self.put(slug, model, Origin::Named);
        }
    }

    fn name_new(&mut self, models: &BTreeMap<String, Model>) {
        let curated = self.curated;
        for (kind, new) in &curated.models.new {
            for model in new {
                let named_elsewhere = self.models.get(model) == Some(&false);
                if named_elsewhere && !models.contains_key(model) {
                    let detail = "declared in curated/models.toml, but OpenRouter names it now";
                    self.decide(DecisionKind::StaleEntry, model, detail);
                }
                self.models.entry(model.clone()).or_insert(true);
                self.kinds.entry(model.clone()).or_insert_with(|| kind.clone());
                let more = curated.models.matches.get(model).into_iter().flatten();
                for name in slug_of(model).into_iter().chain(more.map(String::as_str)) {
                    self.put(name, model, Origin::CuratedModel);
                }
            }
        }
    }

    fn name_slugs(&mut self) {
        let curated = self.curated;
        for (slug, target) in &curated.aliases.slugs {
            let serving = target.serving();
            if !self.is_known(&serving) {
                continue;
            }
            let key = key(slug);
            let other = self.keys.get(&key).filter(|known| known.serving.model != serving.model);
            if let Some(other) = other
                && !self.clashes.contains(&key)
            {
                let detail = format!(
                    "[slugs] says {}, but it is the name of {}",
                    serving.model, other.serving.model
                );
                self.decide(DecisionKind::IdentityClash, slug, &detail);
                self.clashes.insert(key);
                continue;
            }
            self.keys.insert(key, Known { serving, origin: Origin::CuratedSlug });
        }
    }

    fn check_targets(&mut self) {
        let aliases = &self.curated.aliases;
        let ids = aliases.ids.iter().flat_map(|(directory, ids)| {
            ids.iter().map(move |(id, target)| (format!("{directory}:{id}"), target))
        });
        let slugs = aliases.slugs.iter().map(|(slug, target)| (slug.clone(), target));
        for (about, target) in slugs.chain(ids) {
            let serving = target.serving();
            if !self.is_known(&serving) {
                let detail = format!("{} is no model that anyone names", serving.model);
                self.decide(DecisionKind::UnknownTarget, &about, &detail);
            }
        }
    }

    /// Gives a name to a model. One that the catalog named gives way to one that has it already.
    fn put(&mut self, name: &str, model: &str, origin: Origin) {
        let key = key(name);
        let Some(known) = self.keys.get(&key) else {
            let serving = Serving { model: model.to_owned(), ..Serving::default() };
            self.keys.insert(key, Known { serving, origin });
            return;
        };
        let other = known.serving.model.clone();
        if other != model && origin != Origin::CuratedModel && self.clashes.insert(key) {
            let detail = format!("both {other} and {model} are called so");
            self.decide(DecisionKind::IdentityClash, name, &detail);
        }
    }

    fn decide(&mut self, kind: DecisionKind, about: &str, detail: &str) {
        self.decisions.push(Decision::new(kind, about, detail));
    }
}

/// The part of `author/slug` behind the author.
pub(super) fn slug_of(model: &str) -> Option<&str> {
    model.split_once('/').map(|(_, slug)| slug).filter(|slug| !slug.is_empty())
}

/// Adds what the id says beside the name; what a table says of the id goes first.
fn with_tags(mut serving: Serving, cleaned: &Cleaned, precision: Option<&str>) -> Serving {
    serving.variant = serving.variant.or_else(|| cleaned.variant.clone());
    serving.region = serving.region.or_else(|| cleaned.region.clone());
    serving.quantization = serving.quantization.or_else(|| precision.map(str::to_owned));
    serving.tee |= cleaned.tee;
    serving
}
