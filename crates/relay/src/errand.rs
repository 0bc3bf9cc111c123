//! A request at an endpoint, from setting out to its end: whatever happens, it is told once.

use std::sync::Arc;

use domain::failure::Failure;
use domain::health::{Blame, Cause, Quota, Verdict};

use crate::health::{Ticket, Watch};
use crate::mutant::Mutant;
use crate::world::World;

/// A request at an endpoint. Dropped without a word, it was given up.
pub(crate) struct Errand {
    world: Arc<World>,
    watch: Watch,
    ticket: Ticket,
    cause: Cause,
    is_over: bool,
}

impl Errand {
    pub(crate) fn new(world: Arc<World>, watch: Watch, ticket: Ticket, cause: Cause) -> Errand {
        Errand { world, watch, ticket, cause, is_over: false }
    }

    /// Takes note of what the provider says is left of its limits.
    pub(crate) fn learn(&self, quota: Quota) {
        if quota != Quota::default() {
            self.watch.state().learn(self.ticket.number, quota, self.world.clock.now());
        }
    }

    /// Returns what tells the credential apart that was shown.
    pub(crate) fn credential(&self) -> Option<u64> {
        self.ticket.lane
    }

    /// Returns whether this is the rule that is broken.
    pub(crate) fn breaks(&self, rule: Mutant) -> bool {
        self.world.breaks(rule)
    }

    /// Takes note of the first content.
    pub(crate) fn first_content(&self) {
        let now = self.world.clock.now();
        self.watch.state().first_content(self.ticket.number, now);
        self.watch.credential_shown(self.ticket.credential, false, now);
    }

    /// Takes note of an answer that is complete.
    pub(crate) fn served(mut self, output_tokens: Option<u32>) {
        self.end(Verdict::Served { output_tokens });
    }

    /// Takes note of a failure. Returns what it says about the endpoint.
    pub(crate) fn failed(mut self, failure: &Failure, status: Option<u16>) -> Blame {
        let blame = Blame::of(failure, status);
        if let Blame::Credential { everywhere: true } = blame {
            let now = self.world.clock.now();
            self.watch.credential_shown(self.ticket.credential, true, now);
        }
        self.end(Verdict::Failed { blame, cause: self.cause });
        blame
    }

    fn end(&mut self, verdict: Verdict) {
        self.is_over = true;
        let draw = self.world.entropy.draw() as u64;
        let now = self.world.clock.now();
        self.watch.state().end(self.ticket.number, verdict, now, draw);
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        if !self.is_over {
            self.end(Verdict::GivenUp);
        }
    }
}
