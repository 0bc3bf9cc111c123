//! How endpoints served.

use domain::price::Price;
use domain::time::Timestamp;
use rankings::share::Share;

use super::Day;

/// How an endpoint served, or all endpoints of a provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointFigures {
    /// In the last five minutes; `None` on a public instance, where nothing is told of less than a
    /// day.
    pub last_5m: Option<Service>,
    /// In the last thirty minutes; `None` as above.
    pub last_30m: Option<Service>,
    /// In the last 24 hours; on a public instance the last complete day.
    pub last_1d: Service,
    /// In the last ninety days, today among them.
    pub last_90d: Service,
    /// From day to day: ninety, the last one being today.
    pub days: Vec<DayOfService>,
    /// What was paid in the last thirty days.
    pub paid: Option<Paid>,
    /// What it was seen to charge, the oldest first. Of endpoints only.
    pub prices: Vec<PriceChange>,
}

/// How an endpoint served over some time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Service {
    /// Tries that tell of it: those that it served or failed. On a public instance this and every
    /// other count is the power of ten below.
    pub tries: u64,
    /// Tries that it turned away because it was too busy. They are not among `tries`.
    pub busy: u64,
    /// The share of tries that it served; `None` where there was no try.
    pub uptime: Option<f64>,
    /// Milliseconds to the first content.
    pub ttft_ms: Option<Percentiles>,
    /// Tokens of answers by second, from admission to the end.
    pub speed: Option<Percentiles>,
    /// The calls of tools in which answers ended; `None` where none did.
    pub tool_errors: Option<ToolErrors>,
}

/// Answers that ended in calls of tools.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToolErrors {
    /// The share of them with a call that is not valid, and of how many.
    pub share: Share,
    /// Those with a call whose arguments are not JSON.
    pub unparseable: u64,
    /// Those of the others with a call of a tool that was not offered.
    pub unknown_tool: u64,
    /// Those of the others with a call whose arguments are not what the tool's schema asks for.
    pub schema_mismatch: u64,
    /// Those of the others, which count as valid, with a call whose schema is not understood here.
    pub unjudged: u64,
}

/// A distribution. Off by at most two percent of each value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "each is its name")]
pub struct Percentiles {
    /// Of how many.
    pub count: u64,
    pub p50: f64,
    pub p75: f64,
    pub p90: f64,
    pub p99: f64,
}

/// One day of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayOfService {
    /// The day.
    pub day: Day,
    /// Tries that tell of it.
    pub tries: u64,
    /// The share that it served.
    pub uptime: Option<f64>,
    /// Milliseconds to the first content.
    pub ttft_ms: Option<Percentiles>,
    /// Tokens of answers by second.
    pub speed: Option<Percentiles>,
}

/// What was paid, as opposed to what is listed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paid {
    /// Prompt tokens, those from caches among them. `None` on a public instance.
    pub prompt_tokens: Option<u64>,
    /// Tokens of answers. `None` on a public instance.
    pub output_tokens: Option<u64>,
    /// Nano-dollars for a million prompt tokens, caches and all.
    pub prompt_nanos_per_million: Option<f64>,
    /// Nano-dollars for a million tokens of answers.
    pub output_nanos_per_million: Option<f64>,
    /// The share of prompt tokens that came from a cache, 0 to 1.
    pub cached_share: f64,
    /// What caching saved, in nano-dollars; negative where it cost more. `None` on a public
    /// instance.
    pub cache_saved_nanos: Option<i64>,
}

/// A price, from when on it was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceChange {
    /// When it was first seen here.
    pub at: Timestamp,
    /// The price without regard to hours and sizes.
    pub price: Price,
}
