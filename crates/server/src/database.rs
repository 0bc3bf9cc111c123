//! The database: the embedded one, or the one that the operator names.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use store::{Db, StoreError};

use crate::config::Config;

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The folder of the embedded database cannot be made.
    #[error("{}: {error}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system says.
        error: std::io::Error,
    },
    /// Another process has the folder. Two would each keep books of their own over the same keys.
    #[error("{}: another process has it", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// The folder has no database.
    #[error("{}: there is no database; `interline serve` makes one", path.display())]
    Absent {
        /// The folder.
        path: PathBuf,
    },
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The embedded database's folder is this process's own while this lives. A process that dies
/// gives it back.
#[derive(Debug)]
pub struct Claim {
    _lock: File,
}

/// Opens a database that a server may be using: the one at `url`, or else the one in a folder. What
/// is done in it is one transaction each, so the folder's lock is not needed.
///
/// # Errors
/// When there is no database in the folder, or it cannot be opened.
pub async fn open_beside(data: &Path, url: Option<&str>) -> Result<Db, DatabaseError> {
    if let Some(url) = url.filter(|url| !url.is_empty()) {
        return Ok(Db::open(url).await?);
    }
    let file = data.join("interline.db");
    if !file.exists() {
        return Err(DatabaseError::Absent { path: data.to_owned() });
    }
    Ok(Db::open(&format!("sqlite:{}", file.display())).await?)
}

/// Opens the database of an instance whose server may be using it.
///
/// # Errors
/// As [`open_beside`].
pub async fn open_of(config: &Config) -> Result<Db, DatabaseError> {
    open_beside(&config.data, Some(config.database.url.expose())).await
}

/// Opens the database, and brings it up to date. The claim is on the folder of the embedded one.
///
/// # Errors
/// When its folder cannot be made, another process has it, or it cannot be opened.
pub async fn open(config: &Config) -> Result<(Db, Option<Claim>), DatabaseError> {
    if !config.database.url.is_empty() {
        return Ok((Db::open(config.database.url.expose()).await?, None));
    }
    let data = &config.data;
    let folder = |error| DatabaseError::Folder { path: data.clone(), error };
    std::fs::create_dir_all(data).map_err(folder)?;
    let lock = File::create(data.join("interline.lock")).map_err(folder)?;
    match lock.try_lock() {
        Ok(()) => (),
        Err(TryLockError::WouldBlock) => return Err(DatabaseError::Taken { path: data.clone() }),
        Err(TryLockError::Error(error)) => return Err(folder(error)),
    }
    let file = data.join("interline.db");
    let db = Db::open(&format!("sqlite:{}", file.display())).await?;
    Ok((db, Some(Claim { _lock: lock })))
}
