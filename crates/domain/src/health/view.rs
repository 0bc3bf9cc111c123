//! How an endpoint fares at one moment, as plain data: what planning reads and a receipt keeps.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// How an endpoint fares at one moment. The default is an endpoint of which nothing is known: it is
/// taken to be well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointHealth {
    /// Whether requests may go there.
    pub gate: Gate,
    /// It failed within the last 30 seconds (OpenRouter's documentation), or is not open.
    pub had_outage_lately: bool,
    /// It does much worse than its peers: others go first, though it is not closed.
    pub is_demoted: bool,
    /// Milliseconds to the first token over the last five minutes; none without samples. The pN is
    /// what N % of requests stay under.
    pub latency_ms: Option<Percentiles>,
    /// Tokens a second over the last five minutes; none without samples. The pN is what N % of
    /// requests reach or exceed, so p90 is below p50.
    pub throughput: Option<Percentiles>,
    /// How busy it is.
    pub load: Load,
}

/// Whether requests may go to an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Gate {
    /// They may.
    #[default]
    Open,
    /// It is coming back: this share of what it would get may go there.
    Slow {
        /// From 10 to 100.
        share_percent: u8,
    },
    /// One request may try whether it is back. It has to have somewhere else to go.
    Trial,
    /// None may: it failed too often.
    Closed {
        /// When it is tried again.
        until: Timestamp,
    },
    /// None may: it asked to be left alone, or all its credentials are used up.
    Held {
        /// Until when.
        until: Timestamp,
    },
}

/// Four points of a distribution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the usual word for it")]
pub struct Percentiles {
    pub p50: u32,
    pub p75: u32,
    pub p90: u32,
    pub p99: u32,
}

/// How busy an endpoint is, and how fast just now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// Milliseconds to the first token for a prompt of this length, weighted to the last seconds
    /// and quick to rise; zero where nothing is known.
    pub first_token_ms: u32,
    /// Tokens a second, weighted to the last half minute; zero where nothing is known.
    pub tokens_per_second: u32,
    /// Requests under way.
    pub in_flight: u32,
}

impl Gate {
    /// Returns whether a request may go there without further ado.
    pub const fn is_open(self) -> bool {
        matches!(self, Gate::Open | Gate::Slow { .. })
    }

    /// Returns the moment from which on it may be asked again, where it may not now.
    pub const fn opens_at(self) -> Option<Timestamp> {
        match self {
            Gate::Closed { until } | Gate::Held { until } => Some(until),
            Gate::Open | Gate::Slow { .. } | Gate::Trial => None,
        }
    }
}

impl Load {
    /// Returns the milliseconds that an answer of so many tokens would take there, times those who
    /// would share it: what endpoints of equal merit are compared by. Zero where nothing is known.
    pub fn weight(self, output_tokens: u32) -> u64 {
        let rate = u64::from(self.tokens_per_second);
        let writing = (u64::from(output_tokens) * 1000).checked_div(rate).unwrap_or(0);
        let alone = u64::from(self.first_token_ms) + writing;
        alone.saturating_mul(u64::from(self.in_flight) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_known_is_taken_for_well() {
        let health = EndpointHealth::default();
        assert!(health.gate.is_open() && !health.had_outage_lately);
        assert_eq!(health.load.weight(1_000), 0);
    }

    #[test]
    fn the_busier_of_two_equals_weighs_more() {
        let load =
            |in_flight| Load { first_token_ms: 200, tokens_per_second: 100, in_flight }.weight(50);
        assert_eq!((load(0), load(3)), (700, 2_800));
    }
}
