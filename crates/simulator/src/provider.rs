//! One simulated provider: its script, its counters and its record.
use crate::clock::Clock;
use crate::draw::{Draws, mix};
use crate::fault::Fault;
use crate::record::{Counters, Ending, Record, RecordedRequest};
use crate::script::Script;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// A provider, shared by the connections that speak to it.
#[derive(Debug, Default)]
pub(crate) struct Provider {
    act: RwLock<Act>,
    record: Mutex<Record>,
    attempts: AtomicU64,
    faulted: AtomicU64,
    answered: AtomicU64,
    broken: AtomicU64,
    client_gone: AtomicU64,
}

/// A script, and what has happened since it was set.
#[derive(Clone, Debug, Default)]
struct Act {
    script: Arc<Script>,
    set_ms: u64,
    /// Attempts since the script was set: what first-so-many faults count by.
    attempts: Arc<AtomicU64>,
}

/// What one attempt is to be answered by.
pub(crate) struct Cue {
    pub(crate) script: Arc<Script>,
    /// Counts the attempts since the script was set, from zero.
    attempt: u64,
    since_ms: u64,
}

impl Provider {
    pub(crate) fn set_script(&self, script: Script, clock: &Clock) {
        let set_ms = clock.now_ms();
        let act = Act { script: Arc::new(script), set_ms, attempts: Arc::default() };
        *self.act.write().unwrap_or_else(PoisonError::into_inner) = act;
    }

    pub(crate) fn script(&self) -> Arc<Script> {
        self.act.read().unwrap_or_else(PoisonError::into_inner).script.clone()
    }

    /// Counts an attempt, and says by what it is to be answered.
    pub(crate) fn attempt(&self, clock: &Clock) -> Cue {
        self.attempts.fetch_add(1, Relaxed);
        let act = self.act.read().unwrap_or_else(PoisonError::into_inner);
        Cue {
            script: act.script.clone(),
            attempt: act.attempts.fetch_add(1, Relaxed),
            since_ms: clock.now_ms().saturating_sub(act.set_ms),
        }
    }

    pub(crate) fn note_fault(&self) {
        self.faulted.fetch_add(1, Relaxed);
    }

    /// Counts the end of an attempt.
    pub(crate) fn note_ending(&self, ending: Ending) {
        match ending {
            Ending::Open => return,
            Ending::Answered => &self.answered,
            Ending::Broken => &self.broken,
            Ending::ClientGone => &self.client_gone,
        }
        .fetch_add(1, Relaxed);
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            attempts: self.attempts.load(Relaxed),
            faulted: self.faulted.load(Relaxed),
            answered: self.answered.load(Relaxed),
            broken: self.broken.load(Relaxed),
            client_gone: self.client_gone.load(Relaxed),
        }
    }

    /// Back to the default script, with no request counted or remembered.
    pub(crate) fn reset(&self, clock: &Clock) {
        self.set_script(Script::default(), clock);
        self.record().clear();
        for counter in
            [&self.attempts, &self.faulted, &self.answered, &self.broken, &self.client_gone]
        {
            counter.store(0, Relaxed);
        }
    }

    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.record().all()
    }
}

impl Cue {
    /// The fault that `script` has in store for this attempt, on a connection `reused` or not.
    pub(crate) fn fault<'a>(&self, script: &'a Script, reused: bool) -> Option<&'a Fault> {
        let fault = script.fault.as_ref()?;
        if script.fault_first_n.is_some_and(|first| first <= self.attempt) {
            return None;
        }
        let drawn = || Draws::new(mix(script.seed) ^ mix(self.attempt)).fraction();
        if script.fault_rate.is_some_and(|rate| rate <= drawn()) {
            return None;
        }
        fault.in_force(self.since_ms, reused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(script: Script, attempts: usize) -> Vec<bool> {
        let clock = Clock::start();
        let provider = Provider::default();
        provider.set_script(script, &clock);
        (0..attempts)
            .map(|_| {
                let cue = provider.attempt(&clock);
                cue.fault(&cue.script, false).is_some()
            })
            .collect()
    }

    #[test]
    fn the_first_so_many_attempts_meet_the_fault() {
        let script = Script { fault_first_n: Some(2), ..Script::failing(Fault::Silence {}) };
        assert_eq!(faults(script, 4), [true, true, false, false]);
    }

    #[test]
    fn a_rate_is_kept_and_repeats_by_its_seed() {
        let script =
            |seed| Script { fault_rate: Some(0.3), seed, ..Script::failing(Fault::Silence {}) };
        let drawn = faults(script(1), 10_000);
        let hits = drawn.iter().filter(|hit| **hit).count();
        assert!((2_850..3_150).contains(&hits), "{hits}");
        assert_eq!(drawn, faults(script(1), 10_000));
        assert_ne!(drawn, faults(script(2), 10_000));
        assert!(!faults(Script { fault_rate: Some(0.0), ..script(1) }, 100).contains(&true));
        assert!(!faults(Script { fault_rate: Some(1.0), ..script(1) }, 100).contains(&false));
    }

    #[test]
    fn a_reset_forgets_everything() {
        let clock = Clock::start();
        let provider = Provider::default();
        provider.set_script(Script::failing(Fault::Silence {}), &clock);
        provider.attempt(&clock);
        provider.reset(&clock);
        assert_eq!(provider.counters(), Counters::default());
        assert_eq!(*provider.script(), Script::default());
    }
}
