//! What traffic told: events behind the settlements, figures behind the events. Nothing of it is on
//! the path of a request.

mod apps;
mod demo;
mod event;
mod lease;
mod sorter;
mod terms;

pub(crate) use sorter::Classifier;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use domain::time::Timestamp;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use traffic::event::Event;
use traffic::figures::Day;
use traffic::figures::make::{self, Terms};
use traffic::store::{Batch, Place, PriceRow, Retention, Store, StoreError};
use traffic::sums::Grain;

use crate::app::{App, Current};
use crate::clock::random;
use crate::key_text::hex;
use apps::Apps;
use lease::{Held, Lease};

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
/// How often the duty to write is renewed while something is written.
const RENEWAL: Duration = Duration::from_secs(10);
/// How much of it has to be left: longer than a statement goes on that was given up.
const MARGIN: Duration = Duration::from_secs(30);
/// After figures are made, none are for so many times as long as it took.
const REST: u32 = 9;

/// Why the books cannot be followed.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the store of events: {0}")]
    Events(#[from] StoreError),
    #[error("the database: {0}")]
    Books(#[from] store::StoreError),
    #[error("another node follows the books now")]
    Replaced,
}

/// Whoever follows the books and makes figures, for as long as the process lives.
pub(crate) struct Following {
    task: JoinHandle<()>,
    lease: Option<Arc<Lease>>,
}

impl Following {
    /// Begins to. Of several nodes over one ClickHouse one follows at a time.
    pub(crate) fn start(app: &Arc<App>) -> Following {
        let is_shared = matches!(app.current().config.traffic_place(), Place::ClickHouse(_));
        let new = || Arc::new(Lease::new(app.db.clone(), hex(&random::<8>())));
        let lease = is_shared.then(new);
        Following { task: tokio::spawn(keep_following(app.clone(), lease.clone())), lease }
    }

    /// Ends it, and lets another node go on at once.
    pub(crate) async fn end(self) {
        self.task.abort();
        let _ = self.task.await;
        if let Some(lease) = self.lease
            && let Err(error) = lease.end().await
        {
            tracing::warn!("another node follows the books only after a minute: {error}");
        }
    }
}

/// Follows the books and makes figures for as long as the process lives.
///
/// A store or a database that does not answer delays the figures and loses nothing: whatever was
/// settled stays in the books, and is read from where the store left off.
async fn keep_following(app: Arc<App>, lease: Option<Arc<Lease>>) {
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
    let mut follower = Follower {
        app,
        store,
        lease,
        apps: None,
        is_stale: true,
        beats: 0,
        rest: Duration::ZERO,
        released: None,
    };
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
    /// The duty to write, where several nodes might.
    lease: Option<Arc<Lease>>,
    /// The applications that are told apart, once the store told which it knows.
    apps: Option<Apps>,
    /// Something was written since the figures were made.
    is_stale: bool,
    beats: u32,
    /// How long it still is until figures may be made again.
    rest: Duration,
    /// The day that a public instance last told, and from what.
    released: Option<(Day, Arc<Current>)>,
}

impl Follower {
    async fn beat(&mut self) -> Result<(), Trouble> {
        if self.app.current().config.analytics.follow && self.has_duty().await? {
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
        let is_due = self.is_stale || minute(figures.made) != minute(now);
        let current = self.app.current();
        if is_due && self.rest.is_zero() && !self.is_released(&current, now) {
            self.is_stale = false;
            let terms = terms::terms(&current);
            self.released = terms.is_public.then(|| (make::last_day(&terms, now), current));
            let made = match make::make(&self.store, &terms, now).await {
                Ok(made) => made,
                Err(error) => {
                    self.released = None;
                    return Err(error.into());
                }
            };
            self.app.figures.put(made);
            self.rest = since(&self.app, now) * REST;
        }
        Ok(())
    }

    /// Returns whether it is for this node to write.
    async fn has_duty(&mut self) -> Result<bool, Trouble> {
        let Some(lease) = &self.lease else { return Ok(true) };
        let held = lease.hold(Instant::now()).await?;
        if held == Held::Newly {
            self.store.doubt().await;
            self.apps = None;
            self.beats = 0;
        }
        Ok(held != Held::ByAnother)
    }

    /// Returns whether the figures of a public instance are those of the day. They are made once a
    /// day: the difference between two makings would tell what came between them.
    fn is_released(&self, current: &Arc<Current>, now: Timestamp) -> bool {
        self.released.as_ref().is_some_and(|(day, from)| {
            let terms = Terms { is_public: current.config.public.enabled, ..Terms::default() };
            Arc::ptr_eq(from, current) && make::last_day(&terms, now) == *day
        })
    }

    /// Writes what was settled since, and returns whether that was anything.
    async fn follow(&mut self) -> Result<bool, Trouble> {
        let mut wrote = false;
        let apps = match &mut self.apps {
            Some(apps) => apps,
            None => self.apps.insert(Apps::known(&self.store).await?),
        };
        let lease = self.lease.as_deref();
        loop {
            let from = self.store.through().await?;
            let (settled, through) = store::settled::after(&self.app.db, from, BATCHES).await?;
            if through == from {
                return Ok(wrote);
            }
            let current = self.app.current();
            let catalog = &current.snapshot.catalog;
            let mut events: Vec<(u64, Event)> =
                settled.into_iter().map(|one| (one.batch, event::event(one, catalog))).collect();
            events.iter_mut().for_each(|(_, event)| apps.admit(event));
            wrote |= !events.is_empty();
            within(lease, self.store.write(&Batch { events, through })).await?;
        }
    }

    /// Forgets what is too old, and notes prices that changed.
    async fn chores(&self) -> Result<(), Trouble> {
        let (current, now) = (self.app.current(), self.app.now());
        let retention = Retention {
            events_before: now.day() - i64::from(current.config.analytics.events_days),
            minutes_before: Grain::Minute.period(now) - MINUTE_DAYS * 1_440,
            hours_before: Grain::Hour.period(now) - HOUR_DAYS * 24,
        };
        let lease = self.lease.as_deref();
        within(lease, self.store.forget(&retention)).await?;
        let priced = |endpoint: &domain::catalog::Endpoint| {
            if endpoint.veiled {
                return None;
            }
            let price = endpoint.price.as_ref()?.base;
            Some(PriceRow { endpoint: endpoint.id.as_str().into(), at: now, price })
        };
        let catalog = &current.snapshot.catalog;
        let prices: Vec<PriceRow> = catalog.endpoints().iter().filter_map(priced).collect();
        within(lease, self.store.note_prices(&prices)).await
    }
}

/// Writes for as long as it is for this node to do so, and has that told again and again.
async fn within<T>(
    lease: Option<&Lease>,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, Trouble> {
    let Some(lease) = lease else { return Ok(work.await?) };
    let mut work = pin!(work);
    loop {
        // A database that does not answer gives no duty and takes none before its time is over.
        if lease.hold(Instant::now()).await.is_ok_and(|held| held != Held::Still)
            || lease.left(Instant::now()).await < MARGIN
        {
            return Err(Trouble::Replaced);
        }
        tokio::select! {
            biased;
            () = tokio::time::sleep(RENEWAL) => (),
            done = &mut work => return Ok(done?),
        }
    }
}

fn since(app: &App, then: Timestamp) -> Duration {
    Duration::from_millis(app.now().ms_since(then))
}
