//! Where events and their sums are kept: one interface, two engines, held to the same tests.

mod clickhouse;
mod names;
mod rows;
mod sqlite;

use std::path::PathBuf;

use domain::secret::Secret;

use crate::event::{Event, Name};
use crate::figures::Day;
use crate::sums::{Grain, Side};
use clickhouse::ClickHouse;
pub(crate) use names::app_task;
pub use rows::{
    Batch, CaseRow, Days, PriceRow, RateRow, Retention, ServiceRow, StoreError, UseRow,
};
use sqlite::Files;

/// A store of events and their sums.
pub struct Store {
    engine: Engine,
}

enum Engine {
    Files(Box<Files>),
    ClickHouse(Box<ClickHouse>),
}

/// Where a store is.
#[derive(Clone, Debug)]
pub enum Place {
    /// SQLite files in a folder: sums in one, events in one a day.
    Folder(PathBuf),
    /// A database of ClickHouse, at `http://user:password@host:port/database`; user, password and
    /// database may be missing. One process writes into it.
    ClickHouse(Secret),
}

impl Store {
    /// Opens a store, made where there is none.
    ///
    /// # Errors
    /// When it cannot be opened, or is of another version.
    pub async fn open(place: &Place) -> Result<Store, StoreError> {
        let engine = match place {
            Place::Folder(folder) => Engine::Files(Box::new(Files::open(folder).await?)),
            Place::ClickHouse(url) => Engine::ClickHouse(Box::new(ClickHouse::open(url).await?)),
        };
        Ok(Store { engine })
    }

    /// Returns up to where the source has been written.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn through(&self) -> Result<u64, StoreError> {
        match &self.engine {
            Engine::Files(files) => files.through().await,
            Engine::ClickHouse(house) => house.through().await,
        }
    }

    /// Writes events and adds them to the sums: whoever reads afterwards finds them there. A
    /// process that is killed may have to write the last batches again, from [`Store::through`] of
    /// the store that is opened next. Safe to repeat: a batch that ends at or before that changes
    /// nothing, and an event whose id is known under another number of the source is not counted
    /// again.
    ///
    /// # Errors
    /// When the engine fails; then the batch is to be written again.
    pub async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        match &self.engine {
            Engine::Files(files) => files.write(batch).await,
            Engine::ClickHouse(house) => house.write(batch).await,
        }
    }

    /// Takes note that somebody else may have written, and may have stopped halfway: the next
    /// batch is written after that was set right. Files have one process that writes.
    pub async fn doubt(&self) {
        match &self.engine {
            Engine::Files(_) => (),
            Engine::ClickHouse(house) => house.doubt().await,
        }
    }

    /// Writes events that come from no source, for they are made up. Not safe to repeat once a
    /// batch was written.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn seed(&self, events: Vec<Event>) -> Result<(), StoreError> {
        let events = events.into_iter().map(|event| (0, event)).collect();
        match &self.engine {
            Engine::Files(files) => files.seed(&Batch { events, through: 0 }).await,
            Engine::ClickHouse(house) => house.seed(&Batch { events, through: 0 }).await,
        }
    }

    /// Returns what was used on a side, from one day through another, by value, model and account.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn uses(
        &self,
        side: Side,
        (from, through): (Day, Day),
        days: Days,
    ) -> Result<Vec<UseRow>, StoreError> {
        match &self.engine {
            Engine::Files(files) => files.uses(side, (from, through), days).await,
            Engine::ClickHouse(house) => house.uses(side, (from, through), days).await,
        }
    }

    /// Returns how endpoints served, in each period from one through another.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn services(
        &self,
        grain: Grain,
        (from, through): (i64, i64),
    ) -> Result<Vec<ServiceRow>, StoreError> {
        match &self.engine {
            Engine::Files(files) => files.services(grain, (from, through)).await,
            Engine::ClickHouse(house) => house.services(grain, (from, through)).await,
        }
    }

    /// Returns what models cost, in each hour from one through another.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn rates(&self, (from, through): (i64, i64)) -> Result<Vec<RateRow>, StoreError> {
        match &self.engine {
            Engine::Files(files) => files.rates((from, through)).await,
            Engine::ClickHouse(house) => house.rates((from, through)).await,
        }
    }

    /// Returns the events of a day, by id.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn events(&self, day: Day) -> Result<Vec<Event>, StoreError> {
        match &self.engine {
            Engine::Files(files) => files.events(day).await,
            Engine::ClickHouse(house) => house.events(day).await,
        }
    }

    /// Returns what accounts asked of a model on a day, by how it ended and what it was for. A day
    /// whose events were forgotten has none.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn cases(&self, model: &str, day: Day) -> Result<Vec<CaseRow>, StoreError> {
        match &self.engine {
            Engine::Files(files) => files.cases(model, day).await,
            Engine::ClickHouse(house) => house.cases(model, day).await,
        }
    }

    /// Returns applications: a number that stays the same, the address, and the name that it gave
    /// itself last.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn apps(&self) -> Result<Vec<(u32, Name, Option<Name>)>, StoreError> {
        match &self.engine {
            Engine::Files(files) => files.apps().await,
            Engine::ClickHouse(house) => house.apps().await,
        }
    }

    /// Keeps prices that differ from the last ones of their endpoints.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn note_prices(&self, prices: &[PriceRow]) -> Result<(), StoreError> {
        match &self.engine {
            Engine::Files(files) => files.note_prices(prices).await,
            Engine::ClickHouse(house) => house.note_prices(prices).await,
        }
    }

    /// Returns every price that was noted, by endpoint and age.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn prices(&self) -> Result<Vec<PriceRow>, StoreError> {
        match &self.engine {
            Engine::Files(files) => files.prices().await,
            Engine::ClickHouse(house) => house.prices().await,
        }
    }

    /// Forgets what is too old: a day of events at a time, however many there are.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn forget(&self, retention: &Retention) -> Result<(), StoreError> {
        match &self.engine {
            Engine::Files(files) => files.forget(retention).await,
            Engine::ClickHouse(house) => house.forget(retention).await,
        }
    }

    /// Returns the first day of which uses are known.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn first_day(&self) -> Result<Option<Day>, StoreError> {
        match &self.engine {
            Engine::Files(files) => files.first_day().await,
            Engine::ClickHouse(house) => house.first_day().await,
        }
    }

    /// Returns whether any event was made up for the demo.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn has_synthetic(&self) -> Result<bool, StoreError> {
        match &self.engine {
            Engine::Files(files) => files.has_synthetic().await,
            Engine::ClickHouse(house) => house.has_synthetic().await,
        }
    }

    /// Closes it; what is asked afterwards fails.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Files(files) => files.close().await,
            Engine::ClickHouse(_) => (),
        }
    }
}
