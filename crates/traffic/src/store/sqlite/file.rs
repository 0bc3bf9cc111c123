//! How files are opened, and what goes into them.

use std::path::Path;

use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};

use crate::event::Event;
use crate::store::rows::StoreError;
use crate::sums::Codes;

/// An event with its numbers.
pub(super) struct Coded<'a> {
    pub(super) number: u64,
    pub(super) id: Vec<u8>,
    pub(super) codes: Codes,
    pub(super) event: &'a Event,
}

/// Rows that are read ahead of whoever takes them.
const ROWS: usize = 2_048;

/// Returns how a file is opened: every commit reaches the disk.
pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .synchronous(SqliteSynchronous::Full)
        // Rows are read by the hundred thousand, and each time the reader waits it costs a switch.
        .row_buffer_size(ROWS)
        .busy_timeout(std::time::Duration::from_secs(10))
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", "-32000")
        .disable_statement_logging()
}

/// Returns a number as SQLite keeps it.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        StoreError::Engine(error.to_string())
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> StoreError {
        StoreError::Engine(error.to_string())
    }
}
