//! The one place where the simulator reads the clock.
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Counts from the moment the simulator started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
    started_unix_s: u64,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "a simulated provider lives in real time")]
    pub(crate) fn start() -> Clock {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock { started: Instant::now(), started_unix_s: unix.as_secs() }
    }

    /// Milliseconds since the start.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Seconds since 1970, as the wire's `created` wants them.
    pub(crate) fn unix_s(&self) -> u64 {
        self.started_unix_s + self.started.elapsed().as_secs()
    }
}
