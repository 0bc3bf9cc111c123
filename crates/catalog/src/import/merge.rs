//! Lays offers and models into the files of the catalog.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::change::{Change, Changes, What};
use super::curated::{Curated, NewProvider};
use super::current::{AuthorFile, Current, ProviderFacts, ProviderFile, names, serving_of};
use super::decision::{Decision, DecisionKind};
use super::document::{Block, Document};
use super::entry::{self, Wish, price_at, same, same_sections, tier_bodies, wishes};
use super::gather::{Gathered, template};
use super::model::{self, Model, bare_key, inline, listed, quoted};
use super::offer::{Offer, Slot, slot};
use super::price::Price;
use super::source::Source;

/// A price that moves by more than this many times is told to a person.
const PRICE_FACTOR: i64 = 3;
const FIRST_LINE: &str = "# made by `interline catalog import` from models.dev\n";

/// The files after an import, and what changed in them.
pub(super) struct Merged {
    pub(super) providers: BTreeMap<String, ProviderFile>,
    pub(super) authors: BTreeMap<String, AuthorFile>,
    pub(super) changes: Changes,
    pub(super) decisions: Vec<Decision>,
    /// Offers that are new or have a new price, as places in the list of offers.
    pub(super) touched: BTreeSet<usize>,
    pub(super) new_models: BTreeSet<String>,
}

/// What files are made from.
pub(super) struct Material<'a> {
    pub(super) curated: &'a Curated,
    pub(super) source: &'a Source,
    pub(super) current: &'a Current,
    pub(super) gathered: &'a Gathered,
    pub(super) models: &'a BTreeMap<String, Model>,
}

/// Lays everything into the files.
pub(super) fn merge(material: &Material<'_>, offers: &[Offer]) -> Merged {
    let mut merged = Merged {
        providers: material.current.providers.clone(),
        authors: material.current.authors.clone(),
        changes: Changes::default(),
        decisions: Vec::new(),
        touched: BTreeSet::new(),
        new_models: BTreeSet::new(),
    };
    let mut by_provider: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, offer) in offers.iter().enumerate() {
        by_provider.entry(&offer.provider).or_default().push(at);
    }
    for (slug, facts) in &material.gathered.providers {
        let own = by_provider.remove(slug.as_str()).unwrap_or_default();
        merged.lay_provider(material, slug, facts, &own, offers);
    }
    merged.lay_models(material);
    merged.remove_unoffered();
    merged
}

impl Merged {
    fn lay_provider(
        &mut self,
        material: &Material<'_>,
        slug: &str,
        facts: &ProviderFacts,
        own: &[usize],
        offers: &[Offer],
    ) {
        let known = self.providers.remove(slug);
        let mut file = match known {
            Some(file) => file,
            None if own.is_empty() => return,
            None => new_provider(material, slug, facts),
        };
        let mut changes = Vec::new();
        let mut matched = matches(&file.document.blocks, own, offers);
        for &at in own {
            let Some(model) = material.models.get(offers[at].model()) else { continue };
            let found = matched.iter().position(|taken| *taken == Some(at));
            let edits = match found {
                Some(place) => {
                    let block = &mut file.document.blocks[place];
                    self.lay_offer(&offers[at], model, &facts.dialect, block)
                }
                None => {
                    let block = new_block(&offers[at], model, &facts.dialect);
                    let place = place_of(&file.document.blocks, &offers[at]);
                    file.document.blocks.insert(place, block);
                    matched.insert(place, Some(at));
                    let what = What::Added(offers[at].model().to_owned());
                    vec![Change::new(&offers[at].id, what)]
                }
            };
            if edits.iter().any(|edit| is_touching(&edit.what)) {
                self.touched.insert(at);
            }
            changes.extend(edits);
        }
        changes.extend(remove_unmatched(material, slug, &mut file, &matched));
        self.changes.of_provider(slug, changes);
        self.providers.insert(slug.to_owned(), file);
    }

    /// Brings one block up to date.
    fn lay_offer(
        &mut self,
        offer: &Offer,
        model: &Model,
        dialect: &str,
        block: &mut Block,
    ) -> Vec<Change> {
        let before = block.table.get("price").is_some().then(|| price_at(&block.table, "price"));
        let wishes = wishes(offer, model, dialect, Some(block));
        let mut changes = Vec::new();
        for (key, wish) in &wishes {
            changes.extend(apply(&offer.id, block, key, wish, &entry::ORDER));
        }
        let sections = [
            ("price_over", tier_bodies(offer, &block.table)),
            ("price_window", window_bodies(offer)),
        ];
        for (key, bodies) in sections {
            if same_sections(&block.table, key, &bodies) {
                continue;
            }
            let shown = |bodies: &[String]| {
                let told: Vec<&str> = bodies.iter().flat_map(|body| body.lines()).collect();
                (!told.is_empty()).then(|| told.join(", "))
            };
            let said = block.table.get(key).map(inline);
            changes.push(Change::edited(&offer.id, key, said, shown(&bodies)));
            block.set_sections(&format!("endpoint.{key}"), &bodies);
        }
        if let Some(before) = before.flatten() {
            self.judge_move(offer, &before);
        }
        changes
    }

    /// Tells a person of prices that moved as prices seldom do.
    fn judge_move(&mut self, offer: &Offer, before: &Price) {
        let moved: Vec<String> = before
            .parts()
            .into_iter()
            .filter_map(|(part, old)| Some((part, old, offer.price.part(part)?)))
            .filter(|(_, old, new)| old != new)
            .filter(|(_, old, new)| {
                old.exceeds(*new, PRICE_FACTOR) || new.exceeds(*old, PRICE_FACTOR)
            })
            .map(|(part, old, new)| format!("{part} {old} -> {new}"))
            .collect();
        let like_yuan = before.parts().into_iter().any(|(part, old)| {
            offer.price.part(part).is_some_and(|new| new.differs_like_yuan(old))
        });
        let kind =
            if like_yuan { DecisionKind::CurrencySuspected } else { DecisionKind::PriceMoved };
        if !moved.is_empty() {
            self.decisions.push(Decision::new(kind, offer.name(), moved.join(", ")));
        }
        let kept = before.hand_kept();
        let ours = kept.parts().into_iter().filter(|(part, _)| offer.price.part(part).is_none());
        let ours: Vec<String> = ours.map(|(part, amount)| format!("{part} {amount}")).collect();
        let stands = before.holds(&offer.price);
        if !ours.is_empty() && !stands {
            let detail = format!("{} is kept beside a new price", ours.join(", "));
            let kind = DecisionKind::HandKeptPrice;
            self.decisions.push(Decision::new(kind, offer.name(), detail));
        }
    }

    fn lay_models(&mut self, material: &Material<'_>) {
        for (id, model) in material.models {
            let author = model.author();
            let file = self
                .authors
                .entry(author.to_owned())
                .or_insert_with(|| new_author(material, author));
            let blocks = &mut file.document.blocks;
            let place = blocks.iter().position(|block| block.str("id") == Some(id));
            let wished = model.entries();
            if let Some(place) = place {
                for (key, text) in &wished {
                    let wish = text.clone().map_or(Wish::Leave, Wish::Say);
                    let change = apply(id, &mut blocks[place], key, &wish, &model::ORDER);
                    if let Some(change) = change {
                        self.changes.of_author(author, change);
                    }
                }
                continue;
            }
            let mut block = Block::new("model");
            for (key, text) in wished {
                if let Some(text) = text {
                    block.set(key, &text, &model::ORDER);
                }
            }
            let behind = |block: &Block| block.str("id").is_some_and(|other| other < id.as_str());
            let place = blocks.iter().rposition(behind).map_or(0, |place| place + 1);
            blocks.insert(place, block);
            self.new_models.insert(id.clone());
            self.changes.of_author(author, Change::new(id, What::Added(model.name.clone())));
        }
    }

    /// Takes out models that nobody offers, and the files of authors who have none left.
    fn remove_unoffered(&mut self) {
        let blocks = self.providers.values().flat_map(|file| &file.document.blocks);
        let offered: BTreeSet<&str> = blocks.filter_map(|block| block.str("model")).collect();
        for (author, file) in &mut self.authors {
            file.document.blocks.retain(|block| {
                let id = block.str("id").unwrap_or("");
                let is_offered = offered.contains(id);
                if !is_offered {
                    let what = What::Removed("nobody offers it".to_owned());
                    self.changes.of_author(author, Change::new(id, what));
                }
                is_offered
            });
        }
        self.authors.retain(|_, file| !file.document.blocks.is_empty());
    }
}

fn window_bodies(offer: &Offer) -> Vec<String> {
    offer.windows.iter().map(|(body, _)| body.clone()).collect()
}

fn is_touching(what: &What) -> bool {
    match what {
        What::Added(_) => true,
        What::Removed(_) => false,
        What::Edited { key, .. } => {
            ["price", "price_over", "id", "model", "context"].contains(&key.as_str())
        }
    }
}

/// Which block stands for which offer: the one in its slot, or else one that names its id.
fn matches(blocks: &[Block], own: &[usize], offers: &[Offer]) -> Vec<Option<usize>> {
    let slots: Vec<Slot> = blocks.iter().map(|block| slot(&serving_of(block))).collect();
    let mut matched: Vec<Option<usize>> = vec![None; blocks.len()];
    let mut left = Vec::new();
    for &at in own {
        let sought = offers[at].slot();
        match slots.iter().position(|slot| *slot == sought) {
            Some(place) => matched[place] = Some(at),
            None => left.push(at),
        }
    }
    for at in left {
        let fits = |block: &Block| {
            names(block, &offers[at].source_id) && block.str("model") == Some(offers[at].model())
        };
        let free =
            (0..blocks.len()).find(|place| matched[*place].is_none() && fits(&blocks[*place]));
        if let Some(place) = free {
            matched[place] = Some(at);
        }
    }
    matched
}

/// Lets a key say what it should; gives the change, if there is one.
fn apply(id: &str, block: &mut Block, key: &str, wish: &Wish, order: &[&str]) -> Option<Change> {
    let said = block.table.get(key).cloned();
    match (wish, &said) {
        (Wish::Leave, _) | (Wish::Nothing, None) => None,
        (Wish::Nothing, Some(value)) => {
            block.remove(key);
            Some(Change::edited(id, key, Some(shown(value)), None))
        }
        (Wish::Say(text), said) => {
            let wished = toml::from_str::<Table>(&format!("x = {text}")).ok();
            let wished = wished.and_then(|mut table| table.remove("x"))?;
            if said.as_ref().is_some_and(|said| same(key, said, &wished)) {
                return None;
            }
            let before = said.as_ref().map(shown);
            block.set(key, text, order);
            let after = Some(text.trim_matches('"').to_owned());
            Some(Change::edited(id, key, before, after))
        }
    }
}

fn shown(value: &Value) -> String {
    let price = value.as_table().and_then(Price::of_table);
    match (value.as_str(), price) {
        (Some(text), _) => text.to_owned(),
        (None, Some(price)) => price.to_toml(),
        (None, None) => inline(value),
    }
}

fn new_block(offer: &Offer, model: &Model, dialect: &str) -> Block {
    let mut block = Block::new("endpoint");
    for (key, wish) in wishes(offer, model, dialect, None) {
        if let Wish::Say(text) = wish {
            block.set(key, &text, &entry::ORDER);
        }
    }
    block.set_sections("endpoint.price_over", &tier_bodies(offer, &Table::new()));
    block.set_sections("endpoint.price_window", &window_bodies(offer));
    block
}

/// Where a new offer's block belongs: blocks stand by model, variant, region, mode and id.
fn place_of(blocks: &[Block], offer: &Offer) -> usize {
    let serving = &offer.serving;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let rank = [
        offer.model().to_owned(),
        text(&serving.variant),
        text(&serving.region),
        text(&serving.mode),
    ];
    let of_block = |block: &Block| {
        ["model", "variant", "region", "mode"].map(|key| block.str(key).unwrap_or("").to_owned())
    };
    let before =
        |block: &Block| (of_block(block), block.str("id")) < (rank.clone(), Some(&offer.id));
    blocks.iter().rposition(before).map_or(0, |place| place + 1)
}

/// Takes out what the source offers no more, unless a person keeps it or nothing is known of it.
fn remove_unmatched(
    material: &Material<'_>,
    slug: &str,
    file: &mut ProviderFile,
    matched: &[Option<usize>],
) -> Vec<Change> {
    let held = material.gathered.held.get(slug);
    let is_held = |block: &Block| {
        held.is_some_and(|held| held.iter().any(|id| names(block, id)))
            || block.str("source").is_some()
            || material.gathered.gone.contains(slug)
    };
    let mut changes = Vec::new();
    let mut at = 0;
    file.document.blocks.retain(|block| {
        let kept = matched.get(at).is_some_and(Option::is_some) || is_held(block);
        at += 1;
        if !kept {
            let id = block.str("id").unwrap_or("");
            let model = block.str("model").unwrap_or("").to_owned();
            changes.push(Change::new(id, What::Removed(model)));
        }
        kept
    });
    changes
}

fn new_author(material: &Material<'_>, author: &str) -> AuthorFile {
    let name = material.curated.authors.name.get(author).map_or(author, String::as_str);
    let head = format!("{FIRST_LINE}\nauthor = {}\nname = {}\n", quoted(author), quoted(name));
    let path = format!("{}models/{author}.toml", folder(material.current));
    AuthorFile { path, document: Document::of_head(head) }
}

fn new_provider(material: &Material<'_>, slug: &str, facts: &ProviderFacts) -> ProviderFile {
    let included = material.curated.policy.include.iter();
    let directory = included.clone().find(|(_, included)| included.slug == slug);
    let directory = directory.map(|(directory, _)| directory.as_str());
    let upstream = directory.and_then(|name| material.source.directories.get(name));
    let nothing = NewProvider::default();
    let kept = material.curated.providers.p.get(slug).unwrap_or(&nothing);
    let text = |text: Option<&str>| text.map(quoted);
    let or_source = |kept: &Option<String>, source: Option<&String>| {
        kept.as_deref().or(source.map(String::as_str)).map(str::to_owned)
    };
    let name = or_source(&kept.name, upstream.and_then(|up| up.name.as_ref()));
    let docs = or_source(&kept.docs, upstream.and_then(|up| up.docs.as_ref()));
    let api = upstream.and_then(|up| up.api.as_deref()).map(template);
    let base_url = or_source(&kept.base_url, api.as_ref());
    let own_env = upstream.map(|up| up.env.as_slice()).unwrap_or_default();
    let env = listed(if kept.env.is_empty() { own_env } else { &kept.env });
    let source = directory.map(|name| format!("models.dev:{name}")).or(kept.source.clone());
    let unknown = "{ train = \"unknown\" }".to_owned();
    let table = |table: &Option<Table>| table.clone().map(|table| inline(&Value::Table(table)));
    let lines = [
        ("slug", text(Some(slug))),
        ("name", text(name.as_deref().or(Some(slug)))),
        ("openrouter_name", text(kept.openrouter_name.as_deref())),
        ("class", text(Some(&facts.class))),
        ("operator", text(kept.operator.as_deref())),
        ("hq", text(kept.hq.as_deref())),
        ("datacenters", listed(&kept.datacenters)),
        ("base_url", text(base_url.as_deref().map(|url| url.trim_end_matches('/')))),
        ("dialect", text(Some(&facts.dialect))),
        ("also", table(&kept.also)),
        ("auth", text(Some(kept.auth.as_deref().unwrap_or("bearer")))),
        ("env", env.clone()),
        ("key_env", env),
        ("docs", text(docs.as_deref())),
        ("source", text(source.as_deref())),
        ("data", table(&kept.data).or(Some(unknown))),
    ];
    let said = lines.into_iter().filter_map(|(key, value)| Some((key, value?)));
    let more =
        kept.more.iter().map(|(key, value)| format!("{} = {}\n", bare_key(key), inline(value)));
    let lines = said.map(|(key, value)| format!("{key} = {value}\n")).chain(more);
    let lines: String = lines.collect();
    let mut head = format!("{FIRST_LINE}\n[provider]\n{lines}");
    if let Some(quirks) = kept.quirks.as_ref().filter(|quirks| !quirks.is_empty()) {
        let flags =
            quirks.iter().map(|(key, value)| format!("{} = {}\n", bare_key(key), inline(value)));
        head.push_str(&format!("\n[provider.quirks]\n{}", flags.collect::<String>()));
    }
    ProviderFile {
        path: format!("{}providers/{slug}.toml", folder(material.current)),
        document: Document::of_head(head),
        facts: facts.clone(),
    }
}

/// The folder in which the folders of the catalog stand.
fn folder(current: &Current) -> String {
    let paths = current.providers.values().map(|file| file.path.as_str());
    let path = paths.chain(current.authors.values().map(|file| file.path.as_str())).next();
    let root = path.and_then(|path| path.rsplit_once('/')?.0.rsplit_once('/'));
    root.map_or(String::new(), |(root, _)| format!("{root}/"))
}
