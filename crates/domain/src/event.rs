//! The steps of an answer, in no provider's format.

use serde_json::Value;

use crate::usage::Usage;

/// One step of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The provider has named its answer.
    Named {
        /// The provider's id.
        upstream_id: String,
    },
    /// A choice has grown.
    Delta {
        /// Its index.
        choice: u32,
        /// By what.
        delta: Delta,
    },
    /// A choice has ended. Each ends once.
    Finish {
        /// Its index.
        choice: u32,
        /// Why; `None` where the provider ended it without saying.
        reason: Option<FinishReason>,
        /// Why, in the provider's word.
        native: Option<String>,
    },
    /// What was used so far. The last count is the one that holds; `None` takes back those before,
    /// because they cannot be believed.
    Used(Option<Usage>),
    /// A field beside the choices that is passed on.
    Extra {
        /// Its name.
        name: String,
        /// What it says.
        value: Value,
    },
}

/// What a choice grows by.
#[derive(Clone, Debug, PartialEq)]
pub enum Delta {
    /// Text.
    Text(String),
    /// Thinking as text, of a provider that wants nothing back.
    Reasoning(String),
    /// A piece of thinking that the provider wants back unchanged, in OpenRouter's form; its text
    /// is not told by [`Delta::Reasoning`] as well.
    ReasoningDetail(Value),
    /// Why nothing is said.
    Refusal(String),
    /// A tool call begins. Calls of a choice are numbered from zero without gaps.
    ToolCallStart {
        /// Its number.
        index: u32,
        /// Its id; never empty.
        id: String,
        /// The name of the function.
        name: String,
    },
    /// A piece of a tool call's arguments, which are JSON as text.
    ToolCallArgs {
        /// The call's number.
        index: u32,
        /// The piece.
        json: String,
    },
    /// An image, whole.
    Image {
        /// Its address or `data:` address.
        url: String,
    },
    /// A piece of speech, as OpenAI writes it.
    Audio(Value),
    /// A citation, as OpenAI writes it.
    Annotation(Value),
    /// Probabilities of tokens, as OpenAI writes them.
    Logprobs(Value),
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// By itself, or at a stop sequence.
    Stop,
    /// At a limit of tokens.
    Length,
    /// To have tools called.
    ToolCalls,
    /// Cut by a filter.
    ContentFilter,
    /// The provider failed.
    Error,
}

impl FinishReason {
    /// Returns OpenAI's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            FinishReason::Stop => "stop",
            FinishReason::Length => "length",
            FinishReason::ToolCalls => "tool_calls",
            FinishReason::ContentFilter => "content_filter",
            FinishReason::Error => "error",
        }
    }
}
