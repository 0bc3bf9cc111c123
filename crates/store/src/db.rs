//! An open database: how it is opened, how it fails, how many rows go into it at once.

mod engine;
mod error;
mod migrate;
mod rows;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Any, AnyPool, ConnectOptions, Executor, PgPool, Transaction};
use tokio::fs;

pub(crate) use engine::Engine;
pub use error::StoreError;
pub(crate) use rows::{Insert, Step, Texts};

/// An open database, migrated to what this program expects. Clones share its connections.
#[derive(Clone)]
pub struct Db {
    pub(crate) pool: AnyPool,
    pub(crate) engine: Engine,
    /// Of a server: the one connection on which other processes call, once it is needed.
    pub(crate) listening: Option<PgPool>,
}

/// What each connection to a file is told.
///
/// `FULL` makes every commit durable before it is acknowledged: what was settled is never lost with
/// the power. A larger checkpoint writes a page that changed often only once.
const PRAGMAS: &str = "
    PRAGMA busy_timeout = 10000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA journal_size_limit = 67108864;
";

const SQLITE_CONNECTIONS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 8;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(15);

impl Db {
    /// Opens `sqlite:PATH`, making a file that only its owner may read where there is none, or
    /// `postgres://…`, and brings its tables up to date.
    ///
    /// # Errors
    /// When the address is malformed, nothing answers there, or the tables are of a newer or
    /// another program.
    pub async fn open(url: &str) -> Result<Db, StoreError> {
        Db::open_at(url, usize::MAX).await
    }

    /// Opens a database as [`Db::open`] does, and brings its tables no further than to `version`:
    /// for tests of what comes after it.
    ///
    /// # Errors
    /// As [`Db::open`].
    #[doc(hidden)]
    pub async fn open_at(url: &str, version: usize) -> Result<Db, StoreError> {
        sqlx::any::install_default_drivers();
        if let Some(path) = url.strip_prefix("sqlite:") {
            return open_file(path, version).await;
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return open_server(url, version).await;
        }
        Err(StoreError::Address("it begins with neither `sqlite:` nor `postgres://`"))
    }

    /// Returns whether other processes may use the same database: a file has one owner.
    pub fn is_shared(&self) -> bool {
        self.engine == Engine::Postgres
    }

    /// Begins a transaction that writes: in SQLite it waits here for other writers.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn begin_write(&self) -> Result<Transaction<'static, Any>, StoreError> {
        Ok(match self.engine {
            Engine::Sqlite => self.pool.begin_with("BEGIN IMMEDIATE").await?,
            Engine::Postgres => self.pool.begin().await?,
        })
    }

    /// Waits until every connection is closed. Whatever is asked of any clone afterwards fails.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Db(…)")
    }
}

async fn open_file(address: &str, version: usize) -> Result<Db, StoreError> {
    let path = address.strip_prefix("//").unwrap_or(address);
    let path = path.strip_suffix("?mode=rwc").unwrap_or(path);
    if path.is_empty() || path.contains('?') || path.starts_with(":memory:") {
        return Err(StoreError::Address("`sqlite:` wants the path of a file, and nothing more"));
    }
    let path = make_file(path)
        .await
        .map_err(|error| StoreError::File { path: path.to_owned(), reason: error.to_string() })?;
    let pool = AnyPoolOptions::new()
        .max_connections(SQLITE_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A connection to a file neither ages nor breaks, and a new one starts with cold caches.
        .max_lifetime(None)
        .idle_timeout(None)
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(PRAGMAS).await.map(drop) })
        })
        .connect_with(quiet(&format!("sqlite://{}", escaped(&path)))?)
        .await?;
    migrate::run(&pool, Engine::Sqlite, version).await?;
    Ok(Db { pool, engine: Engine::Sqlite, listening: None })
}

async fn open_server(url: &str, version: usize) -> Result<Db, StoreError> {
    let pool = AnyPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(quiet(url)?)
        .await?;
    migrate::run(&pool, Engine::Postgres, version).await?;
    let options = PgConnectOptions::from_str(url)?.disable_statement_logging();
    let listening = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    Ok(Db { pool, engine: Engine::Postgres, listening: Some(listening) })
}

/// Parses an address so that no statement is ever logged.
fn quiet(url: &str) -> Result<AnyConnectOptions, StoreError> {
    Ok(AnyConnectOptions::from_str(url)?.disable_statement_logging())
}

/// Makes the file where there is none, and returns its full path. SQLite gives the files that it
/// makes beside it the same permissions.
async fn make_file(path: &str) -> std::io::Result<PathBuf> {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path).await?;
    fs::canonicalize(path).await
}

/// Writes a path so that no byte of it means anything in a URL.
fn escaped(path: &Path) -> String {
    let mut url = String::new();
    for byte in path.to_string_lossy().bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use sqlx::Row;

    use super::*;

    #[tokio::test]
    async fn every_connection_to_a_file_makes_its_commits_durable() {
        let folder = std::env::temp_dir().join(format!("store_db_{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let db = Db::open(&format!("sqlite:{}/a.db", folder.display())).await.unwrap();
        let mut connections = Vec::new();
        for _ in 0..SQLITE_CONNECTIONS {
            let mut connection = db.pool.acquire().await.unwrap();
            for (pragma, expected) in [
                ("PRAGMA synchronous", 2),
                ("PRAGMA foreign_keys", 1),
                ("PRAGMA busy_timeout", 10_000),
            ] {
                let row = sqlx::query(pragma).fetch_one(&mut *connection).await.unwrap();
                assert_eq!(row.get::<i64, usize>(0), expected, "{pragma}");
            }
            let row = sqlx::query("PRAGMA journal_mode").fetch_one(&mut *connection).await.unwrap();
            assert_eq!(row.get::<String, usize>(0), "wal");
            connections.push(connection);
        }
        drop(connections);
        db.close().await;
        std::fs::remove_dir_all(folder).unwrap();
    }
}
