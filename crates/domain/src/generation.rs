//! The record that a request leaves behind: who, what, where, how much, how long. No content.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::{GenerationId, KeyId};
use crate::money::Money;
use crate::plan::Receipt;
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
    #[serde(skip_serializing_if = "String::is_empty")]
    pub api_type: String,
    /// The answer was streamed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub streamed: bool,
    /// The normalised finish reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// The provider's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub native_finish_reason: Option<String>,
    /// The provider's id of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_id: Option<String>,
    /// Milliseconds from admission to the first content; `None` also where the provider is not
    /// told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// Milliseconds from admission to the end; `None` where the provider is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation_ms: Option<u64>,
    /// The error that ended it, in a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Fields of the request that were not sent on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
    /// The tries, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<AttemptRecord>,
    /// The parts of an answer that broke off and went on elsewhere; none where it came in one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartRecord>,
    /// The caller's application, as it named itself.
    #[serde(skip_serializing_if = "App::is_empty")]
    pub app: App,
    /// The caller's own user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_user: Option<String>,
    /// The caller's conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The router that chose the model, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub router: Option<String>,
    /// How it was planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Arc<Receipt>>,
    /// The service tier that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<String>,
    /// What was found out about it besides; none where nobody looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traits: Option<Traits>,
}

/// What was found out about a request without keeping a word of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Traits {
    /// What it is for, by the key of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The language of what was said last to the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// How many tools were offered; `None` where nobody counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<u16>,
    /// How many calls of tools an answer has that ended in them.
    #[serde(skip_serializing_if = "is_zero")]
    pub tool_calls: u16,
    /// How many of them are not valid.
    #[serde(skip_serializing_if = "is_zero")]
    pub tool_calls_invalid: u16,
    /// What is to be said of all of them; `None` where the answer did not end in calls, or nobody
    /// looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_verdict: Option<ToolVerdict>,
}

/// What is to be said of the calls of tools in which an answer ended: the first of these that holds
/// for any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolVerdict {
    /// Its arguments are not JSON.
    Unparseable,
    /// It names a tool that was not offered.
    UnknownTool,
    /// Its arguments are not what the tool's schema asks for.
    SchemaMismatch,
    /// Its arguments are JSON for a tool that was offered, whose schema says what is not understood
    /// here, or is too large to be gone through.
    Unjudged,
    /// All are as they should be.
    Valid,
}

impl ToolVerdict {
    /// Every one, the gravest first.
    pub const ALL: [ToolVerdict; 5] = [
        ToolVerdict::Unparseable,
        ToolVerdict::UnknownTool,
        ToolVerdict::SchemaMismatch,
        ToolVerdict::Unjudged,
        ToolVerdict::Valid,
    ];

    /// Returns whether a call is wrong. One that was not judged is not.
    pub const fn is_invalid(self) -> bool {
        !matches!(self, ToolVerdict::Unjudged | ToolVerdict::Valid)
    }
}

fn is_zero(count: &u16) -> bool {
    *count == 0
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
    #[serde(skip_serializing_if = "String::is_empty")]
    pub endpoint: String,
    /// The name of its provider.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub provider_name: String,
    /// The status that it answered, where it answered one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What went wrong, in a word; none where it served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Milliseconds until it answered or failed; `None` where its provider is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// Which of the provider's credentials was shown, counted from nought, where it has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<u16>,
    /// Why it was not the one under which the conversation has its prompt cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<CredentialLeft>,
}

/// Why a conversation left the credential under which its prompt cache is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialLeft {
    /// It has no more requests or tokens left there for now.
    UsedUp,
    /// The provider refuses it.
    Refused,
    /// The instance no longer has it.
    Removed,
}

/// A part of an answer that was given by several endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartRecord {
    /// The endpoint that gave it.
    pub endpoint: String,
    /// The name of its provider.
    pub provider_name: String,
    /// What it used there, the house's own count where the provider gave none.
    pub usage: Usage,
    /// What that costs at the endpoint's price.
    pub cost: Money,
    /// The account bears that cost, and not the house.
    pub is_charged: bool,
}

/// An application, as it names itself in headers. Bounded and free of control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct App {
    /// `HTTP-Referer`: its identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referer: Option<String>,
    /// `X-Title`: its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `User-Agent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

impl App {
    /// Returns whether the application said nothing of itself.
    pub fn is_empty(&self) -> bool {
        self.referer.is_none() && self.title.is_none() && self.user_agent.is_none()
    }
}
