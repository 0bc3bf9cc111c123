//! A request for an answer, in no provider's format.
//!
//! Dialects decode into this and encode from it where caller and endpoint speak different ones.
//! What a dialect cannot say it names in the list of what was dropped.

use serde_json::{Map, Value};

use crate::answer::ToolCall;
use crate::catalog::Modality;
use crate::request::ReasoningAsk;

/// A request for an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChatRequest {
    /// The conversation so far, oldest first.
    pub messages: Vec<Message>,
    /// The functions that the model may call.
    pub tools: Vec<Tool>,
    /// Whether it has to call one; `None` leaves that to the provider.
    pub tool_choice: Option<ToolChoice>,
    /// Whether it may call several at once.
    pub parallel_tool_calls: Option<bool>,
    /// How words are drawn.
    pub sampling: Sampling,
    /// What is wanted back.
    pub output: Output,
    /// How it is to think.
    pub reasoning: Option<ReasoningAsk>,
    /// The answer is to be streamed.
    pub stream: bool,
    /// The provider's priority tier is wanted.
    pub priority: bool,
    /// The whole prompt is to be cached as far as it can be.
    pub cache: Option<CacheMark>,
    /// Other fields, by their names in OpenAI's dialect.
    pub extra: Map<String, Value>,
    /// The names of what had no place in here.
    pub dropped: Vec<String>,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Whose it is.
    pub role: Role,
    /// The name of who speaks, among several of one role.
    pub name: Option<String>,
    /// What it holds, in order.
    pub parts: Vec<Part>,
}

/// Whose a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The operator's of the conversation.
    System,
    /// The same, under OpenAI's newer name.
    Developer,
    /// The person's.
    User,
    /// The model's.
    Assistant,
    /// A tool's: it holds [`Part::ToolResult`] alone.
    Tool,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text.
    Text {
        /// What it says.
        text: String,
        /// Everything up to here is to be cached.
        cache: Option<CacheMark>,
    },
    /// An image.
    Image {
        /// Its address or `data:` address.
        url: String,
        /// How closely to look: auto, low, high, original.
        detail: Option<String>,
        /// Everything up to here is to be cached.
        cache: Option<CacheMark>,
    },
    /// A recording.
    Audio {
        /// Its bytes in base64.
        data: String,
        /// wav, mp3, …
        format: String,
    },
    /// A film.
    Video {
        /// Its address or `data:` address.
        url: String,
    },
    /// A document.
    File {
        /// Its name.
        name: Option<String>,
        /// Where it is.
        source: FileSource,
        /// Everything up to here is to be cached.
        cache: Option<CacheMark>,
    },
    /// Why the model said nothing, in its words.
    Refusal(String),
    /// What the model thought, as text.
    Reasoning(String),
    /// What the model thought, in a piece that goes back unchanged, in OpenRouter's form.
    ReasoningDetail(Value),
    /// A tool that the model wanted called.
    ToolCall(ToolCall),
    /// What a tool said.
    ToolResult {
        /// The id of the call.
        call_id: String,
        /// What it said: text and images.
        parts: Vec<Part>,
        /// The tool failed, and says how.
        failed: bool,
    },
}

/// Where a document is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileSource {
    /// At an address or `data:` address.
    Url(String),
    /// With the provider, under this id.
    Id(String),
}

/// A mark of where to cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheMark {
    /// For an hour instead of the usual few minutes.
    pub for_an_hour: bool,
}

/// A function that the model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: Option<String>,
    /// The JSON schema of its arguments.
    pub parameters: Option<Value>,
    /// Arguments have to keep to the schema.
    pub strict: Option<bool>,
    /// Everything up to here is to be cached.
    pub cache: Option<CacheMark>,
}

/// Whether a tool has to be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolChoice {
    /// None may be.
    None,
    /// As the model sees fit.
    Auto,
    /// One has to be.
    Required,
    /// This one has to be.
    Function(String),
}

/// How words are drawn. `None` leaves it to the provider.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "each is the usual word for it")]
pub struct Sampling {
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub top_k: Option<i64>,
    pub min_p: Option<f64>,
    pub top_a: Option<f64>,
    pub frequency_penalty: Option<f64>,
    pub presence_penalty: Option<f64>,
    pub repetition_penalty: Option<f64>,
    pub seed: Option<i64>,
    pub stop: Vec<String>,
    pub logit_bias: Option<Map<String, Value>>,
    pub logprobs: Option<bool>,
    pub top_logprobs: Option<u32>,
}

/// What is wanted back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// The most tokens.
    pub tokens_max: Option<u32>,
    /// How many answers, where that was said.
    pub choices: Option<u32>,
    /// In what form.
    pub format: Option<Format>,
    /// As what: text, images, speech. Empty where nothing was said.
    pub modalities: Vec<Modality>,
    /// At what length: low, medium, high, xhigh, max.
    pub verbosity: Option<String>,
}

/// The form of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// Any text.
    Text,
    /// A JSON object.
    JsonObject,
    /// What a JSON schema says.
    JsonSchema {
        /// The schema's name.
        name: String,
        /// What it is for.
        description: Option<String>,
        /// The answer has to keep to it exactly.
        strict: Option<bool>,
        /// The schema.
        schema: Value,
    },
    /// Another, as OpenRouter writes it.
    Other(Value),
}
