//! A model: what its author made, whoever serves it.

use serde::{Deserialize, Serialize};

/// A model. Facts only; prices belong to endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// `author/slug`, what callers ask for.
    pub id: String,
    /// The name that people read.
    pub name: String,
    /// What kind of request it answers.
    pub kind: ModelKind,
    /// `YYYY-MM-DD` of its release, where known.
    pub released: Option<String>,
    /// `YYYY-MM` or `YYYY-MM-DD` of its training data, where stated.
    pub knowledge: Option<String>,
    /// Tokens of prompt and answer together.
    pub context: Option<u32>,
    /// Tokens of an answer.
    pub max_output: Option<u32>,
    /// Length of the vectors of an embedding model.
    pub dimensions: Option<u32>,
    /// What it reads.
    pub input_modalities: Vec<Modality>,
    /// What it writes.
    pub output_modalities: Vec<Modality>,
    /// Whether anyone may run it.
    pub open_weights: Option<bool>,
    /// Whether it thinks before it answers.
    pub reasoning: Option<bool>,
    /// Whether it calls tools.
    pub tools: Option<bool>,
    /// Whether it keeps to a JSON schema.
    pub structured_output: Option<bool>,
    /// Whether a temperature may be set.
    pub temperature: Option<bool>,
    /// The family of its tokenizer, in OpenRouter's words.
    pub tokenizer: Option<String>,
    /// Its repository on Hugging Face.
    pub hugging_face_id: Option<String>,
    /// The licence of its weights.
    pub license: Option<String>,
    /// An immutable, usually dated name; the id where there is none.
    pub permaslug: String,
    /// How good it is, from 0 to 100, where somebody has judged it: what the choice of a model for
    /// callers who leave it to the house goes by.
    pub quality: Option<u8>,
    /// What it is, in a sentence or two. Empty where nobody wrote one.
    pub description: String,
    /// Whoever made it does not want to be known yet.
    pub stealth: Option<Stealth>,
}

/// What a caller has to know of a model whose maker is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stealth {
    /// What callers accept before they use it: plain text, in which a line feed ends a line.
    pub terms: String,
    /// The first 16 hexadecimal digits of the SHA-256 of the terms, by which an acceptance says
    /// which terms it means.
    pub terms_hash: String,
}

/// The author of every model whose maker is not told, and the slug of whoever serves one.
pub const STEALTH: &str = "stealth";

impl Model {
    /// Returns the part of the id before the slash.
    pub fn author(&self) -> &str {
        self.id.split_once('/').map_or(self.id.as_str(), |(author, _)| author)
    }

    /// Returns whether other models may be trained on its answers, as far as its licence tells:
    /// `None` where none is known, or it is one that sets terms of its own.
    pub fn may_teach(&self) -> Option<bool> {
        const FREE: [&str; 8] = [
            "apache-2.0",
            "mit",
            "modified-mit",
            "bsd-2-clause",
            "bsd-3-clause",
            "cc-by-4.0",
            "cc0-1.0",
            "unlicense",
        ];
        let license = self.license.as_deref()?.to_ascii_lowercase();
        FREE.contains(&license.as_str()).then_some(true)
    }
}

/// What kind of request a model answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the usual word for it")]
pub enum ModelKind {
    #[default]
    Chat,
    Completion,
    Embedding,
    Image,
    Rerank,
    Tts,
    Stt,
    Moderation,
    Ocr,
    Realtime,
    Apply,
    Video,
    Music,
}

/// What a model reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the usual word for it")]
pub enum Modality {
    Text,
    Image,
    File,
    Audio,
    Video,
    Embeddings,
    Rerank,
    Speech,
    Transcription,
}

impl Modality {
    /// Every one.
    pub const ALL: [Modality; 9] = [
        Modality::Text,
        Modality::Image,
        Modality::File,
        Modality::Audio,
        Modality::Video,
        Modality::Embeddings,
        Modality::Rerank,
        Modality::Speech,
        Modality::Transcription,
    ];

    /// Returns the word that the API and the catalog use.
    pub const fn word(self) -> &'static str {
        match self {
            Modality::Text => "text",
            Modality::Image => "image",
            Modality::File => "file",
            Modality::Audio => "audio",
            Modality::Video => "video",
            Modality::Embeddings => "embeddings",
            Modality::Rerank => "rerank",
            Modality::Speech => "speech",
            Modality::Transcription => "transcription",
        }
    }
}
