//! The one place that reads the clock and the machine's randomness.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use domain::port::{Clock, Entropy};
use domain::time::Timestamp;

/// The machine's clock.
pub struct SystemClock;

/// The machine's randomness, fetched some requests ahead: asking the system for every one would be
/// a good part of what a short request costs.
#[derive(Default)]
pub struct SystemEntropy(Mutex<Drawer>);

/// Random bytes of the system that nobody has been given yet.
struct Drawer {
    bytes: [u8; DRAWER_BYTES],
    given: usize,
}

const DRAWER_BYTES: usize = 4096;
const DRAW_BYTES: usize = 16;

impl Default for Drawer {
    fn default() -> Drawer {
        Drawer { bytes: [0; DRAWER_BYTES], given: DRAWER_BYTES }
    }
}

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
        let mut drawer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if drawer.given == DRAWER_BYTES {
            drawer.bytes = random();
            drawer.given = 0;
        }
        let from = drawer.given;
        let mut drawn = [0; DRAW_BYTES];
        // What was given is wiped, so that a later look at the memory finds no id of the past.
        let place = &mut drawer.bytes[from..from + DRAW_BYTES];
        drawn.copy_from_slice(place);
        place.fill(0);
        drawer.given = from + DRAW_BYTES;
        u128::from_le_bytes(drawn)
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nothing_is_given_twice() {
        let entropy = SystemEntropy::default();
        let draws: HashSet<u128> = (0..1_000).map(|_| entropy.draw()).collect();
        assert_eq!(draws.len(), 1_000);
        assert!(!draws.contains(&0));
    }
}
