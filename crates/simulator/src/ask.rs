//! What a caller asks for, whatever the dialect it was written in.
use serde_json::Value;

/// One request for a generation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ask {
    pub(crate) model: String,
    pub(crate) stream: bool,
    /// A stream shall report usage.
    pub(crate) include_usage: bool,
    /// Bytes of text in all messages.
    pub(crate) prompt_bytes: usize,
    /// The text of the last message by the user.
    pub(crate) user_text: String,
    /// The content of the last message, if that is a tool's result.
    pub(crate) tool_result: Option<String>,
    /// How many turns of the conversation were tools' results.
    pub(crate) results: usize,
    pub(crate) tools: Vec<Tool>,
    pub(crate) tool_choice: ToolChoice,
    pub(crate) one_tool_at_a_time: bool,
    pub(crate) output_tokens_max: Option<u32>,
    pub(crate) stop: Vec<String>,
    /// How many alternatives; zero stands for one.
    pub(crate) choices: u32,
    pub(crate) output: Output,
    /// How many alternatives to list with each token's probability, if probabilities are wanted.
    pub(crate) top_logprobs: Option<u32>,
    /// What a request that is no chat asks for, as its dialect read it.
    pub(crate) about: Value,
}

/// A function that the model may call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tool {
    pub(crate) name: String,
    /// Null where it takes free text.
    pub(crate) schema: Value,
}

/// Whether tools must be called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum ToolChoice {
    #[default]
    Auto,
    None,
    Required,
    Named(String),
}

/// The form of the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Output {
    #[default]
    Text,
    /// Any JSON object.
    Object,
    /// JSON that satisfies a schema.
    Schema(Value),
}

/// Why a request is refused, in words for the caller.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) message: String,
    pub(crate) param: Option<&'static str>,
    /// A string or a number; without it, what is usual for the status.
    pub(crate) code: Option<Value>,
}

impl Refusal {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Refusal {
        Refusal { status, message: message.into(), param: None, code: None }
    }
}
