//! What one generation used, in classes that do not overlap.
//!
//! Providers disagree on whether their prompt count includes cache hits and their completion count
//! includes reasoning; dialects settle that while decoding, so nobody after them has to ask.

use serde::{Deserialize, Serialize};

/// The largest count of tokens that is believed; what a provider reports above it is cut to it.
pub const TOKENS_MAX: u32 = 1 << 28;

/// Tokens and other billed units of one generation.
///
/// The classes of the prompt (`input`, `cache_read`, `cache_write`, `cache_write_1h`,
/// `input_audio`) are disjoint and sum to it. `output` is every completion token; `reasoning` and
/// `output_audio` are parts of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Prompt tokens that came from no cache, went to none, and are not audio.
    #[serde(skip_serializing_if = "is_zero")]
    pub input: u32,
    /// Prompt tokens read from a cache.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_read: u32,
    /// Prompt tokens written to a cache at its ordinary lifetime (5 minutes, where it has one).
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write: u32,
    /// Prompt tokens written to a cache that keeps them for an hour.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write_1h: u32,
    /// Prompt tokens of audio.
    #[serde(skip_serializing_if = "is_zero")]
    pub input_audio: u32,
    /// All completion tokens, reasoning and audio among them.
    #[serde(skip_serializing_if = "is_zero")]
    pub output: u32,
    /// The completion tokens that were reasoning.
    #[serde(skip_serializing_if = "is_zero")]
    pub reasoning: u32,
    /// The completion tokens that were audio.
    #[serde(skip_serializing_if = "is_zero")]
    pub output_audio: u32,
    /// Tokens of citations, where a provider bills them.
    #[serde(skip_serializing_if = "is_zero")]
    pub citations: u32,
    /// Images, counted one by one.
    #[serde(skip_serializing_if = "is_zero_u16")]
    pub images: u16,
    /// Searches or other requests that a provider bills one by one.
    #[serde(skip_serializing_if = "is_zero_u16")]
    pub requests: u16,
    /// Audio heard or spoken, in milliseconds.
    #[serde(skip_serializing_if = "is_zero")]
    pub audio_ms: u32,
    /// Characters spoken.
    #[serde(skip_serializing_if = "is_zero")]
    pub characters: u32,
    /// The counts are the house's own, because the provider reported none that could be believed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

/// A record of a usage holds only what was used.
fn is_zero(units: &u32) -> bool {
    *units == 0
}

/// The same, for the classes that are counted in fewer bits.
fn is_zero_u16(units: &u16) -> bool {
    *units == 0
}

impl Usage {
    /// Returns all prompt tokens.
    pub fn prompt(&self) -> u32 {
        [self.cache_read, self.cache_write, self.cache_write_1h, self.input_audio]
            .into_iter()
            .fold(self.input, u32::saturating_add)
    }

    /// Returns the same usage with every count believable: tokens at most [`TOKENS_MAX`], and the
    /// parts of `output` no more than `output` together.
    pub fn bounded(self) -> Usage {
        let cut = |tokens: u32| tokens.min(TOKENS_MAX);
        let output = cut(self.output);
        let reasoning = self.reasoning.min(output);
        Usage {
            input: cut(self.input),
            cache_read: cut(self.cache_read),
            cache_write: cut(self.cache_write),
            cache_write_1h: cut(self.cache_write_1h),
            input_audio: cut(self.input_audio),
            output,
            reasoning,
            output_audio: self.output_audio.min(output - reasoning),
            citations: cut(self.citations),
            characters: cut(self.characters),
            ..self
        }
    }
}
