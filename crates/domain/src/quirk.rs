//! A provider's departures from its dialect, as data.
//!
//! The set is closed: a catalog that names another flag does not load. What these cannot say is not
//! a quirk but another dialect. `catalog/README.md` explains each flag to whoever edits the data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The flags of a provider, and of an endpoint where it differs from its provider.
///
/// Every field is optional so that an endpoint's flags can be laid over its provider's; the
/// accessors on [`Quirks`] give the dialect's own behaviour where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// The name under which the limit of completion tokens is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens_param: Option<MaxTokensParam>,
    /// A request without a limit of completion tokens is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens_required: Option<bool>,
    /// How a stream reports what it used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_usage: Option<StreamUsage>,
    /// How thinking is asked for, in order of preference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_in: Option<Vec<ReasoningIn>>,
    /// Where thinking appears in an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_out: Option<ReasoningOut>,
    /// Where the count of cached prompt tokens stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_usage_at: Option<CachedUsageAt>,
    /// Whether the count of completion tokens includes reasoning. The dialect says yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_includes_reasoning: Option<bool>,
    /// Top-level fields that are not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop_params: Option<Vec<String>>,
    /// Top-level fields that are not sent to models that reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop_params_when_reasoning: Option<Vec<String>>,
    /// Top-level fields that are sent under another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rename_params: Option<BTreeMap<String, String>>,
    /// What `tool_choice: "required"` is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice_required: Option<String>,
    /// The only shape of tool call ids that is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<ToolCallId>,
    /// The order of roles that is insisted on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_order: Option<MessageOrder>,
    /// The role under which a system prompt is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_role: Option<SystemRole>,
    /// The content of an answer may be a list of parts instead of a string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_may_be_parts: Option<bool>,
    /// Native finish reasons beyond the dialect's, and what each means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_finish_reasons: Option<BTreeMap<String, FinishMeaning>>,
    /// Only streamed requests are answered; a whole answer has to be collected from a stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_only: Option<bool>,
    /// Sampling temperature is fixed, and sending one is an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_temperature: Option<bool>,
    /// Top-level fields of an answer beyond the dialect's that are passed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_fields: Option<Vec<String>>,
    /// Top-level fields beyond the dialect's that a caller may send on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_params: Option<Vec<String>>,
    /// Top-level fields that are sent where neither the caller nor the adapter sent one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_params: Option<Map<String, Value>>,
    /// A conversation may end with an assistant's message, which the answer then continues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continues_assistant: Option<bool>,
    /// The provider's models call no tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_tools: Option<bool>,
    /// How the last message is marked where it is the beginning of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefill_mark: Option<PrefillMark>,
    /// The version of the API that every address has to name, as `?api-version=…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
}

/// The mark of a message that begins the answer: this field of it is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrefillMark {
    /// `prefix`.
    Prefix,
    /// `partial`.
    Partial,
}

impl PrefillMark {
    /// Returns the name of the field.
    pub const fn word(self) -> &'static str {
        match self {
            PrefillMark::Prefix => "prefix",
            PrefillMark::Partial => "partial",
        }
    }
}

/// The name of the limit of completion tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaxTokensParam {
    /// The old name, which most hosts know.
    MaxTokens,
    /// The new name, which OpenAI's reasoning models demand.
    MaxCompletionTokens,
}

/// How a stream reports what it used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamUsage {
    /// On request, by `stream_options.include_usage`.
    IncludeUsage,
    /// Always; `stream_options` is not sent.
    Always,
    /// In `x_groq.usage` of the last chunk; `stream_options` is understood too.
    XGroq,
    /// Never; the house counts.
    Never,
}

/// One way of asking for thinking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReasoningIn {
    /// `reasoning_effort: "low"`.
    #[serde(rename = "reasoning_effort")]
    ReasoningEffort,
    /// `reasoning: {"effort": "low"}`.
    #[serde(rename = "reasoning.effort")]
    Effort,
    /// `reasoning: {"enabled": true}`.
    #[serde(rename = "reasoning.enabled")]
    Enabled,
    /// `reasoning: {"max_tokens": 4096}`.
    #[serde(rename = "reasoning.max_tokens")]
    MaxTokens,
    /// `thinking: {"type": "enabled"}`.
    #[serde(rename = "thinking.type")]
    ThinkingType,
    /// `thinking: true`.
    #[serde(rename = "thinking.bool")]
    ThinkingBool,
    /// `thinking: {"type": "enabled", "budget_tokens": 4096}`.
    #[serde(rename = "thinking.budget_tokens")]
    ThinkingBudget,
    /// `enable_thinking: true`.
    #[serde(rename = "enable_thinking")]
    EnableThinking,
    /// `enable_thinking: true, thinking_budget: 4096`.
    #[serde(rename = "enable_thinking+thinking_budget")]
    EnableThinkingBudget,
    /// `chat_template_kwargs: {"enable_thinking": true}`.
    #[serde(rename = "chat_template_kwargs.enable_thinking")]
    TemplateKwargs,
    /// `chat_template_args: {"enable_thinking": true}`.
    #[serde(rename = "chat_template_args.enable_thinking")]
    TemplateArgs,
    /// `thinking: {"type": "enabled", "token_budget": 4096}` in Cohere's dialect.
    #[serde(rename = "thinking.token_budget")]
    ThinkingTokenBudget,
    /// `reasoningConfig: {"type": "enabled", "maxReasoningEffort": "low"}` in Converse.
    #[serde(rename = "reasoning_config")]
    ReasoningConfig,
    /// `generationConfig.thinkingConfig` in Gemini's dialect.
    #[serde(rename = "thinking_config")]
    ThinkingConfig,
}

/// Where thinking appears in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasoningOut {
    /// In `reasoning_content` beside `content`.
    ReasoningContent,
    /// In `reasoning` beside `content`.
    Reasoning,
    /// In parts of `content` with their own type.
    ContentParts,
    /// Between `<think>` tags in `content`.
    ThinkTags,
}

/// Where the count of cached prompt tokens stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CachedUsageAt {
    /// `usage.prompt_tokens_details.cached_tokens`.
    #[serde(rename = "prompt_tokens_details.cached_tokens")]
    PromptDetails,
    /// `usage.cached_tokens`.
    #[serde(rename = "usage.cached_tokens")]
    CachedTokens,
    /// `usage.prompt_cache_hit_tokens`.
    #[serde(rename = "usage.prompt_cache_hit_tokens")]
    PromptCacheHit,
}

/// The shape of tool call ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolCallId {
    /// Exactly nine characters of `[a-zA-Z0-9]`.
    NineAlphanumerics,
}

/// The order of roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageOrder {
    /// Any.
    Free,
    /// User and assistant alternate; neighbours of one role are merged.
    Alternate,
    /// A user message may not follow a tool result directly.
    NoUserAfterTool,
}

/// The role of a system prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemRole {
    /// `system`; `developer` is unknown.
    System,
    /// Both are known, and sent as they came.
    Developer,
}

/// What a native finish reason means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishMeaning {
    /// The answer ended by itself.
    Stop,
    /// A limit of tokens was reached.
    Length,
    /// The model wants tools called.
    ToolCalls,
    /// A filter cut the answer.
    ContentFilter,
    /// The provider failed.
    Error,
}

macro_rules! flags {
    ($($field:ident),* $(,)?) => {
        impl Quirks {
            /// The names of all flags, as files write them.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($field)),*];

            /// Returns these flags with those that `over` sets replaced.
            pub fn overlaid(&self, over: &Quirks) -> Quirks {
                Quirks { $($field: over.$field.clone().or_else(|| self.$field.clone())),* }
            }
        }
    };
}

flags!(
    max_tokens_param,
    max_tokens_required,
    stream_usage,
    reasoning_in,
    reasoning_out,
    cached_usage_at,
    completion_includes_reasoning,
    drop_params,
    drop_params_when_reasoning,
    rename_params,
    tool_choice_required,
    tool_call_id,
    message_order,
    system_role,
    content_may_be_parts,
    extra_finish_reasons,
    stream_only,
    fixed_temperature,
    extra_fields,
    extra_params,
    default_params,
    continues_assistant,
    no_tools,
    prefill_mark,
    api_version,
);

impl Quirks {
    /// Returns whether `field` is never sent, given whether the model reasons.
    pub fn drops(&self, field: &str, reasoning: bool) -> bool {
        let names = |list: &Option<Vec<String>>| {
            list.as_ref().is_some_and(|list| list.iter().any(|name| name == field))
        };
        names(&self.drop_params) || (reasoning && names(&self.drop_params_when_reasoning))
    }
}
