//! Making figures from sums, in the background.

mod boards;
mod disclosed;
mod models;
mod read;
mod served;
mod special;
mod tasks;
mod uses;

use domain::time::Timestamp;
use rankings::METHODOLOGY;

use super::{Figures, Scope};
use crate::store::{Store, StoreError};
pub use read::{KnownEndpoint, PUBLIC_ACCOUNTS_MIN, Terms};
use read::{Read, read};

/// Makes every figure.
///
/// On a public instance windows end with the last complete day and hold only accounts that are
/// eligible; on a private one they include today.
///
/// # Errors
/// When the store fails.
pub async fn make(store: &Store, terms: &Terms, now: Timestamp) -> Result<Figures, StoreError> {
    let today = now.day();
    let last = if terms.is_public { today - 1 } else { today };
    let mut read = read(store, now, last).await?;
    read.rename(&terms.cloaked);
    let terms = terms.clone();
    let first_day = store.first_day().await?;
    let has_synthetic = store.has_synthetic().await?;
    let made = tokio::task::spawn_blocking(move || {
        let mut figures = Figures {
            made: now,
            methodology: METHODOLOGY,
            has_synthetic,
            first_day,
            last_day: last,
            cloaked: terms.cloaked.clone(),
            ..Figures::default()
        };
        figures.requests = read.daily.iter().map(|row| row.used.requests).sum();
        if terms.is_public {
            let accounts = uses::keep_eligible(&mut read, &terms, last);
            figures.scope = Scope::Public { accounts, accounts_min: PUBLIC_ACCOUNTS_MIN };
            if accounts < PUBLIC_ACCOUNTS_MIN {
                read = Read { prices: read.prices, ..Read::default() };
            }
            tasks::keep_told(&mut read);
        }
        fill(&mut figures, read, &terms, now);
        figures
    });
    made.await.map_err(|error| StoreError::Engine(error.to_string()))
}

fn fill(figures: &mut Figures, mut read: Read, terms: &Terms, now: Timestamp) {
    let last = figures.last_day;
    figures.models = models::models(&read, terms, last);
    figures.apps = models::apps(&read, terms, last);
    (figures.endpoints, figures.providers) = served::served(&read, terms, now);
    // A model whose maker is not told stands on its own page alone, and beside no other.
    read.leave_out_stealth();
    let read = &read;
    figures.boards = boards::boards(read, terms);
    figures.rising = special::rising(read, now.day());
    figures.stable = special::stable(read, terms, now.day());
    figures.cheapest = special::cheapest(read, terms, now);
    figures.value = special::value(read, last);
    figures.tasks = tasks::tasks(read, last);
}
