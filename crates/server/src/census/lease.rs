//! Which of several nodes follows the books, where they write into one store.
//!
//! Whoever does counts up in a row of the database. The others watch the row: one that has not
//! changed for the length of the lease, by the watcher's own clock, belongs to nobody. So no two
//! clocks have to agree, and whoever was replaced finds that the row is another's.

use std::time::Duration;

use store::{Db, StoreError, lease};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The duty to follow the books.
pub(super) struct Lease {
    db: Db,
    /// What this process is called, unlike any other before and beside it.
    me: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How often it was renewed.
    count: u64,
    /// What this process wrote last, and when it began to.
    held: Option<(String, Instant)>,
    /// What another wrote, and since when that has not changed.
    seen: Option<(String, Instant)>,
}

/// What the duty is called.
const NAME: &str = "follower";
/// After what silence another node takes the duty over.
pub(super) const LENGTH: Duration = Duration::from_secs(60);

impl Lease {
    /// Returns a duty that this process does not have yet.
    pub(super) fn new(db: Db, me: String) -> Lease {
        Lease { db, me, state: Mutex::default() }
    }

    /// Renews the duty, or takes it where nobody has it. Returns whether it is this process's, and
    /// whether that is new.
    ///
    /// # Errors
    /// When the database fails. What was held before is held until its time is over.
    pub(super) async fn hold(&self, now: Instant) -> Result<Held, StoreError> {
        let mut state = self.state.lock().await;
        let old = match &state.held {
            Some((value, _)) => Some(value.clone()),
            None => {
                let found = lease::find(&self.db, NAME).await?;
                if found.as_ref().is_some_and(|value| !is_over(&mut state, value, now)) {
                    return Ok(Held::ByAnother);
                }
                found
            }
        };
        let new = format!("{} {}", self.me, state.count + 1);
        if !lease::swap(&self.db, NAME, old.as_deref(), &new).await? {
            state.held = None;
            return Ok(Held::ByAnother);
        }
        let held = if state.held.is_some() { Held::Still } else { Held::Newly };
        *state = State { count: state.count + 1, held: Some((new, now)), seen: None };
        Ok(held)
    }

    /// Returns for how long the duty is this process's for sure; nothing where it is not.
    pub(super) async fn left(&self, now: Instant) -> Duration {
        let state = self.state.lock().await;
        let held = state.held.as_ref();
        held.map_or(Duration::ZERO, |(_, since)| LENGTH.saturating_sub(now.duration_since(*since)))
    }

    /// Gives the duty up, so that another need not wait.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn end(&self) -> Result<(), StoreError> {
        match self.state.lock().await.held.take() {
            Some((value, _)) => lease::end(&self.db, NAME, &value).await,
            None => Ok(()),
        }
    }
}

/// Whose a duty is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// Another node's.
    ByAnother,
    /// This node's from now on: another may have stopped halfway.
    Newly,
    /// This node's, as before.
    Still,
}

/// Returns whether what another wrote has stood for the length of a lease.
fn is_over(state: &mut State, value: &str, now: Instant) -> bool {
    match &state.seen {
        Some((seen, since)) if seen == value => LENGTH <= now.duration_since(*since),
        _ => {
            state.seen = Some((value.to_owned(), now));
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn nodes() -> (Lease, Lease, std::path::PathBuf) {
        let name = format!("interline-lease-{}.db", std::process::id());
        let path = std::env::temp_dir().join(name);
        let db = Db::open(&format!("sqlite:{}", path.display())).await.unwrap();
        (Lease::new(db.clone(), "a".to_owned()), Lease::new(db, "b".to_owned()), path)
    }

    #[tokio::test]
    async fn one_node_follows_and_another_takes_over_when_it_falls_silent() {
        let (a, b, path) = nodes().await;
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        assert_eq!(a.hold(at(0)).await.unwrap(), Held::Newly);
        // For as long as it is renewed nobody else gets it.
        for step in 1..20 {
            assert_eq!(b.hold(at(step * 10)).await.unwrap(), Held::ByAnother);
            assert_eq!(a.hold(at(step * 10 + 1)).await.unwrap(), Held::Still);
        }
        assert_eq!(a.left(at(201)).await, LENGTH - Duration::from_secs(10));
        // Then the first one falls silent: the second waits for as long as the first believes.
        assert_eq!(b.hold(at(200)).await.unwrap(), Held::ByAnother);
        assert_eq!(b.hold(at(259)).await.unwrap(), Held::ByAnother);
        assert_eq!(a.left(at(260)).await, Duration::ZERO);
        assert_eq!(b.hold(at(260)).await.unwrap(), Held::Newly);
        // The first one comes back, and learns of it.
        assert_eq!(a.hold(at(261)).await.unwrap(), Held::ByAnother);
        assert_eq!(a.left(at(261)).await, Duration::ZERO);
        a.end().await.unwrap();
        assert_eq!(b.hold(at(262)).await.unwrap(), Held::Still);
        // One that ends in order leaves nothing to wait for.
        b.end().await.unwrap();
        assert_eq!(a.hold(at(263)).await.unwrap(), Held::Newly);
        let _ = std::fs::remove_file(path);
    }
}
