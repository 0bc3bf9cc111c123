//! Bringing a database's tables up to what this program expects.
//!
//! Migrations only ever add to the list. What an older program still reads is not taken away in the
//! same release, so that two versions can share a database while one replaces the other.

use sqlx::{AnyConnection, AnyPool, Row};

use super::engine::Engine;
use super::error::StoreError;

/// A step from one version of the tables to the next.
struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
    /// What each engine says in its own words: triggers.
    own: Option<Own>,
}

/// The part of a step that is different for each engine.
struct Own {
    sqlite: &'static str,
    postgres: &'static str,
}

/// A step that a database has been through.
struct Applied {
    version: i64,
    name: String,
    checksum: String,
}

const MIGRATIONS: [Migration; 6] = [
    Migration {
        version: 1,
        name: "keys",
        sql: include_str!("../../../../migrations/0001_keys.sql"),
        own: None,
    },
    Migration {
        version: 2,
        name: "generations",
        sql: include_str!("../../../../migrations/0002_generations.sql"),
        own: None,
    },
    Migration {
        version: 3,
        name: "kept_answers",
        sql: include_str!("../../../../migrations/0003_kept_answers.sql"),
        own: None,
    },
    Migration {
        version: 4,
        name: "ledger",
        sql: include_str!("../../../../migrations/0004_ledger.sql"),
        own: Some(Own {
            sqlite: include_str!("../../../../migrations/0004_ledger.sqlite.sql"),
            postgres: include_str!("../../../../migrations/0004_ledger.postgres.sql"),
        }),
    },
    Migration {
        version: 5,
        name: "rate_limits",
        sql: include_str!("../../../../migrations/0005_rate_limits.sql"),
        own: None,
    },
    Migration {
        version: 6,
        name: "stealth",
        sql: include_str!("../../../../migrations/0006_stealth.sql"),
        own: None,
    },
];

/// Applies whatever is missing up to `version`, all or nothing.
///
/// # Errors
/// `Newer` and `Changed`, when the database is not what this program would have made.
pub(crate) async fn run(pool: &AnyPool, engine: Engine, version: usize) -> Result<(), StoreError> {
    // Held until the transaction ends, so that programs that start together migrate one by one.
    const LOCK: &str = "DO $$ BEGIN PERFORM pg_advisory_xact_lock(7163390421); END $$";

    let mut tx = match engine {
        Engine::Sqlite => pool.begin_with("BEGIN IMMEDIATE").await?,
        Engine::Postgres => pool.begin().await?,
    };
    if engine == Engine::Postgres {
        sqlx::raw_sql(LOCK).execute(&mut *tx).await?;
    }
    let applied = applied(&mut tx).await?;
    check(&applied)?;
    for migration in MIGRATIONS.iter().take(version).skip(applied.len()) {
        sqlx::raw_sql(migration.sql).execute(&mut *tx).await?;
        if let Some(own) = &migration.own {
            let sql = match engine {
                Engine::Sqlite => own.sqlite,
                Engine::Postgres => own.postgres,
            };
            sqlx::raw_sql(sql).execute(&mut *tx).await?;
        }
        record(&mut tx, migration).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Checks that `applied` is the beginning of what this program would have applied.
fn check(applied: &[Applied]) -> Result<(), StoreError> {
    let known = MIGRATIONS.len() as i64;
    if let Some(found) = applied.iter().map(|step| step.version).find(|&version| known < version) {
        return Err(StoreError::Newer { found, known });
    }
    for (step, migration) in applied.iter().zip(&MIGRATIONS) {
        if step.version != migration.version || step.checksum != checksum(migration.sql) {
            return Err(StoreError::Changed { version: step.version, name: step.name.clone() });
        }
    }
    Ok(())
}

async fn applied(tx: &mut AnyConnection) -> Result<Vec<Applied>, StoreError> {
    const MAKE: &str = "
        CREATE TABLE IF NOT EXISTS migrations (
            version  BIGINT NOT NULL,
            name     TEXT   NOT NULL,
            checksum TEXT   NOT NULL,
            CONSTRAINT migrations_pk PRIMARY KEY (version)
        )";
    const READ: &str = "SELECT version, name, checksum FROM migrations ORDER BY version";

    sqlx::raw_sql(MAKE).execute(&mut *tx).await?;
    let mut applied = Vec::new();
    for row in sqlx::query(READ).fetch_all(&mut *tx).await? {
        applied.push(Applied {
            version: row.try_get(0)?,
            name: row.try_get(1)?,
            checksum: row.try_get(2)?,
        });
    }
    Ok(applied)
}

async fn record(tx: &mut AnyConnection, migration: &Migration) -> Result<(), StoreError> {
    const RECORD: &str = "INSERT INTO migrations (version, name, checksum) VALUES ($1, $2, $3)";
    sqlx::query(RECORD)
        .bind(migration.version)
        .bind(migration.name)
        .bind(checksum(migration.sql))
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// Returns the 64 bits of FNV-1a in hexadecimal: they show an edit, and nobody gains by a forgery.
fn checksum(sql: &str) -> String {
    let hash = sql.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_in_the_folder_is_embedded_in_its_place() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
        let mut found: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".sql") && name.matches('.').count() == 1)
            .collect();
        found.sort();
        let embedded: Vec<String> = MIGRATIONS
            .iter()
            .map(|migration| format!("{:04}_{}.sql", migration.version, migration.name))
            .collect();
        assert_eq!(found, embedded);
        for (index, migration) in MIGRATIONS.iter().enumerate() {
            assert_eq!(migration.version, index as i64 + 1);
        }
    }
}
