//! What admission and planning know of a request, whatever dialect it came in.

use std::hash::{DefaultHasher, Hasher};

use serde::{Deserialize, Serialize};

use crate::catalog::{Endpoint, Modality};
use crate::health::Percentiles;
use crate::launch::AcceptedTerms;
use crate::operation::Operation;
use crate::price::Rate;
use crate::usage::Usage;

/// The facts of a request on which it is admitted, planned and bounded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// What is asked of the model.
    #[serde(skip_serializing_if = "is_default")]
    pub operation: Operation,
    /// The models asked for, in order of preference, as the caller wrote them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// The answer is to be streamed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
    /// The request speaks the legacy form: a `prompt`, and `text` in answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub legacy_prompt: bool,
    /// The most completion tokens that the caller wants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens_max: Option<u32>,
    /// How many answers it wants.
    #[serde(skip_serializing_if = "is_zero")]
    pub choices: u32,
    /// Bytes of the prompt: what the bound of its tokens is made from.
    #[serde(skip_serializing_if = "is_zero")]
    pub prompt_bytes: u32,
    /// Messages of the prompt, or what else is read one by one: texts, documents.
    #[serde(skip_serializing_if = "is_zero")]
    pub messages: u32,
    /// The most that it can use of what is not counted in tokens: images, searches, characters,
    /// milliseconds of audio.
    #[serde(skip_serializing_if = "is_default")]
    pub units: Usage,
    /// What the prompt holds besides text, each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub modalities: Vec<Modality>,
    /// Tools are offered to the model.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tools: bool,
    /// The answer has to keep to a JSON schema.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub schema: bool,
    /// How it is to think.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<ReasoningAsk>,
    /// It wants the provider's priority tier.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub priority: bool,
    /// It wants a tier that is cheap and may be refused, where its model has one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub flex: bool,
    /// Its prompt holds a block of code. Known only where the house chooses the model.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub code: bool,
    /// What tells its conversation apart where it names none: made of what the prompt begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<u64>,
    /// The optional parameters that it sets, by their names on the wire.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<String>,
    /// Where it wants to go.
    #[serde(skip_serializing_if = "is_default")]
    pub preferences: Preferences,
    /// Its conversation, where it names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The caller's own user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// A whole answer that was to be JSON is mended where it needs it.
    pub heals: bool,
    /// A prompt that is too long loses its middle; `None` leaves that to the endpoint's context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compresses: Option<bool>,
    /// In which form documents go to endpoints.
    #[serde(skip_serializing_if = "is_default")]
    pub documents: DocumentForm,
    /// The terms of stealth models that its caller has accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepted_terms: Vec<AcceptedTerms>,
}

/// In which form the documents of a prompt go to endpoints: the plugin `file-parser`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentForm {
    /// As they are, to endpoints that read documents, and as text to others, which come later.
    #[default]
    Either,
    /// As they are, and to endpoints alone that read documents.
    Native,
    /// As text, whatever an endpoint reads.
    Text,
}

impl Facts {
    /// Returns whether an endpoint is sent the text of documents in their place.
    pub fn sends_text_of_documents(&self, endpoint: &Endpoint) -> bool {
        let holds_some =
            || self.operation == Operation::Chat && self.modalities.contains(&Modality::File);
        match self.documents {
            DocumentForm::Either => {
                !endpoint.input_modalities.contains(&Modality::File) && holds_some()
            }
            DocumentForm::Native => false,
            DocumentForm::Text => holds_some(),
        }
    }
}

/// A receipt keeps only what a request says.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The same, for what is true unless said otherwise.
fn is_true(value: &bool) -> bool {
    *value
}

/// The same, for counts.
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Bytes of a part that tell it apart from others, at most: with its length, enough for a prompt.
const TELLING_BYTES: usize = 8_192;

/// Returns a number that tells beginnings of prompts apart: the same for the same parts, on every
/// node of one version.
pub fn fingerprint<'a>(parts: impl Iterator<Item = &'a [u8]>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for part in parts {
        hasher.write(&part[..part.len().min(TELLING_BYTES)]);
        hasher.write_usize(part.len());
    }
    hasher.finish()
}

/// How a request wants the model to think.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReasoningAsk {
    /// How hard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
    /// With how many tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_max: Option<u32>,
    /// At all; `None` where nothing was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Without showing it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub exclude: bool,
}

impl Sort {
    /// Every one, as requests and settings write them.
    pub const ALL: [Sort; 4] = [Sort::Price, Sort::Throughput, Sort::Latency, Sort::Exacto];

    /// Returns the word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Sort::Price => "price",
            Sort::Throughput => "throughput",
            Sort::Latency => "latency",
            Sort::Exacto => "exacto",
        }
    }

    /// Returns what a word on the wire means.
    pub fn parse(word: &str) -> Option<Sort> {
        Sort::ALL.into_iter().find(|sort| sort.word() == word)
    }
}

impl ReasoningAsk {
    /// Returns whether thinking is to be switched off.
    pub fn is_off(&self) -> bool {
        self.enabled == Some(false)
            || self.effort == Some(Effort::None)
            || self.tokens_max == Some(0)
    }
}

/// How hard a model is to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the word on the wire")]
pub enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

impl Effort {
    /// Every effort, from none to the most.
    pub const ALL: [Effort; 7] = [
        Effort::None,
        Effort::Minimal,
        Effort::Low,
        Effort::Medium,
        Effort::High,
        Effort::Xhigh,
        Effort::Max,
    ];

    /// Returns the word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Effort::None => "none",
            Effort::Minimal => "minimal",
            Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::High => "high",
            Effort::Xhigh => "xhigh",
            Effort::Max => "max",
        }
    }

    /// Returns the effort that a word on the wire means.
    pub fn parse(word: &str) -> Option<Effort> {
        Effort::ALL.into_iter().find(|effort| effort.word() == word)
    }

    /// Returns the share of the completion that it may spend on thinking, in percent
    /// (OpenRouter's table).
    pub const fn percent(self) -> u32 {
        match self {
            Effort::None => 0,
            Effort::Minimal => 10,
            Effort::Low => 20,
            Effort::Medium => 50,
            Effort::High => 80,
            Effort::Xhigh | Effort::Max => 95,
        }
    }
}

/// Where a request wants to go: the `provider` object of OpenRouter's API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// These first, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<String>,
    /// Only these, unless empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// Never these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
    /// Whether others than the first choice may be tried.
    #[serde(skip_serializing_if = "is_true")]
    pub allow_fallbacks: bool,
    /// Whether an endpoint must take every parameter of the request.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_parameters: bool,
    /// Whether endpoints may keep or train on prompts.
    #[serde(skip_serializing_if = "is_true")]
    pub allow_data_collection: bool,
    /// Whether endpoints must keep nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub zero_retention: bool,
    /// Only these precisions, unless empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quantizations: Vec<String>,
    /// What to sort by, instead of by price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<Sort>,
    /// Whether `sort` compares the endpoints of all models at once.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sort_across_models: bool,
    /// The highest rates that are accepted.
    #[serde(skip_serializing_if = "is_default")]
    pub max_price: MaxPrice,
    /// Endpoints that write fewer tokens a second than this go last.
    #[serde(skip_serializing_if = "is_default")]
    pub min_throughput: Cutoffs,
    /// Endpoints that take more milliseconds to their first token than this go last.
    #[serde(skip_serializing_if = "is_default")]
    pub max_latency_ms: Cutoffs,
    /// Whether the author of the model has to permit that others are trained on its answers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub distillable: bool,
    /// Whether an answer that breaks off may be continued by another endpoint.
    pub resume: bool,
    /// Whether another endpoint may be asked beside the first where that one takes unusually long.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hedge: bool,
}

impl Default for Preferences {
    /// No preferences: everything is allowed.
    fn default() -> Preferences {
        Preferences {
            order: Vec::new(),
            only: Vec::new(),
            ignore: Vec::new(),
            allow_fallbacks: true,
            require_parameters: false,
            allow_data_collection: true,
            zero_retention: false,
            quantizations: Vec::new(),
            sort: None,
            sort_across_models: false,
            max_price: MaxPrice::default(),
            min_throughput: Cutoffs::default(),
            max_latency_ms: Cutoffs::default(),
            distillable: false,
            resume: false,
            hedge: false,
        }
    }
}

/// Bounds at four points of a distribution; `None` bounds nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each is the usual word for it")]
pub struct Cutoffs {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p75: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p90: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99: Option<u32>,
}

impl Cutoffs {
    /// Returns whether nothing is bounded.
    pub fn is_empty(&self) -> bool {
        *self == Cutoffs::default()
    }

    /// Returns whether every bound holds, by `holds(measured, bound)`.
    pub fn hold(&self, measured: &Percentiles, holds: fn(u32, u32) -> bool) -> bool {
        [
            (measured.p50, self.p50),
            (measured.p75, self.p75),
            (measured.p90, self.p90),
            (measured.p99, self.p99),
        ]
        .into_iter()
        .all(|(measured, bound)| bound.is_none_or(|bound| holds(measured, bound)))
    }
}

/// What endpoints are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Cheapest first.
    Price,
    /// Fastest stream first.
    Throughput,
    /// Soonest first token first.
    Latency,
    /// Most reliable tool calls first.
    Exacto,
}

/// The highest rates that a request accepts; `None` accepts any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MaxPrice {
    /// Per prompt token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Rate>,
    /// Per completion token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion: Option<Rate>,
    /// Per request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Rate>,
    /// Per image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Rate>,
    /// Per token of audio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<Rate>,
}
