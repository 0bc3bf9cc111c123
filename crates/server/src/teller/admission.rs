//! Admission and settlement for requests: a short look at the desk, and waiting only where the desk
//! has nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use domain::books::Books;
use domain::failure::Failure;
use domain::id::{GenerationId, InstanceId, KeyId};
use domain::insurance::Insurance;
use domain::key::Spend;
use domain::money::Money;
use domain::port::{Ended, Held, Intent, Ledger, Mark, Progress, Waiting};
use domain::purse::Purse;
use domain::time::Timestamp;
use ledger::desk::{Ask, Figures, Short};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::task::TaskTracker;

use super::flusher;
use super::journals::{JournalError, Journals};
use super::refusal::{does_not_fit, no_answer};
use super::shared::Shared;
use super::spends::Spends;
use crate::budgets::Budgets;

/// How long a request waits for the books.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it waits for what others hold to come back, and how often it asks meanwhile. Another
/// process gives it back within some 50 ms, most of which is its disk.
const RECALL: Duration = Duration::from_millis(500);
const RECALL_STEP: Duration = Duration::from_millis(20);
/// Settlements that the books may be behind before no request is taken on any more.
const BEHIND_MAX: usize = 500_000;

/// Whose money it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Requests spend credits that were paid for before.
    pub is_prepaid: bool,
    /// How much the house bears for an account.
    pub insurance: Insurance,
}

/// Counts what requests had to wait for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meter {
    /// Requests that were admitted or refused.
    pub requests: u64,
    /// How often one of them waited for the database.
    pub database_waits: u64,
}

/// The ledger of one process.
pub struct Teller {
    shared: Arc<Shared>,
    terms: Terms,
    budgets: Arc<Budgets>,
    spends: Spends,
    requests: AtomicU64,
    database_waits: AtomicU64,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// What settles the journals that others left behind.
    heirs: TaskTracker,
}

impl Teller {
    /// Opens the ledger of a new instance, and takes over what earlier ones left behind.
    ///
    /// # Errors
    /// When a journal cannot be written, or one that was left behind cannot be believed.
    pub fn open(
        books: Arc<dyn Books>,
        journals: Journals,
        name: &str,
        (terms, budgets): (Terms, Arc<Budgets>),
    ) -> Result<Teller, JournalError> {
        let left = journals.adopt()?;
        let syncs = journals.syncs();
        let post = journals.open(InstanceId::new(name), terms.insurance)?;
        let (desk, folder, kept) = post.split();
        let shared = Arc::new(Shared::new(desk, books));
        let writer = shared.clone();
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || {
                flusher::run(&writer, folder, syncs);
                let is_over = writer.desk().is_over();
                if let Some(Err(error)) = is_over.then(|| kept.remove()) {
                    tracing::warn!("the journal is settled and could not be removed: {error}");
                }
            })
            .map_err(|error| JournalError::Folder { path: name.into(), error })?;
        let heirs = TaskTracker::new();
        super::courier::start(shared.clone(), journals, left, heirs.clone());
        Ok(Teller {
            shared,
            terms,
            budgets,
            spends: Spends::default(),
            requests: AtomicU64::new(0),
            database_waits: AtomicU64::new(0),
            thread: Mutex::new(Some(thread)),
            heirs,
        })
    }

    /// Brings in what a key had spent. A key that is open stays as it is.
    pub fn open_key(&self, key: &KeyId, spend: Spend) {
        self.spends.open(key, spend);
    }

    /// Returns what a key has spent as it stands at `now`, or `None` while it is not open.
    pub fn spend(&self, key: &KeyId, now: Timestamp) -> Option<Spend> {
        self.spends.of(key, now)
    }

    /// Returns how much of everything there is.
    pub fn figures(&self) -> Figures {
        self.shared.desk().figures()
    }

    /// Returns what requests had to wait for.
    pub fn meter(&self) -> Meter {
        Meter {
            requests: self.requests.load(Ordering::Relaxed),
            database_waits: self.database_waits.load(Ordering::Relaxed),
        }
    }

    /// Waits until everything that ended is in the books, though not for ever.
    pub async fn flush(&self, patience: Duration) -> bool {
        let settled = async {
            while 0 < self.figures().unsettled {
                self.shared.bell.ring();
                self.shared.to_settle.notify_one();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(patience, settled).await.is_ok()
    }

    /// Takes nothing on any more, settles everything and gives everything back, though not for
    /// ever: what is left is in the journal, and the next process takes it over.
    pub async fn close(&self, patience: Duration) -> bool {
        self.shared.desk().close_down();
        let over = async {
            while !self.shared.desk().is_over() {
                self.shared.bell.ring();
                self.shared.to_settle.notify_one();
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        self.heirs.close();
        let over = async { tokio::join!(over, self.heirs.wait()) };
        let is_over = timeout(patience, over).await.is_ok();
        self.shared.bell.end();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // It ends within milliseconds, or has aborted the process.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
        is_over
    }

    fn ask(&self, intent: Intent) -> Ask {
        let mut purses = Vec::new();
        if self.terms.is_prepaid {
            purses.push(Purse::Account(intent.account.clone()));
        }
        purses.extend(self.budgets.purses(&intent.account, intent.draft.created));
        purses.extend(intent.key.purse(intent.draft.created));
        let Intent { account, ceiling, floor, draft, .. } = intent;
        Ask { draft, account, purses, ceiling, floor }
    }

    /// Tries to reserve; what is missing is wanted from the books then.
    fn try_hold(&self, ask: &Ask) -> Result<Held, Short> {
        let outcome = self.shared.desk().hold(ask);
        self.shared.bell.ring();
        outcome
    }

    /// Gives back what is free of a purse, so that what is set aside next is by its new limit.
    pub fn give_back(&self, purse: &Purse) {
        self.shared.desk().give_back(purse);
        self.shared.bell.ring();
    }

    async fn hold_soon(&self, mut ask: Ask, first: Short) -> Result<Held, Failure> {
        let mut answers = self.shared.answers.subscribe();
        let mut asked = first;
        let mut recalled = Duration::ZERO;
        let until = Instant::now() + PATIENCE;
        let mut late = no_answer();
        loop {
            self.database_waits.fetch_add(1, Ordering::Relaxed);
            self.shared.wanted.notify_one();
            let answered = timeout_at(until, answers.changed()).await;
            let short = match self.try_hold(&ask) {
                Ok(held) => return Ok(held),
                Err(short) => short,
            };
            if answered.is_err() || until <= Instant::now() {
                return Err(late);
            }
            let is_answered = short.purse != asked.purse || asked.answers < short.answers;
            if let Some(standing) = short.refused.filter(|_| is_answered) {
                if matches!(short.purse, Purse::Budget(..)) && standing.filled == Money::ZERO {
                    // Another process has taken the budget away, and this one has yet to see it.
                    ask.purses.retain(|purse| *purse != short.purse);
                    asked = short;
                    continue;
                }
                // Books that are slow have said that much, however long others take.
                late = does_not_fit(&short.purse, &standing, ask.floor);
                let others_hold = short.at_hand < standing.leased;
                if !others_hold || RECALL <= recalled {
                    return Err(late);
                }
                recalled += RECALL_STEP;
                tokio::time::sleep(RECALL_STEP).await;
            }
            asked = short;
        }
    }
}

impl Ledger for Teller {
    fn hold<'a>(&'a self, intent: Intent) -> Waiting<'a, Result<Held, Failure>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if BEHIND_MAX < self.shared.desk().figures_behind() {
            return Box::pin(std::future::ready(Err(no_answer())));
        }
        let ask = self.ask(intent);
        match self.try_hold(&ask) {
            Ok(held) => Box::pin(std::future::ready(Ok(held))),
            Err(short) => Box::pin(self.hold_soon(ask, short)),
        }
    }

    fn progress(&self, progress: Progress) -> Mark {
        let mark = self.shared.desk().progress(progress);
        self.shared.bell.ring();
        mark
    }

    fn is_durable(&self, mark: Mark) -> bool {
        mark <= *self.shared.durable.borrow()
    }

    fn durable<'a>(&'a self, mark: Mark) -> Waiting<'a, ()> {
        Box::pin(async move {
            let mut durable = self.shared.durable.subscribe();
            // The sender lives as long as the teller.
            let _ = durable.wait_for(|durable| mark <= *durable).await;
        })
    }

    fn cover(&self, generation: &GenerationId, cost: Money) -> Money {
        self.shared.desk().cover(generation, cost)
    }

    fn insure(&self, generation: &GenerationId, cost: Money) -> bool {
        self.shared.desk().insure(generation, cost)
    }

    fn settle<'a>(&'a self, ended: Ended) -> Waiting<'a, Result<(), Failure>> {
        let generation = ended.generation.clone();
        let mark = self.shared.desk().finish(ended);
        self.shared.bell.ring();
        Box::pin(async move {
            if let Some(mark) = mark {
                self.spends.add(&generation);
                self.durable(mark).await;
            }
            Ok(())
        })
    }
}
