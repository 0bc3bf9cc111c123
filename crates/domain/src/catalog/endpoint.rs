//! An endpoint: one model as one provider offers it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::model::Modality;
use super::place::{ModelIx, ProviderIx};
use super::provider::Dialect;
use crate::price::PriceCard;
use crate::quirk::Quirks;

/// One model as one provider offers it: what a plan is made of.
///
/// Capabilities are resolved: what the file leaves out has been taken from the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// Names it in logs, receipts and statistics: `provider/qualifiers:model`, unique.
    pub id: String,
    /// What routing preferences may call it: `provider` or `provider/qualifier`.
    pub tag: String,
    /// Who offers it.
    pub provider: ProviderIx,
    /// What is offered.
    pub model: ModelIx,
    /// What to send as the model.
    pub upstream_model: String,
    /// Other names that answer the same at the same price.
    pub aliases: Vec<String>,
    /// Another serving of the same weights: turbo, fast, flex, …
    pub variant: Option<String>,
    /// The id is fixed to `reasoning` or `non-reasoning`.
    pub mode: Option<String>,
    /// A regional profile: us, eu, …
    pub region: Option<String>,
    /// The precision of the weights, where stated.
    pub quantization: Option<String>,
    /// Runs in a trusted execution environment.
    pub tee: bool,
    /// Its wire format.
    pub dialect: Dialect,
    /// Where it is reached; may hold `{placeholders}`.
    pub base_url: String,
    /// What it charges; `None` is unknown, never nothing.
    pub price: Option<PriceCard>,
    /// How it is billed.
    pub billing: Billing,
    /// How settled the offer is.
    pub status: EndpointStatus,
    /// Tokens of prompt and answer together.
    pub context: Option<u32>,
    /// Tokens of a prompt.
    pub max_input: Option<u32>,
    /// Tokens of an answer.
    pub max_output: Option<u32>,
    /// What it reads.
    pub input_modalities: Vec<Modality>,
    /// What it writes.
    pub output_modalities: Vec<Modality>,
    /// Whether it calls tools.
    pub tools: bool,
    /// Whether it keeps to a JSON schema.
    pub structured_output: bool,
    /// Whether a temperature may be set.
    pub temperature: bool,
    /// Whether it thinks before it answers.
    pub reasoning: bool,
    /// How its thinking is controlled.
    pub reasoning_controls: ReasoningControls,
    /// Fields to add to the body of every request.
    pub body: Map<String, Value>,
    /// Headers to add to every request.
    pub headers: Vec<(String, String)>,
    /// Its departures from its dialect: its provider's with its own laid over them.
    pub quirks: Quirks,
    /// Closed weights at a host that is neither the lab nor a contracted cloud.
    pub resold: bool,
    /// What the id means may change.
    pub floating: bool,
    /// Its host may be on loopback or a private network, because the operator said so.
    pub private_network: bool,
    /// Switched off by the operator.
    pub disabled: bool,
    /// The operator has accepted terms that a person has to accept.
    pub accepted: bool,
    /// What a person should know about it.
    pub note: Option<String>,
    /// Who offers it is not told: nothing of an answer may tell it.
    pub veiled: bool,
}

/// At whose urgency an endpoint serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Like everybody's.
    Default,
    /// Before others, at a higher price.
    Priority,
    /// After others, at a lower price.
    Flex,
}

impl Endpoint {
    /// Returns its tier, which its variant names: `flex`, `short-flex`, `priority`.
    pub fn tier(&self) -> Tier {
        let is = |word: &str| {
            self.variant.as_deref().is_some_and(|it| it.split('-').any(|part| part == word))
        };
        if self.variant.is_none() {
            Tier::Default
        } else if is("flex") {
            Tier::Flex
        } else if is("priority") {
            Tier::Priority
        } else {
            Tier::Default
        }
    }

    /// Returns whether requests may go there at all, given a credential.
    ///
    /// Trials, previews and free tiers need an operator who accepts their terms; deprecated and
    /// resold offers need one who wants them.
    pub fn is_routable(&self) -> bool {
        let settled = self.billing == Billing::Token
            && self.status != EndpointStatus::Deprecated
            && !self.resold;
        !self.disabled && (settled || self.accepted) && self.price.is_some()
    }
}

/// How an endpoint is billed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Billing {
    /// By use, at its price.
    #[default]
    Token,
    /// By trial credits.
    Trial,
    /// Not at all.
    Free,
    /// Not at all, up to some limit.
    FreeTier,
    /// Not yet.
    Preview,
    /// By a flat rate.
    Subscription,
    /// Nobody knows.
    Unknown,
    /// At a price whose unit is not sure.
    UnverifiedUnit,
    /// At a price that is probably wrong.
    Quarantined,
}

/// How settled an offer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointStatus {
    /// Settled.
    #[default]
    Active,
    /// Very early.
    Alpha,
    /// Early.
    Beta,
    /// About to end.
    Deprecated,
}

/// How an endpoint's thinking is controlled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReasoningControls {
    /// It can be switched on and off.
    pub toggle: bool,
    /// The efforts that it knows, from low to high.
    pub efforts: Vec<String>,
    /// It takes a budget of tokens.
    pub budget: bool,
    /// The least budget.
    pub budget_min: Option<u32>,
    /// The largest budget.
    pub budget_max: Option<u32>,
    /// The field of an answer that carries the thinking.
    pub field: Option<String>,
}
