//! How fast an endpoint is just now, against how fast it usually is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// How long a prompt is: only waits for prompts of like length are compared.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum PromptSize {
    /// Up to a thousand tokens.
    #[default]
    Short,
    /// Up to eight thousand.
    Medium,
    /// Up to thirty-two thousand.
    Long,
    /// More.
    Huge,
}

impl PromptSize {
    /// Returns the size of a prompt of so many tokens.
    pub const fn of_tokens(tokens: u32) -> PromptSize {
        match tokens {
            0..=1_000 => PromptSize::Short,
            1_001..=8_000 => PromptSize::Medium,
            8_001..=32_000 => PromptSize::Long,
            _ => PromptSize::Huge,
        }
    }
}

/// Half-lives are these times ln 2.
const FIRST_TOKEN_MS: f64 = 10_000.0;
const RATE_MS: f64 = 30_000.0;
/// What a failure counts as.
const FAILURE_MS: f64 = 5_000.0;
/// Waits after which what is usual is known.
const USUAL_SAMPLES_MIN: u32 = 20;
const USUAL_SAMPLES_MAX: u32 = 100;
/// A wait of so many times what is usual, and of so much more, is slow.
const SLOW_TIMES: f64 = 5.0;
const SLOW_MORE_MS: f64 = 500.0;
/// Slow waits that make a slow endpoint, and good ones that make a good one again.
const WAITS: usize = 3;
/// After which time without a wait a slow endpoint is given another chance.
const SLOW_FORGOTTEN_MS: u64 = 60_000;

/// How fast an endpoint is just now.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    sizes: [Waits; 4],
    tokens_per_second: f64,
    rated_at: Timestamp,
    /// Requests that have shown nothing yet, the oldest first.
    waiting: BTreeMap<u64, (Timestamp, PromptSize)>,
    slow_in_a_row: usize,
    good_in_a_row: usize,
    slow_at: Option<Timestamp>,
}

/// Waits for the first token, of prompts of one size.
#[derive(Clone, Copy, Debug, Default)]
struct Waits {
    peak_ms: f64,
    at: Timestamp,
    usual_ms: f64,
    samples: u32,
}

impl Waits {
    fn projected(&self, now: Timestamp) -> f64 {
        // Without news a peak wears off towards what is usual.
        let kept = (-(now.ms_since(self.at) as f64) / FIRST_TOKEN_MS).exp();
        self.usual_ms + (self.peak_ms - self.usual_ms) * kept
    }

    fn take(&mut self, ms: f64, now: Timestamp) {
        let projected = self.projected(now);
        let kept = (-(now.ms_since(self.at) as f64) / FIRST_TOKEN_MS).exp().min(0.9);
        // Quick to rise, slow to fall (Finagle's peak EWMA).
        self.peak_ms = if projected < ms { ms } else { projected * kept + ms * (1.0 - kept) };
        self.at = now;
    }

    fn grow_used_to(&mut self, ms: f64) {
        let known = USUAL_SAMPLES_MIN <= self.samples;
        let ms = if known { ms.min(self.usual_ms * 3.0) } else { ms };
        self.samples = (self.samples + 1).min(USUAL_SAMPLES_MAX);
        self.usual_ms += (ms - self.usual_ms) / f64::from(self.samples);
    }

    fn is_slow(&self, ms: f64) -> bool {
        let usual = self.usual_ms;
        USUAL_SAMPLES_MIN <= self.samples && (usual * SLOW_TIMES).max(usual + SLOW_MORE_MS) <= ms
    }
}

impl Pace {
    pub(super) fn begin(&mut self, ticket: u64, size: PromptSize, now: Timestamp) {
        self.waiting.insert(ticket, (now, size));
    }

    /// Takes note of the first token of a request. Returns how long it took, in milliseconds.
    pub(super) fn first_token(&mut self, ticket: u64, now: Timestamp) -> Option<u32> {
        let (began, size) = self.waiting.remove(&ticket)?;
        let ms = now.ms_since(began);
        let waits = &mut self.sizes[size as usize];
        let is_slow = waits.is_slow(ms as f64);
        waits.take(ms as f64, now);
        waits.grow_used_to(ms as f64);
        if is_slow {
            self.slow_in_a_row += 1;
            self.good_in_a_row = 0;
            if self.slow_at.is_some() || WAITS <= self.slow_in_a_row {
                self.slow_at = Some(now);
            }
        } else {
            self.slow_in_a_row = 0;
            self.good_in_a_row += 1;
            if WAITS <= self.good_in_a_row {
                self.slow_at = None;
            }
        }
        Some(u32::try_from(ms).unwrap_or(u32::MAX))
    }

    /// Takes note that a request is over without a first token.
    pub(super) fn gone(&mut self, ticket: u64, failed: bool, now: Timestamp) {
        if let Some((_, size)) = self.waiting.remove(&ticket).filter(|_| failed) {
            self.sizes[size as usize].take(FAILURE_MS, now);
        }
    }

    /// Takes note of an answer of so many tokens in so many milliseconds.
    pub(super) fn wrote(&mut self, tokens: u32, ms: u64, now: Timestamp) {
        let rate = f64::from(tokens) * 1000.0 / (ms.max(1) as f64);
        let kept = (-(now.ms_since(self.rated_at) as f64) / RATE_MS).exp().min(0.9);
        let is_first = self.rated_at == Timestamp::default();
        let kept = if is_first { 0.0 } else { kept };
        self.tokens_per_second = self.tokens_per_second * kept + rate * (1.0 - kept);
        self.rated_at = now;
    }

    /// Returns whether it is much slower than it usually is.
    pub(super) fn is_slow(&mut self, now: Timestamp) -> bool {
        let overdue = self.waiting.values().take(WAITS).filter(|(began, size)| {
            self.sizes[*size as usize].is_slow(now.ms_since(*began) as f64)
        });
        if overdue.count() == WAITS {
            self.slow_at = Some(now);
            self.good_in_a_row = 0;
        }
        self.slow_at.is_some_and(|at| now.ms_since(at) < SLOW_FORGOTTEN_MS)
    }

    pub(super) fn first_token_ms(&self, size: PromptSize, now: Timestamp) -> u32 {
        let waits = &self.sizes[size as usize];
        let projected = if waits.samples == 0 && waits.peak_ms == 0.0 {
            let known = self.sizes.iter().rfind(|waits| waits.samples != 0);
            known.map_or(0.0, |waits| waits.projected(now))
        } else {
            waits.projected(now)
        };
        let oldest = self.waiting.values().next();
        let overdue = oldest.map_or(0.0, |(began, _)| now.ms_since(*began) as f64);
        projected.max(overdue.min(projected * 20.0)) as u32
    }

    pub(super) fn tokens_per_second(&self) -> u32 {
        self.tokens_per_second.round() as u32
    }
}
