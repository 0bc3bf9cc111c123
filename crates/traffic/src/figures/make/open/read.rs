//! What figures for everybody are made from.

use super::super::read::{DAYS, RATE_WEEKS, rename};
use super::eligible::BACK_DAYS;
use crate::event::Name;
use crate::figures::{Cloaked, Day, Window};
use crate::store::{Days, PriceRow, RateRow, ServiceRow, Store, StoreError, UseRow};
use crate::sums::{Grain, Side};
use domain::time::{DAY_MS, Timestamp};

/// Complete weeks of slices that are told.
pub(super) const SLICE_WEEKS: i64 = 4;
pub(super) const WEEK: i64 = 7;

/// Sums, each day apart.
#[derive(Default)]
pub(super) struct Read {
    /// Uses of ninety days, and of as many before them: these say who counts.
    pub(super) all: Vec<UseRow>,
    /// By provider, of ninety days.
    pub(super) providers: Vec<UseRow>,
    /// By application, of ninety days.
    pub(super) apps: Vec<UseRow>,
    /// By side: uses of the weeks that slices are told of, and of the router's those of a month.
    pub(super) sides: Vec<(Side, Vec<UseRow>)>,
    pub(super) services: Vec<ServiceRow>,
    pub(super) rates: Vec<RateRow>,
    pub(super) prices: Vec<PriceRow>,
    /// Applications: number, address, name.
    pub(super) names: Vec<(u32, Name, Option<Name>)>,
}

/// Returns the Monday after the last complete week.
pub(super) fn monday(last: Day) -> Day {
    Timestamp::from_ms((last + 1) * DAY_MS).week_start().day()
}

/// Reads everything up to a day.
pub(super) async fn read(store: &Store, last: Day) -> Result<Read, StoreError> {
    let first = last - DAYS + 1;
    let monday = monday(last);
    let mut read = Read {
        all: store.uses(Side::All, (first - BACK_DAYS + 1, last), Days::Apart).await?,
        providers: store.uses(Side::Provider, (first, last), Days::Apart).await?,
        apps: store.uses(Side::App, (first, last), Days::Apart).await?,
        services: store.services(Grain::Day, (first, last)).await?,
        prices: store.prices().await?,
        names: store.apps().await?,
        ..Read::default()
    };
    let weeks = (monday - SLICE_WEEKS * WEEK, monday - 1);
    for side in [Side::Task, Side::Language, Side::Context, Side::Tools] {
        read.sides.push((side, store.uses(side, weeks, Days::Apart).await?));
    }
    // Windows of votes end later than the last complete week.
    let days = (weeks.0.min(last - Window::Month.days() + 1), last);
    read.sides.push((Side::Router, store.uses(Side::Router, days, Days::Apart).await?));
    let end = monday * 24 - 1;
    read.rates = store.rates((end - RATE_WEEKS * 168 + 1, end)).await?;
    Ok(read)
}

impl Read {
    /// Counts what stealth models were used for under the names that they have now.
    pub(super) fn rename(&mut self, cloaked: &[Cloaked]) {
        let uses = [&mut self.all, &mut self.providers, &mut self.apps].into_iter();
        let sides = self.sides.iter_mut().map(|(_, rows)| rows);
        rename(uses.chain(sides), &mut self.rates, cloaked);
    }

    /// Returns what the house's router chose.
    pub(super) fn routed(&self) -> &[UseRow] {
        let found = self.sides.iter().find(|(side, _)| *side == Side::Router);
        found.map_or(&[], |(_, rows)| rows)
    }

    /// Keeps uses for which a function holds.
    pub(super) fn keep(&mut self, holds: impl Fn(&UseRow) -> bool) {
        self.all.retain(&holds);
        self.providers.retain(&holds);
        self.apps.retain(&holds);
        for (_, rows) in &mut self.sides {
            rows.retain(&holds);
        }
    }
}
