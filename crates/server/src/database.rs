//! The database: the embedded one, or the one that the operator names.

use std::path::PathBuf;

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
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens the database, and brings it up to date.
///
/// # Errors
/// When its folder cannot be made, or it cannot be opened.
pub async fn open(config: &Config) -> Result<Db, DatabaseError> {
    if !config.database.url.is_empty() {
        return Ok(Db::open(config.database.url.expose()).await?);
    }
    let data = &config.data;
    std::fs::create_dir_all(data)
        .map_err(|error| DatabaseError::Folder { path: data.clone(), error })?;
    let file = data.join("interline.db");
    Ok(Db::open(&format!("sqlite:{}", file.display())).await?)
}
