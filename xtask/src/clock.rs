//! The one place where a chore looks at the clock.

use std::time::Instant;

/// Returns the time now, for measuring how long something took.
#[expect(clippy::disallowed_methods, reason = "a chore measures itself and is not simulated")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
