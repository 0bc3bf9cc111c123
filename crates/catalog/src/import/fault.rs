//! Why an import could not be done at all.

use thiserror::Error;

/// Why an import gives no catalog: one of its inputs cannot be read as a whole.
///
/// What is wrong with a single row is no fault but a decision for a person, and the rest goes on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImportFault {
    /// The source is longer than any list of models is.
    #[error("the source has {bytes} bytes; at most {max} are read")]
    SourceTooLarge {
        /// Its length.
        bytes: usize,
        /// The most that is read.
        max: usize,
    },
    /// The source is not JSON of the expected shape.
    #[error("the source cannot be read: {detail}")]
    SourceUnreadable {
        /// What the reader said.
        detail: String,
    },
    /// The source lists more than any market holds.
    #[error("the source lists {count} {what}; at most {max} are read")]
    SourceTooLong {
        /// What there are too many of.
        what: String,
        /// How many there are.
        count: usize,
        /// The most that are read.
        max: usize,
    },
    /// A hand-kept table is missing.
    #[error("the table {path} is missing")]
    TableMissing {
        /// Its path.
        path: String,
    },
    /// A hand-kept table or a file of the catalog is not what it must be.
    #[error("{path}: {detail}")]
    FileUnreadable {
        /// Its path.
        path: String,
        /// What is wrong with it.
        detail: String,
    },
}

impl ImportFault {
    /// A fault of one of the catalog's own files.
    pub(super) fn of_file(path: &str, detail: impl ToString) -> ImportFault {
        ImportFault::FileUnreadable { path: path.to_owned(), detail: detail.to_string() }
    }
}
