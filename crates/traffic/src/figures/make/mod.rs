//! Making figures from sums, in the background.

mod begin;
mod boards;
mod models;
mod open;
mod read;
mod served;
mod special;
mod tasks;
mod uses;

use domain::time::Timestamp;

use super::{Day, Figures};
use crate::store::{Store, StoreError};
use begin::begin;
pub use read::{KnownEndpoint, PUBLIC_ACCOUNTS_MIN, Terms};
use read::{Read, read};

/// Returns the day on which windows end at an instant: today on a private instance, and on a public
/// one the last complete day, from two hours after its end on.
pub fn last_day(terms: &Terms, now: Timestamp) -> Day {
    if terms.is_public { open::last_day(now) } else { now.day() }
}

/// Makes every figure.
///
/// On a public instance windows end with the last complete day and hold only accounts that are
/// eligible; on a private one they include today.
///
/// # Errors
/// When the store fails.
pub async fn make(store: &Store, terms: &Terms, now: Timestamp) -> Result<Figures, StoreError> {
    if terms.is_public {
        return open::figures(store, terms, now).await;
    }
    let last = last_day(terms, now);
    let mut read = read(store, now, last).await?;
    read.rename(&terms.cloaked);
    let mut figures = begin(store, terms, now, last).await?;
    let terms = terms.clone();
    let made = tokio::task::spawn_blocking(move || {
        figures.requests = read.daily.iter().map(|row| row.used.requests).sum();
        fill(&mut figures, read, &terms, now);
        figures
    });
    made.await.map_err(|error| StoreError::Engine(error.to_string()))
}

fn fill(figures: &mut Figures, mut read: Read, terms: &Terms, now: Timestamp) {
    let last = figures.last_day;
    figures.models = models::models(&read, terms, last);
    (figures.endpoints, figures.providers) = served::served(&read, terms, now);
    // A model whose maker is not told stands on its own page alone, and beside no other.
    read.leave_out_stealth();
    let read = &read;
    figures.apps = models::apps(read, terms, last);
    figures.boards = boards::boards(read, last);
    figures.rising = special::rising(read, now.day());
    figures.stable = special::stable(read, terms, now.day());
    figures.cheapest = special::cheapest(read, terms, now);
    figures.value = special::value(read, last);
    figures.tasks = tasks::tasks(read, last);
}
