//! Messages to the books, and what comes back. Any of them may be lost, repeated or overtaken.

use domain::books::{
    Assert, BATCH_MAX, Batch, BooksError, Epoch, Grant, GrantLine, Granted, Reply, Returned,
    Returns, Settlement, Stamp,
};
use domain::id::{GenerationId, LeaseId};
use domain::money::Money;
use domain::purse::Purse;

use super::lease::Lease;
use super::state::{Desk, Retained};
use crate::mutant::Mutant;
use crate::record::Record;

/// How many looks a purse is left alone for before its free credit goes back.
const QUIET_LOOKS: u32 = 2;

impl Desk {
    /// Takes the epoch that the books gave. A new instance has nothing to tell them; one that was
    /// taken over has.
    pub fn enlisted(&mut self, reply: &Reply<Epoch>) {
        // The books have said since that they know it no more; what is late comes from before that.
        let is_after = self.timeline != 0 && self.timeline < reply.stamp.timeline;
        let is_late = self.is_gone && !is_after;
        if is_late || self.epoch.is_some_and(|epoch| reply.answer <= epoch) {
            return;
        }
        self.epoch = Some(reply.answer);
        self.hear(reply.stamp);
        self.assert_number = 0;
        if self.is_closing {
            self.needs_assert = true;
        }
        if !self.is_listed {
            self.enlisted = Some(reply.stamp);
            self.hear(reply.stamp);
        }
    }

    /// Returns whether the books have to be asked for an epoch.
    pub fn needs_epoch(&self) -> bool {
        self.epoch.is_none() && !self.is_gone && !self.is_ended
    }

    /// Takes note that another holds the epoch: a new one is to be asked for.
    pub fn fenced(&mut self) {
        if !self.is_gone {
            self.epoch = None;
            self.needs_assert = true;
        }
    }

    /// Asks for a fresh look of the books at everything, at the next occasion: also where they know
    /// an instance after all that was said to be gone.
    pub fn reconcile(&mut self) {
        self.is_gone = false;
        self.needs_assert = true;
    }

    /// Takes note of where the books stand; returns whether an answer from there is to be heeded.
    fn hear(&mut self, stamp: Stamp) -> bool {
        if stamp.timeline < self.timeline {
            return false;
        }
        if self.timeline < stamp.timeline {
            let is_first = self.timeline == 0;
            self.timeline = stamp.timeline;
            if !is_first {
                self.needs_assert = true;
                self.is_gone = false;
                self.retired = None;
                if self.breaks(Mutant::CrossTimelineWatermark) {
                    self.drop_what_is_for_good(stamp);
                }
                self.ship_again();
            }
        }
        let is_there = |at: Stamp| at.timeline == stamp.timeline && at.commit <= stamp.durable;
        if self.enlisted.is_some_and(is_there) {
            self.is_listed = true;
            self.enlisted = None;
        }
        self.drop_what_is_for_good(stamp);
        true
    }

    /// The books may have lost what they had not made durable: all of that goes out once more.
    fn ship_again(&mut self) {
        if !self.breaks(Mutant::NoReship) {
            let rows = std::mem::take(&mut self.retained);
            self.unsettled.extend(rows.into_iter().map(|(id, kept)| (id, kept.row)));
        }
        for (id, lease) in &mut self.leases {
            lease.heard = None;
            lease.returned_for_good = Money::ZERO;
            if Money::ZERO < lease.returned_durable {
                self.to_return.insert(id.clone());
            }
        }
    }

    fn drop_what_is_for_good(&mut self, stamp: Stamp) {
        let any = self.breaks(Mutant::CrossTimelineWatermark);
        let is_for_good =
            |at: Stamp| at.commit <= stamp.durable && (at.timeline == stamp.timeline || any);
        let heard = self.to_return.iter().filter_map(|id| {
            let (at, amount) = self.leases.get(id)?.heard?;
            is_for_good(at).then(|| (id.clone(), amount))
        });
        let heard: Vec<(LeaseId, Money)> = heard.collect();
        for (id, amount) in heard {
            if let Some(lease) = self.leases.get_mut(&id) {
                lease.returned_for_good = amount;
                if amount == lease.returned_durable {
                    self.to_return.remove(&id);
                }
            }
            self.forget_if_over(&id);
        }
        let done: Vec<GenerationId> = self
            .retained
            .iter()
            .filter(|(_, kept)| is_for_good(kept.stamp))
            .map(|(id, _)| id.clone())
            .collect();
        if done.is_empty() {
            return;
        }
        for id in &done {
            if let Some(kept) = self.retained.remove(id) {
                self.release_rows(&kept.row.settlement);
            }
        }
        self.make_room();
        self.journal.append(&Record::Settled { generations: done });
    }

    fn release_rows(&mut self, settlement: &Settlement) {
        for share in &settlement.shares {
            if let Some(lease) = self.leases.get_mut(&share.lease) {
                lease.rows -= 1;
            }
            self.forget_if_over(&share.lease);
        }
    }

    /// Returns what is to be asked for, if anything. A question that got no answer is put again.
    pub fn take_grant(&mut self) -> Option<Grant> {
        let epoch = self.epoch?;
        if self.needs_assert || !self.is_listed || self.is_closing {
            return None;
        }
        let renames = self.breaks(Mutant::NewIdOnRetry);
        let mut lines = Vec::new();
        for (purse, state) in &mut self.purses {
            if state.pending.is_none() || renames {
                let want = state.want.take();
                let asked = state.pending.take().map(|line| (line.min, line.want));
                let asked = want.map(|want| (want.min, want.want)).or(asked);
                state.pending = asked.map(|(min, want)| {
                    let number = self.next_lease;
                    self.next_lease += 1;
                    let lease = LeaseId { instance: self.instance.clone(), number };
                    GrantLine { lease, purse: purse.clone(), min, want }
                });
            }
            lines.extend(state.pending.clone());
        }
        let instance = self.instance.clone();
        (!lines.is_empty()).then_some(Grant { instance, epoch, lines })
    }

    /// Takes an answer to [`Desk::take_grant`].
    pub fn granted(&mut self, grant: &Grant, reply: &Reply<Vec<Granted>>) {
        if self.epoch != Some(grant.epoch) || !self.hear(reply.stamp) {
            return;
        }
        if self.needs_assert || !self.is_listed {
            return;
        }
        for (line, granted) in grant.lines.iter().zip(&reply.answer) {
            self.take_lease(line, granted);
        }
        self.recalled(&reply.recalls);
    }

    fn take_lease(&mut self, line: &GrantLine, granted: &Granted) {
        let takes_any = self.breaks(Mutant::NewIdOnRetry);
        self.make_room();
        let Some(state) = self.purses.get_mut(&line.purse) else { return };
        let is_awaited = state.pending.as_ref().is_some_and(|wait| wait.lease == line.lease);
        let is_known = self.leases.contains_key(&line.lease);
        if is_known || !(is_awaited || takes_any && granted.amount.is_some()) {
            return;
        }
        state.pending = None;
        state.answers += 1;
        let Some(amount) = granted.amount else {
            state.refused = Some(granted.standing);
            return;
        };
        state.refused = None;
        state.leases.push(line.lease.clone());
        let lease = Lease::new(line.purse.clone(), amount);
        self.journal.append(&lease.record(&line.lease));
        self.leases.insert(line.lease.clone(), lease);
    }

    /// Takes note that a question was refused as a whole: it is put again, unless it was stale.
    pub fn grant_failed(&mut self, error: &BooksError) {
        if *error == BooksError::Fenced {
            self.fenced();
        }
    }

    /// Returns settlements to ship: the oldest that are durable, at most so many.
    pub fn take_batch(&mut self, most: usize) -> Batch {
        let early = self.breaks(Mutant::ShipUnsyncedUsage);
        let durable = self.durable;
        let rows = self.unsettled.values().filter(|row| row.mark <= durable || early);
        let rows = rows.take(most.min(BATCH_MAX));
        let mut settlements: Vec<Settlement> = rows.map(|row| (*row.settlement).clone()).collect();
        settlements.sort_by(|one, other| first_lease(one).cmp(&first_lease(other)));
        if self.breaks(Mutant::TruncateBeforeAck) {
            for settlement in &settlements {
                self.unsettled.remove(&settlement.generation.id);
                self.release_rows(settlement);
                let generations = vec![settlement.generation.id.clone()];
                self.journal.append(&Record::Settled { generations });
            }
        }
        Batch { instance: self.instance.clone(), settlements }
    }

    /// Returns whether the books should be asked where they stand although nothing is to be told.
    pub fn awaits_durability(&self) -> bool {
        !self.retained.is_empty() || self.enlisted.is_some() || !self.to_return.is_empty()
    }

    /// Takes the answer to a batch.
    pub fn settled(&mut self, batch: &Batch, reply: &Reply<()>) {
        if !self.hear(reply.stamp) {
            return;
        }
        for settlement in &batch.settlements {
            let id = &settlement.generation.id;
            if let Some(row) = self.unsettled.remove(id) {
                self.retained.insert(id.clone(), Retained { row, stamp: reply.stamp });
            }
        }
        self.drop_what_is_for_good(reply.stamp);
        self.recalled(&reply.recalls);
    }

    /// Returns what is to be given back, if anything.
    pub fn take_returns(&mut self) -> Option<Returns> {
        let told = |id: &LeaseId| {
            let lease = self.leases.get(id)?;
            let returned = lease.returned_durable;
            let is_heard = lease.heard.is_some_and(|(_, heard)| heard == returned);
            (!is_heard).then(|| Returned { lease: id.clone(), returned })
        };
        let leases: Vec<Returned> = self.to_return.iter().filter_map(told).collect();
        let instance = self.instance.clone();
        (!leases.is_empty()).then_some(Returns { instance, leases })
    }

    /// Takes the answer to [`Desk::take_returns`]. What is not durable there yet is told again.
    pub fn gave_back(&mut self, returns: &Returns, reply: &Reply<()>) {
        if !self.hear(reply.stamp) {
            return;
        }
        for line in &returns.leases {
            let Some(lease) = self.leases.get_mut(&line.lease) else { continue };
            if lease.heard.is_none_or(|(_, heard)| heard < line.returned) {
                lease.heard = Some((reply.stamp, line.returned));
            }
        }
        self.drop_what_is_for_good(reply.stamp);
        self.recalled(&reply.recalls);
    }

    /// Returns all that the books should know of leases, where they have to be told.
    pub fn take_assert(&mut self) -> Option<Assert> {
        let epoch = self.epoch.filter(|_| self.needs_assert)?;
        self.assert_number += 1;
        Some(Assert {
            instance: self.instance.clone(),
            epoch,
            number: self.assert_number,
            timeline: self.timeline,
            leases: self.leases.iter().map(|(id, lease)| lease.state(id)).collect(),
        })
    }

    /// Takes the answer to [`Desk::take_assert`]: only the latest counts, and only from the
    /// timeline that it was made for.
    pub fn asserted(&mut self, assert: &Assert, reply: &Reply<()>) {
        if self.epoch != Some(assert.epoch) || !self.hear(reply.stamp) {
            return;
        }
        let is_latest =
            assert.number == self.assert_number && assert.timeline == reply.stamp.timeline;
        if !is_latest && !self.breaks(Mutant::UnnumberedAssert) {
            return;
        }
        self.needs_assert = false;
        let known: Vec<LeaseId> = self.leases.keys().cloned().collect();
        for id in &known {
            self.forget_if_over(id);
        }
        for state in self.purses.values_mut() {
            // Whoever waits for it is told, and asks again.
            if state.pending.take().is_some() {
                state.answers += 1;
            }
        }
        if !self.is_listed {
            self.enlisted = Some(reply.stamp);
            self.hear(reply.stamp);
        }
        self.recalled(&reply.recalls);
    }

    /// Takes note that the instance is gone from the books: it was retired before, or declared
    /// lost. What it owes is settled all the same; it has no leases any more. It is retired (again)
    /// before it is forgotten, for a failover could lose what was heard here.
    pub fn gone(&mut self) {
        self.is_closing = true;
        self.is_gone = true;
        self.needs_assert = false;
        self.leases.clear();
        self.purses.clear();
        self.to_return.clear();
        self.returns.clear();
    }

    /// Takes nothing on any more, and gives back what is free.
    pub fn close_down(&mut self) {
        self.is_closing = true;
        self.give_back_all();
    }

    /// Returns whether it takes nothing on any more.
    pub fn is_closing(&self) -> bool {
        self.is_closing
    }

    /// Returns whether the instance can be retired.
    pub fn can_retire(&self) -> bool {
        self.is_closing && self.is_done() && !self.is_ended
    }

    /// Takes the answer to that. Once it is for good, nothing is left of the instance.
    pub fn retired(&mut self, reply: &Reply<()>) {
        if self.hear(reply.stamp) && !self.needs_assert {
            let first = *self.retired.get_or_insert(reply.stamp);
            self.is_ended |= first.commit <= reply.stamp.durable;
        }
    }

    /// Returns whether nothing is left of the instance, here or in the books.
    pub fn is_over(&self) -> bool {
        self.is_ended
    }

    /// Gives back what is free of purses that others wait for.
    fn recalled(&mut self, purses: &[Purse]) {
        for purse in purses {
            self.give_back(purse);
        }
    }

    /// Looks which purses nobody has asked for since some looks, and gives back what is free of
    /// them.
    pub fn look_round(&mut self) {
        self.forget_days();
        let mut idle = Vec::new();
        for (purse, state) in &mut self.purses {
            state.spent.rotate_right(1);
            state.spent[0] = Money::ZERO;
            state.held_most.rotate_right(1);
            state.held_most[0] = Money::ZERO;
            state.reservation = Money::from_nanos(state.reservation.nanos() / 4 * 3);
            state.quiet_looks = if state.is_busy { 0 } else { state.quiet_looks + 1 };
            state.is_busy = false;
            if QUIET_LOOKS <= state.quiet_looks {
                idle.push(purse.clone());
            }
        }
        for purse in idle {
            self.give_back(&purse);
            let is_empty = |state: &super::state::PurseState| {
                state.leases.is_empty() && state.pending.is_none() && state.want.is_none()
            };
            if self.purses.get(&purse).is_some_and(is_empty) {
                self.purses.remove(&purse);
            }
        }
    }
}

fn first_lease(settlement: &Settlement) -> Option<&LeaseId> {
    settlement.shares.first().map(|share| &share.lease)
}
