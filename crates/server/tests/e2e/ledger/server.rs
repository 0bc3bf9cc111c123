//! A database of its own on the server that the test command starts.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// A database. It is gone on drop.
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// Makes an empty one, on the server that the test command starts.
    #[expect(clippy::disallowed_methods, reason = "the test command says here where it is")]
    pub async fn made() -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = std::env::var("DATABASE_URL");
        let server = server.expect("DATABASE_URL names a Postgres, as under `cargo xtask test`");
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("e2e_{}_{number}", std::process::id());
        run(&server, format!("CREATE DATABASE {name}")).await;
        Database { server, name }
    }

    /// Where the binary reaches it.
    pub fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').expect("the address names a database");
        format!("{server}/{}", self.name)
    }
}

async fn run(server: &str, sql: String) {
    let mut connection = PgConnection::connect(server).await.expect("the server answers");
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let gone = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(run(&server, format!("DROP DATABASE {name} WITH (FORCE)")));
        });
        let _ = gone.join();
    }
}
