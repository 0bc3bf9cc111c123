//! Why a transaction of the books ended early.

use domain::books::BooksError;

use crate::db::StoreError;

impl From<StoreError> for BooksError {
    /// Whatever a database says, it is not known what became of the transaction, and every message
    /// is safe to repeat.
    fn from(error: StoreError) -> BooksError {
        BooksError::Unreachable(error.to_string())
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Trouble {
        Trouble::Store(error.into())
    }
}

/// Why a transaction of the books ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The books themselves.
    #[error(transparent)]
    Books(BooksError),
}

impl From<Trouble> for BooksError {
    fn from(trouble: Trouble) -> BooksError {
        match trouble {
            Trouble::Store(error) => error.into(),
            Trouble::Books(error) => error,
        }
    }
}
