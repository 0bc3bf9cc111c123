//! What is asked of a model: an answer in a conversation, or one of the other operations.

use serde::{Deserialize, Serialize};

use crate::catalog::{Dialect, Endpoint, Modality, Model, ModelKind};

/// What is asked of a model.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// An answer in a conversation, or the continuation of a text.
    #[default]
    Chat,
    /// Vectors of texts.
    Embeddings,
    /// Documents in the order of their relevance to a query.
    Rerank,
    /// Images from a description.
    Images,
    /// A text, spoken.
    Speech,
    /// What is said in a recording.
    Transcription,
    /// Whether a text is harmful, and how.
    Moderation,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Operation; 7] = [
        Operation::Chat,
        Operation::Embeddings,
        Operation::Rerank,
        Operation::Images,
        Operation::Speech,
        Operation::Transcription,
        Operation::Moderation,
    ];

    /// Returns whether models of a kind are made for it.
    ///
    /// Models that read pages, apply edits or judge texts do so in conversations, too; whether one
    /// that judges texts also does it by the operation of that name is up to its endpoints.
    pub const fn suits(self, kind: ModelKind) -> bool {
        match self {
            Operation::Chat => matches!(
                kind,
                ModelKind::Chat
                    | ModelKind::Completion
                    | ModelKind::Ocr
                    | ModelKind::Apply
                    | ModelKind::Moderation
            ),
            Operation::Embeddings => matches!(kind, ModelKind::Embedding),
            Operation::Rerank => matches!(kind, ModelKind::Rerank),
            Operation::Images => matches!(kind, ModelKind::Image | ModelKind::Chat),
            Operation::Speech => matches!(kind, ModelKind::Tts),
            Operation::Transcription => matches!(kind, ModelKind::Stt),
            Operation::Moderation => matches!(kind, ModelKind::Moderation),
        }
    }

    /// Returns whether a model answers it, given the endpoints that offer the model.
    pub fn is_answered_by<'a>(
        self,
        model: &Model,
        mut endpoints: impl Iterator<Item = &'a Endpoint>,
    ) -> bool {
        if !self.suits(model.kind) {
            return false;
        }
        let judges = |it: &Endpoint| it.dialect == Dialect::OpenaiModerations;
        match (self, model.kind) {
            (Operation::Images, ModelKind::Chat) => {
                model.output_modalities.contains(&Modality::Image)
            }
            // Some judge texts in conversations, and some by an operation of that name.
            (Operation::Chat, ModelKind::Moderation) => endpoints.any(|it| !judges(it)),
            (Operation::Moderation, ModelKind::Moderation) => endpoints.any(judges),
            _ => true,
        }
    }

    /// Returns OpenRouter's word for it in the record of a generation, where it has one.
    pub const fn api_type(self) -> &'static str {
        match self {
            Operation::Chat => "completions",
            Operation::Embeddings => "embeddings",
            Operation::Rerank => "rerank",
            Operation::Images => "image",
            Operation::Speech => "tts",
            Operation::Transcription => "stt",
            Operation::Moderation => "moderation",
        }
    }

    /// Returns the route that takes requests for it.
    pub const fn route(self) -> &'static str {
        match self {
            Operation::Chat => "POST /api/v1/chat/completions",
            Operation::Embeddings => "POST /api/v1/embeddings",
            Operation::Rerank => "POST /api/v1/rerank",
            Operation::Images => "POST /api/v1/images",
            Operation::Speech => "POST /api/v1/audio/speech",
            Operation::Transcription => "POST /api/v1/audio/transcriptions",
            Operation::Moderation => "POST /api/v1/moderations",
        }
    }

    /// Returns what a request for it is called in a sentence.
    pub const fn noun(self) -> &'static str {
        match self {
            Operation::Chat => "chat requests",
            Operation::Embeddings => "requests for embeddings",
            Operation::Rerank => "requests to rerank",
            Operation::Images => "requests for images",
            Operation::Speech => "requests for speech",
            Operation::Transcription => "requests to transcribe",
            Operation::Moderation => "requests to moderate",
        }
    }
}
