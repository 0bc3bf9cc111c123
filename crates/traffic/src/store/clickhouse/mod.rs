//! Events and sums in ClickHouse.
//!
//! Sums are inserted as differences, which the engine adds up. Nothing is atomic over two inserts,
//! so how far the source was read is written last, and whoever opens the store, or saw an insert
//! fail, first makes the sums of the days anew that hold events of later numbers.

mod http;
mod read;
mod tables;
mod write;

use domain::secret::Secret;
use tokio::sync::Mutex;

use self::http::Door;
use super::rows::StoreError;

/// A database of ClickHouse, with one writer at a time.
pub(super) struct ClickHouse {
    door: Door,
    /// Whether sums may hold more or less than the source says.
    is_doubtful: Mutex<bool>,
}

impl ClickHouse {
    /// Opens the database, and makes its tables where there are none.
    pub(super) async fn open(url: &Secret) -> Result<ClickHouse, StoreError> {
        let door = Door::new(url)?;
        for table in tables::TABLES {
            door.run(table).await?;
        }
        Ok(ClickHouse { door, is_doubtful: Mutex::new(true) })
    }
}
