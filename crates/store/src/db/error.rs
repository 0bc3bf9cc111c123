//! Why the store could not do what was asked. No message holds SQL, an address or a password.

use sqlx::error::ErrorKind;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is of no database that can be opened.
    #[error("the database address cannot be used: {0}")]
    Address(&'static str),
    /// The database file cannot be made or opened.
    #[error("the database file `{path}` cannot be opened: {reason}")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// A later version of the program has already migrated the database.
    #[error(
        "the database is at version {found}, but this program knows only {known}: run the newer program"
    )]
    Newer {
        /// The version that the database is at.
        found: i64,
        /// The last version that this program knows.
        known: i64,
    },
    /// A migration that the database went through is not the one that this program holds.
    #[error("migration {version} (`{name}`) was applied from a different text")]
    Changed {
        /// Its number.
        version: i64,
        /// Its name in the database.
        name: String,
    },
    /// What was to be added is there already.
    #[error("it exists already")]
    Exists,
    /// A row holds what this program cannot have written.
    #[error("the database holds an unreadable {0}")]
    Corrupt(&'static str),
    /// The database does not answer. Asking again later may help.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The database refused.
    #[error("the database refused: {0}")]
    Refused(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        match error {
            sqlx::Error::Database(error) if error.kind() == ErrorKind::UniqueViolation => {
                StoreError::Exists
            }
            sqlx::Error::Database(error) => StoreError::Refused(error.message().to_owned()),
            sqlx::Error::Io(error) => StoreError::Unreachable(error.to_string()),
            sqlx::Error::Tls(_) => StoreError::Unreachable("TLS failed".to_owned()),
            sqlx::Error::PoolTimedOut => {
                StoreError::Unreachable("no connection became free in time".to_owned())
            }
            sqlx::Error::PoolClosed => StoreError::Unreachable("it was closed".to_owned()),
            sqlx::Error::WorkerCrashed => StoreError::Unreachable("its thread died".to_owned()),
            sqlx::Error::Protocol(_) => {
                StoreError::Unreachable("it broke the wire protocol".to_owned())
            }
            // What a configuration error says may quote the address, password and all.
            sqlx::Error::Configuration(_) => StoreError::Address("it is malformed"),
            _ => StoreError::Corrupt("row"),
        }
    }
}
