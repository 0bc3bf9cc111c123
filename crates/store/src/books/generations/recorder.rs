//! Writing generations behind the requests that made them: many in one transaction, none lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::books::{Amounts, Settlement};
use domain::generation::Generation;
use domain::id::AccountId;
use domain::port::{Archive, Waiting};
use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::books::settle::settle;
use crate::db::Db;

/// How many generations one transaction keeps at most.
const BATCH_MAX: usize = 500;
/// How long the first of a batch waits for others.
const LINGER: Duration = Duration::from_millis(20);
/// How long the database may take for one batch.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to wait after the first failure; each further one doubles it.
const PAUSE_MIN: Duration = Duration::from_millis(50);
/// The longest wait after a failure.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Writes generations to a database in the background, in the order in which they came.
pub struct Recorder {
    orders: mpsc::Sender<Order>,
    shared: Arc<Shared>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// How far a [`Recorder`] has come since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many generations it was given.
    pub queued: u64,
    /// How many of them are durable.
    pub written: u64,
    /// How many times a batch failed and was tried again.
    pub retries: u64,
}

enum Order {
    Record(Box<Generation>),
    Flush(oneshot::Sender<()>),
    Stop,
}

#[derive(Default)]
struct Shared {
    queued: AtomicU64,
    written: AtomicU64,
    retries: AtomicU64,
    hurry: Notify,
}

impl Recorder {
    /// Starts writing to `db`. At most `capacity` generations wait in memory.
    ///
    /// # Panics
    /// Outside a tokio runtime, and where `capacity` is zero.
    pub fn start(db: Db, capacity: usize) -> Recorder {
        let (orders, received) = mpsc::channel(capacity);
        let shared = Arc::new(Shared::default());
        let writer = Writer { db, shared: Arc::clone(&shared), batch: Vec::new() };
        let task = Mutex::new(Some(tokio::spawn(writer.run(received))));
        Recorder { orders, shared, task }
    }

    /// Takes a generation. Waits only while the queue is full; if the future is dropped meanwhile,
    /// the generation is not taken.
    pub async fn record(&self, generation: Generation) {
        if self.orders.capacity() == 0 {
            self.shared.hurry.notify_one();
        }
        let Ok(place) = self.orders.reserve().await else {
            tracing::error!(generation.id = %generation.id, "a generation came after the end");
            return;
        };
        let queued = self.shared.queued.fetch_add(1, Ordering::Relaxed) + 1;
        place.send(Order::Record(Box::new(generation)));
        let waiting = queued.saturating_sub(self.shared.written.load(Ordering::Relaxed));
        if BATCH_MAX as u64 <= waiting {
            self.shared.hurry.notify_one();
        }
    }

    /// Waits until every generation that was taken before is durable.
    pub async fn flush(&self) {
        let (done, when_done) = oneshot::channel();
        if self.orders.send(Order::Flush(done)).await.is_ok() {
            self.shared.hurry.notify_one();
            // The sender is dropped unused only when the writer is gone; then nothing waits.
            let _ = when_done.await;
        }
    }

    /// Takes no more, and waits until everything that was taken is durable. While the database
    /// fails, this waits for it: give it a time limit.
    pub async fn shutdown(&self) {
        // An error says that it has stopped already.
        let _ = self.orders.send(Order::Stop).await;
        self.shared.hurry.notify_one();
        if let Some(task) = self.task.lock().await.take()
            && task.await.is_err()
        {
            tracing::error!("the writer of generations had died");
        }
    }

    /// Returns how far it has come.
    pub fn progress(&self) -> Progress {
        // Read in this order, `written` is never seen above `queued`.
        let written = self.shared.written.load(Ordering::Acquire);
        Progress {
            queued: self.shared.queued.load(Ordering::Acquire),
            written,
            retries: self.shared.retries.load(Ordering::Relaxed),
        }
    }
}

impl Archive for Recorder {
    fn record<'a>(&'a self, generation: Generation) -> Waiting<'a, ()> {
        Box::pin(Recorder::record(self, generation))
    }
}

/// The task behind a [`Recorder`].
struct Writer {
    db: Db,
    shared: Arc<Shared>,
    batch: Vec<Generation>,
}

impl Writer {
    /// Works until no order can come any more.
    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        while let Some(first) = orders.recv().await {
            if let Order::Record(_) = first {
                tokio::select! {
                    () = tokio::time::sleep(LINGER) => {}
                    () = self.shared.hurry.notified() => {}
                }
            }
            let mut next = Some(first);
            while let Some(order) = next {
                match order {
                    Order::Record(generation) => self.batch.push(*generation),
                    Order::Flush(done) => {
                        self.write().await;
                        // Whoever asked may have stopped waiting.
                        let _ = done.send(());
                    }
                    Order::Stop => orders.close(),
                }
                if self.batch.len() == BATCH_MAX {
                    self.write().await;
                }
                next = orders.try_recv().ok();
            }
            self.write().await;
        }
    }

    /// Writes the batch, however often that takes.
    async fn write(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let mut pause = PAUSE_MIN;
        while let Err(reason) = self.attempt().await {
            self.shared.retries.fetch_add(1, Ordering::Relaxed);
            tracing::error!(
                generations = self.batch.len(),
                retry_after_ms = pause.as_millis() as u64,
                "generations could not be written: {reason}"
            );
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
        self.shared.written.fetch_add(self.batch.len() as u64, Ordering::Release);
        self.batch.clear();
    }

    async fn attempt(&self) -> Result<(), String> {
        let settlements: Vec<Settlement> = self.batch.iter().map(settlement).collect();
        let settled = settle(&self.db, &settlements);
        match tokio::time::timeout(PATIENCE, settled).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer in {} s", PATIENCE.as_secs())),
        }
    }
}

/// Returns the settlement of a generation that draws on no lease.
fn settlement(generation: &Generation) -> Settlement {
    Settlement {
        account: AccountId::default(),
        shares: Vec::new(),
        price: None,
        amounts: Amounts { charge: generation.cost, ..Amounts::default() },
        generation: generation.clone(),
    }
}
