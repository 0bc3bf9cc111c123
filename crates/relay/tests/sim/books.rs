//! The simplest ledger there can be: holds and spend in memory, and what was settled in a list. The
//! relay's part is judged by it; the house's own ledger has a simulation of its own.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::failure::{Failure, FailureKind};
use domain::generation::Generation;
use domain::id::{GenerationId, KeyId};
use domain::key::Spend;
use domain::money::Money;
use domain::port::{Ended, Held, Intent, Ledger, Mark, Progress, Waiting};
use domain::time::Timestamp;
use tokio::time::sleep;

/// Settled generations, as they came.
#[derive(Default)]
pub struct Memory(pub Mutex<Vec<Generation>>);

/// Holds and spend in memory, and what was settled in a list.
pub struct MemoryLedger {
    books: Mutex<Books>,
    settled: Arc<Memory>,
    /// What was held last would survive a crash.
    on_disk: AtomicBool,
    /// The house bears what comes to nothing.
    insures: AtomicBool,
}

/// How long a disk takes.
const SYNC: Duration = Duration::from_millis(3);

#[derive(Default)]
struct Books {
    keys: HashMap<KeyId, Account>,
    holds: HashMap<GenerationId, Hold>,
}

#[derive(Clone, Copy, Default)]
struct Account {
    spend: Spend,
    held: Money,
}

struct Hold {
    key: KeyId,
    ceiling: Money,
}

impl MemoryLedger {
    /// Opens empty books.
    pub fn new(settled: Arc<Memory>) -> MemoryLedger {
        let (on_disk, insures) = (AtomicBool::new(false), AtomicBool::new(true));
        MemoryLedger { books: Mutex::default(), settled, on_disk, insures }
    }

    /// The house has borne enough.
    pub fn stop_insuring(&self) {
        self.insures.store(false, Ordering::Relaxed);
    }

    /// Brings in what a key had spent. A key that is open stays as it is.
    pub fn open(&self, key: &KeyId, spend: Spend) {
        let mut books = self.books();
        books.keys.entry(key.clone()).or_insert(Account { spend, held: Money::ZERO });
    }

    /// Returns what a key has spent as it stands at `now`, or `None` while it is not open.
    pub fn spend(&self, key: &KeyId, now: Timestamp) -> Option<Spend> {
        self.books().keys.get(key).map(|account| account.spend.at(now))
    }

    /// Returns whether what was held last would survive a crash.
    pub fn is_on_disk(&self) -> bool {
        self.on_disk.load(Ordering::Relaxed)
    }

    /// Returns how many reservations stand open.
    pub fn holds_open(&self) -> usize {
        self.books().holds.len()
    }

    /// A thread that panicked between two statements of a critical section below cannot have left
    /// the books half changed: no section panics after its first write.
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn hold(&mut self, intent: Intent) -> Result<Held, Failure> {
        let Intent { key, ceiling, floor, draft, .. } = intent;
        if let Some(hold) = self.holds.get(&draft.id) {
            return Ok(Held { amount: hold.ceiling, mark: 0 });
        }
        let account = self.keys.entry(key.id.clone()).or_default();
        let mut amount = ceiling;
        if let Some(limit) = key.limit {
            let spent = key.counted(&account.spend.at(draft.created));
            let free = limit.saturating_sub(spent).saturating_sub(account.held);
            if free < floor {
                return Err(refusal(limit, spent, account.held, floor));
            }
            amount = ceiling.min(free);
        }
        account.held = account.held.saturating_add(amount);
        self.holds.insert(draft.id, Hold { key: key.id.clone(), ceiling: amount });
        Ok(Held { amount, mark: 0 })
    }

    /// Books a generation that is still open.
    fn settle(&mut self, generation: &Generation) {
        let Some(hold) = self.holds.remove(&generation.id) else { return };
        let account = self.keys.entry(hold.key).or_default();
        account.held = account.held.saturating_sub(hold.ceiling);
        account.spend = account.spend.plus(generation.cost, generation.created);
    }
}

fn refusal(limit: Money, spent: Money, held: Money, ceiling: Money) -> Failure {
    let detail = format!(
        "This request may cost up to ${ceiling}, which does not fit the key's limit of ${limit}: \
         ${spent} is spent and ${held} is held for requests in flight. Raise the limit, or ask \
         for fewer tokens with max_tokens."
    );
    Failure::caller(FailureKind::PaymentRequired, detail)
}

impl Ledger for MemoryLedger {
    fn hold<'a>(&'a self, intent: Intent) -> Waiting<'a, Result<Held, Failure>> {
        let outcome = self.books().hold(intent);
        self.on_disk.store(false, Ordering::Relaxed);
        Box::pin(std::future::ready(outcome))
    }

    fn progress(&self, _progress: Progress) -> Mark {
        0
    }

    fn is_durable(&self, _mark: Mark) -> bool {
        self.is_on_disk()
    }

    fn durable<'a>(&'a self, _mark: Mark) -> Waiting<'a, ()> {
        Box::pin(async {
            sleep(SYNC).await;
            self.on_disk.store(true, Ordering::Relaxed);
        })
    }

    fn cover(&self, generation: &GenerationId, cost: Money) -> Money {
        let books = self.books();
        books.holds.get(generation).map_or(Money::ZERO, |hold| cost.min(hold.ceiling))
    }

    fn insure(&self, _generation: &GenerationId, _cost: Money) -> bool {
        self.insures.load(Ordering::Relaxed)
    }

    fn settle<'a>(&'a self, ended: Ended) -> Waiting<'a, Result<(), Failure>> {
        self.books().settle(&ended.generation);
        self.on_disk.store(true, Ordering::Relaxed);
        self.settled.0.lock().unwrap().push(ended.generation);
        Box::pin(std::future::ready(Ok(())))
    }
}
