//! All that the connections of one simulator share.
use crate::clock::Clock;
use crate::provider::Provider;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};

/// The providers, and what they draw on.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    /// Whether requests are remembered; they are counted in any case.
    pub(crate) record: bool,
    providers: RwLock<BTreeMap<String, Arc<Provider>>>,
    answers: AtomicU64,
    connections: AtomicU64,
}

/// Bounds what callers can make the simulator remember by inventing names.
const PROVIDERS_MAX: usize = 10_000;
const NAME_BYTES_MAX: usize = 100;

impl World {
    pub(crate) fn new(record: bool) -> World {
        World {
            clock: Clock::start(),
            record,
            providers: RwLock::default(),
            answers: AtomicU64::new(0),
            connections: AtomicU64::new(0),
        }
    }

    /// The provider of that name, made on first sight; `None` for a name that is none, and when
    /// there are too many already.
    pub(crate) fn provider(&self, name: &str) -> Option<Arc<Provider>> {
        if let Some(known) = self.known_provider(name) {
            return Some(known);
        }
        let fits = !name.is_empty() && !name.starts_with('_') && name.len() <= NAME_BYTES_MAX;
        let mut providers = self.providers.write().unwrap_or_else(PoisonError::into_inner);
        if !fits || PROVIDERS_MAX <= providers.len() {
            return None;
        }
        Some(providers.entry(name.to_owned()).or_default().clone())
    }

    /// The provider of that name, if anyone has spoken of it before.
    pub(crate) fn known_provider(&self, name: &str) -> Option<Arc<Provider>> {
        self.providers.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// All providers spoken of so far, by name.
    pub(crate) fn providers(&self) -> Vec<(String, Arc<Provider>)> {
        let providers = self.providers.read().unwrap_or_else(PoisonError::into_inner);
        providers.iter().map(|(name, provider)| (name.clone(), provider.clone())).collect()
    }

    /// Counts a new connection, and says its number.
    pub(crate) fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Relaxed) + 1
    }

    /// A number unlike all others it has given.
    pub(crate) fn next_number(&self) -> u64 {
        crate::draw::mix(self.answers.fetch_add(1, Relaxed) + 1)
    }
}
