//! The room for requests: who finds none is told so at once, before anything is held or sent.
//!
//! Only what runs a model needs room, and what counts a prompt, which takes as much of a core. The
//! health check, the metrics and what the operator manages are answered however full it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use domain::failure::{Failure, FailureKind, Fault, Retry};
use domain::shed::Governor;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

/// The room for requests.
#[derive(Debug)]
pub struct Room {
    under_way: AtomicU32,
    limit: AtomicU32,
    shed: AtomicU64,
}

/// A request's place. It is free again when this is dropped.
#[derive(Debug)]
pub struct Seat(Arc<Room>);

/// How often it is decided how many are let in.
const BEAT: Duration = Duration::from_millis(100);
/// How long a look at the delay waits.
const LOOK: Duration = Duration::from_millis(10);

impl Room {
    /// Makes room for so many.
    pub fn new(most: u32) -> Arc<Room> {
        let (under_way, limit, shed) = (AtomicU32::new(0), AtomicU32::new(most), AtomicU64::new(0));
        Arc::new(Room { under_way, limit, shed })
    }

    /// Takes a place.
    ///
    /// # Errors
    /// `ProviderOverloaded`, when there is none.
    pub fn enter(self: &Arc<Room>) -> Result<Seat, Failure> {
        let before = self.under_way.fetch_add(1, Ordering::Relaxed);
        let seat = Seat(self.clone());
        if before < self.limit() {
            return Ok(seat);
        }
        let shed = self.shed.fetch_add(1, Ordering::Relaxed);
        let detail = "There is too much to do at the moment. Try again shortly.";
        let failure =
            Failure::new(FailureKind::ProviderOverloaded, Fault::House, Retry::Never, detail);
        // Not all at the same time.
        Err(Failure { retry_after_ms: Some(1_000 * (1 + shed % 3)), ..failure })
    }

    /// Returns how many requests are under way.
    pub fn under_way(&self) -> u32 {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Returns how many there may be for now.
    pub fn limit(&self) -> u32 {
        self.limit.load(Ordering::Relaxed)
    }

    /// Returns how many found no place.
    pub fn shed(&self) -> u64 {
        self.shed.load(Ordering::Relaxed)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Decides how many are let in, for as long as the process lives.
///
/// It looks how late the runtime takes up work that is ready: its own.
pub async fn keep_watch(room: Arc<Room>, most: u32, delay_max_ms: u64) {
    let mut governor = Governor::new(most, delay_max_ms.saturating_mul(1_000));
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let until = beat.tick().await + BEAT;
        let mut shortest = u64::MAX;
        while Instant::now() + LOOK < until {
            let due = Instant::now() + LOOK;
            sleep(LOOK).await;
            let late = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
            shortest = shortest.min(late);
        }
        if shortest < u64::MAX {
            let limit = governor.beat(shortest, room.under_way());
            if room.limit.swap(limit, Ordering::Relaxed) != limit && limit < most {
                tracing::debug!(limit, "requests are shed while work is delayed");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_request_is_over() {
        let room = Room::new(1);
        let seat = room.enter().unwrap();
        let refused = room.enter().unwrap_err();
        assert_eq!((refused.status(), refused.retry_after_ms), (503, Some(1_000)));
        drop(seat);
        assert!(room.enter().is_ok());
        assert_eq!((room.under_way(), room.shed()), (0, 1));
    }
}
