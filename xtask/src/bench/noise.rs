//! How much of the machine went to others during the run, which is how far to trust it.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::procfs::{MachineTime, cpu, machine_time, own_with_ended};
use crate::clock;

/// What others took, as shares of all cores during the run.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Noise {
    /// Taken by processes that had no part in the run.
    pub(crate) others_percent: f64,
    /// Taken by other guests of the same host.
    pub(crate) stolen_percent: f64,
}

/// A run that is being listened to.
pub(crate) struct Listening {
    start: Instant,
    machine: MachineTime,
    own: Duration,
    /// A process that is there from before the run until after it.
    upstream: u32,
}

impl Listening {
    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// A sentence, when Linux does not tell.
    pub(crate) fn start(upstream: u32) -> Result<Listening, String> {
        let own = own_with_ended()? + cpu(upstream)?;
        Ok(Listening { start: clock::now(), machine: machine_time()?, own, upstream })
    }

    /// Returns what was heard. All else that the run has started must have ended.
    ///
    /// # Errors
    ///
    /// A sentence, when Linux does not tell.
    pub(crate) fn stop(&self, cores: usize) -> Result<Noise, String> {
        let now = machine_time()?;
        let own = (own_with_ended()? + cpu(self.upstream)?).saturating_sub(self.own);
        let taken = now.taken.saturating_sub(self.machine.taken);
        let stolen = now.stolen.saturating_sub(self.machine.stolen);
        let all = self.start.elapsed().as_secs_f64() * cores.max(1) as f64;
        let percent = |time: Duration| 100.0 * time.as_secs_f64() / all;
        let others_percent = percent(taken.saturating_sub(own));
        Ok(Noise { others_percent, stolen_percent: percent(stolen) })
    }
}
