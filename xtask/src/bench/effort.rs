//! How much is measured.

use std::time::Duration;

/// How long each measurement takes, and how often it is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) rounds: u32,
    /// Load before the first measurement of a round.
    pub(crate) warm_up: Duration,
    /// Of each load in a closed loop.
    pub(crate) load: Duration,
    /// Of the load at a constant rate.
    pub(crate) paced: Duration,
    /// Streams held open at one time.
    pub(crate) open_streams: usize,
    /// Chunks of each, ten a second.
    pub(crate) open_chunks: u32,
    /// How long they are watched once all are open.
    pub(crate) open_watch: Duration,
}

/// What the published figures are made with.
pub(crate) const FULL: Effort = Effort {
    rounds: 5,
    warm_up: Duration::from_secs(1),
    load: Duration::from_secs(2),
    paced: Duration::from_secs(4),
    open_streams: 1_000,
    open_chunks: 80,
    open_watch: Duration::from_secs(4),
};

/// Enough to see that everything still runs and answers rightly; no figure to rely on.
pub(crate) const SMOKE: Effort = Effort {
    rounds: 1,
    warm_up: Duration::from_millis(200),
    load: Duration::from_millis(400),
    paced: Duration::from_millis(500),
    open_streams: 100,
    open_chunks: 20,
    open_watch: Duration::from_millis(500),
};
