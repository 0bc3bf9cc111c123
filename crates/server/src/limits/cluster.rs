//! How this process shares limits with others: what it has of each, it has from Redis.
//!
//! A request is answered from what is here. Where that runs low more is fetched behind its back;
//! only a request that finds too little waits for Redis, one at a time for a limit, and no longer
//! than the timeout. While Redis cannot be reached nobody waits: each node goes by its share of
//! the limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use domain::limit::{Rate, Told};
use domain::port::Clock;
use domain::secret::Secret;
use store::pools::{Pools, PoolsError};

use super::counter::{Counter, Shared};

/// The processes that share limits with this one.
pub struct Cluster {
    pools: Pools,
    /// The name of this one.
    node: String,
    clock: Arc<dyn Clock>,
    /// How many there are, this one included.
    nodes: AtomicU64,
    is_up: AtomicBool,
    losses: AtomicU64,
}

/// How often this process says that it is there, and tells what it used.
pub(super) const BEAT: Duration = Duration::from_millis(500);
/// Into how many parts the share of a node is cut: what is fetched at once is a trade between
/// asking seldom and keeping from others what they need.
const CHUNKS: u64 = 20;

/// What is asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Wish {
    /// What a request lacks that waits.
    short: u64,
    /// What is wanted beside it.
    beside: u64,
    /// Whether what nobody wanted lately is given back.
    returns: bool,
}

impl Cluster {
    /// Prepares to share. `node` tells this process from others.
    ///
    /// # Errors
    /// When `url` is no address of a Redis.
    pub fn open(
        url: &Secret,
        timeout: Duration,
        node: String,
        clock: Arc<dyn Clock>,
    ) -> Result<Cluster, PoolsError> {
        let pools = Pools::open(url.expose(), timeout)?;
        let (nodes, is_up, losses) = (AtomicU64::new(1), AtomicBool::new(false), AtomicU64::new(0));
        Ok(Cluster { pools, node, clock, nodes, is_up, losses })
    }

    /// Returns how many processes share, as was last heard.
    pub fn nodes(&self) -> u64 {
        self.nodes.load(Ordering::Relaxed).max(1)
    }

    /// Returns whether Redis answers.
    pub fn is_up(&self) -> bool {
        self.is_up.load(Ordering::Relaxed)
    }

    /// Returns how often Redis was lost.
    pub fn losses(&self) -> u64 {
        self.losses.load(Ordering::Relaxed)
    }

    /// Returns how much of a limit is fetched at once.
    pub(super) fn chunk(&self, rate: Rate) -> u64 {
        (rate.share(self.nodes()).limit / CHUNKS).max(1)
    }

    /// Says that this process is there.
    pub(super) async fn greet(&self) {
        match self.pools.greet(&self.node).await {
            Ok(nodes) => {
                self.nodes.store(nodes.max(1), Ordering::Relaxed);
                if !self.is_up.swap(true, Ordering::Relaxed) {
                    tracing::info!(nodes, "limits are shared over Redis");
                }
            }
            Err(error) => self.lost(&error),
        }
    }

    /// Fetches what a request lacks that needs `amount`, unless that came meanwhile.
    pub(super) async fn fetch(&self, shared: &Shared, rate: Rate, amount: u64) {
        let _turn = shared.asking.lock().await;
        let lacking = shared.lease().lacks(amount, self.clock.now());
        if let Some(short) = lacking {
            let wish = Wish { short, beside: self.chunk(rate), returns: false };
            self.exchange(shared, rate, wish).await;
        }
    }

    /// Fetches some before it is needed, where nobody does.
    pub(super) async fn fetch_ahead(&self, shared: &Shared, rate: Rate) {
        if let Ok(_turn) = shared.asking.try_lock() {
            let wish = Wish { beside: self.chunk(rate), ..Wish::default() };
            self.exchange(shared, rate, wish).await;
        }
    }

    /// Tells what was used, and gives back what nobody wants.
    pub(super) async fn tell(&self, shared: &Shared, rate: Rate) {
        let _turn = shared.asking.lock().await;
        if self.is_up() && shared.lease().has_news() {
            self.exchange(shared, rate, Wish { returns: true, ..Wish::default() }).await;
        }
    }

    async fn exchange(&self, shared: &Shared, rate: Rate, wish: Wish) {
        let telling = shared.lease().tells(wish.returns, self.clock.now());
        let told = Told {
            node: &self.node,
            used: telling.used,
            keeps: telling.keeps,
            wants: wish.short.saturating_add(wish.beside),
            needs: wish.short,
        };
        let answer = if self.is_up() {
            Some(self.pools.exchange((&shared.name, rate), told, telling.known).await)
        } else {
            None
        };
        let now = self.clock.now();
        let mut lease = shared.lease();
        match answer {
            Some(Ok(got)) => lease.told(telling, (got.told, got.level), wish.short, now),
            Some(Err(PoolsError::Contended)) => lease.unheard(telling),
            none_or_lost => {
                lease.unheard(telling);
                if 0 < wish.short {
                    let share = (self.nodes(), wish.short, wish.beside);
                    lease.takes_its_share(rate, share, now);
                }
                drop(lease);
                if let Some(Err(error)) = none_or_lost {
                    self.lost(&error);
                }
            }
        }
    }

    fn lost(&self, error: &PoolsError) {
        if self.is_up.swap(false, Ordering::Relaxed) {
            self.losses.fetch_add(1, Ordering::Relaxed);
            let nodes = self.nodes();
            tracing::warn!(nodes, "limits are not shared for now, each node has its part: {error}");
        }
    }
}

/// Fetches in a task of its own: a caller that leaves takes nothing of it along.
pub(super) async fn fetch(cluster: &Arc<Cluster>, counter: &Arc<Counter>, rate: Rate, amount: u64) {
    let (cluster, counter) = (cluster.clone(), counter.clone());
    let task = tokio::spawn(async move {
        if let Some(shared) = counter.as_shared() {
            cluster.fetch(shared, rate, amount).await;
        }
    });
    // One that broke off has fetched nothing, which the next look tells.
    let _ = task.await;
}

/// Fetches behind the back of a request.
pub(super) fn fetch_ahead(cluster: &Arc<Cluster>, counter: &Arc<Counter>, rate: Rate) {
    let (cluster, counter) = (cluster.clone(), counter.clone());
    tokio::spawn(async move {
        if let Some(shared) = counter.as_shared() {
            cluster.fetch_ahead(shared, rate).await;
        }
    });
}
