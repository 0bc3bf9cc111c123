//! What a desk has of each purse, and giving it back.

use domain::id::LeaseId;
use domain::money::Money;
use domain::purse::Purse;

use super::lease::Lease;
use super::state::Desk;
use crate::mutant::Mutant;
use crate::record::Record;

impl Desk {
    /// Returns what is free of a purse.
    pub(super) fn free(&self, purse: &Purse) -> Money {
        let Some(state) = self.purses.get(purse) else { return Money::ZERO };
        state.leases.iter().filter_map(|id| self.leases.get(id)).map(|lease| lease.free).sum()
    }

    /// Returns what is reserved of a purse.
    pub(super) fn reserved(&self, purse: &Purse) -> Money {
        let Some(state) = self.purses.get(purse) else { return Money::ZERO };
        state.leases.iter().filter_map(|id| self.leases.get(id)).map(|it| it.reserved).sum()
    }

    /// Gives back all that is free of a purse.
    pub fn give_back(&mut self, purse: &Purse) {
        let ids = self.purses.get(purse).map(|state| state.leases.clone()).unwrap_or_default();
        for id in ids {
            self.give_back_lease(&id);
        }
    }

    /// Gives back all that is free.
    pub fn give_back_all(&mut self) {
        let ids: Vec<LeaseId> = self.leases.keys().cloned().collect();
        for id in ids {
            self.give_back_lease(&id);
        }
    }

    pub(super) fn give_back_lease(&mut self, id: &LeaseId) {
        self.make_room();
        let takes_reserved = self.breaks(Mutant::ReturnReserved);
        let Some(lease) = self.leases.get_mut(id) else { return };
        let mut amount = lease.free;
        if takes_reserved {
            amount = amount.saturating_add(lease.reserved);
        }
        if amount <= Money::ZERO {
            return;
        }
        lease.free = Money::ZERO;
        lease.returned = lease.returned.saturating_add(amount);
        let returned = lease.returned;
        let mark = self.journal.append(&Record::Return { lease: id.clone(), returned });
        self.returns.push_back((mark, id.clone(), returned));
        if self.breaks(Mutant::ShipUnsyncedReturn) {
            if let Some(lease) = self.leases.get_mut(id) {
                lease.returned_durable = returned;
            }
            self.to_return.insert(id.clone());
        }
    }

    /// Forgets a lease of which nothing is left and the books have heard everything.
    pub(super) fn forget_if_over(&mut self, id: &LeaseId) {
        if !self.leases.get(id).is_some_and(Lease::is_over) {
            return;
        }
        let Some(lease) = self.leases.remove(id) else { return };
        self.to_return.remove(id);
        if let Some(state) = self.purses.get_mut(&lease.purse) {
            state.leases.retain(|other| other != id);
        }
    }
}
