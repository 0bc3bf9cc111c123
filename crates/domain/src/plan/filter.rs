//! The rules that leave an endpoint out.

use serde::{Deserialize, Serialize};

use super::naming::{bans, calls};
use super::offers::{Defaults, Lane, Offers, Wanted};
use crate::catalog::{Endpoint, Modality, Model, Provider, Stealth, Tier, Training};
use crate::operation::Operation;
use crate::price::{Price, Rate};
use crate::request::{Facts, MaxPrice, Preferences, Sort};

/// The header by which a request accepts terms for itself alone.
pub const ACCEPT_TERMS: &str = "X-Interline-Accept-Terms";

/// A rule that left an endpoint out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exclusion {
    /// `provider.only` does not list it.
    Only,
    /// `provider.ignore` lists it.
    Ignored,
    /// `provider.order` does not list it, and nothing else may be tried.
    NotInOrder,
    /// The house does not allow its provider.
    House,
    /// It may keep prompts.
    Retention,
    /// It may train on prompts, or keep them.
    TrainingOnPrompts,
    /// The house allows nobody who keeps prompts or trains on them.
    HouseData,
    /// Its precision was not asked for.
    Quantization,
    /// It is dearer than `provider.max_price`, or nobody knows its price.
    MaxPrice,
    /// The prompt, or prompt and answer together, are longer than it takes.
    ContextLength,
    /// The wanted answer is longer than it writes.
    MaxOutput,
    /// It does not take every parameter, and `provider.require_parameters` is set.
    RequireParameters,
    /// It calls no tools.
    Tools,
    /// It does not read what the prompt holds.
    Modality,
    /// Whether its model's author lets others train on answers is not known, or known not to be.
    Distillable,
    /// It serves at another urgency than was asked for.
    ServiceTier,
    /// It charges, and `:free` was asked for.
    Free,
    /// It does not think, and `:thinking` was asked for.
    Thinking,
    /// Its context is shorter than the longest, and `:extended` was asked for.
    Extended,
    /// Its model is a stealth model, whose terms the caller has not accepted.
    Terms,
}

impl Exclusion {
    /// Every rule, in the order in which they are told.
    pub const ALL: [Exclusion; 20] = [
        Exclusion::Only,
        Exclusion::Ignored,
        Exclusion::NotInOrder,
        Exclusion::House,
        Exclusion::Retention,
        Exclusion::TrainingOnPrompts,
        Exclusion::HouseData,
        Exclusion::Quantization,
        Exclusion::MaxPrice,
        Exclusion::ContextLength,
        Exclusion::MaxOutput,
        Exclusion::RequireParameters,
        Exclusion::Tools,
        Exclusion::Modality,
        Exclusion::Distillable,
        Exclusion::ServiceTier,
        Exclusion::Free,
        Exclusion::Thinking,
        Exclusion::Extended,
        Exclusion::Terms,
    ];

    /// Returns OpenRouter's word for it, where it has one.
    pub const fn word(self) -> &'static str {
        match self {
            Exclusion::Only | Exclusion::House => "allowed_providers",
            Exclusion::Ignored => "ignored_providers",
            Exclusion::NotInOrder => "allow_fallbacks",
            Exclusion::Retention => "data_policy:zdr",
            Exclusion::TrainingOnPrompts | Exclusion::HouseData => "data_policy:training",
            Exclusion::Quantization => "quantization",
            Exclusion::MaxPrice => "max_price",
            Exclusion::ContextLength => "context_length",
            Exclusion::MaxOutput => "max_output",
            Exclusion::RequireParameters => "require_parameters",
            Exclusion::Tools => "tools",
            Exclusion::Modality => "input_modalities",
            Exclusion::Distillable => "distillable_text",
            Exclusion::ServiceTier => "service_tier",
            Exclusion::Free => "free",
            Exclusion::Thinking => "thinking",
            Exclusion::Extended => "extended",
            Exclusion::Terms => "terms",
        }
    }

    /// Returns the field of the request that would have to give.
    pub const fn field(self) -> &'static str {
        match self {
            Exclusion::Only => "provider.only",
            Exclusion::Ignored => "provider.ignore",
            Exclusion::NotInOrder => "provider.allow_fallbacks",
            Exclusion::House | Exclusion::HouseData => "[routing] of the configuration",
            Exclusion::Retention => "provider.zdr",
            Exclusion::TrainingOnPrompts => "provider.data_collection",
            Exclusion::Quantization => "provider.quantizations",
            Exclusion::MaxPrice => "provider.max_price",
            Exclusion::ContextLength => "messages",
            Exclusion::MaxOutput => "max_tokens",
            Exclusion::RequireParameters => "provider.require_parameters",
            Exclusion::Tools => "tools",
            Exclusion::Modality => "messages",
            Exclusion::Distillable => "provider.enforce_distillable_text",
            Exclusion::ServiceTier => "service_tier",
            Exclusion::Free | Exclusion::Thinking | Exclusion::Extended => "model",
            Exclusion::Terms => ACCEPT_TERMS,
        }
    }

    /// Returns whether it is about what becomes of prompts.
    pub(super) const fn is_about_data(self) -> bool {
        matches!(self, Exclusion::Retention | Exclusion::TrainingOnPrompts | Exclusion::HouseData)
    }

    /// Returns whether the caller can do nothing about it.
    pub(super) const fn is_the_houses(self) -> bool {
        matches!(self, Exclusion::House | Exclusion::HouseData)
    }
}

/// The rules that leave one endpoint out. None, and it may serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Obstacles(u32);

impl Obstacles {
    /// Returns whether nothing stands in the way.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns how many rules there are.
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Returns the rules, in the order in which they are told.
    pub fn rules(self) -> impl Iterator<Item = Exclusion> {
        Exclusion::ALL.into_iter().filter(move |rule| self.holds(*rule))
    }

    /// Returns whether a rule is among them.
    pub const fn holds(self, rule: Exclusion) -> bool {
        self.0 & (1 << rule as u8) != 0
    }

    fn when(&mut self, applies: bool, rule: Exclusion) {
        self.0 |= u32::from(applies) << rule as u8;
    }
}

/// What one model's endpoints are held against.
pub(super) struct Filter<'a> {
    facts: &'a Facts,
    defaults: &'a Defaults,
    takes_all: &'a dyn Fn(&Endpoint) -> bool,
    lane: Lane,
    /// The context that `:extended` asks for.
    context_min: u32,
    /// Only the flex tier will do.
    flex_only: bool,
    /// Others may be trained on the model's answers.
    distillable: bool,
    /// The model has terms that the caller has not accepted.
    unaccepted: bool,
}

impl<'a> Filter<'a> {
    pub(super) fn new(facts: &'a Facts, wanted: &Wanted, offers: &'a Offers<'_>) -> Filter<'a> {
        let lane = wanted.lane;
        let callable = (offers.callable)(wanted.model);
        let endpoints = || callable.iter().map(|place| offers.catalog.endpoint(*place));
        let flex_only = facts.flex && endpoints().any(|it| it.tier() == Tier::Flex);
        let longest = || endpoints().filter_map(|endpoint| endpoint.context).max();
        let context_min = lane.extended.then(longest).flatten().unwrap_or(0);
        let model = offers.catalog.model(wanted.model);
        let distillable = model.may_teach() == Some(true);
        let unaccepted = unaccepted(facts, model).is_some();
        let (defaults, takes_all) = (offers.defaults, offers.takes_all);
        Filter { facts, defaults, takes_all, lane, context_min, flex_only, distillable, unaccepted }
    }

    /// Returns the rules that leave the endpoint out, given the price in force.
    pub(super) fn obstacles(
        &self,
        provider: &Provider,
        endpoint: &Endpoint,
        price: Option<&Price>,
    ) -> Obstacles {
        let Filter { facts, defaults, lane, .. } = *self;
        let wants = &facts.preferences;
        let mut found = Obstacles::default();
        self.names(provider, endpoint, &mut found);
        let keeps = provider.data.retention_days != Some(0);
        let trains = provider.data.train != Training::No;
        found.when(wants.zero_retention && keeps, Exclusion::Retention);
        found.when(!wants.allow_data_collection && (keeps || trains), Exclusion::TrainingOnPrompts);
        let denied = defaults.deny_data_collection && (keeps || trains);
        found.when((defaults.zero_retention && keeps) || denied, Exclusion::HouseData);
        found.when(!has_precision(wants, endpoint), Exclusion::Quantization);
        let is_dear = price.is_none_or(|price| is_dearer(&wants.max_price, price, endpoint));
        found.when(is_dear, Exclusion::MaxPrice);
        found.when(is_too_long(facts, endpoint), Exclusion::ContextLength);
        let output = facts.output_tokens_max.unwrap_or(0);
        found.when(endpoint.max_output.is_some_and(|max| max < output), Exclusion::MaxOutput);
        found.when(facts.tools && !endpoint.tools, Exclusion::Tools);
        found.when(!reads_all(facts, endpoint), Exclusion::Modality);
        let lacks = wants.require_parameters && !(self.takes_all)(endpoint);
        found.when(lacks, Exclusion::RequireParameters);
        found.when(wants.distillable && !self.distillable, Exclusion::Distillable);
        let charges = lane.free && !price.is_some_and(Price::is_free);
        found.when(charges, Exclusion::Free);
        let thinks = endpoint.reasoning && endpoint.mode.as_deref() != Some("non-reasoning");
        found.when(lane.thinking && !thinks, Exclusion::Thinking);
        let is_short = endpoint.context.unwrap_or(0) < self.context_min;
        found.when(lane.extended && is_short, Exclusion::Extended);
        found.when(self.unaccepted, Exclusion::Terms);
        found
    }

    /// The rules about who serves, and at whose urgency.
    fn names(&self, provider: &Provider, endpoint: &Endpoint, found: &mut Obstacles) {
        let Filter { facts, defaults, .. } = *self;
        let wants = &facts.preferences;
        let tier = endpoint.tier();
        let is_admitted = self.admits(tier);
        let listed = |names: &[String]| {
            names.iter().any(|name| calls(name, provider, endpoint, is_admitted))
        };
        let banned = |names: &[String]| names.iter().any(|name| bans(name, provider, endpoint));
        let in_order = listed(&wants.order);
        let in_only = !wants.only.is_empty() && listed(&wants.only);
        found.when(!wants.only.is_empty() && !in_only, Exclusion::Only);
        found.when(banned(&wants.ignore), Exclusion::Ignored);
        let no_other = !wants.allow_fallbacks && !wants.order.is_empty();
        found.when(no_other && !in_order, Exclusion::NotInOrder);
        let outside = !defaults.only.is_empty()
            && !defaults.only.iter().any(|name| bans(name, provider, endpoint));
        found.when(outside || banned(&defaults.ignore), Exclusion::House);
        // A list that names an endpoint of another tier asks for that tier.
        let is_named = tier != Tier::Default && (in_order || in_only);
        found.when(!is_admitted && !is_named, Exclusion::ServiceTier);
    }

    fn admits(&self, tier: Tier) -> bool {
        // An order of providers takes the variants' tiers back (OpenRouter's documentation).
        let by_variant =
            |sort| self.lane.sort == Some(sort) && self.facts.preferences.order.is_empty();
        match tier {
            Tier::Default => !self.flex_only,
            Tier::Priority => self.facts.priority || by_variant(Sort::Throughput),
            Tier::Flex => self.facts.flex || by_variant(Sort::Price),
        }
    }
}

/// Returns the terms of a model that its caller has not accepted.
pub(super) fn unaccepted<'a>(facts: &Facts, model: &'a Model) -> Option<&'a Stealth> {
    let stealth = model.stealth.as_ref()?;
    let accepted = facts.accepted_terms.iter().any(|it| it.are_of(&model.id, &stealth.terms_hash));
    (!accepted).then_some(stealth)
}

fn has_precision(wants: &Preferences, endpoint: &Endpoint) -> bool {
    let own = endpoint.quantization.as_deref().unwrap_or("unknown");
    wants.quantizations.is_empty()
        || wants.quantizations.iter().any(|wanted| match wanted.as_str() {
            "fp4" => matches!(own, "fp4" | "mxfp4" | "nvfp4"),
            "fp8" => matches!(own, "fp8" | "mxfp8"),
            exact => exact == own,
        })
}

/// Returns whether any rate is above what is accepted. Classes that are billed as another count
/// with that one's rate.
fn is_dearer(max: &MaxPrice, price: &Price, endpoint: &Endpoint) -> bool {
    let above = |max: Option<Rate>, rate: Option<Rate>| match (max, rate) {
        (Some(max), Some(rate)) => max < rate,
        _ => false,
    };
    let hears = endpoint.input_modalities.contains(&Modality::Audio);
    let audio = if hears { price.input_audio.or(price.input) } else { price.input_audio };
    above(max.prompt, price.input)
        || above(max.completion, price.output.max(price.reasoning))
        || above(max.request, price.request)
        || above(max.image, price.image)
        || above(max.audio, audio)
}

/// Fewer bytes a token than any tokenizer needs on average over a long text. Whoever is within it
/// may still be refused by the provider, who knows the exact count.
const BYTES_PER_TOKEN_MAX: u32 = 8;

/// Returns the tokens that a prompt has at least.
pub(super) fn prompt_tokens_min(facts: &Facts) -> u32 {
    facts.prompt_bytes / BYTES_PER_TOKEN_MAX
}

/// Returns whether an endpoint cannot read the prompt, however short the answer.
///
/// Texts and documents of the other operations are read one by one: their sum says nothing.
pub(super) fn prompt_is_too_long(facts: &Facts, endpoint: &Endpoint) -> bool {
    if facts.operation != Operation::Chat {
        return false;
    }
    let prompt = prompt_tokens_min(facts);
    endpoint.max_input.is_some_and(|max| max < prompt)
        || endpoint.context.is_some_and(|max| max < prompt)
}

fn is_too_long(facts: &Facts, endpoint: &Endpoint) -> bool {
    if facts.operation != Operation::Chat {
        return false;
    }
    let wanted = facts.output_tokens_max.unwrap_or(0);
    let together = prompt_tokens_min(facts).saturating_add(wanted);
    prompt_is_too_long(facts, endpoint) || endpoint.context.is_some_and(|max| max < together)
}

fn reads_all(facts: &Facts, endpoint: &Endpoint) -> bool {
    facts.modalities.iter().all(|wanted| match wanted {
        Modality::Text => true,
        Modality::File if facts.sends_text_of_documents(endpoint) => true,
        other => endpoint.input_modalities.contains(other),
    })
}
