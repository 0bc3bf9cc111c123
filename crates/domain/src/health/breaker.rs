//! The breaker of one endpoint: when it is left alone, tried again, and trusted again.
//!
//! ```text
//! CLOSED ── 5 hard failures in a row, or half of at least 20 in 10 s ──▶ OPEN
//! OPEN   ── after 1 s × 2ᵏ, at most 30 s, less up to half of it ──▶ TRIAL, one request
//! TRIAL  ── it answers ──▶ SLOW, a tenth of the traffic at first, all of it after 20 s ──▶ CLOSED
//! TRIAL, SLOW ── it fails ──▶ OPEN, k one higher
//! any    ── "leave me alone for T" ──▶ HELD until then, at most 300 s
//! ```
//!
//! Failures count only where two accounts or three different requests saw them, and those of a
//! request that fails everywhere are taken back.

use super::HELD_MAX_MS;
use super::blame::Cause;
use super::counts::Counts;
use super::view::Gate;
use super::witness::Witnesses;
use crate::time::Timestamp;

const STREAK_MAX: u32 = 5;
const RATIO_SAMPLES_MIN: u32 = 20;
const BACKOFF_FIRST_MS: i64 = 1_000;
const BACKOFF_MAX_MS: i64 = 30_000;
/// After which time a trial that nobody heard of again is taken for lost.
const TRIAL_LOST_MS: i64 = 60_000;
const SLOW_MS: i64 = 20_000;
const SLOW_SHARE_FIRST: i64 = 10;
/// How long an outage is held against an endpoint (OpenRouter's documentation).
const OUTAGE_MS: i64 = 30_000;
/// From this share of failures on they are an outage, where there are at least so many tries.
const OUTAGE_PERCENT: u32 = 20;
const OUTAGE_SAMPLES_MIN: u32 = 5;

/// The breaker of one endpoint.
#[derive(Clone, Debug)]
pub struct Breaker {
    phase: Phase,
    held_until: Timestamp,
    /// Openings since it was last closed.
    openings: u32,
    /// Hard failures since the last success.
    streak: u32,
    streak_since: Timestamp,
    last_failure: Timestamp,
    /// Another node found it down: the first failure of our own opens it.
    suspect_until: Timestamp,
    witnesses: Witnesses,
    /// The last 30 seconds; the last ten of them decide on opening.
    recent: Counts<30>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Closed,
    Open { since: Timestamp, until: Timestamp },
    Trial { since: Timestamp },
    Slow { since: Timestamp },
}

/// Whether a request may go to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Go,
    /// It may, as the one that tries whether the endpoint is back.
    Trial,
    /// It may not.
    No {
        /// When that may change.
        until: Timestamp,
    },
}

impl Default for Breaker {
    fn default() -> Breaker {
        Breaker {
            phase: Phase::Closed,
            held_until: Timestamp::default(),
            openings: 0,
            streak: 0,
            streak_since: Timestamp::default(),
            last_failure: Timestamp::default(),
            suspect_until: Timestamp::default(),
            witnesses: Witnesses::default(),
            recent: Counts::new(1_000),
        }
    }
}

impl Breaker {
    /// Returns whether requests may go there.
    pub fn gate(&self, now: Timestamp) -> Gate {
        if now < self.held_until {
            return Gate::Held { until: self.held_until };
        }
        match self.phase {
            Phase::Closed => Gate::Open,
            Phase::Open { until, .. } if now < until => Gate::Closed { until },
            Phase::Open { .. } => Gate::Trial,
            Phase::Trial { since } => {
                let lost = since.plus_ms(TRIAL_LOST_MS);
                if now < lost { Gate::Closed { until: lost } } else { Gate::Trial }
            }
            Phase::Slow { since } => {
                let passed = now.ms_since(since) as i64;
                if SLOW_MS <= passed {
                    return Gate::Open;
                }
                let share = SLOW_SHARE_FIRST + (100 - SLOW_SHARE_FIRST) * passed / SLOW_MS;
                Gate::Slow { share_percent: share as u8 }
            }
        }
    }

    /// Lets a request in, or not. Whoever is let in as the trial has to tell how it went.
    pub fn admit(&mut self, now: Timestamp) -> Admission {
        match self.gate(now) {
            Gate::Open | Gate::Slow { .. } => Admission::Go,
            Gate::Trial => {
                self.phase = Phase::Trial { since: now };
                Admission::Trial
            }
            Gate::Closed { until } | Gate::Held { until } => Admission::No { until },
        }
    }

    /// Returns whether a request may go there although it is closed, because nothing else is left.
    pub fn is_last_resort(&self, now: Timestamp) -> bool {
        self.held_until <= now
    }

    /// Takes note that the request on trial was given up before it told anything.
    pub fn trial_given_up(&mut self, now: Timestamp) {
        if let Phase::Trial { since } = self.phase {
            self.phase = Phase::Open { since, until: now };
        }
    }

    /// Takes note of the first content of a request that began at `began`.
    pub fn answered(&mut self, began: Timestamp, now: Timestamp) {
        let since = match self.phase {
            Phase::Closed => return,
            Phase::Slow { since } => {
                if SLOW_MS <= now.ms_since(since) as i64 {
                    self.phase = Phase::Closed;
                    self.openings = 0;
                }
                return;
            }
            Phase::Open { since, .. } | Phase::Trial { since } => since,
        };
        // What was asked before the outage says nothing about its end.
        if since <= began {
            self.phase = Phase::Slow { since: now };
            self.streak = 0;
            self.recent.clear();
        }
    }

    /// Takes note of an answer that is complete.
    pub fn succeeded(&mut self, began: Timestamp, now: Timestamp) {
        self.answered(began, now);
        if self.last_failure <= began || self.phase == Phase::Closed {
            self.streak = 0;
        }
        self.recent.add(now, true);
    }

    /// Takes note of a hard failure. `draw`: a random number, which spreads retries.
    pub fn failed(&mut self, cause: Cause, now: Timestamp, draw: u64) {
        if self.streak == 0 {
            self.streak_since = now;
        }
        self.streak = self.streak.saturating_add(1);
        self.last_failure = now;
        self.witnesses.saw(now, cause);
        self.recent.add(now, false);
        match self.phase {
            Phase::Open { .. } => (),
            Phase::Trial { .. } | Phase::Slow { .. } => {
                self.openings = self.openings.saturating_add(1);
                self.open(now, draw);
            }
            Phase::Closed => {
                if self.is_broken(now) {
                    self.open(now, draw);
                }
            }
        }
    }

    /// Takes note of too many requests: it counts in the share of failures and opens nothing by
    /// itself, but a trial that meets it has failed.
    pub fn limited(&mut self, now: Timestamp, draw: u64) {
        if matches!(self.phase, Phase::Trial { .. }) {
            self.openings = self.openings.saturating_add(1);
            self.open(now, draw);
        }
    }

    /// Leaves the endpoint alone for as long as it asks, at most 300 s.
    pub fn hold(&mut self, retry_after_ms: u64, now: Timestamp) {
        let until = now.plus_ms(retry_after_ms.min(HELD_MAX_MS) as i64);
        self.held_until = self.held_until.max(until);
    }

    /// Takes back the failures of a request that fails wherever it goes, as far as they count in
    /// shares. In a row they go on counting: where somebody else succeeds, the row is over, and
    /// where nobody does the endpoint is down after all.
    pub fn take_back(&mut self, request: u64, now: Timestamp) {
        let removed = self.witnesses.take_back(request);
        removed.iter().for_each(|at| self.recent.take_back(*at));
        let is_first = matches!(self.phase, Phase::Open { .. }) && self.openings == 0;
        if !removed.is_empty() && is_first && !self.is_broken(now) {
            self.phase = Phase::Closed;
        }
    }

    /// Takes note that other nodes found the endpoint down. `several`: at least two nodes, and
    /// three in ten of those that report; then the next request tries it. Never opens by itself.
    pub fn hinted(&mut self, several: bool, now: Timestamp) {
        self.suspect_until = now.plus_ms(BACKOFF_MAX_MS);
        if several && self.phase == Phase::Closed {
            self.phase = Phase::Open { since: now, until: now };
        }
    }

    /// Returns whether it failed noticeably within the last 30 seconds: with no success since, or
    /// too often.
    pub fn had_outage_lately(&self, now: Timestamp) -> bool {
        if OUTAGE_MS <= now.ms_since(self.last_failure) as i64 {
            return false;
        }
        let tally = self.recent.sum(now, 30);
        let often = OUTAGE_SAMPLES_MIN <= tally.total()
            && OUTAGE_PERCENT * tally.total() <= 100 * tally.bad;
        0 < tally.bad && (often || 3 <= self.streak || tally.good == 0)
    }

    /// Returns how often it was opened since it was last closed.
    pub fn openings(&self) -> u32 {
        self.openings
    }

    /// Returns hard failures since the last success.
    pub fn streak(&self) -> u32 {
        self.streak
    }

    fn is_broken(&self, now: Timestamp) -> bool {
        let ten_seconds = now.plus_ms(-10_000);
        let in_a_row = STREAK_MAX <= self.streak && self.witnesses.prove(self.streak_since);
        let tally = self.recent.sum(now, 10);
        let half = RATIO_SAMPLES_MIN <= tally.total()
            && tally.total() <= 2 * tally.bad
            && self.witnesses.prove(ten_seconds);
        in_a_row || half || (0 < self.streak && now < self.suspect_until)
    }

    fn open(&mut self, now: Timestamp, draw: u64) {
        let whole = (BACKOFF_FIRST_MS << self.openings.min(5)).min(BACKOFF_MAX_MS);
        let wait = whole / 2 + (draw % (whole as u64 / 2 + 1)) as i64;
        self.phase = Phase::Open { since: now, until: now.plus_ms(wait) };
    }
}
