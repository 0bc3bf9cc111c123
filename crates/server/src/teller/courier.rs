//! Carries messages between the desk and the books, behind the requests.

use std::sync::Arc;
use std::time::Duration;

use domain::books::{BATCH_MAX, Batch, Books, BooksError};
use ledger::desk::Desk;
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use super::flusher;
use super::journals::{Journals, Post};
use super::shared::Shared;

/// How long the books may take for one answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long settlements gather before they go out.
const LINGER: Duration = Duration::from_millis(20);
/// How long to wait after a message that got no answer.
const PAUSE: Duration = Duration::from_millis(200);
/// How often the books are asked where they stand although nothing is to be told.
const BEAT: Duration = Duration::from_secs(1);
/// How often idle leases are looked for, and journals that were left behind.
const LOOK: Duration = Duration::from_secs(30);
/// After how many looks everything is told again.
const LOOKS_PER_ASSERT: u32 = 10;

/// Starts the couriers of a desk, and of those that are left behind. The latter are `heirs`, which
/// a process that ends in order waits for.
pub(super) fn start(shared: Arc<Shared>, journals: Journals, left: Vec<Post>, heirs: TaskTracker) {
    for post in left {
        heirs.spawn(wind_up(shared.books.clone(), post));
    }
    tokio::spawn(fetch(shared.clone()));
    tokio::spawn(ship(shared.clone()));
    tokio::spawn(heed(shared.clone()));
    tokio::spawn(inquire(shared.clone()));
    tokio::spawn(look(shared, journals, heirs));
}

/// Gets leases when something is wanted.
async fn fetch(shared: Arc<Shared>) {
    loop {
        let _ = timeout(BEAT, shared.wanted.notified()).await;
        let outcome = fetch_once(&shared).await;
        shared.answers.send_modify(|count| *count += 1);
        if let Err(error) = outcome {
            tracing::warn!("the books gave no lease: {error}");
            sleep(PAUSE).await;
            shared.wanted.notify_one();
        }
    }
}

async fn fetch_once(shared: &Shared) -> Result<(), BooksError> {
    establish(&*shared.books, &Cell::Shared(shared)).await?;
    let grant = shared.desk().take_grant();
    if let Some(grant) = grant {
        let reply = answered(shared.books.grant(&grant)).await;
        match reply {
            Ok(reply) => shared.desk().granted(&grant, &reply),
            Err(error) => {
                shared.desk().grant_failed(&error);
                return Err(error);
            }
        }
        shared.bell.ring();
    }
    Ok(())
}

/// Ships settlements and returns.
async fn ship(shared: Arc<Shared>) {
    loop {
        let _ = timeout(BEAT, shared.to_settle.notified()).await;
        sleep(LINGER).await;
        if let Err(error) = ship_all(&*shared.books, &Cell::Shared(&shared)).await {
            tracing::warn!("the books took no settlements: {error}");
            sleep(PAUSE).await;
            shared.to_settle.notify_one();
        }
        shared.bell.ring();
    }
}

/// Gives back what is free of purses that other processes wait for: asks the books which those are
/// whenever one may have begun to.
async fn heed(shared: Arc<Shared>) {
    loop {
        shared.books.called().await;
        let batch = {
            let desk = shared.desk();
            (0 < desk.figures().leases)
                .then(|| Batch { instance: desk.instance().clone(), settlements: Vec::new() })
        };
        let Some(batch) = batch else { continue };
        match answered(shared.books.settle(&batch)).await {
            Ok(reply) => shared.desk().settled(&batch, &reply),
            Err(error) => {
                tracing::debug!("recalls cannot be looked at: {error}");
                sleep(PAUSE).await;
            }
        }
        shared.bell.ring();
    }
}

/// Asks the books what the house has borne for accounts that are served: other processes bear some
/// of it, and this one's predecessors did.
async fn inquire(shared: Arc<Shared>) {
    loop {
        sleep(BEAT).await;
        let asked = shared.desk().take_inquiries();
        for inquiry in asked {
            match answered(shared.books.standing(&inquiry.purse)).await {
                Ok(reply) => shared.desk().told_of_house(&inquiry, &reply),
                Err(error) => {
                    tracing::debug!("what the house bears cannot be looked at: {error}");
                    shared.desk().inquire_again(&inquiry);
                }
            }
        }
    }
}

/// Looks for idle leases and journals without a process.
async fn look(shared: Arc<Shared>, journals: Journals, heirs: TaskTracker) {
    let mut looks = 0;
    loop {
        sleep(LOOK).await;
        looks += 1;
        {
            let mut desk = shared.desk();
            desk.look_round();
            if looks % LOOKS_PER_ASSERT == 0 {
                desk.reconcile();
            }
        }
        shared.bell.ring();
        shared.wanted.notify_one();
        let elsewhere = journals.clone();
        match tokio::task::spawn_blocking(move || elsewhere.adopt()).await {
            Ok(Ok(posts)) => posts.into_iter().for_each(|post| {
                heirs.spawn(wind_up(shared.books.clone(), post));
            }),
            Ok(Err(error)) => tracing::error!("{error}"),
            Err(error) => tracing::error!("journals could not be looked through: {error}"),
        }
    }
}

/// Settles what a process left behind, gives back its leases, and removes its journal.
async fn wind_up(books: Arc<dyn Books>, mut post: Post) {
    let instance = post.desk.instance().clone();
    tracing::info!(instance = %instance, figures = ?post.desk.figures(), "journal taken over");
    while !post.desk.is_over() {
        if let Err(error) = post.flush() {
            // Whoever read it again now would believe what is not on the disk.
            flusher::give_up(&error);
        }
        let outcome = wind_up_once(&*books, &mut post.desk).await;
        match outcome {
            Ok(()) => sleep(Duration::from_millis(1)).await,
            Err(error) => {
                tracing::warn!(instance = %instance, "the books do not answer: {error}");
                sleep(PAUSE).await;
            }
        }
    }
    match post.remove() {
        Ok(()) => tracing::info!(instance = %instance, "journal settled and removed"),
        Err(error) => tracing::error!(instance = %instance, "journal not removed: {error}"),
    }
}

async fn wind_up_once(books: &dyn Books, desk: &mut Desk) -> Result<(), BooksError> {
    let cell = Cell::own(desk);
    establish(books, &cell).await?;
    ship_all(books, &cell).await
}

/// A desk that others look at too, or one that nobody else does.
enum Cell<'a> {
    Shared(&'a Shared),
    Own(std::sync::Mutex<&'a mut Desk>),
}

impl<'a> Cell<'a> {
    fn own(desk: &'a mut Desk) -> Cell<'a> {
        Cell::Own(std::sync::Mutex::new(desk))
    }

    /// Does something at the desk. Nothing waits meanwhile.
    fn with<T>(&self, act: impl FnOnce(&mut Desk) -> T) -> T {
        match self {
            Cell::Shared(shared) => act(&mut shared.desk()),
            Cell::Own(desk) => {
                act(&mut desk.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
            }
        }
    }
}

/// Gets an epoch where there is none, and tells what the books do not know.
async fn establish(books: &dyn Books, cell: &Cell<'_>) -> Result<(), BooksError> {
    if cell.with(|desk| desk.needs_epoch() && !desk.is_over()) {
        let instance = cell.with(|desk| desk.instance().clone());
        match answered(books.enlist(&instance)).await {
            Ok(reply) => cell.with(|desk| desk.enlisted(&reply)),
            Err(BooksError::Gone) => {
                if matches!(cell, Cell::Shared(_)) && !cell.with(|desk| desk.is_closing()) {
                    tracing::error!("this process was declared lost, and its credit given away");
                    std::process::abort();
                }
                tracing::warn!(instance = %instance, "this instance was retired or declared lost");
                cell.with(Desk::gone);
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(assert) = cell.with(Desk::take_assert) {
        match answered(books.assert(&assert)).await {
            Ok(reply) => cell.with(|desk| desk.asserted(&assert, &reply)),
            Err(BooksError::Fenced) => cell.with(Desk::fenced),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Ships until nothing is left that can be shipped now.
async fn ship_all(books: &dyn Books, cell: &Cell<'_>) -> Result<(), BooksError> {
    establish(books, cell).await?;
    loop {
        let batch = cell.with(|desk| desk.take_batch(BATCH_MAX));
        let is_full = batch.settlements.len() == BATCH_MAX;
        if !batch.settlements.is_empty() || cell.with(|desk| desk.awaits_durability()) {
            let reply = answered(books.settle(&batch)).await?;
            cell.with(|desk| desk.settled(&batch, &reply));
        }
        if let Some(returns) = cell.with(|desk| desk.take_returns()) {
            let reply = answered(books.give_back(&returns)).await?;
            cell.with(|desk| desk.gave_back(&returns, &reply));
        }
        if cell.with(|desk| desk.can_retire()) {
            let instance = cell.with(|desk| desk.instance().clone());
            match answered(books.retire(&instance)).await {
                Ok(reply) => cell.with(|desk| desk.retired(&reply)),
                Err(BooksError::Refused(_)) => cell.with(Desk::reconcile),
                Err(error) => return Err(error),
            }
        }
        if !is_full {
            return Ok(());
        }
    }
}

async fn answered<T>(answer: impl Future<Output = Result<T, BooksError>>) -> Result<T, BooksError> {
    match timeout(PATIENCE, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(BooksError::Unreachable(format!("nothing in {} s", PATIENCE.as_secs()))),
    }
}
