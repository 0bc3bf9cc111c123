//! Which database it is, for the few places where that matters.

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// A file of this machine.
    Sqlite,
    /// A server.
    Postgres,
}
