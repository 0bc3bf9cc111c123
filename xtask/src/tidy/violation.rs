//! One broken rule: where, which, and how to mend it.

use std::fmt;

/// One broken rule at one place. `line` counts from 1; 0 speaks of the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) rule: &'static str,
    pub(crate) mend: String,
}

impl Violation {
    /// States that `rule` is broken at `path:line`, and what to do instead.
    pub(crate) fn new(
        path: &str,
        line: usize,
        rule: &'static str,
        mend: impl Into<String>,
    ) -> Violation {
        Violation { path: path.to_owned(), line, rule, mend: mend.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: [{}] {}", self.path, self.line.max(1), self.rule, self.mend)
    }
}
