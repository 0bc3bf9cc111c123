//! The reader of a provider's stream.

use domain::event::Event;
use domain::failure::Failure;

/// Turns a provider's bytes into events.
pub(crate) trait StreamDecoder: Send + Sync {
    /// Takes bytes, cut anywhere, and appends the events that they complete. Returns whether the
    /// stream has come to its prescribed end.
    ///
    /// # Errors
    /// When the stream turns out to be broken or to carry an error. What came before is in
    /// `events`.
    fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<bool, Failure>;

    /// Takes note that the network has ended the stream.
    ///
    /// # Errors
    /// When it ended before the answer did.
    fn end(&mut self, events: &mut Vec<Event>) -> Result<(), Failure>;
}
