//! What the choice of a model needs of the catalog, made once.

use std::collections::HashMap;

use super::family::family;
use super::task::{Task, WEIGHTS, fits};
use crate::catalog::{Catalog, EndpointIx, Model, ModelIx, ModelKind};
use crate::money::Money;
use crate::price::Price;
use crate::time::{DAY_MS, Timestamp};
use crate::usage::Usage;

/// The models that can be called, by what is asked of them.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// By `author/family`: the newest.
    latest: HashMap<String, ModelIx>,
    /// By task: the models that are up to it, best first.
    ranked: Vec<Vec<Scored>>,
    /// The models that somebody serves for nothing.
    free: Vec<ModelIx>,
}

/// A model, and why it stands where it does. Each figure is from 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scored {
    /// The model.
    pub model: ModelIx,
    /// How good it is: as the catalog says, or estimated.
    pub quality: u8,
    /// How cheap it is among the models that can be called.
    pub cheapness: u8,
    /// Both, weighted as the task asks.
    pub score: u8,
}

/// Tokens of the request by which models are compared: three of a prompt to one of an answer.
const BLEND: Usage = Usage {
    input: 3_000,
    output: 1_000,
    cache_read: 0,
    cache_write: 0,
    cache_write_1h: 0,
    input_audio: 0,
    reasoning: 0,
    output_audio: 0,
    citations: 0,
    images: 0,
    requests: 0,
    audio_ms: 0,
    characters: 0,
    estimated: false,
};
/// Months after which a model's age says nothing more.
const MONTHS_MAX: i64 = 24;
/// Providers that serve a model from which on it counts as used everywhere.
const PROVIDERS_MAX: usize = 16;

/// A model that can be called, and what is known of it.
struct Known<'a> {
    place: ModelIx,
    model: &'a Model,
    price: Money,
    /// Days since 1970 of its release.
    released: Option<i64>,
    /// Companies that serve it.
    providers: usize,
}

impl Index {
    /// Looks at every model of which `callable` endpoints are there.
    pub fn new<'a>(catalog: &Catalog, callable: &dyn Fn(ModelIx) -> &'a [EndpointIx]) -> Index {
        let known: Vec<Known<'_>> = (0..)
            .map(ModelIx)
            .zip(catalog.models())
            .filter(|(_, model)| model.kind == ModelKind::Chat)
            .filter_map(|(place, model)| known(catalog, place, model, callable(place)))
            .collect();
        let free = known.iter().filter(|it| is_free(catalog, callable(it.place)));
        Index {
            latest: latest(&known),
            free: free.map(|it| it.place).collect(),
            ranked: Task::ALL.map(|task| ranked(&known, task)).into(),
        }
    }

    /// Returns the newest model of a family: `author/family`.
    pub(super) fn latest(&self, family: &str) -> Option<ModelIx> {
        self.latest.get(family).copied()
    }

    /// Returns the models that are up to a task, best first.
    pub fn ranked(&self, task: Task) -> &[Scored] {
        self.ranked.get(task as usize).map_or(&[], Vec::as_slice)
    }

    /// Returns the models that somebody serves for nothing.
    pub(super) fn free(&self) -> &[ModelIx] {
        &self.free
    }
}

fn known<'a>(
    catalog: &Catalog,
    place: ModelIx,
    model: &'a Model,
    callable: &[EndpointIx],
) -> Option<Known<'a>> {
    // What callers have to agree to first is chosen by nobody else.
    if model.stealth.is_some() {
        return None;
    }
    let prices = callable.iter().filter_map(|it| base_price(catalog, *it));
    let mut operators: Vec<&str> = catalog
        .endpoints_of(place)
        .iter()
        .map(|it| catalog.provider(catalog.endpoint(*it).provider).operator.as_str())
        .collect();
    operators.sort_unstable();
    operators.dedup();
    Some(Known {
        place,
        model,
        price: prices.map(|price| price.charge(&BLEND)).min()?,
        released: model.released.as_deref().and_then(day),
        providers: operators.len(),
    })
}

/// Returns the day of a date of which the day, or month and day, may be unknown.
fn day(date: &str) -> Option<i64> {
    let full = match date.len() {
        4 => format!("{date}-01-01"),
        7 => format!("{date}-01"),
        _ => date.to_owned(),
    };
    Timestamp::parse(&full).map(|it| it.ms() / DAY_MS)
}

fn base_price(catalog: &Catalog, place: EndpointIx) -> Option<Price> {
    catalog.endpoint(place).price.as_ref().map(|card| card.base)
}

fn is_free(catalog: &Catalog, callable: &[EndpointIx]) -> bool {
    callable.iter().filter_map(|it| base_price(catalog, *it)).any(|price| price.is_free())
}

fn latest(known: &[Known<'_>]) -> HashMap<String, ModelIx> {
    let mut newest: HashMap<String, &Known<'_>> = HashMap::new();
    for it in known {
        let (author, slug) = it.model.id.split_once('/').unwrap_or(("", &it.model.id));
        let name = format!("{author}/{}", family(slug));
        let age = |it: &Known<'_>| (it.released, it.model.id.clone());
        match newest.get(&name) {
            Some(other) if age(it) <= age(other) => (),
            _ => {
                newest.insert(name, it);
            }
        }
    }
    newest.into_iter().map(|(name, it)| (name, it.place)).collect()
}

fn ranked(known: &[Known<'_>], task: Task) -> Vec<Scored> {
    let newest = known.iter().filter_map(|it| it.released).max();
    let mut prices: Vec<Money> = known.iter().map(|it| it.price).collect();
    prices.sort_unstable();
    let weight = u32::from(WEIGHTS[task as usize]);
    let up_to_it = known.iter().filter(|it| fits(task, it.model));
    let mut scored: Vec<Scored> = up_to_it
        .map(|it| {
            let dearness = percentile(&prices, it.price);
            let quality = it.model.quality.unwrap_or_else(|| estimate(it, newest, dearness));
            let cheapness = 100 - dearness;
            let both = u32::from(quality) * weight + u32::from(cheapness) * (100 - weight);
            let score = u8::try_from(both / 100).unwrap_or(100);
            Scored { model: it.place, quality, cheapness, score }
        })
        .collect();
    scored.sort_by_key(|it| (std::cmp::Reverse(it.score), it.model));
    scored
}

/// Returns how many in a hundred are cheaper.
fn percentile(sorted: &[Money], price: Money) -> u8 {
    let cheaper = sorted.partition_point(|other| *other < price);
    let most = sorted.len().saturating_sub(1).max(1);
    u8::try_from(cheaper * 100 / most).unwrap_or(100)
}

/// Estimates how good a model is, where nobody has judged it: half by how new it is, 20 in a
/// hundred by how many companies serve it, 30 by its price, which the market pays for something.
fn estimate(it: &Known<'_>, newest: Option<i64>, dearness: u8) -> u8 {
    let months = match (newest, it.released) {
        (Some(newest), Some(own)) => ((newest - own) / 30).clamp(0, MONTHS_MAX),
        _ => MONTHS_MAX,
    };
    let fresh = 50 * (MONTHS_MAX - months) / MONTHS_MAX;
    let served = 20 * it.providers.min(PROVIDERS_MAX) / PROVIDERS_MAX;
    let valued = 30 * u32::from(dearness) / 100;
    u8::try_from(fresh as usize + served + valued as usize).unwrap_or(100).min(100)
}
