//! The offers of every directory that is a provider.

use std::collections::{BTreeMap, BTreeSet};

use super::amount::Amount;
use super::curated::{Curated, Directory, Serving, Supplied};
use super::current::{Current, ProviderFacts, ProviderFile};
use super::decision::{Decision, DecisionKind};
use super::identity::{Identity, Origin, Resolved};
use super::kind::{dialect, dialect_of_kind, is_billed_by_tokens};
use super::offer::{Offer, RowFacts};
use super::price::Price;
use super::row::{Caps, Row};
use super::source::{Source, Upstream};

/// Images and speech are billed by tokens if a million of them costs as much: dollars.
const TOKEN_LIKE_DOLLARS: i64 = 5;

/// All offers, and what could not become one.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) offers: Vec<Offer>,
    /// Ids by provider of which nothing is known now: what stands of them in the catalog stays.
    pub(super) held: BTreeMap<String, BTreeSet<String>>,
    /// Providers of which nothing is known now.
    pub(super) gone: BTreeSet<String>,
    /// The facts of every provider that the policy includes and that is described.
    pub(super) providers: BTreeMap<String, ProviderFacts>,
    pub(super) decisions: Vec<Decision>,
    /// Fields of prices that nobody here knows, with the rows that have them.
    unknown: BTreeMap<String, Vec<String>>,
}

/// What the tables and the catalog say, for whoever reads rows.
pub(super) struct Known<'a> {
    pub(super) curated: &'a Curated,
    pub(super) source: &'a Source,
    pub(super) current: &'a Current,
}

/// One directory and the provider that it is.
struct Place<'a> {
    directory: &'a str,
    upstream: &'a Upstream,
    style: &'a Directory,
    slug: &'a str,
    facts: &'a ProviderFacts,
    file: Option<&'a ProviderFile>,
}

/// Reads the offers of all included directories.
pub(super) fn gather(known: &Known<'_>, identity: &Identity<'_>) -> Gathered {
    let mut gathered = Gathered::default();
    let plain = Directory::default();
    for (directory, included) in &known.curated.policy.include {
        let slug = included.slug.as_str();
        let file = known.current.providers.get(slug);
        let Some(upstream) = known.source.directories.get(directory) else {
            let detail = format!("the source no longer has it; {slug} is left as it is");
            gathered.decide(DecisionKind::DirectoryGone, directory, &detail);
            gathered.gone.insert(slug.to_owned());
            continue;
        };
        let Some(facts) = provider_facts(known, slug, &included.class) else {
            let detail = format!("{slug} has neither a file nor an entry in [p]");
            gathered.decide(DecisionKind::ProviderUndescribed, directory, &detail);
            continue;
        };
        let style = known.curated.directories.get(directory).unwrap_or(&plain);
        let place = Place { directory, upstream, style, slug, facts: &facts, file };
        gathered.read_directory(known, identity, &place);
        gathered.providers.insert(slug.to_owned(), facts);
    }
    gathered.supply(known, identity);
    gathered.tell_unknown();
    gathered
}

fn provider_facts(known: &Known<'_>, slug: &str, class: &str) -> Option<ProviderFacts> {
    if let Some(file) = known.current.providers.get(slug) {
        return Some(file.facts.clone());
    }
    let described = known.curated.providers.p.get(slug)?;
    Some(ProviderFacts {
        class: class.to_owned(),
        operator: described.operator.clone().unwrap_or_else(|| slug.to_owned()),
        dialect: described.dialect.clone().unwrap_or_else(|| "openai-chat".to_owned()),
    })
}

impl Gathered {
    fn decide(&mut self, kind: DecisionKind, about: &str, detail: &str) {
        self.decisions.push(Decision::new(kind, about, detail));
    }

    fn hold(&mut self, slug: &str, id: &str) {
        self.held.entry(slug.to_owned()).or_default().insert(id.to_owned());
    }

    fn read_directory(&mut self, known: &Known<'_>, identity: &Identity<'_>, place: &Place<'_>) {
        for (id, detail) in &place.upstream.malformed {
            self.hold(place.slug, id);
            self.decide(DecisionKind::MalformedRow, &format!("{}:{id}", place.directory), detail);
        }
        for (id, row) in &place.upstream.rows {
            let about = format!("{}:{id}", place.directory);
            if known.curated.aliases.exclude.contains_key(&about) {
                continue;
            }
            let said = place.file.and_then(|file| file.serving(id));
            let Some(resolved) = identity.resolve(place.directory, id, said.clone()) else {
                let detail = format!("no rule names its model ({})", shown_name(row));
                self.decide(DecisionKind::UnresolvedId, &about, &detail);
                continue;
            };
            let is_said = said.is_some_and(|said| said.model == resolved.serving.model);
            if !is_said && let Some(decision) = doubt(identity, place, &about, &resolved) {
                self.decisions.push(decision);
                continue;
            }
            for field in &row.cost.unknown {
                self.unknown.entry(field.clone()).or_default().push(about.clone());
            }
            self.offer_row(known, identity, place, (id, row), resolved);
        }
    }

    fn offer_row(
        &mut self,
        known: &Known<'_>,
        identity: &Identity<'_>,
        place: &Place<'_>,
        (id, row): (&str, &Row),
        resolved: Resolved,
    ) {
        let Resolved { serving, origin, .. } = resolved;
        for (serving, row) in split(serving, row) {
            let mut offer = offer(identity, place, id, &row, (serving, origin));
            correct(known.curated, &format!("{}:{id}", place.directory), &mut offer);
            self.offers.push(offer);
        }
    }

    /// Adds the offers that the source does not have.
    fn supply(&mut self, known: &Known<'_>, identity: &Identity<'_>) {
        for (slug, rows) in &known.curated.supplement.offers {
            let class = known.curated.providers.p.get(slug).and_then(|p| p.class.clone());
            let Some(facts) = provider_facts(known, slug, class.as_deref().unwrap_or("host"))
            else {
                let detail =
                    "supplement.toml offers it, but it has neither a file nor an entry in [p]";
                self.decide(DecisionKind::ProviderUndescribed, slug, detail);
                continue;
            };
            for row in rows {
                let about = format!("{slug}:{}", row.id);
                let price = Price::of_texts(&row.price);
                if !identity.models.contains_key(&row.model) {
                    let detail = format!("{} is no model that anyone names", row.model);
                    self.decide(DecisionKind::UnknownTarget, &about, &detail);
                    self.hold(slug, &row.id);
                } else if let Some(price) = price {
                    self.offers.push(supplied(identity, slug, &facts, row.clone(), price));
                } else {
                    self.decide(DecisionKind::MalformedRow, &about, "its price cannot be billed");
                    self.hold(slug, &row.id);
                }
            }
            self.providers.entry(slug.clone()).or_insert(facts);
        }
    }

    fn tell_unknown(&mut self) {
        for (field, rows) in std::mem::take(&mut self.unknown) {
            let first = rows.first().map_or("", String::as_str);
            let detail = format!("{} rows have it, the first is {first}", rows.len());
            self.decide(DecisionKind::UnknownPrice, &format!("cost.{field}"), &detail);
        }
    }
}

fn shown_name(row: &Row) -> &str {
    row.name.as_deref().unwrap_or("unnamed")
}

/// A repository of another owner than the model's author holds another model, or another's build.
fn doubt(
    identity: &Identity<'_>,
    place: &Place<'_>,
    about: &str,
    resolved: &Resolved,
) -> Option<Decision> {
    let owner = resolved.owner.as_str();
    let settled = matches!(resolved.origin, Origin::CuratedId | Origin::Catalog);
    if owner.is_empty() || settled || place.style.any_owner || identity.is_packager(owner) {
        return None;
    }
    let model = &resolved.serving.model;
    let author = model.split('/').next().unwrap_or("");
    let detail = format!("the owner is `{owner}`, the model by its name {model}");
    match identity.author(owner) {
        None => Some(Decision::new(DecisionKind::UnknownAuthor, about, detail)),
        Some(spelled) if spelled.is_empty() || spelled == author => None,
        Some(_) => Some(Decision::new(DecisionKind::AuthorMismatch, about, detail)),
    }
}

/// One id that stands for two models, without and with thinking, is two offers.
fn split(mut serving: Serving, row: &Row) -> Vec<(Serving, Row)> {
    let Some(thinking) = serving.split_reasoning.take() else {
        return vec![(serving, row.clone())];
    };
    let (mut plain, mut thoughtful) = (row.clone(), row.clone());
    plain.cost.price.remove("reasoning");
    plain.caps.reasoning = Some(false);
    plain.controls.toggle = false;
    plain.controls.efforts = None;
    plain.controls.budget = None;
    if let Some(output) = thoughtful.cost.price.remove("reasoning") {
        thoughtful.cost.price.insert("output", output);
    }
    thoughtful.caps.reasoning = Some(true);
    let other = Serving {
        model: thinking.model,
        id: thinking.id.or_else(|| serving.id.clone()),
        variant: thinking.variant.or_else(|| serving.variant.clone()),
        mode: thinking.mode.or_else(|| serving.mode.clone()),
        note: thinking.note.or_else(|| serving.note.clone()),
        ..serving.clone()
    };
    vec![(serving, plain), (other, thoughtful)]
}

fn offer(
    identity: &Identity<'_>,
    place: &Place<'_>,
    id: &str,
    row: &Row,
    (serving, origin): (Serving, Origin),
) -> Offer {
    let kind = identity.kind(&serving.model).to_owned();
    let style = place.style;
    let spoken = dialect(row, &place.facts.dialect, &serving.model, &kind, style.responses_only);
    let mut price = row.cost.price.clone();
    let mut tiers = row.cost.tiers.clone();
    let billing = billing(style, &kind, &price);
    if billing == "token" {
        let silent: &[&str] = match kind.as_str() {
            "embedding" | "rerank" => &["cache_read", "cache_write", "output"],
            _ => &["cache_read", "cache_write"],
        };
        price.drop_zeros(silent);
        tiers.iter_mut().for_each(|(_, price)| price.drop_zeros(silent));
    }
    Offer {
        provider: place.slug.to_owned(),
        directory: Some(place.directory.to_owned()),
        source_id: id.to_owned(),
        id: serving.id.clone().unwrap_or_else(|| id.to_owned()),
        aliases: Vec::new(),
        dialect: serving.dialect.clone().unwrap_or_else(|| spoken.to_owned()),
        base_url: row.api.as_deref().filter(|_| serving.dialect.is_none()).map(template),
        note: serving.note.clone(),
        serving,
        kind,
        origin,
        billing: billing.to_owned(),
        price,
        tiers,
        windows: Vec::new(),
        priority: None,
        fast: row.fast.clone(),
        body: BTreeMap::new(),
        headers: BTreeMap::new(),
        caps: row.caps.clone(),
        controls: row.controls.clone(),
        status: row.status.clone(),
        resold: false,
        source: None,
        facts: RowFacts {
            name: row.name.clone(),
            knowledge: row.knowledge.clone(),
            released: row.released.clone(),
            open_weights: row.open_weights,
        },
    }
}

/// How an offer at this price is billed.
fn billing<'a>(style: &'a Directory, kind: &str, price: &Price) -> &'a str {
    if price.is_empty() {
        return style.no_price.as_deref().unwrap_or("unknown");
    }
    if price.is_zero() {
        return style.zero_price.as_deref().unwrap_or("free");
    }
    let floor = Amount::of_dollars(TOKEN_LIKE_DOLLARS);
    let token_like = matches!(kind, "image" | "tts") && price.part("output") >= Some(floor);
    if is_billed_by_tokens(kind) || token_like { "token" } else { "unverified-unit" }
}

/// Applies what is known to be wrong at the source.
fn correct(curated: &Curated, about: &str, offer: &mut Offer) {
    if let Some(reason) = curated.corrections.quarantine.get(about) {
        offer.billing = "quarantined".to_owned();
        offer.note = Some(reason.clone());
    }
    let Some(fix) = curated.corrections.price.get(about) else { return };
    let mut texts = fix.clone();
    offer.note = texts.remove("source");
    if let Some(price) = Price::of_texts(&texts) {
        offer.price = price;
        offer.billing = "token".to_owned();
    }
}

/// `${VAR}` of the source is `{var}` here.
pub(super) fn template(url: &str) -> String {
    let mut written = String::with_capacity(url.len());
    let mut rest = url;
    while let Some((before, after)) = rest.split_once("${") {
        written.push_str(before);
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        };
        match after.split_once('}').filter(|(name, _)| is_name(name)) {
            Some((name, tail)) => {
                written.push_str(&format!("{{{}}}", name.to_lowercase()));
                rest = tail;
            }
            None => {
                written.push_str("${");
                rest = after;
            }
        }
    }
    written.push_str(rest);
    written.trim_end_matches('/').to_owned()
}

fn supplied(
    identity: &Identity<'_>,
    slug: &str,
    facts: &ProviderFacts,
    row: Supplied,
    price: Price,
) -> Offer {
    let kind = identity.kind(&row.model).to_owned();
    let usual = Some(&facts.dialect).filter(|dialect| *dialect == "openai-chat");
    let by_kind = usual.and_then(|dialect| dialect_of_kind(&kind, dialect)).map(str::to_owned);
    let billing = if price.is_empty() { "unknown" } else { "token" };
    let serving = Serving {
        model: row.model,
        variant: row.variant,
        quantization: row.quantization,
        assumed: row.assumed,
        ..Serving::default()
    };
    Offer {
        provider: slug.to_owned(),
        directory: None,
        source_id: row.id.clone(),
        id: row.id,
        aliases: Vec::new(),
        serving,
        kind,
        origin: Origin::CuratedId,
        dialect: row.dialect.or(by_kind).unwrap_or_else(|| facts.dialect.clone()),
        base_url: None,
        billing: billing.to_owned(),
        price,
        tiers: Vec::new(),
        windows: Vec::new(),
        priority: None,
        fast: None,
        body: BTreeMap::new(),
        headers: BTreeMap::new(),
        caps: Caps {
            input: row.input_modalities,
            output: row.output_modalities,
            context: row.context,
            max_output: row.max_output,
            tools: row.tools,
            structured_output: row.structured_output,
            reasoning: row.reasoning,
            ..Caps::default()
        },
        controls: Default::default(),
        status: row.status,
        resold: false,
        note: row.note,
        source: Some(row.source.unwrap_or_else(|| "litellm".to_owned())),
        facts: RowFacts::default(),
    }
}

/// Names directories and hand-kept entries that do not meet.
pub(super) fn check_tables(known: &Known<'_>) -> Vec<Decision> {
    let (curated, source) = (known.curated, known.source);
    let policy = &curated.policy;
    let mut decisions = Vec::new();
    for directory in source.directories.keys() {
        if !policy.include.contains_key(directory) && !policy.skip.contains_key(directory) {
            let detail = "the policy does not name it";
            decisions.push(Decision::new(DecisionKind::NewDirectory, directory, detail));
        }
    }
    for directory in policy.skip.keys() {
        if !source.directories.contains_key(directory) {
            let detail = "skipped in curated/policy.toml, but no longer in the source";
            decisions.push(Decision::new(DecisionKind::StaleEntry, directory, detail));
        }
    }
    let ids = curated.aliases.ids.iter();
    let ids =
        ids.flat_map(|(directory, ids)| ids.keys().map(move |id| format!("{directory}:{id}")));
    let entries = [
        ("aliases.toml [exclude]", curated.aliases.exclude.keys().cloned().collect()),
        ("aliases.toml [ids]", ids.collect::<Vec<_>>()),
        ("corrections.toml [quarantine]", curated.corrections.quarantine.keys().cloned().collect()),
        ("corrections.toml [price]", curated.corrections.price.keys().cloned().collect()),
    ];
    for (table, entries) in entries {
        for about in entries {
            if !is_in_source(source, &about) {
                let detail = format!("{table} names it, but the source does not have it");
                decisions.push(Decision::new(DecisionKind::StaleEntry, about, detail));
            }
        }
    }
    decisions
}

fn is_in_source(source: &Source, about: &str) -> bool {
    let Some((directory, id)) = about.split_once(':') else { return false };
    source.directories.get(directory).is_some_and(|upstream| {
        upstream.rows.contains_key(id) || upstream.malformed.contains_key(id)
    })
}
