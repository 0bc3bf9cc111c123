//! Where conversations have their prompt caches: bounded, in memory, for as long as those live.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::plan::Bond;
use domain::time::Timestamp;

/// Parts that are locked each on its own.
const SHARDS: usize = 16;
/// Conversations of one part, at most.
const SHARD_MAX: usize = 8_192;

/// Where conversations have their prompt caches.
#[derive(Debug)]
pub struct Bonds {
    shards: [Mutex<HashMap<u64, Bond>>; SHARDS],
}

impl Default for Bonds {
    fn default() -> Bonds {
        Bonds { shards: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl Bonds {
    /// Returns where a conversation has its cache, where that is still kept.
    pub(crate) fn find(&self, conversation: u64, now: Timestamp) -> Option<Bond> {
        let shard = self.shard(conversation).lock().unwrap_or_else(PoisonError::into_inner);
        shard.get(&conversation).filter(|bond| bond.is_alive(now)).cloned()
    }

    /// Takes note of where a conversation has its cache now, or that it has none. A part that is
    /// full forgets what has expired, and then whatever was used longest ago.
    pub(crate) fn keep(&self, conversation: u64, bond: Option<Bond>, now: Timestamp) {
        let mut shard = self.shard(conversation).lock().unwrap_or_else(PoisonError::into_inner);
        let Some(bond) = bond else {
            shard.remove(&conversation);
            return;
        };
        if SHARD_MAX <= shard.len() && !shard.contains_key(&conversation) {
            shard.retain(|_, bond| bond.is_alive(now));
            if SHARD_MAX <= shard.len() {
                let mut used: Vec<Timestamp> = shard.values().map(|bond| bond.used).collect();
                // A quarter at once, so that not every further one has to look through all.
                let (_, oldest, _) = used.select_nth_unstable(SHARD_MAX / 4);
                let oldest = *oldest;
                shard.retain(|_, bond| oldest < bond.used);
            }
        }
        shard.insert(conversation, bond);
    }

    fn shard(&self, conversation: u64) -> &Mutex<HashMap<u64, Bond>> {
        &self.shards[(conversation >> 60) as usize % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bond(used_ms: i64) -> Bond {
        let used = Timestamp::from_ms(used_ms);
        Bond { endpoint: "p:m".to_owned(), used, lives_ms: 1_000, ..Bond::default() }
    }

    #[test]
    fn what_has_expired_is_forgotten() {
        let bonds = Bonds::default();
        bonds.keep(1, Some(bond(0)), Timestamp::from_ms(0));
        assert!(bonds.find(1, Timestamp::from_ms(999)).is_some());
        assert!(bonds.find(1, Timestamp::from_ms(1_000)).is_none());
        bonds.keep(1, None, Timestamp::from_ms(1));
        assert!(bonds.find(1, Timestamp::from_ms(1)).is_none());
    }

    #[test]
    fn a_full_part_forgets_what_was_used_longest_ago() {
        let bonds = Bonds::default();
        let now = Timestamp::from_ms(100);
        for conversation in 0..2 * SHARD_MAX as u64 {
            bonds.keep(conversation, Some(bond(conversation as i64 % 90)), now);
            let held = bonds.shards[0].lock().unwrap().len();
            assert!(held <= SHARD_MAX, "{held}");
        }
        assert!(SHARD_MAX / 2 < bonds.shards[0].lock().unwrap().len());
    }
}
