//! Imports, as whoever runs them sees them.

mod inverse;
mod round_trip;
