//! The ways in by which requests come: each has its route, its dialect and its framing.

use domain::catalog::Dialect;

use crate::multipart;

/// A way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// `POST /chat/completions`.
    ChatCompletions,
    /// `POST /completions`, the legacy form of the same dialect.
    Completions,
    /// `POST /responses`.
    Responses,
    /// `POST /messages`.
    Messages,
    /// `POST /v1beta/models/{model}:generateContent` and its streaming twin: model and framing
    /// stand in the address.
    Gemini {
        /// The model, as the address names it.
        model: String,
        /// The answer is to be streamed.
        streams: bool,
        /// `alt=sse` was asked for; a stream without it is one JSON list.
        sse: bool,
    },
    /// `POST /api/chat`, as Ollama has it.
    OllamaChat,
    /// `POST /api/generate`, as Ollama has it.
    OllamaGenerate,
    /// `POST /embeddings`.
    Embeddings,
    /// `POST /v1beta/models/{model}:embedContent` and `:batchEmbedContents`.
    GeminiEmbed {
        /// The model, as the address names it.
        model: String,
        /// The body is a list of requests.
        is_list: bool,
    },
    /// `POST /api/embed`, as Ollama has it.
    OllamaEmbed,
    /// `POST /rerank`.
    Rerank,
    /// `POST /images`, and `POST /images/generations` as OpenAI has it.
    Images,
    /// `POST /audio/speech`.
    Speech,
    /// `POST /audio/transcriptions`.
    Transcriptions {
        /// The boundary of the form, where it came as one; else it is JSON.
        boundary: Option<String>,
    },
    /// `POST /moderations`.
    Moderations,
}

impl Door {
    /// Returns the dialect that is spoken there.
    pub const fn dialect(&self) -> Dialect {
        match self {
            Door::ChatCompletions | Door::Completions => Dialect::OpenaiChat,
            Door::Responses => Dialect::OpenaiResponses,
            Door::Messages => Dialect::AnthropicMessages,
            Door::Gemini { .. } | Door::GeminiEmbed { .. } => Dialect::GoogleGemini,
            Door::OllamaChat | Door::OllamaGenerate | Door::OllamaEmbed => Dialect::Ollama,
            Door::Embeddings => Dialect::OpenaiEmbeddings,
            Door::Rerank => Dialect::Rerank,
            Door::Images => Dialect::OpenaiImages,
            Door::Speech => Dialect::OpenaiSpeech,
            Door::Transcriptions { .. } => Dialect::OpenaiTranscriptions,
            Door::Moderations => Dialect::OpenaiModerations,
        }
    }
}

impl Door {
    /// Returns the door for the body of a form, or for JSON, by its content type.
    pub fn transcriptions(content_type: &str) -> Door {
        Door::Transcriptions { boundary: multipart::boundary(content_type) }
    }
}

/// How a stream is cut into its events, on the side of the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events.
    #[default]
    Events,
    /// One JSON object a line.
    Lines,
    /// One JSON list, whose items come one after the other.
    List,
    /// No events: bytes, or text, of this content type.
    Raw(&'static str),
}

impl Framing {
    /// Returns the content type of a stream that is framed so.
    pub const fn content_type(self) -> &'static str {
        match self {
            Framing::Events => "text/event-stream",
            Framing::Lines => "application/x-ndjson",
            Framing::List => "application/json",
            Framing::Raw(content_type) => content_type,
        }
    }
}
