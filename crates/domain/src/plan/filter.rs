//! The rules that leave an endpoint out.

use crate::catalog::{Endpoint, Modality, Provider, Training};
use crate::price::{Price, Rate};
use crate::request::{Facts, MaxPrice, Preferences};

/// The rule that left an endpoint out. The first one that applies is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exclusion {
    /// `provider.only` does not list it, or `provider.ignore` does.
    Providers,
    /// It may keep prompts.
    Retention,
    /// It may train on prompts.
    TrainingOnPrompts,
    /// Its precision was not asked for.
    Quantization,
    /// It is dearer than `provider.max_price`.
    MaxPrice,
    /// The prompt or the wanted answer is longer than it takes.
    ContextLength,
    /// It does not take every parameter, and `provider.require_parameters` is set.
    RequireParameters,
    /// It calls no tools.
    Tools,
    /// It does not read what the prompt holds.
    Modality,
}

impl Exclusion {
    /// Returns OpenRouter's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Exclusion::Providers => "allowed_providers",
            Exclusion::Retention => "data_policy:zdr",
            Exclusion::TrainingOnPrompts => "data_policy:training",
            Exclusion::Quantization => "quantization",
            Exclusion::MaxPrice => "max_price",
            Exclusion::ContextLength => "context_length",
            Exclusion::RequireParameters => "require_parameters",
            Exclusion::Tools => "tools",
            Exclusion::Modality => "input_modalities",
        }
    }

    /// Returns the field of the request that would have to give.
    pub const fn field(self) -> &'static str {
        match self {
            Exclusion::Providers => "provider.only",
            Exclusion::Retention => "provider.zdr",
            Exclusion::TrainingOnPrompts => "provider.data_collection",
            Exclusion::Quantization => "provider.quantizations",
            Exclusion::MaxPrice => "provider.max_price",
            Exclusion::ContextLength => "max_tokens",
            Exclusion::RequireParameters => "provider.require_parameters",
            Exclusion::Tools => "tools",
            Exclusion::Modality => "messages",
        }
    }
}

/// Returns the first rule that leaves the endpoint out, given the price in force.
pub(super) fn excluded(
    facts: &Facts,
    provider: &Provider,
    endpoint: &Endpoint,
    price: &Price,
    takes_all: &dyn Fn(&Endpoint, &[String]) -> bool,
) -> Option<Exclusion> {
    let wants = &facts.preferences;
    let any = |names: &[String]| names.iter().any(|name| is_called(name, provider, endpoint));
    let keeps = provider.data.retention_days != Some(0);
    let trains = provider.data.train != Training::No;
    let rules = [
        ((!wants.only.is_empty() && !any(&wants.only)) || any(&wants.ignore), Exclusion::Providers),
        (!wants.allow_fallbacks && !wants.order.is_empty() && !any(&wants.order), {
            Exclusion::Providers
        }),
        (wants.zero_retention && keeps, Exclusion::Retention),
        (!wants.allow_data_collection && (keeps || trains), Exclusion::TrainingOnPrompts),
        (!has_precision(wants, endpoint), Exclusion::Quantization),
        (is_dearer(&wants.max_price, price), Exclusion::MaxPrice),
        (is_too_long(facts, endpoint), Exclusion::ContextLength),
        (facts.tools && !endpoint.tools, Exclusion::Tools),
        (!reads_all(facts, endpoint), Exclusion::Modality),
        (
            wants.require_parameters && !takes_all(endpoint, &facts.parameters),
            Exclusion::RequireParameters,
        ),
    ];
    rules.into_iter().find(|(applies, _)| *applies).map(|(_, rule)| rule)
}

/// Returns whether a routing preference means this endpoint: by its provider's slug or name, or by
/// its own tag.
pub(super) fn is_called(name: &str, provider: &Provider, endpoint: &Endpoint) -> bool {
    [&provider.slug, &endpoint.tag, &provider.display_name, &provider.name]
        .into_iter()
        .any(|candidate| name.eq_ignore_ascii_case(candidate))
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

fn is_dearer(max: &MaxPrice, price: &Price) -> bool {
    let above = |max: Option<Rate>, rate: Option<Rate>| match (max, rate) {
        (Some(max), Some(rate)) => max < rate,
        _ => false,
    };
    above(max.prompt, price.input)
        || above(max.completion, price.output)
        || above(max.request, price.request)
        || above(max.image, price.image)
        || above(max.audio, price.input_audio)
}

/// Fewer bytes a token than any tokenizer needs on average over a long text. Whoever is within it
/// may still be refused by the provider, who knows the exact count.
const BYTES_PER_TOKEN_MAX: u32 = 8;

/// Returns whether an endpoint cannot read the prompt, however short the answer.
pub(super) fn prompt_is_too_long(facts: &Facts, endpoint: &Endpoint) -> bool {
    let prompt = facts.prompt_bytes / BYTES_PER_TOKEN_MAX;
    endpoint.max_input.is_some_and(|max| max < prompt)
        || endpoint.context.is_some_and(|max| max < prompt)
}

fn is_too_long(facts: &Facts, endpoint: &Endpoint) -> bool {
    let wanted = facts.output_tokens_max.unwrap_or(0);
    let together = (facts.prompt_bytes / BYTES_PER_TOKEN_MAX).saturating_add(wanted);
    prompt_is_too_long(facts, endpoint)
        || endpoint.max_output.is_some_and(|max| max < wanted)
        || endpoint.context.is_some_and(|max| max < together)
}

fn reads_all(facts: &Facts, endpoint: &Endpoint) -> bool {
    facts.modalities.iter().all(|wanted| match wanted {
        Modality::Text => true,
        other => endpoint.input_modalities.contains(other),
    })
}
