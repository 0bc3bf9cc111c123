//! A database of its own for each test: made before, gone after, whatever the test did.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AnyPool, AssertSqlSafe};
use store::Db;
use tokio::runtime::Runtime;

/// An empty database that nobody else uses.
pub(crate) struct Home {
    /// What `Db::open` takes.
    pub(crate) url: String,
    runtime: Runtime,
    place: Place,
}

enum Place {
    Folder(PathBuf),
    Schema { server: String, name: String },
}

/// Tells a story to the engine that is always at hand.
pub(crate) fn on_a_file(story: impl Fn(&Home)) {
    tell(Home::file(), &story);
}

/// Tells a story to each engine, in an empty database.
pub(crate) fn on_each_engine(story: impl Fn(&Home)) {
    tell(Home::file(), &story);
    tell(Home::schema(server()), &story);
}

fn tell(home: Home, story: &impl Fn(&Home)) {
    let outcome = catch_unwind(AssertUnwindSafe(|| story(&home)));
    let engine = home.url.split(':').next().unwrap_or_default().to_owned();
    home.demolish();
    if let Err(panic) = outcome {
        resume_unwind(told(panic, &engine));
    }
}

/// Adds the engine to what a test panicked with.
fn told(panic: Box<dyn Any + Send>, engine: &str) -> Box<dyn Any + Send> {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
    match text {
        Some(text) => Box::new(format!("on {engine}: {text}")),
        None => panic,
    }
}

#[expect(clippy::disallowed_methods, reason = "the test command says here where its server is")]
fn server() -> String {
    let server = std::env::var("DATABASE_URL");
    server.expect("DATABASE_URL names a Postgres, as under `cargo xtask test`")
}

fn unique(what: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("store_{what}_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

impl Home {
    fn file() -> Home {
        let folder = std::env::temp_dir().join(unique("test"));
        std::fs::create_dir_all(&folder).unwrap();
        // A name with characters that mean something in an address.
        let url = format!("sqlite:{}/a b%#.db", folder.display());
        Home { url, runtime: Runtime::new().unwrap(), place: Place::Folder(folder) }
    }

    fn schema(server: String) -> Home {
        let runtime = Runtime::new().unwrap();
        let name = unique("test");
        runtime.block_on(command(&server, format!("CREATE SCHEMA {name}")));
        let joint = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{joint}options[search_path]={name}");
        Home { url, runtime, place: Place::Schema { server, name } }
    }

    /// Removes the database.
    fn demolish(self) {
        match &self.place {
            Place::Folder(folder) => std::fs::remove_dir_all(folder).unwrap(),
            Place::Schema { server, name } => {
                self.runtime.block_on(command(server, format!("DROP SCHEMA {name} CASCADE")));
            }
        }
    }

    /// Runs a future to its end.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Opens the database as the program does.
    pub(crate) async fn open(&self) -> Db {
        Db::open(&self.url).await.unwrap()
    }

    /// Opens the database as somebody would who goes behind the program's back.
    pub(crate) async fn behind(&self) -> AnyPool {
        sqlx::any::install_default_drivers();
        let url = match &self.place {
            Place::Folder(folder) => {
                format!("sqlite:{}/a%20b%25%23.db?mode=rwc", folder.display())
            }
            Place::Schema { .. } => self.url.clone(),
        };
        AnyPool::connect(&url).await.unwrap()
    }

    /// Runs statements behind the program's back.
    pub(crate) async fn tamper(&self, sql: &str) {
        let pool = self.behind().await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&pool).await.unwrap();
        pool.close().await;
    }

    /// Returns the folder of the database, where it is a file.
    pub(crate) fn folder(&self) -> Option<&PathBuf> {
        match &self.place {
            Place::Folder(folder) => Some(folder),
            Place::Schema { .. } => None,
        }
    }
}

async fn command(server: &str, sql: String) {
    sqlx::any::install_default_drivers();
    let pool = AnyPool::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&pool).await.unwrap();
    pool.close().await;
}
