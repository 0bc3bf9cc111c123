//! What can be done with a connection.

/// One act upon the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Write(Vec<u8>),
    /// Writes an event that carries content: these are counted.
    Content(Vec<u8>),
    /// Waits so many milliseconds, or less if the caller leaves.
    Wait(u64),
    /// Waits so many milliseconds, whether the caller is there or not.
    WaitBlindly(u64),
    /// Waits until the caller leaves.
    Hang,
    /// Closes the write side, and goes on.
    CloseWrite,
    /// Closes the connection in order.
    Close,
    /// Resets the connection.
    Reset,
}

/// The steps of one response. Where they end without a close, the connection goes on if it may.
pub(crate) type Play = Box<dyn Iterator<Item = Step> + Send>;

/// A play of a few steps.
pub(super) fn once<const N: usize>(steps: [Step; N]) -> Play {
    Box::new(steps.into_iter())
}
