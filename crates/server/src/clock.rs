//! The one place that reads the clock and the machine's randomness.

use std::time::SystemTime;

use domain::port::{Clock, Entropy};
use domain::time::Timestamp;

/// The machine's clock.
pub struct SystemClock;

/// The machine's randomness.
pub struct SystemEntropy;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone asks")]
        let now = SystemTime::now();
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

impl Entropy for SystemEntropy {
    fn draw(&self) -> u128 {
        u128::from_le_bytes(random())
    }
}

/// Returns random bytes of the operating system.
///
/// # Panics
/// When it has none to give, which Linux, macOS and Windows say cannot happen once they run.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has randomness once it runs");
    bytes
}
