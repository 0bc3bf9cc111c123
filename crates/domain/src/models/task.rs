//! What a request is about, and which models are up to it.

use serde::{Deserialize, Serialize};

use crate::catalog::{Modality, Model};
use crate::request::Facts;

/// What a request is about, as far as its form tells: no word of a prompt is weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// It shows images, recordings or documents.
    Media,
    /// Its prompt is longer than 32,000 tokens.
    LongContext,
    /// It offers tools.
    Agent,
    /// It wants an answer to a schema.
    Extraction,
    /// It asks the model to think.
    Reasoning,
    /// Its prompt holds a block of code.
    Code,
    /// None of these.
    Chat,
}

/// What quality counts for, in a hundred, by task; the rest is what being cheap counts for.
pub(super) const WEIGHTS: [u8; 7] = [60, 50, 70, 50, 75, 70, 55];

/// Tokens from which on a prompt is long.
const LONG: u32 = 32_000;

impl Task {
    /// Every task. A request is of the first that it fits.
    pub const ALL: [Task; 7] = [
        Task::Media,
        Task::LongContext,
        Task::Agent,
        Task::Extraction,
        Task::Reasoning,
        Task::Code,
        Task::Chat,
    ];

    /// Returns what a request is about.
    pub fn of(facts: &Facts) -> Task {
        let is_media = facts.modalities.iter().any(|it| *it != Modality::Text);
        let thinks = facts.reasoning.as_ref().is_some_and(|ask| !ask.is_off());
        let signs = [
            is_media,
            LONG <= facts.prompt_bytes / 4,
            facts.tools,
            facts.schema,
            thinks,
            facts.code,
        ];
        let sign = signs.iter().position(|sign| *sign).unwrap_or(Task::ALL.len() - 1);
        Task::ALL[sign]
    }
}

/// Returns whether a model can do a task at all.
pub(super) fn fits(task: Task, model: &Model) -> bool {
    match task {
        Task::Media => model.input_modalities.iter().any(|it| *it != Modality::Text),
        Task::LongContext => model.context.is_some_and(|context| 128_000 <= context),
        Task::Agent | Task::Code => model.tools == Some(true),
        Task::Extraction => model.structured_output == Some(true),
        Task::Reasoning => model.reasoning == Some(true),
        Task::Chat => true,
    }
}
