//! What traffic told: events behind the settlements, figures behind the events. Nothing of it is on
//! the path of a request.

mod demo;
mod event;
mod sorter;
mod terms;

pub(crate) use sorter::Classifier;

use std::sync::Arc;
use std::time::Duration;

use traffic::event::Event;
use traffic::figures::make;
use traffic::store::{Batch, PriceRow, Retention, Store, StoreError};
use traffic::sums::Grain;

use crate::app::App;

/// How often it is looked for what was settled.
const BEAT: Duration = Duration::from_secs(2);
/// How long to wait after the store or the database failed.
const PAUSE: Duration = Duration::from_secs(10);
/// Batches of the books that are read at once: at most 500 generations are in each.
const BATCHES: u32 = 40;
/// Beats between two looks at what is too old, and at prices.
const CHORE_BEATS: u32 = 900;
/// Days for which sums by hour are kept: a little more than twelve weeks.
const HOUR_DAYS: i64 = 100;
/// Days for which sums by minute are kept.
const MINUTE_DAYS: i64 = 2;
/// After figures are made, none are for so many times as long as it took.
const REST: u32 = 9;

/// Why the books cannot be followed.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the store of events: {0}")]
    Events(#[from] StoreError),
    #[error("the database: {0}")]
    Books(#[from] store::StoreError),
}

/// Follows the books and makes figures for as long as the process lives.
///
/// A store or a database that does not answer delays the figures and loses nothing: whatever was
/// settled stays in the books, and is read from where the store left off.
pub(crate) async fn keep_following(app: Arc<App>) {
    let place = app.current().config.traffic_place();
    let store = loop {
        match Store::open(&place).await {
            Ok(store) => break Arc::new(store),
            Err(error) => {
                tracing::error!("the store of events cannot be opened; tried again: {error}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    app.events.get_or_init(|| store.clone());
    if app.current().config.demo
        && let Err(error) = demo::seed(&app, &store).await
    {
        tracing::error!("the demo's traffic could not be made up: {error}");
    }
    let mut follower = Follower { app, store, is_stale: true, beats: 0, rest: Duration::ZERO };
    loop {
        let pause = match follower.beat().await {
            Ok(()) => BEAT,
            Err(trouble) => {
                tracing::warn!("figures stand still, and nothing is lost: {trouble}");
                PAUSE
            }
        };
        tokio::time::sleep(pause).await;
    }
}

struct Follower {
    app: Arc<App>,
    store: Arc<Store>,
    /// Something was written since the figures were made.
    is_stale: bool,
    beats: u32,
    /// How long it still is until figures may be made again.
    rest: Duration,
}

impl Follower {
    async fn beat(&mut self) -> Result<(), Trouble> {
        if self.app.current().config.analytics.follow {
            if self.beats.is_multiple_of(CHORE_BEATS) {
                self.chores().await?;
            }
            self.beats = self.beats.wrapping_add(1);
            self.is_stale |= self.follow().await?;
        }
        let figures = self.app.figures.get();
        let minute = |at| Grain::Minute.period(at);
        let now = self.app.now();
        self.rest = self.rest.saturating_sub(BEAT);
        // Figures of the last minutes change with time alone.
        if (self.is_stale || minute(figures.made) != minute(now)) && self.rest.is_zero() {
            self.is_stale = false;
            let terms = terms::terms(&self.app.current());
            let made = make::make(&self.store, &terms, now).await?;
            self.app.figures.put(made);
            self.rest = since(&self.app, now) * REST;
        }
        Ok(())
    }

    /// Writes what was settled since, and returns whether that was anything.
    async fn follow(&self) -> Result<bool, Trouble> {
        let mut wrote = false;
        loop {
            let from = self.store.through().await?;
            let (settled, through) = store::settled::after(&self.app.db, from, BATCHES).await?;
            if through == from {
                return Ok(wrote);
            }
            let current = self.app.current();
            let catalog = &current.snapshot.catalog;
            let events: Vec<(u64, Event)> =
                settled.into_iter().map(|one| (one.batch, event::event(one, catalog))).collect();
            wrote |= !events.is_empty();
            self.store.write(&Batch { events, through }).await?;
        }
    }

    /// Forgets what is too old, and notes prices that changed.
    async fn chores(&self) -> Result<(), Trouble> {
        let (current, now) = (self.app.current(), self.app.now());
        self.store
            .forget(&Retention {
                events_before: now.day() - i64::from(current.config.analytics.events_days),
                minutes_before: Grain::Minute.period(now) - MINUTE_DAYS * 1_440,
                hours_before: Grain::Hour.period(now) - HOUR_DAYS * 24,
            })
            .await?;
        let priced = |endpoint: &domain::catalog::Endpoint| {
            if endpoint.veiled {
                return None;
            }
            let price = endpoint.price.as_ref()?.base;
            Some(PriceRow { endpoint: endpoint.id.as_str().into(), at: now, price })
        };
        let catalog = &current.snapshot.catalog;
        let prices: Vec<PriceRow> = catalog.endpoints().iter().filter_map(priced).collect();
        Ok(self.store.note_prices(&prices).await?)
    }
}

fn since(app: &App, then: domain::time::Timestamp) -> Duration {
    Duration::from_millis(app.now().ms_since(then))
}
