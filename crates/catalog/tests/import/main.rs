//! Imports, as whoever runs them sees them.
#![expect(clippy::unwrap_used, reason = "a test ends where it fails")]

mod hostile;
mod inverse;
mod round_trip;
mod rules;
