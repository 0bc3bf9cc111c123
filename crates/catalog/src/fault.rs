//! What is wrong with the files of a catalog, all of it at once.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

/// The most faults that one load reports; the rest is counted.
const FAULTS_MAX: usize = 200;

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The path of the file, as it was given.
    pub file: String,
    /// The line, counted from one; `None` where the whole file is meant.
    pub line: Option<usize>,
    /// The key, such as `endpoint[gpt-4o].price.input`. Empty where no key is meant.
    pub key: String,
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// What is wrong and what would mend it, for whoever edits the file.
    pub message: String,
}

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// The text is no TOML.
    Syntax,
    /// The format has no such key.
    UnknownKey,
    /// A key that has to be there is missing.
    MissingKey,
    /// The value has another type.
    WrongType,
    /// The value is none of those that are allowed.
    BadValue,
    /// A slug, an id or a qualifier has a shape that no name has, or is in the wrong file.
    BadName,
    /// An address cannot be used, or must not be.
    BadUrl,
    /// A price is no exact decimal within bounds, or is one that cannot be meant.
    BadPrice,
    /// Thresholds do not rise, or a tier prices what the base price does not.
    BadTier,
    /// The hours of a price make no sense.
    BadWindow,
    /// Billed by use, without a price.
    Unpriced,
    /// The same thing twice.
    Duplicate,
    /// There is no such provider.
    UnknownProvider,
    /// There is no such model.
    UnknownModel,
    /// There is no such endpoint.
    UnknownEndpoint,
    /// A model that no endpoint offers.
    Unserved,
    /// A doubtful price was lifted without the day on which a person confirmed it.
    Unconfirmed,
    /// More faults than are shown.
    TooMany,
}

/// Where a row of a file begins, and what it is called there.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub file: Arc<str>,
    pub line: usize,
    pub key: String,
}

/// Collects faults while the reading goes on.
#[derive(Default)]
pub(crate) struct Sink {
    faults: RefCell<Vec<Fault>>,
}

impl FaultKind {
    fn is_about_something_missed(self) -> bool {
        matches!(
            self,
            FaultKind::UnknownProvider
                | FaultKind::UnknownModel
                | FaultKind::UnknownEndpoint
                | FaultKind::Unserved
        )
    }
}

impl Place {
    /// Returns a fault about the row as a whole.
    pub(crate) fn fault(&self, kind: FaultKind, message: impl Into<String>) -> Fault {
        Fault {
            file: self.file.to_string(),
            line: Some(self.line),
            key: self.key.clone(),
            kind,
            message: message.into(),
        }
    }

    /// Returns a fault about one key of the row.
    pub(crate) fn fault_at(&self, key: &str, kind: FaultKind, message: impl Into<String>) -> Fault {
        let fault = self.fault(kind, message);
        Fault { key: format!("{}.{key}", self.key), ..fault }
    }
}

impl Sink {
    pub(crate) fn push(&self, fault: Fault) {
        self.faults.borrow_mut().push(fault);
    }

    /// Returns what was collected, in the order of files and lines, and no more than can be read.
    pub(crate) fn into_faults(self) -> Vec<Fault> {
        let mut faults = self.faults.into_inner();
        // What a file that is no TOML would have brought is missed elsewhere: no fault of those.
        if faults.iter().any(|fault| fault.kind == FaultKind::Syntax) {
            faults.retain(|fault| !fault.kind.is_about_something_missed());
        }
        faults.sort_by(|a, b| (&a.file, a.line, &a.key).cmp(&(&b.file, b.line, &b.key)));
        let more = faults.len().saturating_sub(FAULTS_MAX);
        if 0 < more {
            faults.truncate(FAULTS_MAX);
            faults.push(Fault {
                file: String::from("catalog"),
                line: None,
                key: String::new(),
                kind: FaultKind::TooMany,
                message: format!("{more} more faults are not shown"),
            });
        }
        faults
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}
