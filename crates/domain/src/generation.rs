//! The record that a request leaves behind: who, what, where, how much, how long. No content.

use serde::{Deserialize, Serialize};

use crate::id::{GenerationId, KeyId};
use crate::money::Money;
use crate::time::Timestamp;
use crate::usage::Usage;

/// One billed call, from admission to settlement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generation {
    /// Names it everywhere.
    pub id: GenerationId,
    /// When it was admitted.
    pub created: Timestamp,
    /// Whose key asked.
    pub key: KeyId,
    /// The model that served, by its catalog id; the first that was asked for where none did.
    pub model: String,
    /// The endpoint that served.
    pub endpoint: Option<String>,
    /// The provider that served, by its slug.
    pub provider: Option<String>,
    /// The name that the answer carried in `provider`.
    pub provider_name: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// What it used.
    pub usage: Usage,
    /// What the account is charged.
    pub cost: Money,
    /// What the account would have been charged had no prompt token come from or gone to a cache,
    /// less the cost: positive where the cache saved money.
    pub cache_discount: Money,
    /// Everything else.
    pub detail: GenerationDetail,
}

/// What is kept of a generation and never searched for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GenerationDetail {
    /// `completions`, `embeddings`, …
    pub api_type: String,
    /// The answer was streamed.
    pub streamed: bool,
    /// The normalised finish reason.
    pub finish_reason: Option<String>,
    /// The provider's own.
    pub native_finish_reason: Option<String>,
    /// The provider's id of the answer.
    pub upstream_id: Option<String>,
    /// Milliseconds from admission to the first content.
    pub latency_ms: Option<u64>,
    /// Milliseconds from admission to the end.
    pub generation_ms: u64,
    /// The error that ended it, in a word.
    pub error: Option<String>,
    /// Fields of the request that were not sent on.
    pub dropped: Vec<String>,
    /// The tries, in order.
    pub attempts: Vec<AttemptRecord>,
    /// The caller's application, as it named itself.
    pub app: App,
    /// The caller's own user.
    pub external_user: Option<String>,
    /// The caller's conversation.
    pub session_id: Option<String>,
    /// The service tier that was asked for.
    pub service_tier: Option<String>,
}

/// How a generation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The answer is complete.
    Finished,
    /// The caller left before it was.
    Cancelled,
    /// The answer broke off after it had begun.
    Broken,
    /// Nothing answered.
    Refused,
}

/// One try.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AttemptRecord {
    /// The endpoint that was tried.
    pub endpoint: String,
    /// The name of its provider.
    pub provider_name: String,
    /// The status that it answered, where it answered one.
    pub status: Option<u16>,
    /// What went wrong, in a word; none where it served.
    pub failure: Option<String>,
    /// Milliseconds until it answered or failed.
    pub latency_ms: u64,
}

/// An application, as it names itself in headers. Bounded and free of control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct App {
    /// `HTTP-Referer`: its identity.
    pub referer: Option<String>,
    /// `X-Title`: its name.
    pub title: Option<String>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
}
