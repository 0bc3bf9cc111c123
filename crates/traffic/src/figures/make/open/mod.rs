//! Figures for everybody: only what tells nothing about anyone (`docs/rankings.md`).
//!
//! What an account used of a model in a day is cut to its part of that day before anything is
//! summed. Of such amounts everything is made, and of those of cells alone that may be shown; so no
//! figure holds what another one keeps back.

mod boards;
mod cells;
mod eligible;
mod models;
mod providers;
mod read;
mod served;
mod slices;
mod special;
mod tasks;

use domain::time::Timestamp;

use super::begin::begin;
use super::read::{PUBLIC_ACCOUNTS_MIN, Terms, is_stealth};
use crate::figures::{Day, Figures, Scope};
use crate::store::{Store, StoreError};
use cells::Base;
use eligible::eligible;
use providers::{apps, providers};
use read::{Read, read};
use slices::Slices;

/// What is admitted before midnight is settled by so many milliseconds after it, and the day told.
const RELEASE_MS: i64 = 2 * 3_600_000;

/// Returns the last day that is told to everybody at an instant: the last complete one, from two
/// hours after its end on.
pub(super) fn last_day(now: Timestamp) -> Day {
    now.plus_ms(-RELEASE_MS).day() - 1
}

/// Makes every figure.
pub(super) async fn figures(
    store: &Store,
    terms: &Terms,
    now: Timestamp,
) -> Result<Figures, StoreError> {
    let last = last_day(now);
    let mut read = read(store, last).await?;
    read.rename(&terms.cloaked);
    let mut figures = begin(store, terms, now, last).await?;
    let terms = terms.clone();
    let made = tokio::task::spawn_blocking(move || {
        fill(&mut figures, read, &terms);
        figures
    });
    made.await.map_err(|error| StoreError::Engine(error.to_string()))
}

fn fill(figures: &mut Figures, mut read: Read, terms: &Terms) {
    let last = figures.last_day;
    let eligible = eligible(&read.all, terms, last);
    let accounts = eligible.accounts;
    figures.scope = Scope::Public { accounts, accounts_min: PUBLIC_ACCOUNTS_MIN };
    figures.cheapest = special::posted(terms, last);
    if accounts < PUBLIC_ACCOUNTS_MIN {
        served::prices(&mut figures.endpoints, &read);
        return;
    }
    let served = served::served(&read, terms, &eligible, last);
    // A model whose maker is not told stands beside no other.
    read.keep(|row| eligible.counts(row) && !is_stealth(&row.model));
    let base = Base::of(&read.all, last);
    let slices = Slices::of(&base, &read, last);
    let providers = providers(&base, &read.providers, terms);
    let apps = apps(&base, &read.apps, terms);
    figures.requests = base.requests();
    figures.boards = boards::boards(&base, (&slices, read.routed()), &providers, &apps, last);
    figures.models = models::models(&base, &slices, last);
    for (model, figures) in &mut figures.models {
        figures.paid = served.paid.get(model.as_str()).copied();
    }
    figures.apps = models::apps(&apps, &read.names, terms, last);
    figures.rising = special::rising(&base, last);
    special::cheapest(&mut figures.cheapest, &base, &read.rates, last);
    figures.value = special::value(&base, last);
    figures.tasks = tasks::tasks(&slices, last);
    figures.stable = served.stable;
    figures.providers = served.providers;
    figures.endpoints = served.endpoints;
    served::prices(&mut figures.endpoints, &read);
}
