//! What listings show, made ready once and kept for a minute.
//!
//! Lists are public, and asked for far more often than they change: with a reload, or when a price
//! by the hour begins or ends, which is on a full minute.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use domain::catalog::{EndpointIx, ModelIx};
use domain::time::Timestamp;
use relay::Snapshot;
use serde_json::value::{RawValue, to_raw_value};

use super::endpoint::without_retention;
use super::row::{Row, rows};
use super::view::View;

/// What listings show.
pub(crate) struct Shelf {
    /// Every model, in the catalog's order.
    pub rows: Vec<Row>,
    /// The endpoints that can be called and keep no prompt.
    pub without_retention: Box<RawValue>,
}

/// The shelf that was made last, and from what.
struct Kept {
    snapshot: Weak<Snapshot>,
    minute: i64,
    shelf: Arc<Shelf>,
}

static KEPT: Mutex<Option<Kept>> = Mutex::new(None);

const MINUTE_MS: i64 = 60_000;

impl Shelf {
    /// Makes a shelf.
    pub(crate) fn new(view: &View<'_>) -> Shelf {
        let without_retention =
            to_raw_value(&without_retention(view, false)).expect("a JSON value is JSON");
        Shelf { rows: rows(view), without_retention }
    }

    /// Returns the row of a model.
    pub(crate) fn row(&self, place: ModelIx) -> &Row {
        &self.rows[place.0 as usize]
    }
}

/// Returns the shelf of a snapshot at this minute. Whoever comes first makes it, and whoever comes
/// meanwhile waits for it rather than making another.
pub(crate) fn shelf(snapshot: &Arc<Snapshot>, now: Timestamp) -> Arc<Shelf> {
    let minute = now.ms().div_euclid(MINUTE_MS);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let fits = |kept: &&Kept| {
        kept.minute == minute && std::ptr::eq(kept.snapshot.as_ptr(), Arc::as_ptr(snapshot))
    };
    if let Some(kept) = kept.as_ref().filter(fits) {
        return kept.shelf.clone();
    }
    let shelf = Arc::new(with_view(snapshot, now, Shelf::new));
    *kept = Some(Kept { snapshot: Arc::downgrade(snapshot), minute, shelf: shelf.clone() });
    shelf
}

/// Lets a function see a snapshot at an instant.
pub(crate) fn with_view<T>(
    snapshot: &Snapshot,
    now: Timestamp,
    look: impl FnOnce(&View<'_>) -> T,
) -> T {
    let callable = |model: ModelIx| snapshot.callable(model);
    let figures = |place: EndpointIx| {
        let watch = snapshot.watched(place).filter(|_| snapshot.shows_health);
        watch.map(|watch| watch.figures(now))
    };
    look(&View { catalog: &snapshot.catalog, callable: &callable, figures: &figures, now })
}

#[cfg(test)]
mod tests {
    use domain::failure::Failure;
    use domain::port::Waiting;
    use relay::{Health, Offer, Response, Timeouts, Upstream};

    use super::super::samples::{NOON, sample};
    use super::*;

    /// A network that nobody asks anything of.
    struct Nowhere;

    impl Upstream for Nowhere {
        fn send<'a>(
            &'a self,
            _: EndpointIx,
            _: usize,
            _: &'a dialect::exchange::Wire,
        ) -> Waiting<'a, Result<Response, Failure>> {
            Box::pin(async { Err(Failure::house("nowhere")) })
        }
    }

    fn snapshot() -> Arc<Snapshot> {
        let sample = sample();
        let timeouts = Timeouts {
            first_byte_ms: 1,
            first_byte_reasoning_ms: 1,
            idle_ms: 1,
            idle_reasoning_ms: 1,
            total_ms: 1,
            total_stream_ms: 1,
            keep_alive_ms: 1,
            write_stall_ms: 1,
        };
        let offer = |endpoint: &EndpointIx| Offer { endpoint: *endpoint, credentials: Vec::new() };
        let offers: Vec<Offer> = sample.offers.iter().map(offer).collect();
        let (catalog, nowhere) = (Arc::new(sample.catalog), Arc::new(Nowhere));
        Arc::new(Snapshot::new(catalog, nowhere, timeouts, &offers, &Health::default()))
    }

    #[test]
    fn a_shelf_is_made_once_for_a_snapshot_and_a_minute() {
        let (one, other) = (snapshot(), snapshot());
        let now = Timestamp::parse(NOON).unwrap();
        let first = shelf(&one, now);
        assert!(Arc::ptr_eq(&first, &shelf(&one, now.plus_ms(MINUTE_MS - 1))));
        assert!(!Arc::ptr_eq(&first, &shelf(&one, now.plus_ms(MINUTE_MS))));
        assert!(!Arc::ptr_eq(&first, &shelf(&other, now)));
    }

    #[test]
    fn a_model_is_found_at_its_place() {
        let snapshot = snapshot();
        let place = snapshot.catalog.find_model("talker-latest").unwrap();
        let shelf = with_view(&snapshot, Timestamp::parse(NOON).unwrap(), Shelf::new);
        assert_eq!(shelf.row(place).id, "acme/talker");
        assert!(shelf.without_retention.get().starts_with(r#"[{"name":"Fast | "#));
    }
}
