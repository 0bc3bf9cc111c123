//! The facts of models: what is known stays, what a lab corrects follows it, what is new is read
//! from whoever offers it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use jiff::civil::Date;

use super::curated::{Curated, Facts};
use super::current::{Current, names};
use super::gather::Gathered;
use super::identity::{Identity, slug_of};
use super::kind::{gives, lacks_max_output};
use super::model::{Model, caps_of};
use super::offer::{Offer, RowFacts};
use super::row::{Caps, is_date};
use super::source::Source;

/// Hosts enter the day on which they listed a model; further off than this it is not its release.
const RELEASE_DAYS_MAX: i32 = 100;

/// Where facts are taken from.
pub(super) struct Sources<'a> {
    pub(super) curated: &'a Curated,
    pub(super) source: &'a Source,
    pub(super) current: &'a Current,
    pub(super) identity: &'a Identity<'a>,
    pub(super) gathered: &'a Gathered,
}

/// What one row says of a model.
#[derive(Clone, Copy)]
struct Witness<'a> {
    caps: &'a Caps,
    facts: &'a RowFacts,
}

/// Returns every model that stands in the catalog or is offered, by id.
pub(super) fn models(sources: &Sources<'_>, offers: &[Offer]) -> BTreeMap<String, Model> {
    let mut offered: BTreeMap<&str, Vec<&Offer>> = BTreeMap::new();
    for offer in offers {
        offered.entry(offer.model()).or_default().push(offer);
    }
    let mut models = sources.current.models.clone();
    for (id, offers) in offered {
        let model = match models.remove(id) {
            Some(known) => follow_lab(sources, known, &offers),
            None => new_model(sources, id, &offers),
        };
        models.insert(id.to_owned(), model);
    }
    for model in models.values_mut() {
        overrule(&sources.curated.models.facts, model);
    }
    models
}

/// The hand-kept facts go before all others.
fn overrule(facts: &Facts, model: &mut Model) {
    if let Some(released) = facts.released.get(&model.id) {
        model.released = Some(released.clone());
    }
    model.dimensions = facts.dimensions.get(&model.id).copied().or(model.dimensions);
    if let Some(context) = facts.context.get(&model.id) {
        model.caps.context = Some(*context);
        model.caps.max_output = model.caps.max_output.map(|most| most.min(*context));
    }
    if facts.open_weights.contains(&model.id) {
        model.open_weights = Some(true);
    }
    if facts.closed_weights.contains(&model.id) {
        model.open_weights = Some(false);
    }
}

/// The lab's own offer among those of a model.
fn lab<'a>(sources: &Sources<'_>, model: &str, offers: &[&'a Offer]) -> Option<&'a Offer> {
    let author = model.split('/').next().unwrap_or("");
    let directory = sources.curated.authors.lab.get(author)?;
    let own = offers.iter().filter(|offer| {
        offer.directory.as_ref() == Some(directory) && offer.serving.variant.is_none()
    });
    let rank = |offer: &&&Offer| {
        let serving = &offer.serving;
        let silent = serving.mode.as_deref() == Some("non-reasoning");
        (serving.floating, silent, serving.region.is_some(), offer.id.clone())
    };
    own.min_by_key(rank).copied()
}

/// What the lab said before and says otherwise now becomes the model's, if it was the model's.
///
/// The context of open weights only grows: a lab may serve less than its weights can.
fn follow_lab(sources: &Sources<'_>, mut model: Model, offers: &[&Offer]) -> Model {
    let Some(lab) = lab(sources, &model.id, offers) else { return model };
    let file = sources.current.providers.get(&lab.provider);
    let blocks = file.map(|file| file.document.blocks.as_slice()).unwrap_or_default();
    let ours = blocks.iter().find(|block| {
        block.str("model") == Some(model.id.as_str()) && names(block, &lab.source_id)
    });
    let Some(block) = ours else { return model };
    let (said, new) = (caps_of(&block.table), &lab.caps);
    let shrinks = new.context < model.caps.context && model.open_weights == Some(true);
    let caps = &mut model.caps;
    if !shrinks && model.kind != "stt" {
        follow(&mut caps.context, said.context, new.context);
    }
    if !lacks_max_output(&model.kind) {
        let bound = caps.context.filter(|_| is_bounded_by_context(&model.kind));
        let most = new.max_output.map(|most| most.min(bound.unwrap_or(most)));
        follow(&mut caps.max_output, said.max_output, most);
    }
    follow(&mut caps.tools, said.tools, new.tools);
    follow(&mut caps.structured_output, said.structured_output, new.structured_output);
    follow(&mut caps.temperature, said.temperature, new.temperature);
    follow(&mut caps.reasoning, said.reasoning, new.reasoning);
    follow_list(&mut caps.input, &said.input, &new.input);
    if gives(&model.kind).is_none() {
        follow_list(&mut caps.output, &said.output, &new.output);
    }
    model
}

fn follow<T: Copy>(fact: &mut Option<T>, said_apart: Option<T>, new: Option<T>) {
    if said_apart.is_none() && new.is_some() {
        *fact = new;
    }
}

fn follow_list(fact: &mut Vec<String>, said_apart: &[String], new: &[String]) {
    if said_apart.is_empty() && !new.is_empty() {
        *fact = new.to_vec();
    }
}

/// Reads a model from the rows that know it: the lab's first, OpenRouter's, then what most say.
fn new_model(sources: &Sources<'_>, id: &str, offers: &[&Offer]) -> Model {
    let openrouter = sources.source.directories.get("openrouter");
    let named = openrouter.and_then(|openrouter| openrouter.rows.get(id));
    let named_facts = named.map(|row| RowFacts {
        name: row.name.clone(),
        knowledge: row.knowledge.clone(),
        released: row.released.clone(),
        open_weights: row.open_weights,
    });
    let mut trusted: Vec<Witness<'_>> = Vec::new();
    trusted.extend(lab(sources, id, offers).map(witness));
    if let (Some(row), Some(facts)) = (named, &named_facts) {
        trusted.push(Witness { caps: &row.caps, facts });
    }
    let plain: Vec<&Offer> =
        offers.iter().copied().filter(|offer| offer.serving.variant.is_none()).collect();
    let plain = if plain.is_empty() { offers.to_vec() } else { plain };
    let witnesses = Witnesses { trusted, plain: plain.iter().copied().map(witness).collect() };
    let name = named_facts.as_ref().and_then(|facts| facts.name.as_deref()).map(listed_name);
    let mut model = Model {
        id: id.to_owned(),
        kind: sources.identity.kind(id).to_owned(),
        released: witnesses.released(),
        open_weights: witnesses.first(|witness| witness.facts.open_weights),
        named_by_catalog: sources.identity.models.get(id).copied().unwrap_or(true),
        ..Model::default()
    };
    overrule(&sources.curated.models.facts, &mut model);
    model.name = name
        .or_else(|| {
            witnesses.first(|witness| witness.facts.name.clone()).map(|name| bare_name(&name))
        })
        .unwrap_or_else(|| slug_of(id).unwrap_or(id).to_owned());
    let month = model.released.as_deref().unwrap_or("9999").get(..7).unwrap_or("9999").to_owned();
    model.knowledge = witnesses.first(|witness| {
        let knowledge = witness.facts.knowledge.clone()?;
        knowledge.get(..7).is_some_and(|known| known <= month.as_str()).then_some(knowledge)
    });
    model.caps = witnesses.caps();
    if model.open_weights == Some(true) {
        model.caps.context = agreed_context(sources, &witnesses, &plain, model.caps.context);
    }
    fit_kind(&mut model);
    model
}

/// Whether the answers of a kind count into its context.
fn is_bounded_by_context(kind: &str) -> bool {
    matches!(kind, "chat" | "completion")
}

/// Takes out what a kind does not have.
fn fit_kind(model: &mut Model) {
    let caps = &mut model.caps;
    if lacks_max_output(&model.kind) {
        caps.max_output = None;
        model.knowledge = None;
    }
    if model.kind == "stt" {
        caps.context = None;
    }
    if let Some(context) = caps.context.filter(|_| is_bounded_by_context(&model.kind)) {
        caps.max_output = caps.max_output.map(|most| most.min(context));
    }
    if let Some(given) = gives(&model.kind) {
        caps.output = vec![given.to_owned()];
    }
}

fn witness(offer: &Offer) -> Witness<'_> {
    Witness { caps: &offer.caps, facts: &offer.facts }
}

/// Rows that say something of one model: the trusted ones in order, and the others.
struct Witnesses<'a> {
    trusted: Vec<Witness<'a>>,
    plain: Vec<Witness<'a>>,
}

impl Witnesses<'_> {
    /// What the first trusted row says, or else what most others do.
    fn first<T: Clone + Debug>(&self, ask: impl Fn(&Witness<'_>) -> Option<T>) -> Option<T> {
        let said = self.trusted.iter().find_map(&ask);
        said.or_else(|| most_common(self.plain.iter().filter_map(&ask)))
    }

    fn caps(&self) -> Caps {
        let some = |words: &Vec<String>| (!words.is_empty()).then(|| words.clone());
        Caps {
            input: self.first(|witness| some(&witness.caps.input)).unwrap_or_default(),
            output: self.first(|witness| some(&witness.caps.output)).unwrap_or_default(),
            context: self.first(|witness| witness.caps.context),
            max_input: None,
            max_output: self.first(|witness| witness.caps.max_output),
            tools: self.first(|witness| witness.caps.tools),
            structured_output: self.first(|witness| witness.caps.structured_output),
            temperature: self.first(|witness| witness.caps.temperature),
            reasoning: self.first(|witness| witness.caps.reasoning),
        }
    }

    /// The first trusted date that is near the middle of all, or else the one that is nearest.
    fn released(&self) -> Option<String> {
        let dates = |witnesses: &[Witness<'_>]| -> Vec<String> {
            let dates = witnesses.iter().filter_map(|witness| witness.facts.released.clone());
            dates.filter(|date| day(date).is_some()).collect()
        };
        let (trusted, mut plain) = (dates(&self.trusted), dates(&self.plain));
        plain.sort();
        let Some(middle) = plain.get(plain.len() / 2).and_then(|date| day(date)) else {
            return trusted.into_iter().next();
        };
        let days_off = |date: &String| {
            let off = day(date).and_then(|day| day.since(middle).ok());
            off.map_or(i32::MAX, |span| span.get_days().abs())
        };
        if let Some(date) = trusted.iter().find(|date| days_off(date) <= RELEASE_DAYS_MAX) {
            return Some(date.clone());
        }
        let nearest =
            trusted.iter().chain(&plain).min_by_key(|date| (days_off(date), (*date).clone()))?;
        let near = days_off(nearest) <= RELEASE_DAYS_MAX;
        Some(if near { nearest.clone() } else { middle.to_string() })
    }
}

/// A month is taken at its middle.
fn day(date: &str) -> Option<Date> {
    let whole = if date.len() == 7 { format!("{date}-15") } else { date.to_owned() };
    is_date(&whole).then(|| whole.parse().ok()).flatten()
}

/// What is said most often; of those said equally often, the first by its text.
fn most_common<T: Clone + Debug>(said: impl Iterator<Item = T>) -> Option<T> {
    let mut counted: BTreeMap<String, (usize, T)> = BTreeMap::new();
    for one in said {
        counted.entry(format!("{one:?}")).or_insert((0, one)).0 += 1;
    }
    let most = counted.values().map(|(count, _)| *count).max()?;
    counted.into_values().find(|(count, _)| *count == most).map(|(_, one)| one)
}

/// The largest context of open weights that two companies agree on: hosts cut it at will.
fn agreed_context(
    sources: &Sources<'_>,
    witnesses: &Witnesses<'_>,
    plain: &[&Offer],
    said: Option<u64>,
) -> Option<u64> {
    let facts = witnesses.trusted.iter().enumerate();
    let facts = facts.map(|(at, witness)| (witness.caps.context, format!("fact {at}")));
    let companies = plain.iter().map(|offer| {
        let facts = sources.gathered.providers.get(&offer.provider);
        let company = facts.map_or(offer.provider.clone(), |facts| facts.operator.clone());
        (offer.caps.context, company)
    });
    let mut values: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for (context, who) in facts.chain(companies) {
        if let Some(context) = context {
            values.entry(unround(context)).or_default().insert(who);
        }
    }
    for value in values.keys().rev() {
        let near = values.iter().filter(|(other, _)| other.abs_diff(*value) * 20 <= *value);
        let near: Vec<(u64, &BTreeSet<String>)> = near.map(|(other, who)| (*other, who)).collect();
        let all: BTreeSet<&String> = near.iter().flat_map(|(_, who)| who.iter()).collect();
        if all.len() < 2 {
            continue;
        }
        let best =
            near.iter().max_by_key(|(other, who)| (who.len(), *other)).map(|(best, _)| *best);
        let stands = said.is_some_and(|said| values.contains_key(&said));
        return if best > said || !stands { best.max(said) } else { said };
    }
    said
}

/// 262000 for 262144: some hosts round to thousands.
fn unround(tokens: u64) -> u64 {
    let exact = half_even(tokens, 4_096) * 4_096;
    if tokens.is_multiple_of(1_000) && half_even(exact, 1_000) * 1_000 == tokens {
        exact
    } else {
        tokens
    }
}

fn half_even(number: u64, by: u64) -> u64 {
    let (quotient, rest) = (number / by, number % by);
    match (rest * 2).cmp(&by) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + quotient % 2,
    }
}

/// `Vendor: Name (free)` is listed for `Name`.
fn listed_name(name: &str) -> String {
    let bare = name.split_once(':').filter(|(vendor, _)| !vendor.is_empty());
    bare.map_or(name, |(_, bare)| bare).replace(" (free)", "").trim().to_owned()
}

/// `vendor/Name (latest)` for `Name`.
pub(super) fn bare_name(name: &str) -> String {
    const MARKS: [&str; 6] = ["(latest)", "(US)", "(EU)", "(AU)", "(JP)", "(Global)"];
    let is_vendor = |vendor: &str| {
        let fits = |char: char| char.is_alphanumeric() || matches!(char, '_' | '.' | '-');
        !vendor.is_empty() && vendor.chars().all(fits)
    };
    let bare = name.split_once('/').filter(|(vendor, _)| is_vendor(vendor));
    let bare = bare.map_or(name, |(_, bare)| bare);
    let marked = MARKS.iter().find_map(|mark| bare.strip_suffix(mark));
    marked.map_or(bare, str::trim_end).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_windows_are_put_right() {
        let read = [262_000, 164_000, 1_049_000, 128_000, 200_000, 131_072].map(unround);
        assert_eq!(read, [262_144, 163_840, 1_048_576, 128_000, 200_000, 131_072]);
    }

    #[test]
    fn names_lose_vendors_and_marks() {
        assert_eq!(listed_name("Qwen: Qwen3 8B (free)"), "Qwen3 8B");
        assert_eq!(listed_name(": odd"), ": odd");
        assert_eq!(bare_name("zai-org/GLM 4.7 (latest)"), "GLM 4.7");
        assert_eq!(bare_name("GLM / 4.7"), "GLM / 4.7");
    }

    #[test]
    fn the_majority_is_asked_and_ties_go_by_text() {
        assert_eq!(most_common([3, 1, 3].into_iter()), Some(3));
        assert_eq!(most_common([262_144, 131_072].into_iter()), Some(131_072));
        assert_eq!(most_common(std::iter::empty::<u64>()), None);
    }
}
