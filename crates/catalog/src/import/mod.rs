//! Refreshes the catalog from the public list of models.dev. Pure: texts in, texts out.
//!
//! What the source owns is brought up to date: which endpoints there are, their prices, limits,
//! capabilities and status. What people own stays as they wrote it: who a provider is, its quirks,
//! notes and data policy. `catalog/curated/README.md` draws the line. What no rule settles is left
//! out and told as a [`Decision`].

mod amount;
mod change;
mod check;
mod clean;
mod curated;
mod current;
mod decision;
mod document;
mod entry;
mod facts;
mod fault;
mod flavour;
mod gather;
mod identity;
mod kind;
mod merge;
mod model;
mod offer;
mod price;
mod row;
mod sense;
mod settle;
mod source;

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use curated::Curated;
use current::Current;
use gather::{Gathered, Known};
use identity::Identity;
use merge::{Material, Merged};
use model::Model;
use offer::Offer;
use source::Source;

use crate::{Layers, SourceFile, load};

pub use change::{Change, Changes, What};
pub use decision::{Decision, DecisionKind};
pub use fault::ImportFault;

/// The directory of the source from which names of models are taken, and no offers.
const NAMES: &str = "openrouter";

/// What an import gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// All files of the catalog as they should be, those that do not change included. A file that
    /// was there before and is not among them has nothing left to say.
    pub files: Vec<SourceFile>,
    /// What changes.
    pub changes: Changes,
    /// What a person has to decide, most pressing first.
    pub decisions: Vec<Decision>,
}

/// Refreshes the catalog from `source_json`, the text of `https://models.dev/api.json`.
///
/// `current` are the files of `catalog/providers` and `catalog/models`, `curated` those of
/// `catalog/curated`. The same texts always give the same outcome.
///
/// # Errors
/// If the source or a file cannot be read as a whole. A row that cannot be read is a decision, and
/// what the catalog says of it stays.
pub fn import(
    source_json: &str,
    current: &[SourceFile],
    curated: &[SourceFile],
) -> Result<Outcome, ImportFault> {
    let curated = Curated::read(curated)?;
    let current = Current::read(current)?;
    let include = &curated.policy.include;
    let source = Source::read(source_json, |name| name == NAMES || include.contains_key(name))?;
    let known = Known { curated: &curated, source: &source, current: &current };
    let mut identity = Identity::new(&curated, &source, &current.models);
    let mut gathered = gather::gather(&known, &identity);
    let mut decisions = gather::check_tables(&known);
    decisions.append(&mut gathered.decisions);
    let offers = std::mem::take(&mut gathered.offers);
    let mut offers = settle::settle(&curated, &mut identity, offers, &mut decisions);
    let models = facts::models(
        &facts::Sources {
            curated: &curated,
            source: &source,
            current: &current,
            identity: &identity,
            gathered: &gathered,
        },
        &offers,
    );
    finish_offers(&curated, &gathered, &models, &mut offers);
    let material = Material {
        curated: &curated,
        source: &source,
        current: &current,
        gathered: &gathered,
        models: &models,
    };
    let mut merged = merge::merge(&material, &offers);
    decisions.append(&mut identity.decisions);
    decisions.append(&mut merged.decisions);
    decisions.extend(check::check(&check::Checked {
        identity: &identity,
        offers: &offers,
        models: &models,
        touched: &merged.touched,
        new_models: &merged.new_models,
    }));
    Ok(outcome(merged, decisions))
}

/// A host cannot serve more context than the weights have; whose weights they are says who resells.
fn finish_offers(
    curated: &Curated,
    gathered: &Gathered,
    models: &BTreeMap<String, Model>,
    offers: &mut [Offer],
) {
    for offer in offers {
        if let Some(most) = curated.models.facts.context.get(offer.model()) {
            offer.caps.context = offer.caps.context.map(|context| context.min(*most));
        }
        let directory = offer.directory.as_ref().and_then(|name| curated.directories.get(name));
        let own = directory.and_then(|directory| directory.own.as_deref());
        let class = gathered.providers.get(&offer.provider).map(|facts| facts.class.as_str());
        let model = models.get(offer.model());
        let closed = model.is_some_and(|model| model.open_weights == Some(false));
        let author = model.map(Model::author);
        offer.resold = closed
            && matches!(class, Some("host" | "regional"))
            && offer.directory.is_some()
            && (own.is_none() || own != author);
    }
}

fn outcome(merged: Merged, mut decisions: Vec<Decision>) -> Outcome {
    let providers = merged.providers.into_values();
    let providers =
        providers.map(|file| SourceFile { text: file.document.text(), path: file.path });
    let authors = merged.authors.into_values();
    let authors = authors.map(|file| SourceFile { text: file.document.text(), path: file.path });
    let files: Vec<SourceFile> = providers.chain(authors).collect();
    let layers = Layers { base: files.clone(), ..Layers::default() };
    for fault in load(&layers).err().into_iter().flatten() {
        let line = fault.line.map_or(String::new(), |line| format!("line {line}, "));
        let detail = format!("{line}{}: {}", fault.key, fault.message);
        decisions.push(Decision::new(DecisionKind::DoesNotLoad, fault.file, detail));
    }
    decisions.sort();
    decisions.dedup();
    Outcome { files, changes: merged.changes, decisions }
}

impl Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.changes)?;
        let mut kind = None;
        for decision in &self.decisions {
            if kind != Some(decision.kind) {
                kind = Some(decision.kind);
                writeln!(f, "\n{}: {}", decision.kind.name(), decision.kind.mend())?;
            }
            writeln!(f, "  {}: {}", decision.about, decision.detail)?;
        }
        match self.decisions.len() {
            0 => writeln!(f, "nothing to decide"),
            count => writeln!(f, "\n{count} to decide"),
        }
    }
}
