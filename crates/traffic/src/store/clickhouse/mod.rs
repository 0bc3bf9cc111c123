//! Events and sums in ClickHouse.
//!
//! Sums are inserted as differences, which the engine adds up. Nothing is atomic over two inserts,
//! so how far the source was read is written last, and whoever begins to write, or saw an insert
//! fail, first ends what still writes and makes the sums of the days anew that hold events of later
//! numbers.

mod http;
mod read;
mod tables;
mod write;

use std::collections::HashMap;

use domain::secret::Secret;
use tokio::sync::Mutex;

use self::http::Door;
use super::rows::StoreError;
use crate::event::Name;
use crate::figures::Day;

/// A database of ClickHouse, with one writer at a time.
pub(super) struct ClickHouse {
    door: Door,
    writer: Mutex<Writer>,
}

/// What whoever writes knows.
struct Writer {
    /// Sums may hold more or less than the source says.
    is_doubtful: bool,
    /// The names that applications gave themselves, once they were read.
    titles: Option<HashMap<Name, Option<Name>>>,
    /// Events of days before this one were forgotten: sums cannot be made of them anew.
    events_from: Option<Day>,
}

impl ClickHouse {
    /// Opens the database, and makes its tables where there are none.
    pub(super) async fn open(url: &Secret) -> Result<ClickHouse, StoreError> {
        let door = Door::new(url)?;
        for table in tables::TABLES {
            door.run(table).await?;
        }
        for (table, column, kind) in tables::ADDED {
            let known = format!(
                "SELECT name FROM system.columns WHERE database = currentDatabase()
                    AND table = '{table}' AND name = '{column}'"
            );
            if door.rows(&known).await?.is_empty() {
                door.run(&format!("ALTER TABLE {table} ADD COLUMN {column} {kind}")).await?;
            }
        }
        let writer = Writer { is_doubtful: true, titles: None, events_from: None };
        Ok(ClickHouse { door, writer: Mutex::new(writer) })
    }

    /// See `Store::doubt`.
    pub(super) async fn doubt(&self) {
        let mut writer = self.writer.lock().await;
        writer.is_doubtful = true;
        writer.titles = None;
    }
}
