//! A request for embeddings, and the forms that it and its answer have.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::facts::MEDIA_BYTES;
use crate::task::length;
use crate::tokens::of_text;

/// A request for embeddings, in OpenAI's words.
#[derive(Debug)]
pub(crate) struct Ask {
    /// The caller's fields, `input` among them.
    pub(super) fields: Map<String, Value>,
    /// What only one provider gets.
    pub(super) options: Map<String, Value>,
    /// What is to be embedded.
    pub(super) inputs: Arc<Vec<Input>>,
    /// Vectors are wanted as packed bytes in base64.
    pub(super) packed: bool,
    /// How the answer is to look.
    pub(super) shape: Shape,
}

/// What one vector is made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Input {
    /// A text.
    Text(String),
    /// As many tokens, of a vocabulary that only its provider knows.
    Tokens(u32),
    /// Parts of several kinds: the bytes of their texts, and how many are no texts.
    Parts(u32, u32),
}

impl Input {
    /// Returns the bytes that bound its tokens.
    pub(super) fn bytes(&self) -> u32 {
        match self {
            Input::Text(text) => length(text.len()),
            Input::Tokens(tokens) => *tokens,
            Input::Parts(bytes, media) => {
                bytes.saturating_add(media.saturating_mul(length(MEDIA_BYTES)))
            }
        }
    }

    /// Returns its tokens, counted here.
    pub(super) fn tokens(&self) -> u32 {
        match self {
            Input::Text(text) => of_text(text, None),
            Input::Tokens(tokens) => *tokens,
            Input::Parts(..) => self.bytes() / 4,
        }
    }
}

/// How an answer looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// OpenAI's, which OpenRouter follows.
    OpenAi,
    /// Gemini's: of one content, or of a list of requests.
    Gemini {
        /// A list was asked for.
        is_list: bool,
    },
    /// Ollama's.
    Ollama,
}

/// A form in which endpoints are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// OpenAI's, which most hosts follow.
    OpenAi,
    /// `batchEmbedContents`.
    Gemini,
    /// `predict`, one text at a time.
    Vertex,
    /// Cohere's second version.
    Cohere,
    /// Ollama's.
    Ollama,
}
