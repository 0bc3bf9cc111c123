//! Streams that are read to their end although nobody listens, because the provider bills the rest
//! all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many streams a node drains at one time.
const DRAINS_MAX: usize = 256;
/// How much of one it reads after its caller has left.
pub(crate) const DRAIN_BYTES_MAX: usize = 16 << 20;

/// Counts the streams that a node drains.
#[derive(Clone, Debug, Default)]
pub struct Drains(Arc<AtomicUsize>);

/// A stream that is being drained, while this lives.
pub(crate) struct Drain(Arc<AtomicUsize>);

impl Drains {
    /// Takes on one more; `None` where the node drains as many as it can bear.
    pub(crate) fn begin(&self) -> Option<Drain> {
        if DRAINS_MAX <= self.0.fetch_add(1, Ordering::Relaxed) {
            self.0.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Drain(self.0.clone()))
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_drains_only_so_many_at_a_time() {
        let drains = Drains::default();
        let mut open: Vec<Drain> = (0..DRAINS_MAX).filter_map(|_| drains.begin()).collect();
        assert_eq!(open.len(), DRAINS_MAX);
        assert!(drains.begin().is_none());
        open.pop();
        assert!(drains.begin().is_some());
    }
}
